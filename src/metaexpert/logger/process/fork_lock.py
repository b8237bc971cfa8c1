"""A lock whose owner a fork waits for."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import ClassVar, Final

#: How long a fork waits for a configuration under way, in seconds. Its own may be what the holder waits for.
LONGEST_WAIT: Final = 2.0


class ForkLock:
    """A reentrant lock that is free in a forked child, with what it guards whole.

    A fork takes it first, so that no other thread is halfway through a change that its child would inherit
    and nobody there complete. After `LONGEST_WAIT` seconds the fork goes on regardless. `gate` is called by
    each thread before it takes the lock, and may keep the thread. Made once for a process: it is never
    forgotten.
    """

    _all: ClassVar[list[ForkLock]] = []

    def __init__(self, gate: Callable[[], None] = lambda: None) -> None:
        self._all.append(self)
        self._gate = gate
        self._lock = threading.RLock()
        #: Threads that hold it for a fork.
        self._forking: set[int] = set()
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(before=self._hold, after_in_parent=self._let_go, after_in_child=self.renew)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold the lock for the length of a `with`."""
        with self.held_within(None):
            yield

    @contextmanager
    def held_within(self, seconds: float | None) -> Iterator[bool]:
        """Hold the lock for the length of a `with`, if it is free within `seconds`; None waits for ever.

        Yields whether it is held.
        """
        # Looked up first: whoever passes the gate before it closes gets the lock that is renewed after that,
        # and can keep nobody from the new one. Who forks or renews it on the way gives back what it took.
        lock = self._lock
        self._gate()
        is_held = lock.acquire(timeout=-1 if seconds is None else seconds)
        try:
            yield is_held
        finally:
            if is_held:
                lock.release()

    @classmethod
    def renew_all(cls) -> None:
        """Free every such lock from threads that will never run again."""
        for lock in cls._all:
            lock.renew()

    def renew(self) -> None:
        """Free the lock from threads that will never run again."""
        self._lock = threading.RLock()
        self._forking = set()

    def _hold(self) -> None:
        if self._lock.acquire(timeout=LONGEST_WAIT):
            self._forking.add(threading.get_ident())

    def _let_go(self) -> None:
        if threading.get_ident() in self._forking:
            self._forking.discard(threading.get_ident())
            self._lock.release()

"""The one register of the package's fork hooks, and a lock whose owner a fork waits for.

The hooks of a program and of other packages come where `os.register_at_fork` puts them; ours stand together,
so their order is the order of their registration here.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import ClassVar, Final

from metaexpert.logger.shared import native

_Hook = Callable[[], object]


class _Forks:
    """The hooks. A second import of the package adds its own to those of the first."""

    def __init__(self) -> None:
        self.before: list[_Hook] = []
        self.in_parent: list[_Hook] = []
        self.in_child: list[_Hook] = []
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(
                before=lambda: _call(self.before[::-1]),
                after_in_parent=lambda: _call(self.in_parent),
                after_in_child=lambda: _call(self.in_child),
            )


def at_fork(
    *, before: _Hook | None = None, in_parent: _Hook | None = None, in_child: _Hook | None = None
) -> None:
    """Have functions called at each fork of this process, for as long as it lives.

    Those `before` it run last registered first, those after it first registered first. One that raises stops
    no other; Python reports the exception on stderr.
    """
    for hook, hooks in ((before, _forks.before), (in_parent, _forks.in_parent), (in_child, _forks.in_child)):
        if hook is not None:
            hooks.append(hook)


def _call(hooks: list[_Hook]) -> None:
    with ExitStack() as stack:
        # Called last in, first out.
        for hook in reversed(hooks):
            stack.callback(hook)


if "forks" not in native.lasting:
    native.lasting["forks"] = _Forks()
_forks: Final[_Forks] = native.lasting["forks"]


#: The time that a fork waits for a configuration in progress, in seconds. The holder may be waiting for the
#: fork.
LONGEST_WAIT: Final = 2.0


class ForkLock:
    """A reentrant lock that is free in a forked child, with what it guards whole.

    A fork takes it first, so that no other thread is halfway through a change that the child would inherit
    and could not complete. After `LONGEST_WAIT` seconds the fork goes on regardless. `gate` is called by each
    thread before it takes the lock, and may keep the thread. Made once for a process: it is never forgotten.
    """

    _all: ClassVar[list[ForkLock]] = []

    def __init__(self, gate: Callable[[], None] = lambda: None) -> None:
        self._all.append(self)
        self._gate = gate
        self._lock = threading.RLock()
        #: Threads that hold it for a fork.
        self._forking: set[int] = set()
        at_fork(before=self._hold, in_parent=self._let_go, in_child=self.renew)

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

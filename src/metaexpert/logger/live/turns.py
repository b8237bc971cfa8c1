"""Leaving the interpreter to the trading thread while the server works.

A thread that waits for CPython's lock asks for it only after `sys.getswitchinterval`, 5 ms, and a thread that
releases it for a moment has it again before the other wakes up. So work beside a trading thread pauses now
and then.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from typing import Final, TypeVar

_Part = TypeVar("_Part")

#: Long enough for another thread to wake up, and nothing to who asks.
_PAUSE_SECONDS: Final = 50e-6
#: The longest work without a pause; the trading thread waits for as long, and for the step in progress.
_TURN_NS: Final = 100_000


def give_way() -> None:
    """Let a thread that waits for the interpreter have it."""
    time.sleep(_PAUSE_SECONDS)


def in_turns(parts: Iterable[_Part]) -> Iterator[_Part]:
    """Yield `parts`, giving way whenever making and using them has taken this thread long enough."""
    began = time.thread_time_ns()
    for part in parts:
        yield part
        if time.thread_time_ns() - began >= _TURN_NS:
            give_way()
            began = time.thread_time_ns()

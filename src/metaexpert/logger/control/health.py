"""The health of this process's logging: what is wrong with it now."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Final

from metaexpert.logger.process import service
from metaexpert.logger.process.statistics import LoggerStats

#: The time for which lost records count as a present trouble, in seconds.
DROPS_SHOWN_SECONDS: Final = 60.0

_DISK_FULL: Final = ("no space left", "os error 28", "quota exceeded", "os error 122")


class Health:
    """The present troubles.

    Losses count from the object's creation, and for a minute after they were seen.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._dropped = service.stats().dropped
        self._lost = 0
        self._lost_at: float | None = None

    def reasons(self, stats: LoggerStats | None = None) -> list[str]:
        """Return what is wrong, in words; nothing for a healthy system."""
        stats = service.stats() if stats is None else stats
        return [*_sinks_down(stats), *self._losses(stats)]

    def _losses(self, stats: LoggerStats) -> list[str]:
        with self._lock:
            now = self._clock()
            if stats.dropped < self._dropped:
                # The engine was started again.
                self._dropped = 0
            if self._lost_at is not None and now - self._lost_at > DROPS_SHOWN_SECONDS:
                self._lost, self._lost_at = 0, None
            if stats.dropped > self._dropped:
                self._lost += stats.dropped - self._dropped
                self._lost_at = now
                self._dropped = stats.dropped
            if self._lost_at is None:
                return []
            return [f"records dropped: {self._lost} in the last {DROPS_SHOWN_SECONDS:g} s"]


def _sinks_down(stats: LoggerStats) -> list[str]:
    troubles = [(name, sink.problem) for name, sink in stats.sinks.items() if sink.problem is not None]
    return [
        f"{'disk full' if _is_full(problem) else 'sink down'}: {name}: {problem}"
        for name, problem in troubles
    ]


def _is_full(problem: str) -> bool:
    return any(words in problem.lower() for words in _DISK_FULL)

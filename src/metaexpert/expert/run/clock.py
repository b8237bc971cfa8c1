"""Clocks: what time it is in a run, and when a timer is due."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Protocol


class Timer:
    """Something that is to happen every `interval`, counted from the first time it is looked at."""

    def __init__(self, interval: timedelta) -> None:
        self._interval = interval
        self._due: datetime | None = None

    def is_due(self, now: datetime) -> bool:
        """Whether it is to happen now; the next time is the next whole interval after now."""
        if self._due is None:
            self._due = now + self._interval
            return False
        if now < self._due:
            return False
        self._due += self._interval * ((now - self._due) // self._interval + 1)
        return True


class Clock(Protocol):
    """The time of a run, in UTC; it never goes back, unless the system's own clock does."""

    @property
    def now(self) -> datetime:
        """The present time."""

    def advance(self, time: datetime) -> None:
        """Tell the clock that an event of this time has come."""


class EventClock:
    """Simulated time: it is as late as the last event."""

    def __init__(self, starts: datetime) -> None:
        self.now = starts

    def advance(self, time: datetime) -> None:
        """Go on to the time of an event."""
        self.now = time


class WallClock:
    """Real time, whatever the events say."""

    @property
    def now(self) -> datetime:
        """The system's time."""
        return datetime.now(UTC)

    def advance(self, time: datetime) -> None:
        """Go on as before: events of a live market come when they happen, or a little later."""

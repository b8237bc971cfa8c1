"""The length of a bar: from text and back, and the moment at which a bar opens."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Self

_UNIT_SECONDS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800}
_MAX_SECONDS = 366 * 86_400
_PATTERN = re.compile(r"([1-9][0-9]{0,8})([smhdwSHDW])")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# 1 January 1970 was a Thursday; exchanges open their weeks on Monday.
_FIRST_MONDAY = datetime(1970, 1, 5, tzinfo=UTC)


@dataclass(frozen=True, slots=True, order=True)
class Timeframe:
    """The length of a bar, in whole seconds, from a second to 366 days.

    Equal lengths are equal timeframes, however they were written: ``60m`` is ``1h``.
    Raises ValueError when `seconds` is out of range, TypeError when it is no int.
    """

    seconds: int

    def __post_init__(self) -> None:
        if isinstance(self.seconds, bool) or not isinstance(self.seconds, int):
            raise TypeError(f"a timeframe is a whole number of seconds, was {self.seconds!r}")
        if not 1 <= self.seconds <= _MAX_SECONDS:
            raise ValueError(f"a timeframe lasts from 1 second to 366 days, was {self.seconds} seconds")

    @classmethod
    def parse(cls, text: "str | Timeframe") -> Self:
        """Read a timeframe such as ``1m``, ``15m``, ``4h``, ``1d`` or ``1w``.

        The units are s, m, h, d and w, in either case but for m: an upper-case M means calendar months,
        which have no fixed length and are refused. Raises ValueError for anything else.
        """
        if isinstance(text, Timeframe):
            return cls(text.seconds)
        match = _PATTERN.fullmatch(text.strip()) if isinstance(text, str) else None
        if match is None:
            raise ValueError(f"timeframe {text!r} is not understood; {_advice(text)}")
        count, unit = match.groups()
        seconds = int(count) * _UNIT_SECONDS[unit.lower()]
        if seconds > _MAX_SECONDS:
            raise ValueError(f"timeframe {text!r} is too long; use at most 366d")
        return cls(seconds)

    def __str__(self) -> str:
        """Write it with the largest unit that fits, so that ``parse`` gives an equal timeframe back."""
        for unit in "wdhm":
            if self.seconds % _UNIT_SECONDS[unit] == 0:
                return f"{self.seconds // _UNIT_SECONDS[unit]}{unit}"
        return f"{self.seconds}s"

    @property
    def delta(self) -> timedelta:
        """The same length as a `timedelta`."""
        return timedelta(seconds=self.seconds)

    def floor(self, time: datetime) -> datetime:
        """Return when the bar that contains `time` opened, in UTC.

        Bars are counted from the Unix epoch, whole weeks from a Monday, as exchanges do.
        Raises ValueError for a datetime without a time zone.
        """
        if time.tzinfo is None:
            raise ValueError(f"time {time!r} has no time zone; attach datetime.UTC")
        anchor = _FIRST_MONDAY if self.seconds % _UNIT_SECONDS["w"] == 0 else _EPOCH
        return time.astimezone(UTC) - (time - anchor) % self.delta

    def is_multiple_of(self, other: "Timeframe") -> bool:
        """Tell whether bars of this timeframe can be put together from whole bars of `other`."""
        return self.seconds % other.seconds == 0


def _advice(text: object) -> str:
    if isinstance(text, str) and re.fullmatch(r"[0-9]+M(?:[Oo][Nn]?)?", text.strip()):
        return "calendar months have no fixed length; use 30d or 4w, or a small m for minutes"
    return "write a count and a unit (s, m, h, d, w), such as 1m, 15m, 4h, 1d or 1w"

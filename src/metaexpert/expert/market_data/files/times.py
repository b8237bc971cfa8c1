"""Times as market data files write them, read as microseconds since the Unix epoch."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_WITHOUT_ZONE = datetime(1970, 1, 1)
_MICROSECOND = timedelta(microseconds=1)

# Within these years no number can be read in two units, and no date such as 20210108 passes for a number.
EARLIEST_US = (datetime(1980, 1, 1, tzinfo=UTC) - _EPOCH) // _MICROSECOND
LATEST_US = (datetime(2100, 1, 1, tzinfo=UTC) - _EPOCH) // _MICROSECOND

_NUMBER = re.compile(r"[0-9]+(?:\.[0-9]*)?(?:[eE]\+?[0-9]+)?")


class TimeFormat(NamedTuple):
    """One way of writing times; `parse` gives microseconds, or raises ValueError or OverflowError."""

    name: str
    parse: Callable[[str], int]


def _seconds(cell: str) -> int:
    return round(float(cell) * 1_000_000)


def _milliseconds(cell: str) -> int:
    return round(float(cell) * 1_000)


def _microseconds(cell: str) -> int:
    return round(float(cell))


def _nanoseconds(cell: str) -> int:
    # A float has no room for the digits of nanoseconds; what is below a microsecond is cut.
    return int(cell) // 1_000


def _text(cell: str) -> int:
    cell = cell.strip().removesuffix(" UTC")
    moment = datetime.fromisoformat(cell)
    # fromisoformat takes any character between date and time.
    if cell[10:11] not in "T ":
        raise ValueError(cell)
    zero = _EPOCH_WITHOUT_ZONE if moment.tzinfo is None else _EPOCH
    return (moment - zero) // _MICROSECOND


_TEXT = TimeFormat("ISO 8601 text", _text)
_NUMERIC = (
    TimeFormat("seconds since 1970", _seconds),
    TimeFormat("milliseconds since 1970", _milliseconds),
    TimeFormat("microseconds since 1970", _microseconds),
    TimeFormat("nanoseconds since 1970", _nanoseconds),
)


def recognise_time(cell: str) -> TimeFormat | None:
    """Tell how `cell` writes a time between 1980 and 2100; None when it is no such time."""
    candidates = _NUMERIC if _NUMBER.fullmatch(cell.strip()) else (_TEXT,)
    return next((candidate for candidate in candidates if _within_range(candidate, cell)), None)


def _within_range(candidate: TimeFormat, cell: str) -> bool:
    try:
        return EARLIEST_US <= candidate.parse(cell) < LATEST_US
    except (ValueError, OverflowError):
        return False


def to_datetime(time_us: int) -> datetime:
    """Return the UTC datetime that is `time_us` microseconds after the Unix epoch."""
    return _EPOCH + timedelta(microseconds=time_us)

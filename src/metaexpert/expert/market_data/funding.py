"""Funding rates of a perpetual contract: what longs pay to shorts, and when."""

from __future__ import annotations

import csv
import math
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final, NamedTuple, Protocol

from metaexpert.expert.errors import ExpertError
from metaexpert.expert.market_data.files.times import recognise_time, to_datetime

INTERVAL: Final = timedelta(hours=8)
"""The time between two payments at a constant rate: at 00:00, 08:00 and 16:00 UTC, as at most exchanges."""
_TIMES: Final = ("calc_time", "fundingtime", "fundingratetimestamp", "timestamp", "timepoint", "time", "date")
_RATES: Final = ("last_funding_rate", "fundingrate", "funding_rate", "rate")
_MOST_PROBLEMS: Final = 20


class Funding(NamedTuple):
    """One payment: `rate` is a fraction of a position's worth; above 0 longs pay it and shorts receive it."""

    time: datetime
    rate: float


class FundingRates(Protocol):
    """The payments of a market."""

    def between(self, after: datetime, until: datetime) -> Sequence[Funding]:
        """Return the payments after one moment, and until another one or at it, oldest first."""


class ConstantRate:
    """The same rate every 8 hours."""

    def __init__(self, rate_pct: float) -> None:
        """`rate_pct` is in percent of a position's worth."""
        self._rate = rate_pct / 100

    def between(self, after: datetime, until: datetime) -> Sequence[Funding]:
        """Return the payments after `after`, until `until` or at it."""
        midnight = after.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        time = midnight + ((after - midnight) // INTERVAL + 1) * INTERVAL
        found = []
        while time <= until:
            found.append(Funding(time, self._rate))
            time += INTERVAL
        return found


class RecordedRates:
    """The rates of a file."""

    def __init__(self, payments: Sequence[Funding]) -> None:
        """`payments` are in order of time."""
        self._payments = payments
        self._times = [payment.time for payment in payments]

    def between(self, after: datetime, until: datetime) -> Sequence[Funding]:
        """Return the payments after `after`, until `until` or at it."""
        return self._payments[bisect_right(self._times, after) : bisect_right(self._times, until)]


def funding_of_file(path: str) -> RecordedRates:
    """Return the rates of a CSV file with a column of times and one of rates, which are fractions.

    The dumps of the exchanges and the answers of their APIs are known by their columns: `calc_time` and
    `last_funding_rate`, `fundingTime` and `fundingRate`, `timestamp` and `fundingRate`, or `time` and `rate`.
    Raises `ExpertError` with all problems of the file at once.
    """
    try:
        text = Path(path).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise ExpertError(f"{path} cannot be read: {reason}") from error
    lines = text.splitlines()
    header = [name.strip().lower() for name in next(csv.reader(lines[:1]), [])]
    time_at = next((header.index(name) for name in _TIMES if name in header), None)
    rate_at = next((header.index(name) for name in _RATES if name in header), None)
    if time_at is None or rate_at is None:
        raise ExpertError(
            f"{path}, line 1: funding rates need a header with a time ({', '.join(_TIMES)}) "
            f"and a rate ({', '.join(_RATES)}), was: {lines[0][:200] if lines else 'nothing'}"
        )
    payments, problems = _payments(lines, time_at, rate_at)
    if problems:
        shown = problems[:_MOST_PROBLEMS]
        more = [f"and {len(problems) - len(shown)} more"] if len(problems) > len(shown) else []
        raise ExpertError(f"{path}: {'; '.join(shown + more)}")
    if not payments:
        raise ExpertError(f"{path} has no funding rates under its header")
    return RecordedRates(payments)


def _payments(lines: Sequence[str], time_at: int, rate_at: int) -> tuple[list[Funding], list[str]]:
    found: dict[datetime, float] = {}
    problems: list[str] = []
    for number, row in _rows(lines):
        if len(row) <= max(time_at, rate_at):
            problems.append(f"line {number} has {len(row)} columns")
            continue
        known = recognise_time(row[time_at])
        rate = _rate(row[rate_at])
        if known is None:
            problems.append(f"line {number}: {row[time_at]!r} is no time")
        if rate is None:
            problems.append(f"line {number}: {row[rate_at]!r} is no rate between -1 and 1")
        if known is None or rate is None:
            continue
        time = to_datetime(known.parse(row[time_at]))
        if found.setdefault(time, rate) != rate:
            problems.append(f"line {number}: {time} has two rates, {found[time]:g} and {rate:g}")
    return [Funding(time, found[time]) for time in sorted(found)], problems


def _rows(lines: Sequence[str]) -> Iterator[tuple[int, list[str]]]:
    for number, row in enumerate(csv.reader(lines[1:]), 2):
        if any(cell.strip() for cell in row):
            yield number, row


def _rate(cell: str) -> float | None:
    try:
        rate = float(cell)
    except ValueError:
        return None
    return rate if math.isfinite(rate) and -1 < rate < 1 else None

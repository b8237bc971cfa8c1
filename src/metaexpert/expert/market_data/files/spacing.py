"""The spacing of rows in time: their order, and the distance of bars."""

from array import array
from collections import Counter
from collections.abc import Callable, Sequence
from operator import sub
from pathlib import Path
from typing import NamedTuple

from metaexpert.expert.market_data.files.errors import MarketDataError
from metaexpert.expert.market_data.files.times import to_datetime
from metaexpert.expert.model.timeframes import Timeframe

_SECOND_US = 1_000_000
_HOUR_US = 3600 * _SECOND_US
_DAY_US = 24 * _HOUR_US


class Gap(NamedTuple):
    """A hole in the bars of a file."""

    line: int
    """The line after the hole, from 1."""
    missing: int
    """How many bars are not there."""


class Rows(NamedTuple):
    """The times of a file's rows, and where they stand in it."""

    path: Path
    times_us: "array[int]"
    first_line: int
    """Of the row that is given first here: in a file with the newest first, its last line."""
    time_column: str
    direction: int = 1
    """From one row's line to that of the next, -1 in a file with the newest first."""

    def line(self, place: int) -> int:
        """Return the line of a row, from its place here."""
        return self.first_line + self.direction * place

    def place(self, line: int) -> int:
        """Return the place here of the row in a line."""
        return (line - self.first_line) * self.direction

    def trouble(self, step: int, problem: str) -> MarketDataError:
        """Say that the row after the `step`-th step (from 0) follows its predecessor wrongly."""
        return MarketDataError(self.path, problem, line=self.line(step + 1), column=self.time_column)

    def steps_us(self) -> list[int]:
        """Return the time between each row and the next."""
        return list(map(sub, self.times_us[1:], self.times_us))


def check_ticks(rows: Rows) -> None:
    """Raise MarketDataError at the first row that is earlier than the one before it; equal times are fine."""
    steps = rows.steps_us()
    if steps and min(steps) < 0:
        step = _first(steps, lambda step_us: step_us < 0)
        raise rows.trouble(step, _backwards(rows, step))


def check_bars(
    rows: Rows, timeframe: Timeframe | None, *, allow_gaps: bool
) -> tuple[Timeframe, tuple[Gap, ...]]:
    """Return the timeframe of bars, the most frequent spacing unless it is given, and the holes between them.

    Raises MarketDataError at the first row that is unordered, there twice, or off the timeframe's steps; at a
    hole unless `allow_gaps`; and for a single bar of unknown timeframe.
    """
    steps = rows.steps_us()
    if steps and min(steps) <= 0:
        step = _first(steps, lambda step_us: step_us <= 0)
        raise rows.trouble(step, _backwards(rows, step) if steps[step] else _twice(rows, step))
    if timeframe is None:
        timeframe = _most_frequent(rows, steps)
    length_us = timeframe.seconds * _SECOND_US
    # Days of an exchange's own time begin an hour off where its clocks change.
    most_off_us = _HOUR_US if length_us >= _DAY_US else 0
    counts = {step_us: max(1, round(step_us / length_us)) for step_us in set(steps)}
    if any(abs(step_us - count * length_us) > most_off_us for step_us, count in counts.items()):
        step = _first(steps, lambda step_us: abs(step_us - counts[step_us] * length_us) > most_off_us)
        raise rows.trouble(
            step,
            f"this bar comes {steps[step] / _SECOND_US:g} s after the one before, in a file of "
            f"{timeframe} bars; correct its time, or give bars of one timeframe",
        )
    gaps = tuple(
        Gap(rows.line(step + 1), counts[step_us] - 1)
        for step, step_us in enumerate(steps)
        if counts[step_us] != 1
    )
    if gaps and not allow_gaps:
        raise _hole(rows, timeframe, gaps)
    return timeframe, gaps


def _most_frequent(rows: Rows, steps: list[int]) -> Timeframe:
    if not steps:
        problem = "a single bar does not determine a timeframe; give more bars, or set timeframe="
        raise MarketDataError(rows.path, problem, line=rows.first_line)
    counts = Counter(steps)
    most = max(counts.values())
    step_us = min(step for step, count in counts.items() if count == most)
    try:
        if step_us % _SECOND_US:
            raise ValueError("a timeframe is a whole number of seconds")
        return Timeframe(step_us // _SECOND_US)
    except ValueError as error:
        problem = f"bars are {step_us / _SECOND_US:g} s apart; {error}"
        raise rows.trouble(steps.index(step_us), problem) from error


def _hole(rows: Rows, timeframe: Timeframe, gaps: tuple[Gap, ...]) -> MarketDataError:
    gap = gaps[0]
    step = rows.place(gap.line) - 1
    bars = "1 bar is missing" if gap.missing == 1 else f"{gap.missing} bars are missing"
    total = (
        f" (and {sum(each.missing for each in gaps[1:])} more in {len(gaps) - 1} later holes)"
        if gaps[1:]
        else ""
    )
    return rows.trouble(
        step,
        f"{bars} between {_text(rows.times_us, step)} and {_text(rows.times_us, step + 1)}, in a file of "
        f"{timeframe} bars{total}; fill the hole, or accept it with --allow-gaps (allow_gaps=True)",
    )


def _backwards(rows: Rows, step: int) -> str:
    before, after = _text(rows.times_us, step), _text(rows.times_us, step + 1)
    return f"{after} comes after {before}; sort the file by time, oldest first"


def _twice(rows: Rows, step: int) -> str:
    return f"{_text(rows.times_us, step)} appears twice; remove one of the two bars"


def _text(times_us: Sequence[int], index: int) -> str:
    return to_datetime(times_us[index]).isoformat(" ").replace("+00:00", " UTC")


def _first(steps: list[int], wrong: Callable[[int], bool]) -> int:
    return next(step for step, step_us in enumerate(steps) if wrong(step_us))

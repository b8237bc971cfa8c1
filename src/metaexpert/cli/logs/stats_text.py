"""Statistics of logs as tables and small plots for a terminal."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from metaexpert.cli.tables import print_table
from metaexpert.reader.counting import Counts, Grouping, RunNumbers, Statistics
from metaexpert.reader.times import rfc3339
from metaexpert.wording import counted

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MINUTE_S: Final = 60
_DAY_S: Final = 86_400
_BAR_COLUMNS: Final = 40
_MESSAGE_CHARACTERS: Final = 60
_SHOWN_HOLES: Final = 5


def show_groups(found: Grouping, top: int) -> None:
    """Print the most frequent groups, one per line."""
    rows = [
        (*(_cell(group.values.get(key, "-")) for key in found.keys), f"{group.count:,}")
        for group in found.groups[:top]
    ]
    print_table((*found.keys, "records"), rows)
    _tell_rest(len(found.groups) - top, "group")
    if found.others:
        print(f"{counted(found.others, 'record')} more of groups that are not told apart")


def show_statistics(found: Statistics, top: int) -> None:
    """Print everything, each part that has something under a heading of its own."""
    print(counted(found.records, "record"))
    if found.first_ns is not None and found.last_ns is not None:
        print(f"from {rfc3339(found.first_ns)}\nto   {rfc3339(found.last_ns)}")
    for name, counts in (("level", found.levels), ("logger", found.loggers), ("event_name", found.events)):
        _show_counts(name, counts, top)
    _show_times(found)
    _show_errors(found, top)
    if found.runs is not None:
        _show_runs(found.runs, top)
    _show_handlers(found)
    _show_fills(found, top)


def _show_counts(name: str, counts: Counts, top: int) -> None:
    if not counts.values:
        return
    print()
    most = max(counts.values.values())
    shown = list(counts.values.items())[:top]
    print_table((name, "records", ""), [(value, f"{count:,}", _bar(count, most)) for value, count in shown])
    _tell_rest(len(counts.values) - top, "value")
    if counts.others:
        print(f"{counted(counts.others, 'record')} more of values that are not told apart")


def _show_times(found: Statistics) -> None:
    if len(found.intervals) < 2:
        return
    print()
    counts = {each.begin_ns // 1_000_000_000: each for each in found.intervals}
    most = max(each.records for each in found.intervals)
    rows = []
    for begin_s in range(min(counts), max(counts) + 1, found.interval_s):
        each = counts.get(begin_s)
        records, errors = (each.records, each.errors) if each is not None else (0, 0)
        row = (_moment(begin_s, found.interval_s), f"{records:,}", f"{errors:,}", _bar(records, most))
        rows.append(row)
    print_table(("time (UTC)", "records", "errors", ""), rows)


def _moment(begin_s: int, interval_s: int) -> str:
    form = "%Y-%m-%d" if interval_s >= _DAY_S else "%Y-%m-%d %H:%M"
    form = form if interval_s >= _MINUTE_S else "%Y-%m-%d %H:%M:%S"
    return (_EPOCH + timedelta(seconds=begin_s)).strftime(form)


def _show_errors(found: Statistics, top: int) -> None:
    if not found.errors:
        return
    print()
    rows = [
        (
            f"{group.count:,}",
            group.type or "-",
            group.place,
            _time(group.first_ns),
            _time(group.last_ns),
            group.message[:_MESSAGE_CHARACTERS],
        )
        for group in found.errors[:top]
    ]
    print_table(("errors", "type", "place", "first", "last", "message"), rows)
    _tell_rest(len(found.errors) - top, "group")
    if found.other_errors:
        print(f"{counted(found.other_errors, 'error')} more of groups that are not told apart")


def _time(time_ns: int | None) -> str:
    return "-" if time_ns is None else f"{rfc3339(time_ns)[:19]}Z"


def _show_runs(runs: Sequence[RunNumbers], top: int) -> None:
    if not runs:
        return
    print()
    incomplete = [run for run in runs if run.missing or run.told or run.is_partial]
    if not incomplete:
        print(f"{counted(len(runs), 'run')}: no number is missing between the first and the last record")
        return
    incomplete.sort(key=lambda run: (run.unexplained, run.missing), reverse=True)
    rows = [
        (
            run.run_id or "-",
            _time(run.first_ns),
            f"{run.records:,}",
            f"{run.missing:,}",
            f"{run.told:,}",
            f"{run.unexplained:,}",
            _holes(run),
        )
        for run in incomplete[:top]
    ]
    print_table(("run", "first", "records", "missing", "told", "unexplained", "numbers"), rows)
    _tell_rest(len(incomplete) - top, "run")
    if len(incomplete) < len(runs):
        print(f"{counted(len(runs) - len(incomplete), 'run')} more without a missing number")
    if any(run.unexplained or run.is_partial for run in runs):
        print("unexplained: lost, or in none of these files because of a level or a filter")


def _holes(run: RunNumbers) -> str:
    if run.is_partial:
        return "too many to tell"
    shown = [str(first) if first == last else f"{first}-{last}" for first, last in run.holes[:_SHOWN_HOLES]]
    more = len(run.holes) - len(shown) + run.more_holes
    return ", ".join([*shown, f"and {more:,} more"] if more else shown)


def _show_handlers(found: Statistics) -> None:
    if not found.handlers:
        return
    print()
    rows = [
        (each.event, f"{each.calls:,}", *map(_us, (each.mean_us, each.p50_us, each.p99_us, each.max_us)))
        for each in found.handlers
    ]
    print_table(("event handler", "calls", "mean µs", "p50 µs", "p99 µs", "max µs"), rows)


def _us(figure: float) -> str:
    return f"{figure:,.1f}"


def _show_fills(found: Statistics, top: int) -> None:
    if not found.fills:
        return
    print()
    rows = [
        (
            each.symbol,
            f"{each.fills:,}",
            *map(_amount, (each.qty, each.notional, each.fee, each.realized_pnl)),
            each.currency,
        )
        for each in found.fills[:top]
    ]
    print_table(("symbol", "fills", "qty", "notional", "fee", "realized_pnl", "currency"), rows)
    _tell_rest(len(found.fills) - top, "symbol")


def _amount(amount: Decimal) -> str:
    return f"{amount:,f}"


def _cell(value: Any) -> str:
    return (
        value if isinstance(value, str) else f"{value:f}" if isinstance(value, Decimal) else json.dumps(value)
    )


def _tell_rest(count: int, noun: str) -> None:
    if count > 0:
        print(f"{counted(count, noun)} more")


def _bar(count: int, most: int) -> str:
    return _block() * (count * _BAR_COLUMNS // most)


def _block() -> str:
    encoding = getattr(sys.stdout, "encoding", None)
    return "█" if str(encoding).lower().replace("-", "").startswith("utf") else "#"

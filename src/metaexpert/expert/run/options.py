"""The options of a run: the arguments of `expert.run(...)`, and the command line's overrides."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from metaexpert.expert.errors import ArgumentError
from metaexpert.expert.settings import arguments as check
from metaexpert.expert.settings.expert import log_directory, log_level

if TYPE_CHECKING:
    from metaexpert.expert.market_data.feed import Feed
    from metaexpert.expert.market_data.source import Source
    from metaexpert.expert.run.result import RunResult

MODES: Final = ("paper", "live", "backtest")


@dataclass(frozen=True, slots=True)
class RunOptions:
    """The checked arguments of one run; the range is from `start` to before `end`."""

    mode: str
    start: datetime | None
    end: datetime | None
    initial_capital: float
    data: tuple[str, ...] = ()
    """The market data files, none for a live market."""
    data_named_by: str = "data of expert.run(...)"
    """Where the user has named them."""
    symbol: str | None = None
    allow_gaps: bool = False
    fee_pct: float | None = None
    rules: str | None = None
    """A file of contract rules, or "published"."""
    funding: float | str | None = None
    """A funding rate in percent per 8 hours, or a file of rates."""
    equity_by_bar: bool = False


@dataclass(slots=True)
class Overrides:
    """The values of the command line; None, or no data, leaves the strategy file's own value in force."""

    mode: str | None = None
    data: tuple[str, ...] = ()
    start: str | None = None
    end: str | None = None
    initial_capital: float | None = None
    symbol: str | None = None
    allow_gaps: bool | None = None
    fee_pct: float | None = None
    rules: str | None = None
    funding: str | None = None
    equity_by_bar: bool | None = None
    log_level: str | None = None
    log_dir: str | None = None
    control: str | None = None
    feed: Feed | None = None
    """Data that is in memory already, in place of a file."""
    load: Callable[..., Feed] | None = None
    """Loads a file in place of `feed_of_file`, with the same arguments."""
    init_arguments: Mapping[str, Any] = field(default_factory=dict)
    """Arguments of `on_init` that go before the strategy file's own."""
    is_quiet: bool = False
    """Whether only errors are on record, in the file for errors."""
    has_console: bool = True
    on_progress: Callable[[int, int], None] | None = None
    on_start: Callable[[Source], None] | None = None
    results: list[RunResult] = field(default_factory=list)
    """Filled by the runs that were made."""


_overrides: ContextVar[Overrides | None] = ContextVar("metaexpert_run_overrides", default=None)


@contextmanager
def overriding(overrides: Overrides) -> Iterator[Overrides]:
    """Make every `expert.run()` inside the `with` follow these overrides, and leave its result there."""
    token = _overrides.set(overrides)
    try:
        yield overrides
    finally:
        _overrides.reset(token)


def current_overrides() -> Overrides | None:
    """Return the overrides in force, or None outside `overriding`."""
    return _overrides.get()


def check_overrides(line: Overrides) -> None:
    """Raise `ArgumentError` naming the first option of a command line that makes no sense."""
    if line.mode is not None:
        check.choice("--mode", line.mode, MODES)
    if line.log_level is not None:
        log_level("--log-level", line.log_level)
    if line.log_dir is not None:
        log_directory("--log-dir", line.log_dir)
    if line.initial_capital is not None:
        check.number("--capital", line.initial_capital, above=0)
    if line.symbol is not None:
        check.normalized_symbol("--symbol", line.symbol)
    if line.fee_pct is not None:
        _fee("--fee", line.fee_pct)
    _funding("--funding", line.funding)
    start, end = check.moment("--from", line.start), check.moment("--to", line.end, end=True)
    if start is not None and end is not None and start >= end:
        raise ArgumentError(f"--from {line.start} is not before --to {line.end}")


def run_options(
    mode: str,
    start: object,
    end: object,
    initial_capital: float,
    *,
    data: str | Path | Collection[str | Path] | None,
    symbol: str | None,
    allow_gaps: bool,
    fee_pct: float | None,
    rules: str | Path | None = None,
    funding: float | str | Path | None = None,
    equity_by_bar: bool = False,
    overrides: Overrides | None,
) -> RunOptions:
    """Check the arguments of a run and apply the overrides; raises `ArgumentError` for the first bad one.

    Data that the command line names is run whole unless the command line also says from when to when: the
    dates in a strategy file were meant for other data.
    """
    line = overrides or Overrides()
    file_range = not line.data and line.feed is None
    return RunOptions(
        mode=check.choice("mode", line.mode or mode, MODES),
        start=check.moment("--from", line.start)
        or (check.moment("backtest_start", start) if file_range else None),
        end=check.moment("--to", line.end, end=True)
        or (check.moment("backtest_end", end, end=True) if file_range else None),
        initial_capital=check.number(
            "initial_capital",
            initial_capital if line.initial_capital is None else line.initial_capital,
            above=0,
        ),
        data=line.data or _files(data),
        data_named_by="--data" if line.data else "data of expert.run(...)",
        symbol=None if (named := line.symbol or symbol) is None else check.normalized_symbol("symbol", named),
        allow_gaps=allow_gaps if line.allow_gaps is None else line.allow_gaps,
        fee_pct=_fee("fee_pct", fee_pct if line.fee_pct is None else line.fee_pct),
        rules=line.rules or (None if rules is None else check.text("rules", str(rules))),
        funding=_funding("funding", funding if line.funding is None else line.funding),
        equity_by_bar=check.flag(
            "equity_by_bar", equity_by_bar if line.equity_by_bar is None else line.equity_by_bar
        ),
    )


def _files(data: str | Path | Collection[str | Path] | None) -> tuple[str, ...]:
    if data is None:
        return ()
    # Collections as well, but not of paths.
    files = (data,) if isinstance(data, (str, Path, bytes, Mapping)) else data
    if not isinstance(files, Collection) or not all(isinstance(each, (str, Path)) for each in files):
        raise ArgumentError(f"data must be the path of a market data file, or a list of paths, was {data!r}")
    return tuple(map(str, files))


def _funding(name: str, value: object) -> float | str | None:
    """Return a rate in percent per 8 hours, or the path of a file of rates."""
    if isinstance(value, (str, Path)):
        text = check.text(name, str(value))
        try:
            value = float(text)
        except ValueError:
            return text
    return None if value is None else check.number(name, value, minimum=-10, maximum=10)


def _fee(name: str, value: float | None) -> float | None:
    return None if value is None else check.number(name, value, minimum=0, maximum=10)

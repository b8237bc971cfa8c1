"""Walk-forward: the best parameters of one stretch of data, tried on the stretch after it, again and again.

What counts are the passes out of sample, on data that their parameters have not seen. Each stretch starts
with an account of its own and without open positions; the returns of all test stretches, one after the
other, are the figures of the whole.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from metaexpert.expert.analysis.daily import daily_figures
from metaexpert.expert.errors import ArgumentError
from metaexpert.expert.market_data.feed import Feed, feed_of_file
from metaexpert.expert.optimise.optimisation import Goal, Optimisation, Plan, planned, searched
from metaexpert.expert.optimise.passes import Job, Pass, PassOptions
from metaexpert.expert.optimise.workers import Workers
from metaexpert.expert.run.options import Overrides, run_options

MAX_WINDOWS: Final = 1_000
Spans = list[tuple[datetime, datetime, datetime]]


@dataclass(frozen=True, slots=True)
class Window:
    """One step forward: from `train_start` to before `test_start`, then to before `test_end`."""

    number: int
    train_start: datetime
    test_start: datetime
    test_end: datetime
    in_sample: Optimisation
    out_of_sample: Pass | None = None
    """The best pass of the training, made on the test data; None if no pass had a value."""

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain values, with the best pass in sample."""
        best = self.in_sample.best
        return {
            "window": self.number,
            "train_start": self.train_start.isoformat(),
            "test_start": self.test_start.isoformat(),
            "test_end": self.test_end.isoformat(),
            "passes": len(self.in_sample.passes),
            "failed": len(self.in_sample.failed),
            "in_sample": None if best is None else best.to_dict(),
            "out_of_sample": None if self.out_of_sample is None else self.out_of_sample.to_dict(),
        }


@dataclass(frozen=True, slots=True)
class WalkForward:
    """The steps of a walk forward."""

    goal: Goal
    search: str
    seed: int
    windows: tuple[Window, ...]
    interrupted: bool = False

    @property
    def out_of_sample(self) -> dict[str, Any]:
        """The figures of all test stretches one after the other, by their names in a result."""
        results = [row.result for row in self._tested() if row.result is not None]
        equities, trades = [1.0], 0
        for result in results:
            for day in result.equity:
                equities.append(equities[-1] * (1 + (day.return_pct or 0.0) / 100))
            trades += result.trades
        returned = round((equities[-1] - 1) * 100, 6)
        return {"return_pct": returned, "trades": trades, **daily_figures(equities)}

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain values."""
        return {
            "figure": self.goal.figure,
            "minimize": self.goal.minimize,
            "search": self.search,
            "seed": self.seed,
            "interrupted": self.interrupted,
            "out_of_sample": self.out_of_sample,
            "windows": [window.to_dict() for window in self.windows],
        }

    def _tested(self) -> Iterator[Pass]:
        return (window.out_of_sample for window in self.windows if window.out_of_sample is not None)


def walk_forward(
    file: str | Path,
    *,
    parameters: Mapping[str, object],
    data: str | Path | Collection[str | Path],
    train: timedelta,
    test: timedelta,
    executor: Executor | None = None,
    cores: int | None = None,
    **options: Any,
) -> WalkForward:
    """Optimise on `train` of the data, run the best parameters on the `test` after it, and step on by `test`.

    The other arguments are those of `optimise`. Raises `ArgumentError` for a bad argument or data that are
    too short, and `MarketDataError` for a bad file.
    """
    plan = planned(file, parameters=parameters, data=data, **options)
    return walk(plan, stretches(plan.options, train, test), executor, cores)


def walk(plan: Plan, spans: Spans, executor: Executor | None = None, cores: int | None = None) -> WalkForward:
    """Walk a plan through the stretches that `stretches` returns."""
    windows: list[Window] = []
    interrupted = False
    with Workers(executor, cores) as workers:
        for number, (train_start, test_start, test_end) in enumerate(spans, 1):
            window = Window(number, train_start, test_start, test_end, _trained(plan, workers, number, spans))
            interrupted = window.in_sample.interrupted
            if not interrupted:
                try:
                    window = replace(window, out_of_sample=_tested(plan, workers, window))
                except KeyboardInterrupt:
                    interrupted = True
            windows.append(window)
            if interrupted:
                break
    return WalkForward(plan.goal, plan.search, plan.seed, tuple(windows), interrupted)


def stretches(options: PassOptions, train: timedelta, test: timedelta) -> Spans:
    """Return the begin of training, the begin of the test and its end, for each step through the data."""
    if train <= timedelta(0) or test <= timedelta(0):
        raise ArgumentError(f"train and test must be longer than nothing, were {train} and {test}")
    feed = _whole(options)
    events = feed.bars or feed.ticks
    first, last = events[0].time, events[-1].time
    count = max(0, -((first + train - last) // test))
    if not count:
        raise ArgumentError(
            f"the data go from {first} to {last}, which is not longer than a training of {train}; "
            "make --train shorter, or bring more data"
        )
    if count > MAX_WINDOWS:
        raise ArgumentError(f"there are {count:,} steps, {MAX_WINDOWS:,} are the most; make --test longer")
    return [
        (first + test * at, first + test * at + train, first + test * (at + 1) + train) for at in range(count)
    ]


def _whole(options: PassOptions) -> Feed:
    line = Overrides(mode="backtest", **{name: getattr(options, name) for name in ("data", "start", "end")})
    checked = run_options(
        "backtest", None, None, 1, data=None, symbol=options.symbol, allow_gaps=True, fee_pct=None,
        overrides=line,
    )  # fmt: skip
    return feed_of_file(
        checked.data[0],
        # A file that does not name its symbol is the strategy's; here only its times count.
        (options.symbol or "BTCUSDT",),
        symbol=checked.symbol,
        start=checked.start,
        end=checked.end,
        allow_gaps=True,
    )


def _trained(plan: Plan, workers: Workers, number: int, spans: Spans) -> Optimisation:
    train_start, test_start, _ = spans[number - 1]
    options = _within(plan.options, train_start, test_start, f"window-{number:03}")
    return searched(plan, options, workers, shift=number - 1)


def _tested(plan: Plan, workers: Workers, window: Window) -> Pass | None:
    best = window.in_sample.best
    if best is None:
        return None
    folder = f"window-{window.number:03}-test"
    options = _within(plan.options, window.test_start, window.test_end, folder)
    (row,) = workers.passes([Job(best.number, best.parameters, options)])
    row = replace(row, value=plan.goal.value(row.result))
    plan.on_pass(row)
    return row


def _within(options: PassOptions, start: datetime, end: datetime, folder: str) -> PassOptions:
    log_dir = str(Path(options.log_dir, folder)) if options.log_passes else options.log_dir
    return replace(options, start=start.isoformat(), end=end.isoformat(), log_dir=log_dir)

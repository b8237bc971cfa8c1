"""`metaexpert backtest --optimize`: many passes of one strategy, as a table, a heat map or JSON."""

from __future__ import annotations

import itertools
import json
import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from types import FrameType
from typing import Any, Final

from metaexpert.cli.durations import duration_seconds
from metaexpert.cli.failure import CommandFailedError
from metaexpert.cli.progress import progress_bar
from metaexpert.cli.runs.heat_map import print_heat_map
from metaexpert.cli.tables import print_table
from metaexpert.exit_codes import INTERRUPTED, STRATEGY_ERROR, TERMINATED
from metaexpert.expert.errors import ArgumentError, ExpertError
from metaexpert.expert.market_data import MarketDataError
from metaexpert.expert.optimise.optimisation import Optimisation, Plan, carry_out, planned
from metaexpert.expert.optimise.parameters import Choices, parse_choices
from metaexpert.expert.optimise.passes import Pass
from metaexpert.expert.optimise.walk import Spans, WalkForward, stretches, walk
from metaexpert.streams import tell
from metaexpert.wording import counted

_SHOWN: Final = ("return_pct", "max_drawdown_pct", "trades", "profit_factor")


def optimise_and_report(
    file: Path,
    named: Sequence[str],
    *,
    train: str | None,
    test: str | None,
    cores: int | None,
    top: int,
    as_json: bool,
    **options: Any,
) -> int:
    """Make the passes that the command line asks for, print what came of them, and return the exit code."""
    with progress_bar(file.name, is_alone=True) as bar:
        counter = itertools.count(1)
        try:
            parameters = _parameters(named)
            plan = planned(
                file, parameters=parameters, on_pass=lambda row: bar.show(next(counter)), **options
            )
            spans = _spans(plan, train, test)
        except (ExpertError, MarketDataError) as error:
            raise CommandFailedError(str(error)) from None
        bar.begin(plan.size if spans is None else (plan.size + 1) * len(spans))
        with _ending_on_sigterm():
            done = carry_out(plan, None, cores) if spans is None else walk(plan, spans, None, cores)
    if as_json:
        print(json.dumps(done.to_dict(), indent=2, allow_nan=False, default=str))
    elif isinstance(done, WalkForward):
        _show_walk(file, done)
    else:
        _show(file, plan, done, top)
    return _exit_code(done)


def _parameters(named: Sequence[str]) -> dict[str, Choices]:
    parameters = dict(map(parse_choices, named))
    if len(parameters) < len(named):
        raise ArgumentError("--optimize names a parameter twice; write its values as one list")
    return parameters


def _spans(plan: Plan, train: str | None, test: str | None) -> Spans | None:
    """Return the stretches of a walk forward; None for a plain optimisation."""
    if train is None and test is None:
        return None
    if train is None or test is None:
        raise ArgumentError("--train and --test go together: walk forward with --train 60d --test 20d")
    span = [
        timedelta(seconds=duration_seconds(option, text))
        for option, text in (("--train", train), ("--test", test))
    ]
    return stretches(plan.options, *span)


@contextmanager
def _ending_on_sigterm() -> Iterator[None]:
    """Let SIGTERM end the processes of the passes, too."""

    def end(number: int, frame: FrameType | None) -> None:
        raise SystemExit(TERMINATED)

    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _exit_code(done: Optimisation | WalkForward) -> int:
    searches = [done] if isinstance(done, Optimisation) else [window.in_sample for window in done.windows]
    failed = [row for each in searches for row in each.failed]
    made = sum(len(each.passes) for each in searches)
    if failed:
        first = failed[0]
        tell(
            f"warning: {len(failed):,} of {_passes(made)} failed; "
            f"pass {first.number} ({_named(first)}): {first.error}"
        )
    if done.interrupted:
        tell(f"interrupted; {_passes(made)} {'was' if made == 1 else 'were'} over")
        return INTERRUPTED
    return STRATEGY_ERROR if made and len(failed) == made else 0


def _passes(count: int) -> str:
    return "1 pass" if count == 1 else f"{count:,} passes"


def _show(file: Path, plan: Plan, done: Optimisation, top: int) -> None:
    goal = done.goal
    order = "lowest" if goal.minimize else "highest"
    made = _passes(len(done.passes))
    print(f"{file.name}: {made} ({done.search}, seed {done.seed}), {order} {goal.figure} first")
    names = list(plan.space)
    shown = [figure for figure in _SHOWN if figure != goal.figure]
    rows = [row for row in done.ranked if row.ok]
    if not rows:
        return
    print_table(
        ["pass", *names, goal.figure, *shown],
        [_cells(row, names, shown) for row in rows[:top]],
        indent="  ",
    )
    if len(rows) > top:
        print(f"  and {len(rows) - top:,} more; --top {len(rows)} shows all, --json has every figure")
    if len(names) > 1:
        print_heat_map(done, names[0], names[1])


def _cells(row: Pass, names: Sequence[str], shown: Sequence[str]) -> list[str]:
    figures = [getattr(row.result, figure) for figure in shown]
    return [str(row.number), *(_text(row.parameters[name]) for name in names), _text(row.value)] + [
        _text(each) for each in figures
    ]


def _show_walk(file: Path, done: WalkForward) -> None:
    figure = done.goal.figure
    print(f"{file.name}: {counted(len(done.windows), 'step')} forward ({done.search}, seed {done.seed})")
    print_table(
        ["step", "train from", "test from", "test to", "best", f"{figure} in sample", "out of sample"],
        [
            [
                str(window.number),
                f"{window.train_start:%Y-%m-%d %H:%M}",
                f"{window.test_start:%Y-%m-%d %H:%M}",
                f"{window.test_end:%Y-%m-%d %H:%M}",
                "-" if window.in_sample.best is None else _named(window.in_sample.best),
                "-" if window.in_sample.best is None else _text(window.in_sample.best.value),
                "-" if window.out_of_sample is None else _text(window.out_of_sample.value),
            ]
            for window in done.windows
        ],
        indent="  ",
    )
    print("  all test stretches, one after the other:")
    shown = ("return_pct", "trades", "sharpe_365d", "sortino_365d", "max_drawdown_daily_pct")
    figures = done.out_of_sample
    print_table(shown, [[_text(figures[name]) for name in shown]], indent="  ")


def _named(row: Pass) -> str:
    return " ".join(f"{name}={_text(value)}" for name, value in row.parameters.items())


def _text(value: object) -> str:
    if value is None:
        return "-"
    return f"{value:.6g}" if isinstance(value, float) else str(value)

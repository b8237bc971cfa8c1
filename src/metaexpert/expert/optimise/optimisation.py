"""An optimisation: the passes of one search, and which of them is best."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from contextlib import closing
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from metaexpert.expert.analysis.rows import frame_of_pandas, frame_of_polars
from metaexpert.expert.errors import ArgumentError
from metaexpert.expert.optimise.parameters import Space, Values, strategy_space
from metaexpert.expert.optimise.passes import Job, Pass, PassOptions
from metaexpert.expert.optimise.search import DEFAULT_PASSES, SEARCHES, Batches, Constraint, batches_of
from metaexpert.expert.optimise.workers import Workers
from metaexpert.expert.run.options import Overrides, check_overrides
from metaexpert.expert.run.result import LISTS, RunResult
from metaexpert.expert.settings import arguments as check

if TYPE_CHECKING:
    import pandas
    import polars

DEFAULT_FIGURE: Final = "sharpe_365d"
_NUMBERS: Final = ("int", "float", "int | None", "float | None")
#: What passes can be compared by.
FIGURES: Final = tuple(
    each.name for each in fields(RunResult) if each.type in _NUMBERS and each.name not in LISTS
)

OnPass = Callable[[Pass], object]


@dataclass(frozen=True, slots=True)
class Goal:
    """What passes are compared by."""

    figure: str
    minimize: bool = False

    def value(self, result: RunResult | None) -> float | None:
        """Return the figure of a result; None where it is undefined."""
        value = None if result is None else getattr(result, self.figure)
        return None if value is None else float(value)

    def score(self, row: Pass) -> float | None:
        """Return the value of a pass that ran to its end, turned so that higher is better."""
        if not row.ok or row.value is None:
            return None
        return -row.value if self.minimize else row.value


@dataclass(frozen=True, slots=True)
class Optimisation:
    """The passes of a search, by number."""

    goal: Goal
    search: str
    seed: int
    passes: tuple[Pass, ...]
    interrupted: bool = False
    """Whether Ctrl-C ended it; the passes that were over by then are there."""

    @property
    def ranked(self) -> list[Pass]:
        """The passes, the best first; of equal ones the earlier; then those without a value."""
        return sorted(self.passes, key=lambda row: (-_or_least(self.goal.score(row)), row.number))

    @property
    def best(self) -> Pass | None:
        """The best pass; None if none has a value."""
        rows = self.ranked
        return rows[0] if rows and self.goal.score(rows[0]) is not None else None

    @property
    def failed(self) -> list[Pass]:
        """The passes that did not run to their end, by number."""
        return [row for row in self.passes if not row.ok]

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain values."""
        best = self.best
        return {
            "figure": self.goal.figure,
            "minimize": self.goal.minimize,
            "search": self.search,
            "seed": self.seed,
            "interrupted": self.interrupted,
            "best": None if best is None else best.to_dict(),
            "passes": [row.to_dict() for row in self.passes],
        }

    def to_dicts(self) -> list[dict[str, Any]]:
        """Return one flat dictionary per pass: number, parameters, value, error, and the figures."""
        return [
            {"pass": row.number, **row.parameters, "value": row.value, "error": row.error}
            | {name: getattr(row.result, name, None) for name in FIGURES if name not in row.parameters}
            for row in self.passes
        ]

    def to_polars(self) -> polars.DataFrame:
        """Return `to_dicts` as a data frame of Polars; raises ModuleNotFoundError without Polars."""
        return frame_of_polars(self.to_dicts())

    def to_pandas(self) -> pandas.DataFrame:
        """Return `to_dicts` as a data frame of pandas; raises ModuleNotFoundError without pandas."""
        return frame_of_pandas(self.to_dicts())


@dataclass(frozen=True, slots=True)
class Plan:
    """A checked optimisation, before its first pass."""

    space: Space
    goal: Goal
    options: PassOptions
    search: str = "grid"
    passes: int | None = None
    seed: int = 0
    constraint: Constraint | None = None
    on_pass: OnPass = field(default=lambda row: None)

    @property
    def size(self) -> int:
        """How many passes it has; Optuna may ask for fewer."""
        return self.passes or DEFAULT_PASSES if self.search == "optuna" else len(next(self.batches()))

    def batches(self, shift: int = 0) -> Batches:
        """Return the batches of the search; `shift` makes another seed of the same plan."""
        return batches_of(
            self.search,
            self.space,
            passes=self.passes,
            seed=self.seed + shift,
            constraint=self.constraint,
        )


def optimise(
    file: str | Path,
    *,
    parameters: Mapping[str, object],
    data: str | Path | Collection[str | Path],
    executor: Executor | None = None,
    cores: int | None = None,
    **options: Any,
) -> Optimisation:
    """Backtest a strategy file with many values of its parameters, and return all passes.

    `parameters` has the values to try by name: a list, a range or a `Between`. A name is one that the file
    sets on its top level, or else an argument of `on_init`. `data` is the market data file. The passes are
    made by `cores` processes, all cores of the machine by default, or by any `executor` of
    `concurrent.futures`, whose processes need the files at the same paths.

    `options` are those of `planned`. Ctrl-C ends it, and leaves the passes that are over. Raises
    `ArgumentError` for a bad argument, before any pass; a pass that fails is a row with its error.
    """
    return carry_out(planned(file, parameters=parameters, data=data, **options), executor, cores)


def carry_out(plan: Plan, executor: Executor | None = None, cores: int | None = None) -> Optimisation:
    """Make all passes of a plan."""
    with Workers(executor, cores) as workers:
        return searched(plan, plan.options, workers)


def planned(
    file: str | Path,
    *,
    parameters: Mapping[str, object],
    data: str | Path | Collection[str | Path],
    maximize: str | None = None,
    minimize: str | None = None,
    search: str = "grid",
    passes: int | None = None,
    seed: int = 0,
    constraint: Constraint | None = None,
    on_pass: OnPass | None = None,
    start: str | None = None,
    end: str | None = None,
    symbol: str | None = None,
    allow_gaps: bool | None = None,
    initial_capital: float | None = None,
    fee_pct: float | None = None,
    rules: str | Path | None = None,
    funding: float | str | Path | None = None,
    log_dir: str | Path = "logs",
    log_passes: bool = False,
) -> Plan:
    """Check the arguments of an optimisation; raises `ArgumentError` for the first bad one.

    `maximize` (`sharpe_365d` by default) or `minimize` is a figure of `RunResult`, `criterion` for what
    `on_backtest` returns. `search` is "grid" (all combinations), "random" or "optuna", the last two with a
    number of `passes` (100) and a `seed`. `constraint` gets the values of a pass and says whether to make it.
    `on_pass` is called with each pass when it is over, in no fixed order. With `log_passes` each pass logs
    into a folder of its own in `log_dir`; otherwise only errors are logged. `start` and `end` limit the data,
    and the rest is as in a run.
    """
    files = [data] if isinstance(data, (str, Path)) else list(data)
    options = PassOptions(
        file=str(Path(file).absolute()),
        data=tuple(str(Path(each).absolute()) for each in files),
        start=start,
        end=end,
        symbol=symbol,
        allow_gaps=allow_gaps,
        initial_capital=initial_capital,
        fee_pct=fee_pct,
        rules=_absolute(rules),
        funding=_absolute(funding),
        log_dir=str(Path(log_dir).absolute()),
        log_passes=log_passes,
        seed=check.whole("seed", seed, minimum=0),
    )
    check_overrides(
        Overrides(
            data=options.data, start=start, end=end, symbol=symbol, fee_pct=fee_pct, log_dir=str(log_dir)
        )
    )
    if len(files) != 1:
        raise ArgumentError(f"an optimisation needs one market data file (--data), was given {len(files)}")
    if not Path(files[0]).exists():
        raise ArgumentError(f"{files[0]}: no such file; check the path of the market data")
    plan = Plan(
        space=strategy_space(Path(file), parameters),
        goal=_goal(maximize, minimize),
        options=options,
        search=check.choice("search", search, SEARCHES),
        passes=passes,
        seed=seed,
        constraint=constraint,
        on_pass=on_pass or (lambda row: None),
    )
    if not next(plan.batches(), None):
        raise ArgumentError("no values satisfy the constraint, so there is no pass to make")
    return plan


def searched(plan: Plan, options: PassOptions, workers: Workers, *, shift: int = 0) -> Optimisation:
    """Make the passes of a search; Ctrl-C ends it, with the passes that are over."""
    rows: list[Pass] = []
    interrupted = False
    try:
        for row in _rows(plan, options, workers, shift):
            rows.append(row)
            plan.on_pass(row)
    except KeyboardInterrupt:
        interrupted = True
    rows.sort(key=lambda row: row.number)
    return Optimisation(plan.goal, plan.search, plan.seed, tuple(rows), interrupted)


def _rows(plan: Plan, options: PassOptions, workers: Workers, shift: int) -> Iterator[Pass]:
    batches, made = plan.batches(shift), 0
    batch = next(batches, None)
    while batch:
        numbers = range(made + 1, made + len(batch) + 1)
        made += len(batch)
        scores: dict[int, float | None] = {}
        with closing(workers.passes(_jobs(numbers, batch, options))) as rows:
            for row in rows:
                valued = replace(row, value=plan.goal.value(row.result))
                scores[row.number] = plan.goal.score(valued)
                yield valued
        try:
            batch = batches.send([scores[number] for number in numbers])
        except StopIteration:
            return


def _jobs(numbers: Sequence[int], batch: Sequence[Values], options: PassOptions) -> list[Job]:
    return [Job(number, values, options) for number, values in zip(numbers, batch, strict=True)]


def _absolute(named: float | str | Path | None) -> str | None:
    """Return the path of a file wherever the passes are made; what names none stays as it is."""
    if named is None:
        return None
    path = Path(str(named))
    return str(path.absolute()) if path.is_file() else str(named)


def _goal(maximize: str | None, minimize: str | None) -> Goal:
    if maximize is not None and minimize is not None:
        raise ArgumentError("maximize and minimize exclude each other; name one figure")
    figure = minimize or maximize or DEFAULT_FIGURE
    if figure not in FIGURES:
        name = "maximize" if minimize is None else "minimize"
        raise ArgumentError(f"{name} must be one of {', '.join(FIGURES)}; was {figure!r}")
    return Goal(figure, minimize is not None)


def _or_least(score: float | None) -> float:
    return float("-inf") if score is None else score

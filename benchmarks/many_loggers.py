"""The cost of changing levels in a program with thousands of loggers, beside `logging`.

    uv run benchmarks/many_loggers.py [--quick] [--check] [--json]

Method. Two programs in fresh processes, taking turns round after round, do the same: 4,000 loggers log once,
then levels are changed and loggers made, each step timed again and again. `logging` is the standard library
with a handler that does nothing; `ours` has the configuration of a strategy. The result is the ratio of the
two medians within a round. `request` is what `POST /logging/configure` does with a level for each of so many
loggers; its cost for one logger must be the same whether there are many of them or few.

Limits. `logging` itself walks over all loggers at each change of a level, so neither is quick at it. After a
change each logger's next call notices it; that cost is in `live_configuration.py`, not in these figures. The
time of `dictConfig` grows with the square of the loggers that it names, in the standard library itself.
"""

from __future__ import annotations

import logging
import logging.config
import sys
import time
from array import array
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final

from harness.report import Goal, Options, Table, finish, percentiles, read_options
from harness.rounds import Figures, Rounds, measure_here_if_asked, take_rounds, typical
from metaexpert.logger import configure, get_logger, shutdown
from metaexpert.logger.live import changes

STANDARD, OURS = "logging", "ours"
LOGGERS: Final = 4_000
FEW, MANY = 250, 2_500
#: The promise for a change of levels: at most so many times what it takes in `logging`.
RATIO_LIMIT: Final = 3.0
#: Quadratic cost would make it ten; the rest is the fixed cost of a request.
GROWTH_LIMIT: Final = 1.5

_STEPS: Final = ("setLevel", "disable", "addHandler", "dictConfig", "new logger")


def in_logging(repetitions: int, _directory: Path) -> Figures:
    """Time the steps with the standard library alone."""
    logging.root.addHandler(logging.NullHandler())
    logging.root.setLevel(logging.INFO)
    return steps(logging.getLogger, repetitions)


def in_ours(repetitions: int, directory: Path) -> Figures:
    """Time the steps and the requests with ours."""
    configure({"log_file_path": str(directory), "handlers": {"console": None}})
    figures = steps(get_logger, repetitions)
    for count in (FEW, MANY):
        names = [f"request.{count}.{number}" for number in range(count)]
        changes.change({"loggers": dict.fromkeys(names, "WARNING")})
        took = timed(repetitions, partial(send, names))
        figures[f"request_{count}_ns"] = took / count
    shutdown()
    return figures


def send(names: list[str], turn: int) -> None:
    """Do what a request with a level for each of `names` does, another one each time."""
    changes.change({"loggers": dict.fromkeys(names, ("DEBUG", "ERROR")[turn % 2])})


def steps(get: Callable[[str], logging.Logger], repetitions: int) -> Figures:
    """Time each step with 4,000 loggers that have logged."""
    loggers = [get(f"bench.{number}") for number in range(LOGGERS)]
    for logger in loggers:
        logger.info("here")
    listener = logging.NullHandler()

    def add_handler(turn: int) -> None:
        logger = loggers[turn % LOGGERS]
        logger.addHandler(listener)
        logger.removeHandler(listener)

    def dict_config(turn: int) -> None:
        named = {f"bench.{number}": {"level": ("INFO", "ERROR")[turn % 2]} for number in range(20)}
        logging.config.dictConfig(
            {"version": 1, "disable_existing_loggers": False, "incremental": True, "loggers": named}
        )

    work: dict[str, Callable[[int], object]] = {
        "setLevel": lambda turn: loggers[turn % LOGGERS].setLevel(("INFO", "ERROR")[turn % 2]),
        "disable": lambda turn: logging.disable((logging.DEBUG, logging.NOTSET)[turn % 2]),
        "addHandler": add_handler,
        "dictConfig": dict_config,
        "new logger": lambda turn: get(f"new.{turn}"),
    }
    return {name: timed(repetitions, work[name]) for name in _STEPS}


def timed(repetitions: int, step: Callable[[int], object]) -> float:
    """Return the median time of a step in nanoseconds."""
    samples = array("q", bytes(8 * repetitions))
    for turn in range(repetitions):
        started = time.perf_counter_ns()
        step(turn)
        samples[turn] = time.perf_counter_ns() - started
    (median,) = percentiles(samples, 0.5)
    return float(median)


MEASUREMENTS: Final[dict[str, Callable[[int, Path], Figures]]] = {STANDARD: in_logging, OURS: in_ours}


def measure(subject: str, records: int, directory: Path) -> Figures:
    """Take the figures of one subject."""
    return MEASUREMENTS[subject](records, directory)


def report(rounds: Rounds, options: Options) -> int:
    """Print the figures and return the exit code."""
    figures = {
        subject: {name: typical(rounds, subject, name) for name in rounds[0][subject]}
        for subject in MEASUREMENTS
    }
    rows = []
    for name in _STEPS:
        ratio = figures[OURS][name] / figures[STANDARD][name]
        rows.append(
            (name, *(f"{figures[subject][name] / 1000:,.1f}" for subject in MEASUREMENTS), f"{ratio:.2f}")
        )
    growth = figures[OURS][f"request_{MANY}_ns"] / figures[OURS][f"request_{FEW}_ns"]
    notes = [
        f"a request with levels for {count:,} loggers: "
        f"{figures[OURS][f'request_{count}_ns'] * count / 1e6:,.1f} ms"
        for count in (FEW, MANY)
    ]
    goals = [
        Goal(
            f"times what {name} takes in `logging`, {LOGGERS:,} loggers",
            figures[OURS][name] / figures[STANDARD][name],
            RATIO_LIMIT,
        )
        for name in ("setLevel", "disable", "dictConfig")
    ]
    goals.append(Goal(f"times as much for one of {MANY:,} loggers as of {FEW}", growth, GROWTH_LIMIT))
    table = Table(("us, median", *MEASUREMENTS, "ratio"), rows)
    return finish("many loggers", [table], figures, goals, options, notes=notes)


def main() -> int:
    """Measure and report."""
    measure_here_if_asked(measure)
    options = read_options(__doc__, records=200, quick_records=40, rounds=5)
    return report(take_rounds(dict.fromkeys(MEASUREMENTS, options.records), rounds=options.rounds), options)


if __name__ == "__main__":
    sys.exit(main())

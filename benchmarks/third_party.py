"""The cost of MetaExpert for a module that only knows `logging`, and beside a handler that is not its own.

    uv run --group bench benchmarks/third_party.py [--quick] [--check] [--json]

Method. A plain logger logs in two shapes: a message with one argument, and the trade event with its five
fields in `extra`. Once its records go to MetaExpert's handler on the root logger, once to a `FileHandler`
with python-json-logger on itself. The cost of the call is timed call by call (with the timer), then as many
records are logged in a plain loop until all are in the file. Every line is parsed as strict JSON and compared
with what was logged.

Then the same calls are timed with a handler that keeps the last record: of a logger of `logging` that has
nothing else, and of a `MetaLogger` whose records go into MetaExpert's file as well. Fresh process each,
taking turns, ratios within a round, median over the rounds.

Limits. The handler does the least that one can do, so a real one makes the second ratio smaller.
"""

from __future__ import annotations

import logging
import sys
import time
from array import array
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from harness.calls import LOOPS
from harness.event import strict
from harness.loggers import LOGGERS, OWN_STDLIB, STDLIB, configure_own, installed, missing
from harness.report import Goal, Options, Table, finish, percentiles, read_options
from harness.rounds import Figures, Rounds, measure_here_if_asked, ratio, take_rounds, total, typical
from harness.setups import Opened

#: Promised: at least so many times faster than the standard library's own file handler with JSON.
LIMIT: Final = 6.0
#: Promised: at most so many times the cost of `logging` with the same handler.
LISTENED_LIMIT: Final = 1.15
#: By name, the style of the calls.
SHAPES: Final = {"one argument": "argument", "five fields": "extra"}
COMPARED: Final = (OWN_STDLIB, STDLIB)
LISTENED: Final = "MetaLogger and a handler"
ALONE: Final = "logging and that handler alone"
WARM_UP: Final = 200


class Listener(logging.Handler):
    """Keeps the last record and counts them."""

    def __init__(self) -> None:
        super().__init__()
        self.record: logging.LogRecord | None = None
        self.seen = 0

    def emit(self, record: logging.LogRecord) -> None:
        """Keep the record."""
        self.record = record
        self.seen += 1


def file_of(shape: str, way: str) -> str:
    """Return the name of the file of one loop."""
    return f"{SHAPES[shape]}-{way}.json"


def measure(subject: str, records: int, directory: Path) -> Figures:
    """Time `records` calls of each shape one by one, then, of some subjects, as many until written."""
    figures: Figures = {}
    for shape, style in SHAPES.items():
        if subject in COMPARED:
            figures |= measure_file(subject, shape, style, records, directory)
        else:
            samples = timed_with_listener(subject, style, records, directory / file_of(shape, "timed"))
            figures |= of_samples(shape, samples)
    return figures


def of_samples(shape: str, samples: array[int]) -> Figures:
    """Return the percentiles of the samples."""
    p50, p99 = percentiles(samples, 0.5, 0.99)
    return {f"{shape}/p50_ns": p50, f"{shape}/p99_ns": p99}


def measure_file(subject: str, shape: str, style: str, records: int, directory: Path) -> Figures:
    """Time the calls of a plain logger, then all of them until they are in the file."""
    timed, run = LOOPS[style]
    open_file: Callable[[Path], Opened] = LOGGERS[subject].open
    samples = array("q", bytes(8 * records))
    log, close = open_file(directory / file_of(shape, "timed"))
    timed(log, 0, samples)
    close()
    log.handlers.clear()
    log, close = open_file(directory / file_of(shape, "looped"))
    before = time.perf_counter()
    run(log, records)
    close()
    seconds = time.perf_counter() - before
    log.handlers.clear()
    return {**of_samples(shape, samples), f"{shape}/records_per_s": records / seconds}


def timed_with_listener(subject: str, style: str, records: int, path: Path) -> array[int]:
    """Time the calls of a logger that has a handler of the program's."""
    listener, samples = Listener(), array("q", bytes(8 * records))
    timed = LOOPS[style].timed
    close: Callable[[], object] = listener.close
    if subject == LISTENED:
        from metaexpert.logger import get_logger, shutdown

        configure_own(path)
        close = shutdown
        log: logging.Logger = get_logger("bench")
    else:
        log = logging.getLogger("bench")
        log.setLevel(logging.INFO)
        log.propagate = False
    log.addHandler(listener)
    timed(log, records, array("q", bytes(8 * WARM_UP)))
    timed(log, 0, samples)
    close()
    log.removeHandler(listener)
    if listener.seen != records + WARM_UP:
        sys.exit(f"{subject} handed {listener.seen} records to the handler, not {records + WARM_UP}")
    return samples


def check(subject: str, records: int, directory: Path) -> Figures:
    """Check all files line by line; returns the records lost."""
    if subject == ALONE:
        return {"lost": 0}
    ways: tuple[str, ...] = ("timed", "looped")
    expected = records
    if subject == LISTENED:
        ways, expected = ("timed",), records + WARM_UP
    files = [(shape, directory / file_of(shape, way)) for shape in SHAPES for way in ways]
    return {"lost": sum(lost_in(subject, shape, path, expected) for shape, path in files)}


def lost_in(subject: str, shape: str, path: Path, records: int) -> int:
    """Return how many of the records 0 to `records` - 1 a file lacks; a wrong line ends the program."""
    if SHAPES[shape] == "extra":
        return LOGGERS[OWN_STDLIB if subject == LISTENED else subject].verify(path, records).lost
    seen = bytearray(records)
    with path.open("rb") as file:
        for line in file:
            document: dict[str, Any] = strict(line)
            number = int(document["message"].split()[1])
            if document["message"] != f"Order {number} filled" or seen[number]:
                sys.exit(f"{subject} did not write what was logged: {line[:300]!r}")
            seen[number] = 1
    return records - sum(seen)


def report(rounds: Rounds, subjects: list[str], options: Options) -> int:
    """Print the figures and return the exit code."""
    figures = {subject: figures_of(rounds, subject) for subject in subjects}
    lost = figures[OWN_STDLIB]["lost"] + figures[LISTENED]["lost"]
    goals = [Goal("records lost", lost, 0)]
    for shape in SHAPES:
        if STDLIB in subjects:
            faster = 1 / ratio(rounds, OWN_STDLIB, STDLIB, f"{shape}/p50_ns")
            ahead = ratio(rounds, OWN_STDLIB, STDLIB, f"{shape}/records_per_s")
            goals.append(Goal(f"{shape}: a plain call is faster by", faster, LIMIT, at_least=True))
            goals.append(Goal(f"{shape}: end to end it is faster by", ahead, LIMIT, at_least=True))
        listened = ratio(rounds, LISTENED, ALONE, f"{shape}/p50_ns")
        goals.append(Goal(f"{shape}: with a handler it costs by logging", listened, LISTENED_LIMIT))
    rows = [row_of(figures[subject], subject, shape) for shape in SHAPES for subject in subjects]
    ways = Table(("way of a logging call", "shape", "p50 ns", "p99 ns", "records/s"), rows)
    return finish("plain logging", [ways], figures, goals, options, missing=missing(COMPARED))


def figures_of(rounds: Rounds, subject: str) -> Figures:
    """Return a subject's figures over the rounds."""
    names = [name for name in rounds[0][subject] if name != "lost"]
    figures = {name: typical(rounds, subject, name) for name in names}
    return {**figures, "lost": total(rounds, subject, "lost")}


def row_of(figures: Figures, subject: str, shape: str) -> tuple[str, ...]:
    """Return a row of the table."""
    names = ("p50_ns", "p99_ns", "records_per_s")
    values = [figures.get(f"{shape}/{name}") for name in names]
    return (subject, shape, *("" if value is None else f"{value:,.0f}" for value in values))


def main() -> int:
    """Measure, check and report."""
    measure_here_if_asked(measure)
    options = read_options(__doc__, records=50_000, quick_records=2_000)
    subjects = [*installed(COMPARED), LISTENED, ALONE]
    rounds = take_rounds(dict.fromkeys(subjects, options.records), rounds=options.rounds, check=check)
    return report(rounds, subjects, options)


if __name__ == "__main__":
    sys.exit(main())

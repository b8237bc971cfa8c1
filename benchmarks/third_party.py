"""The cost of MetaExpert for a module that only knows `logging`, beside the standard way to JSON files.

    uv run --group bench benchmarks/third_party.py [--quick] [--check] [--json]

Method. A logger of the standard library logs the trade event with its five fields in `extra`. Once its
records go to MetaExpert's handler on the root logger, once to a `FileHandler` with python-json-logger on
itself. The cost of the call is timed call by call (with the timer), then as many records are logged in a
loop until all are in the file. Every line of both files is counted and parsed as strict JSON with all
its values. Fresh process each, taking turns, ratios within a round, median over the rounds.

Limits. `logging` itself makes the record and walks its handlers in both cases; only what comes after that
differs.
"""

from __future__ import annotations

import sys
import time
from array import array
from pathlib import Path
from typing import Final

from harness.calls import LOOPS
from harness.loggers import FILE, LOGGERS, OWN_STDLIB, STDLIB, installed, missing
from harness.report import Goal, Options, Table, finish, percentiles, read_options
from harness.rounds import Figures, Rounds, measure_here_if_asked, ratio, take_rounds, total, typical

#: Promised: at least so many times faster than the standard library's own file handler with JSON.
LIMIT = 2.0
LOOPED = "looped"
COMPARED: Final = (OWN_STDLIB, STDLIB)


def measure(subject: str, records: int, directory: Path) -> Figures:
    """Time `records` calls one by one, then as many together until they are written, in two files."""
    logger = LOGGERS[subject]
    timed, run = LOOPS[logger.style]
    log, close = logger.open(directory / FILE)
    samples = array("q", bytes(8 * records))
    timed(log, 0, samples)
    close()
    if subject == STDLIB:
        log.handlers.clear()
    log, close = logger.open(directory / LOOPED)
    before = time.perf_counter()
    run(log, records)
    close()
    seconds = time.perf_counter() - before
    p50, p99 = percentiles(samples, 0.5, 0.99)
    return {"p50_ns": p50, "p99_ns": p99, "records_per_s": records / seconds}


def check(subject: str, records: int, directory: Path) -> Figures:
    """Check both files line by line; returns the records lost."""
    files = (directory / FILE, directory / LOOPED)
    return {"lost": sum(LOGGERS[subject].verify(file, records).lost for file in files)}


def report(rounds: Rounds, subjects: list[str], options: Options) -> int:
    """Print the figures and return the exit code."""
    rows, figures = [], {}
    for subject in subjects:
        names = ("p50_ns", "p99_ns", "records_per_s")
        p50, p99, rate = (typical(rounds, subject, name) for name in names)
        lost = total(rounds, subject, "lost")
        figures[subject] = {"p50_ns": p50, "p99_ns": p99, "records_per_s": rate, "lost": lost}
        rows.append((subject, f"{p50:,.0f}", f"{p99:,.0f}", f"{rate:,.0f}", f"{lost:,.0f}"))
    goals = [Goal("records lost", figures[OWN_STDLIB]["lost"], 0)]
    if STDLIB in subjects:
        faster = 1 / ratio(rounds, OWN_STDLIB, STDLIB, "p50_ns")
        ahead = ratio(rounds, OWN_STDLIB, STDLIB, "records_per_s")
        goals.append(Goal("a plain call is faster by", faster, LIMIT, at_least=True))
        goals.append(Goal("end to end it is faster by", ahead, LIMIT, at_least=True))
    ways = Table(("way of a plain logging call", "p50 ns", "p99 ns", "records/s", "lost"), rows)
    return finish("plain logging", [ways], figures, goals, options, missing=missing(COMPARED))


def main() -> int:
    """Measure, check and report."""
    measure_here_if_asked(measure)
    options = read_options(__doc__, records=50_000, quick_records=2_000)
    subjects = installed(COMPARED)
    rounds = take_rounds(dict.fromkeys(subjects, options.records), rounds=options.rounds, check=check)
    return report(rounds, subjects, options)


if __name__ == "__main__":
    sys.exit(main())

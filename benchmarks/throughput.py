"""The records per second that arrive, from the first call until every line is in the file.

    uv run --group bench benchmarks/throughput.py [--quick] [--check] [--json]

Method. A fresh process logs N trade events with five fields in a loop on one thread, then has the
logger write everything out and end. The clock runs from before the first call until after that; setting up
and importing do not count. Then, outside the clock, every line of the file is counted and parsed as strict
JSON, and all its values compared: each number from 0 to N - 1 must be there exactly once. Missing lines are
shown as lost. MetaExpert waits for room in its queue and never drops (`protect_level` NOTSET). The loggers
take turns, ratios are taken within a round, and the median over the rounds is shown. "CPU" is the processor
time of all threads of the process, by record.

Limits. The peers get a twentieth of the records, for which they need about as long, or longer. Files lie in
the system's directory for temporary files, and no logger is asked for an fsync. So the disk is measured only
as far as it slows down writing.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Final

from harness.calls import LOOPS
from harness.loggers import FILE, LOGGERS, OWN, STRUCTLOG, installed, marked, missing, notes_of
from harness.report import Goal, Options, Table, finish, read_options
from harness.rounds import Figures, Rounds, measure_here_if_asked, ratio, take_rounds, total, typical
from harness.svg import BARS, LINEAR, Plot

#: Promised: records per second, their ratio to those of structlog with orjson, and the share of its CPU time.
RATE_LIMIT: Final = 4_000_000
TIMES_STRUCTLOG: Final = 18
CPU_LIMIT: Final = 0.1


def measure(subject: str, records: int, directory: Path) -> Figures:
    """Log `records` events and write everything out; returns records per second and CPU time per record."""
    logger = LOGGERS[subject]
    log, close = logger.open(directory / FILE)
    run = LOOPS[logger.style].run
    cpu, before = time.process_time(), time.perf_counter()
    run(log, records)
    logged = time.perf_counter()
    close()
    after, cpu = time.perf_counter(), time.process_time() - cpu
    return {
        "records_per_s": records / (after - before),
        "calls_per_s": records / (logged - before),
        "cpu_ns": cpu / records * 1e9,
    }


def check(subject: str, records: int, directory: Path) -> Figures:
    """Check the file line by line; returns what is in it."""
    verified = LOGGERS[subject].verify(directory / FILE, records)
    return {"lines": verified.lines, "bytes": verified.bytes, "lost": verified.lost}


def report(rounds: Rounds, subjects: list[str], options: Options) -> int:
    """Print the figures and return the exit code."""
    rows, figures = [], {}
    for subject in subjects:
        rate, cpu = typical(rounds, subject, "records_per_s"), typical(rounds, subject, "cpu_ns")
        times = 1 / ratio(rounds, subject, OWN, "records_per_s")
        lines, lost = (total(rounds, subject, name) for name in ("lines", "lost"))
        figures[subject] = {
            "records_per_s": rate,
            "metaexpert_is_faster_by": times,
            "cpu_ns": cpu,
            "lines_verified": lines,
            "lost": lost,
        }
        cells = (f"{rate:,.0f}", f"{times:.1f} x", f"{cpu:,.0f}", f"{lines:,.0f}", f"{lost:,.0f}")
        rows.append((marked(subject), *cells))
    head = ("logger", "records/s", "MetaExpert by it", "CPU ns/record", "lines verified", "lost")
    rates = {marked(subject): [(0.0, figures[subject]["records_per_s"])] for subject in subjects}
    cpu_times = {marked(subject): [(0.0, figures[subject]["cpu_ns"])] for subject in subjects}
    return finish(
        "end to end",
        [Table(head, rows)],
        figures,
        goals_of(rounds, figures),
        options,
        missing=missing(),
        notes=notes_of(subjects),
        plots=[
            Plot(
                "throughput",
                BARS,
                "Until every line is in the file",
                "records per second",
                rates,
                own=(OWN,),
                y_scale=LINEAR,
            ),
            Plot(
                "cpu",
                BARS,
                "CPU time per record, all threads",
                "nanoseconds",
                cpu_times,
                own=(OWN,),
                y_scale=LINEAR,
            ),
        ],
    )


def goals_of(rounds: Rounds, figures: dict[str, dict[str, float]]) -> list[Goal]:
    """Return the promises about the whole path, with the measured figures."""
    goals = [
        Goal(
            "records per second, every line verified",
            figures[OWN]["records_per_s"],
            RATE_LIMIT,
            at_least=True,
        )
    ]
    if STRUCTLOG in figures:
        times, cpu = (ratio(rounds, OWN, STRUCTLOG, name) for name in ("records_per_s", "cpu_ns"))
        goals.append(
            Goal(f"records per second by those of {STRUCTLOG}", times, TIMES_STRUCTLOG, at_least=True)
        )
        goals.append(Goal(f"CPU time per record by that of {STRUCTLOG}", cpu, CPU_LIMIT))
    return [*goals, Goal("records lost", figures[OWN]["lost"], 0)]


def main() -> int:
    """Measure, check and report."""
    measure_here_if_asked(measure)
    options = read_options(__doc__, records=1_000_000, quick_records=100_000, rounds=3)
    records = {OWN: options.records} | dict.fromkeys(installed(), max(options.records // 20, 1_000))
    rounds = take_rounds(records, rounds=options.rounds, check=check)
    return report(rounds, list(records), options)


if __name__ == "__main__":
    sys.exit(main())

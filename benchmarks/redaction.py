"""What masking secrets costs: the calling thread, the backend, and a log call's latency.

    uv run benchmarks/redaction.py [--quick] [--check] [--json]

Method. A fresh process logs N trade events with five fields in a plain loop on one thread, once with the
built-in names and patterns of `redact` (as is the default), once with `defaults` false, so that nothing is
looked at; and once more with a secret in every record, which has to be masked. Then it has everything
written out. "records/s" counts until every line is in the file; "CPU" is the processor time of all threads of
the process, by record; "call p50" is the median over single calls, timed apart with pauses in which the
backend keeps up. The subjects take turns, ratios are taken within a round, and the median over the rounds is
shown. Outside the clock every line is counted, and looked at for the secret.

Limits. The events are those of the other benchmarks: short texts, no nesting. Long texts cost more; a text is
looked through once for `=` and `:`, and once for what credentials look like. With as many busy threads as
cores the backend's work takes time from the callers.
"""

from __future__ import annotations

import sys
import time
from array import array
from pathlib import Path
from statistics import median
from typing import Any

from harness.calls import run_keywords, time_keywords
from harness.loggers import FILE, configure_own
from harness.report import Goal, Options, Table, finish, read_options
from harness.rounds import Figures, Rounds, measure_here_if_asked, ratio, take_rounds, typical
from metaexpert.logger import flush, get_logger, shutdown

ON, OFF, SECRETS = "redaction on", "redaction off", "a secret in each"
SECRET = "s3cr3tValue0123"
#: Calls with redaction on may take so many times what they take without: noise alone.
LIMIT = 1.05
TIMED_CALLS = 20_000
BURST = 500


def measure(subject: str, records: int, directory: Path) -> Figures:
    """Log `records` events and write everything out; returns the figures."""
    configure_own(directory / FILE, {"trades": None, "errors": None}, redact={"defaults": subject != OFF})
    log = get_logger("bench")
    cpu, before = time.process_time(), time.perf_counter()
    if subject == SECRETS:
        for number in range(records):
            log.info("Order filled", symbol="BTCUSDT", side="BUY", price=50000.5, api_key=SECRET, n=number)
    else:
        run_keywords(log, records)
    flush()
    after, cpu = time.perf_counter(), time.process_time() - cpu
    latency = median(_timed(log))
    shutdown()
    return {"records_per_s": records / (after - before), "cpu_ns": cpu / records * 1e9, "p50_ns": latency}


def _timed(log: Any) -> array[int]:
    """Return the nanoseconds of single calls, in bursts that the queue takes easily."""
    samples, burst = array("q"), array("q", bytes(8 * BURST))
    for start in range(0, TIMED_CALLS, BURST):
        time_keywords(log, start, burst)
        samples.extend(burst)
        flush()
    return samples


def check(subject: str, records: int, directory: Path) -> Figures:
    """Count the lines, and those that show the secret."""
    lines = shown = 0
    with (directory / FILE).open() as file:
        for line in file:
            lines += 1
            shown += SECRET in line
    return {"lost": abs(records + TIMED_CALLS - lines), "shown": shown}


def report(rounds: Rounds, options: Options) -> int:
    """Print the figures and return the exit code."""
    rows, figures = [], {}
    for subject in (ON, OFF, SECRETS):
        values = {name: typical(rounds, subject, name) for name in ("records_per_s", "cpu_ns", "p50_ns")}
        cpu = ratio(rounds, subject, OFF, "cpu_ns")
        rate = ratio(rounds, subject, OFF, "records_per_s")
        call = ratio(rounds, subject, OFF, "p50_ns")
        figures[subject] = values | {"rate_ratio": rate, "cpu_ratio": cpu, "p50_ratio": call}
        rows.append(
            (
                subject,
                f"{values['records_per_s']:,.0f}",
                f"{rate:.2f}",
                f"{values['cpu_ns']:,.0f}",
                f"{cpu:.2f}",
                f"{values['p50_ns']:,.0f}",
                f"{call:.2f}",
            )
        )
    head = ("subject", "records/s", "by off", "CPU ns/record", "by off", "call p50 ns", "by off")
    totals = {
        name: sum(figures_of[subject][name] for figures_of in rounds for subject in figures_of)
        for name in ("lost", "shown")
    }
    goals = [
        Goal("a call's median with redaction by that without", figures[ON]["p50_ratio"], LIMIT),
        Goal("lines that show the secret", totals["shown"], 0),
        Goal("records lost", totals["lost"], 0),
    ]
    return finish("redaction", [Table(head, rows)], figures, goals, options)


def main() -> int:
    """Measure, check and report."""
    measure_here_if_asked(measure)
    options = read_options(__doc__, records=1_000_000, quick_records=100_000, rounds=5)
    rounds = take_rounds(
        dict.fromkeys((ON, OFF, SECRETS), options.records), rounds=options.rounds, check=check
    )
    return report(rounds, options)


if __name__ == "__main__":
    sys.exit(main())

"""The cost of masking secrets: the calling thread, the backend, a call's latency; and a user's own patterns.

    uv run benchmarks/redaction.py [--quick] [--check] [--json]

Method. A fresh process logs N trade events with five fields in a loop on one thread, once with the
built-in names and patterns of `redact` (the default), once with `defaults` false, so that nothing is
searched, and once more with a secret in every record, which must be masked. Then it has everything written
out. "records/s" counts until every line is in the file; "CPU" is the processor time of all threads of the
process, by record; "call p50" is the median over single calls, timed apart with pauses in which the backend
keeps up. The subjects take turns, ratios are taken within a round, and the median over the rounds is shown.
Outside the clock every line is counted, and looked at for the secret.

The worst cost of a pattern of `redact.patterns` is known before the pattern is used (`redact/cost.rs`), and
too high a cost is refused. The subjects "letters" log one event with a text of 32 or 4,096 letters that cost
the most: with the built-in patterns alone, with the costliest pattern that is accepted, and with the most
that are.

Limits. The events are those of the other benchmarks: short texts, no nesting. Long texts cost more, because a
text is searched once for `=` and `:`, and once for the looks of credentials. With as many busy threads as
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
#: The limit for calls with redaction on, as a multiple of calls without: only noise.
LIMIT = 1.05
#: The limits for the backend's and the caller's time together under the costliest patterns: short, long
#: texts.
SHORT_LIMIT, LONG_LIMIT = 10.0, 20.0
TIMED_CALLS = 20_000
BURST = 500
#: Reads as far beyond a match as is allowed, and matches each letter.
COSTLIEST = ["a(?:[^z]{0,29}z)?"]
#: Each needs a search of its own, and there is room for no more.
MOST = [f"from[^{end}]*{end}" for end in "ABCDEFGHIJKLMNOP"]
OWN = {"built-in": [], "the costliest": COSTLIEST, "the most": MOST}
#: Subjects that log letters: their patterns, and how many letters.
LETTERS = {
    f"{size:,} letters, {name}": (patterns, size) for size in (32, 4096) for name, patterns in OWN.items()
}


def measure(subject: str, records: int, directory: Path) -> Figures:
    """Log `records` events and write everything out; returns the figures."""
    if subject in LETTERS:
        return _measure_letters(subject, records, directory)
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


def _measure_letters(subject: str, records: int, directory: Path) -> Figures:
    """Log letters, and write everything out."""
    patterns, size = LETTERS[subject]
    configure_own(directory / FILE, {"trades": None, "errors": None}, redact={"patterns": patterns})
    log, text = get_logger("bench"), "a" * size
    cpu, before = time.process_time(), time.perf_counter()
    for number in range(records):
        log.info("Order filled", note=text, n=number)
    flush()
    after, cpu = time.perf_counter(), time.process_time() - cpu
    shutdown()
    return {"records_per_s": records / (after - before), "cpu_ns": cpu / records * 1e9}


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
    expected = records if subject in LETTERS else records + TIMED_CALLS
    return {"lost": abs(expected - lines), "shown": shown}


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
    letters, worst = _letters(rounds, figures)
    goals = [
        *(
            Goal(f"CPU with the costliest patterns by that without, {size} letters", worst[size], limit)
            for size, limit in ((32, SHORT_LIMIT), (4096, LONG_LIMIT))
        ),
        Goal("a call's median with redaction by that without", figures[ON]["p50_ratio"], LIMIT),
        Goal("lines that show the secret", totals["shown"], 0),
        Goal("records lost", totals["lost"], 0),
    ]
    return finish("redaction", [Table(head, rows), letters], figures, goals, options)


def _letters(rounds: Rounds, figures: dict[str, Any]) -> tuple[Table, dict[int, float]]:
    """Return the table of patterns of a user's own, and the worst ratio for each length of text."""
    rows, worst = [], dict.fromkeys((32, 4096), 0.0)
    for subject, (_, size) in LETTERS.items():
        without = f"{size:,} letters, built-in"
        values = {name: typical(rounds, subject, name) for name in ("records_per_s", "cpu_ns")}
        cpu = ratio(rounds, subject, without, "cpu_ns")
        worst[size] = max(worst[size], cpu)
        figures[subject] = values | {"cpu_ratio": cpu}
        rows.append((subject, f"{values['records_per_s']:,.0f}", f"{values['cpu_ns']:,.0f}", f"{cpu:.2f}"))
    return Table(("subject", "records/s", "CPU ns/record", "by built-in"), rows), worst


def main() -> int:
    """Measure, check and report."""
    measure_here_if_asked(measure)
    options = read_options(__doc__, records=1_000_000, quick_records=100_000, rounds=5)
    records = dict.fromkeys((ON, OFF, SECRETS), options.records)
    records |= {
        subject: options.records // (5 if size < 100 else 100) for subject, (_, size) in LETTERS.items()
    }
    rounds = take_rounds(records, rounds=options.rounds, check=check)
    return report(rounds, options)


if __name__ == "__main__":
    sys.exit(main())

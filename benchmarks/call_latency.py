"""What a log call costs the thread that makes it, beside a C function that does nothing.

    uv run --group bench benchmarks/call_latency.py [--quick] [--check] [--json]

Method. The call is `log.info("Order filled", symbol=, side=, price=, qty=, order_id=)`: two strings, two
floats, one int, made back to back and each timed with `perf_counter_ns`, so every figure includes one
reading of that clock; what the timer alone shows is printed too, and taken off in the column "net". The
do-nothing call is a builtin of the same module, an attribute of the same kind of object, called with the same
arguments: the least that any logger written in C or Rust could cost. Each measurement is a fresh process,
the loggers take turns, ratios are taken within a round, and the median over the rounds is shown. Afterwards
every line of each file is counted and parsed as strict JSON with all its values.

Limits. Calls come much faster than a strategy makes them, which keeps caches warm and the queue busy:
MetaExpert's calls wait for room when it is full, which its tail then shows. Percentiles of single calls have
the resolution of the clock, some 10 to 40 ns.
"""

from __future__ import annotations

import sys
from array import array
from pathlib import Path

from harness.calls import LOOPS, time_timer
from harness.loggers import FILE, LOGGERS, NOTHING, OWN, PEERS
from harness.report import Goal, Options, finish, percentiles, read_options, table
from harness.rounds import Figures, Rounds, measure_here_if_asked, ratio, take_rounds, typical

WARM_UP = 5_000
#: Issue 2's figure: the call's p50 by that of the do-nothing call, both with the timer.
LIMIT = 2.5


def measure(subject: str, records: int, directory: Path) -> Figures:
    """Time `records` calls after a warm-up, and write everything out."""
    logger = LOGGERS[subject]
    log, close = logger.open(directory / FILE)
    timed = LOOPS[logger.style].timed
    warm_up, samples = array("q", bytes(8 * WARM_UP)), array("q", bytes(8 * records))
    timed(log, 0, warm_up)
    timed(log, WARM_UP, samples)
    close()
    p50, p99, p999 = percentiles(samples, 0.5, 0.99, 0.999)
    time_timer(warm_up)
    (timer,) = percentiles(warm_up, 0.5)
    return {"p50_ns": p50, "p99_ns": p99, "p999_ns": p999, "timer_ns": timer}


def check(subject: str, records: int, directory: Path) -> Figures:
    """Check the file line by line; returns the records lost."""
    if subject == NOTHING:
        return {"lost": 0}
    verified = LOGGERS[subject].verify(directory / FILE, records + WARM_UP)
    return {"lost": verified.lost}


def report(rounds: Rounds, subjects: list[str], missing: list[str], options: Options) -> int:
    """Print the figures and return the exit code."""
    timer = typical(rounds, NOTHING, "timer_ns")
    rows, figures = [], {}
    for subject in subjects:
        p50, p99, p999 = (typical(rounds, subject, name) for name in ("p50_ns", "p99_ns", "p999_ns"))
        whole = ratio(rounds, subject, NOTHING, "p50_ns")
        net = ratio(rounds, subject, NOTHING, "p50_ns", less=timer)
        lost = sum(figures_of[subject]["lost"] for figures_of in rounds)
        figures[subject] = {
            "p50_ns": p50,
            "p99_ns": p99,
            "p999_ns": p999,
            "p50_by_nothing": whole,
            "net_p50_by_nothing": net,
            "lost": lost,
        }
        cells = (
            f"{p50:,.0f}",
            f"{p99:,.0f}",
            f"{p999:,.0f}",
            f"{whole:.2f} x",
            f"{net:.2f} x",
            f"{lost:,.0f}",
        )
        rows.append((subject, *cells))
    head = ("logger", "p50 ns", "p99 ns", "p99.9 ns", "p50 by nothing", "net", "lost")
    goals = [
        Goal("the call's p50 by the do-nothing call's", figures[OWN]["p50_by_nothing"], LIMIT),
        Goal("records lost", figures[OWN]["lost"], 0),
    ]
    notes = [f"the timer alone shows {timer:.0f} ns (p50)"]
    notes += [f"{name}: {LOGGERS[name].note}" for name in subjects if LOGGERS[name].note]
    text = table(head, rows) + "\n"
    return finish(
        "cost of a call", text, figures | {"timer_ns": timer}, goals, options, missing=missing, notes=notes
    )


def main() -> int:
    """Measure, check and report."""
    measure_here_if_asked(measure)
    options = read_options(__doc__, records=200_000, quick_records=5_000)
    installed = [name for name in PEERS if LOGGERS[name].is_installed]
    # A peer's calls are slow enough that fewer of them give the same percentiles.
    records = {NOTHING: options.records, OWN: options.records}
    records |= dict.fromkeys(installed, max(options.records // 10, 1_000))
    rounds = take_rounds(records, rounds=options.rounds, check=check)
    return report(rounds, list(records), [name for name in PEERS if name not in installed], options)


if __name__ == "__main__":
    sys.exit(main())

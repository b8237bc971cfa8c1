"""The cost of a log call for its thread, beside a C function that does nothing.

    uv run --group bench benchmarks/call_latency.py [--quick] [--check] [--json]

Method. The call is `log.info("Order filled", symbol=, side=, price=, qty=, order_id=)`: two strings, two
floats, one int, made back to back and each timed with `perf_counter_ns`, so every figure includes one reading
of that clock. The time of the timer alone is printed too, and subtracted in the column "net". The do-nothing
call is a builtin of the same module, an attribute of the same kind of object, called with the same arguments:
the least that any logger written in C or Rust could cost. Each measurement is a fresh process, the loggers
take turns, ratios are taken within a round, and the median over the rounds is shown. Afterwards every line of
each file is counted and parsed as strict JSON with all its values. The plot has the whole distribution of
each logger: its percentiles, six to each nine, from all samples, the median over the rounds.

Limits. Calls come much faster than a strategy makes them, which keeps caches warm and the queue busy:
MetaExpert's calls wait for room when it is full, which its tail then shows. `jitter.py` measures the call in
a loop that does something else too. Percentiles of single calls have the resolution of the clock, some 10 to
40 ns. With fewer than two idle cores the backend takes its time from the calls.
"""

from __future__ import annotations

import sys
from array import array
from pathlib import Path

from harness.calls import LOOPS, time_timer
from harness.loggers import FILE, LOGGERS, NOTHING, OWN, STRUCTLOG, installed, marked, missing, notes_of
from harness.report import Goal, Options, Table, curve_figures, finish, percentiles, read_options
from harness.rounds import (
    Figures,
    Rounds,
    measure_here_if_asked,
    points,
    ratio,
    take_rounds,
    total,
    typical,
)
from harness.svg import LINES, NINES, Plot

WARM_UP = 5_000
#: Promised: the call's p50 by that of the do-nothing call, both with the timer; that of structlog with
#: orjson by it; its p99 and p99.9 by its own p50.
LIMIT = 1.6
TIMES_STRUCTLOG = 30
TAIL_LIMITS = {"p99": 2.5, "p999": 5.0}
#: Begins the names of the figures that are points of the distribution.
AT = "at "


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
    figures = {
        "p50_ns": p50,
        "p99_ns": p99,
        "p999_ns": p999,
        "max_ns": float(max(samples)),
        "timer_ns": timer,
    }
    figures |= {"p99_by_p50": p99 / p50, "p999_by_p50": p999 / p50}
    return figures | curve_figures(samples, AT)


def check(subject: str, records: int, directory: Path) -> Figures:
    """Check the file line by line; returns the records lost."""
    if subject == NOTHING:
        return {"lost": 0}
    verified = LOGGERS[subject].verify(directory / FILE, records + WARM_UP)
    return {"lost": verified.lost}


def report(rounds: Rounds, subjects: list[str], options: Options) -> int:
    """Print the figures and return the exit code."""
    timer = typical(rounds, NOTHING, "timer_ns")
    rows, figures = [], {}
    for subject in subjects:
        names = ("p50_ns", "p99_ns", "p999_ns", "max_ns")
        figures[subject] = {name: typical(rounds, subject, name) for name in names} | {
            "p50_by_nothing": ratio(rounds, subject, NOTHING, "p50_ns"),
            "net_p50_by_nothing": ratio(rounds, subject, NOTHING, "p50_ns", less=timer),
            "lost": total(rounds, subject, "lost"),
        }
        *nanoseconds, whole, net, lost = figures[subject].values()
        times = (f"{each:,.0f}" for each in nanoseconds)
        rows.append((marked(subject), *times, f"{whole:.2f} x", f"{net:.2f} x", f"{lost:,.0f}"))
    head = ("logger", "p50 ns", "p99 ns", "p99.9 ns", "max ns", "p50 by nothing", "net", "lost")
    return finish(
        "cost of a call",
        [Table(head, rows)],
        figures | {"timer_ns": timer},
        goals_of(rounds, figures),
        options,
        missing=missing(),
        notes=[f"the timer alone shows {timer:.0f} ns (p50)", *notes_of(subjects)],
        plots=[distribution(rounds, subjects)],
    )


def goals_of(rounds: Rounds, figures: dict[str, dict[str, float]]) -> list[Goal]:
    """Return the promises about the call, with the measured figures."""
    goals = [Goal("the call's p50 by the do-nothing call's", figures[OWN]["p50_by_nothing"], LIMIT)]
    if STRUCTLOG in figures:
        faster = 1 / ratio(rounds, OWN, STRUCTLOG, "p50_ns")
        goals.append(Goal(f"p50 of {STRUCTLOG} by the call's", faster, TIMES_STRUCTLOG, at_least=True))
    for name, limit in TAIL_LIMITS.items():
        shown = name.replace("999", "99.9")
        goals.append(
            Goal(f"the call's {shown} by its own p50", typical(rounds, OWN, f"{name}_by_p50"), limit)
        )
    return [*goals, Goal("records lost", figures[OWN]["lost"], 0)]


def distribution(rounds: Rounds, subjects: list[str]) -> Plot:
    """Return the plot of nanoseconds by percentile."""
    series = {marked(subject): points(rounds, subject, AT) for subject in subjects}
    title = "Cost of a call by percentile: five fields, with the timer, nanoseconds"
    return Plot("call_latency", LINES, title, "ns", series, own=(OWN,), x_label="percentile", x_scale=NINES)


def main() -> int:
    """Measure, check and report."""
    measure_here_if_asked(measure)
    options = read_options(__doc__, records=200_000, quick_records=5_000)
    # A peer's calls are slow enough that fewer of them give the same percentiles.
    records = dict.fromkeys((NOTHING, OWN), options.records)
    records |= dict.fromkeys(installed(), max(options.records // 10, 1_000))
    rounds = take_rounds(records, rounds=options.rounds, check=check)
    return report(rounds, list(records), options)


if __name__ == "__main__":
    sys.exit(main())

"""The jitter that logging adds to a trading loop: 20 us of Python work, then a call.

    uv run --group bench benchmarks/jitter.py [--quick] [--check] [--json]

Method. A unit is a fixed amount of arithmetic in Python that takes 20 us here, found at the start, and then a
log call with five fields, timed together. In one process 1,000 units with the call and 1,000 without it take
turns, so that whatever else the machine does meets both; before units without it the logger is given time to
write what it has. Ratios are those of a process's own two halves; the table has medians over the rounds, a
fresh process for each logger in each, and counts added up over all rounds. "over 1 ms" counts units, and "in
the call" counts those whose call alone took more than that. An interruption hits the work a hundred times as
often as the short call. Every line of each file is parsed and compared.

"Caused by logging" are the units over 1 ms beyond those of the halves without logging, and beyond chance: two
standard deviations of the difference of two such counts. On a machine that has none without logging, chance
explains none.

Limits. A shared machine has units over 1 ms by itself, and with fewer than two idle cores the threads that
write take time from the loop. The p99.9 of a peer comes from a sixth of the units.
"""

from __future__ import annotations

import sys
import time
from array import array
from math import sqrt
from pathlib import Path
from typing import Any, Final

from harness.calls import LOOPS
from harness.loggers import FILE, LOGGERS, OWN, installed, marked, missing, notes_of
from harness.report import Goal, Options, Table, curve_figures, finish, percentiles, read_options
from harness.rounds import Figures, Rounds, measure_here_if_asked, points, take_rounds, total, typical
from harness.svg import LINES, NINES, Plot

#: Promised: its p99.9 by that of the loop without logging, and units over 1 ms that logging causes.
LIMIT = 1.05
CAUSED_LIMIT = 0
WORK_NS: Final = 20_000
LONG_NS: Final = 1_000_000
BLOCK: Final = 1_000
#: Begin the names of the figures that are points of the two distributions.
WITH, WITHOUT = "with ", "without "
_SETTLE_S: Final = 5.0
_PAUSE_S: Final = 0.003


def work(steps: int) -> float:
    """Compute an average as strategies do: `steps` of it."""
    average = 50_000.0
    for step in range(steps):
        average += (step - average) * 0.01
    return average


def steps_for(nanoseconds: int) -> int:
    """Return how many steps take so long, at the machine's best."""
    steps, clock = 1_000, time.perf_counter_ns
    best = nanoseconds * 1_000
    for _ in range(200):
        begun = clock()
        work(steps)
        best = min(best, clock() - begun)
    return max(steps * nanoseconds // best, 1)


def settle() -> None:
    """Wait until no thread of the process is busy any more, at most some seconds."""
    end = time.perf_counter() + _SETTLE_S
    while time.perf_counter() < end:
        before = time.process_time()
        time.sleep(_PAUSE_S)
        if time.process_time() - before < _PAUSE_S / 10:
            return


def measure(subject: str, records: int, directory: Path) -> Figures:
    """Time `records` units with the call, and as many without it."""
    logger = LOGGERS[subject]
    log, close = logger.open(directory / FILE)
    timed = LOOPS[logger.style].timed
    steps, clock = steps_for(WORK_NS), time.perf_counter_ns
    one = array("q", [0])
    calls, units, alone = array("q"), array("q"), array("q")
    for start in range(0, records, BLOCK):
        for number in range(start, min(start + BLOCK, records)):
            begun = clock()
            work(steps)
            timed(log, number, one)
            units.append(clock() - begun)
            calls.append(one[0])
        settle()
        for _ in range(start, min(start + BLOCK, records)):
            begun = clock()
            work(steps)
            timed(_NONE, 0, _NO_SAMPLE)
            alone.append(clock() - begun)
    close()
    return figures_of(units, calls, alone)


_NONE: Final[Any] = None
#: A timed loop over no sample calls nothing, so the cost of the loop itself is in both halves.
_NO_SAMPLE: Final = array("q")


def figures_of(units: array[int], calls: array[int], alone: array[int]) -> Figures:
    """Return what is told of units with the call, of the calls in them, and of units without."""
    figures: Figures = {}
    for name, samples in (("with", units), ("call", calls), ("without", alone)):
        p50, p99, p999 = percentiles(samples, 0.5, 0.99, 0.999)
        figures |= {f"{name}_p50_ns": p50, f"{name}_p99_ns": p99, f"{name}_p999_ns": p999}
        figures[f"{name}_long"] = float(sum(each > LONG_NS for each in samples))
    figures["p999_by_without"] = figures["with_p999_ns"] / figures["without_p999_ns"]
    figures["p50_added_ns"] = figures["with_p50_ns"] - figures["without_p50_ns"]
    return figures | curve_figures(units, WITH) | curve_figures(alone, WITHOUT)


def check(subject: str, records: int, directory: Path) -> Figures:
    """Check the file line by line; returns the records lost."""
    return {"lost": LOGGERS[subject].verify(directory / FILE, records).lost}


def caused(with_logging: float, without: float) -> float:
    """Return by how many `with_logging` is above `without`, both counts of rare events, beyond chance."""
    return max(0.0, with_logging - without - 2 * sqrt(with_logging + without))


def report(rounds: Rounds, subjects: list[str], options: Options) -> int:
    """Print the figures and return the exit code."""
    rows, figures = [], {}
    for subject in subjects:
        names = ("with_p50_ns", "with_p99_ns", "with_p999_ns", "without_p999_ns", "p999_by_without")
        counts = ("with_long", "without_long", "call_long", "lost")
        figures[subject] = {
            name: typical(rounds, subject, name) for name in (*names, "p50_added_ns", "call_p50_ns")
        }
        figures[subject] |= {name: total(rounds, subject, name) for name in counts}
        *microseconds, by_without = (figures[subject][name] for name in names)
        cells = [f"{each / 1000:,.1f}" for each in microseconds]
        cells += [f"{by_without:.2f} x", *(f"{figures[subject][name]:,.0f}" for name in counts)]
        rows.append((marked(subject), *cells))
    own = figures[OWN]
    goals = [
        Goal("the loop's p99.9 by that without logging", own["p999_by_without"], LIMIT),
        Goal(
            "units over 1 ms caused by logging", caused(own["with_long"], own["without_long"]), CAUSED_LIMIT
        ),
        Goal("records lost", own["lost"], 0),
    ]
    units = ("p50 us", "p99 us", "p99.9 us", "without", "p99.9 by without")
    head = ("logger", *units, "over 1 ms", "without", "in the call", "lost")
    notes = [
        f"the call itself: p50 {own['call_p50_ns']:,.0f} ns in this loop, with the timer",
        *notes_of(subjects),
    ]
    return finish(
        "jitter of a trading loop",
        [Table(head, rows)],
        figures,
        goals,
        options,
        missing=missing(),
        notes=notes,
        plots=[distribution(rounds, subjects)],
    )


def distribution(rounds: Rounds, subjects: list[str]) -> Plot:
    """Return the plot of microseconds a unit by percentile, and of one without logging."""

    def microseconds(subject: str, prefix: str) -> list[tuple[float, float]]:
        return [(fraction, each / 1000) for fraction, each in points(rounds, subject, prefix)]

    series = {"no logging": microseconds(OWN, WITHOUT)}
    series |= {marked(subject): microseconds(subject, WITH) for subject in subjects}
    title = "A unit of a trading loop by percentile: 20 us of work, then a call"
    return Plot("jitter", LINES, title, "us", series, own=(OWN,), x_label="percentile", x_scale=NINES)


def main() -> int:
    """Measure, check and report."""
    measure_here_if_asked(measure)
    options = read_options(__doc__, records=150_000, quick_records=2_000, rounds=3)
    records = {OWN: options.records} | dict.fromkeys(installed(), max(options.records // 6, 1_000))
    rounds = take_rounds(records, rounds=options.rounds, check=check)
    return report(rounds, list(records), options)


if __name__ == "__main__":
    sys.exit(main())

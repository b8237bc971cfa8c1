"""The cost of calls after other work, beside a C function that does nothing, in the same process.

    uv run --group bench benchmarks/cold.py [--quick] [--check] [--json]

Method. Programs log after other work, not in a loop, so a call finds caches that hold something else. A unit
is 1 ms of Python work and then a burst of one to fifty calls with five fields, each timed with
`perf_counter_ns`. The work walks over 10,000 bars, which are tuples of five floats and take 2 MB, and then
computes until the millisecond is full. The logger and the do-nothing call take turns in one process, with the
same work and bursts as long, in an order and with lengths that a seed has fixed; before a unit with the
do-nothing call the logger is given no time, so its backend works then, too. All calls count, and the first
ones of the bursts have a column of their own. Ratios are those of one process; the table has the medians over
the rounds. Afterwards every line is parsed and compared.

Limits. Times include one reading of the clock, for both alike, and the clock's own code is cold, too. How
much of the processor's cache 2 MB are depends on the machine. On a machine with other work, both tails are
longer, and their ratio is nearer to one.
"""

from __future__ import annotations

import sys
import time
from array import array
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from types import FunctionType
from typing import Any, Final, NamedTuple

from harness.calls import LOOPS
from harness.loggers import FILE, LOGGERS, NOTHING, OWN, installed, marked, missing, notes_of
from harness.report import Goal, Options, Table, curve_figures, finish, percentiles, read_options
from harness.rounds import Figures, Rounds, measure_here_if_asked, points, take_rounds, total, typical
from harness.svg import LINES, NINES, Plot

#: Promised: the percentiles of the call by those of the do-nothing call.
LIMITS: Final = {"p50": 1.5, "p99": 1.5, "p999": 2.0}
WORK_NS: Final = 1_000_000
BARS: Final = 10_000
LONGEST_BURST: Final = 50
SEED: Final = 20_240_131
#: Begin the names of the figures that are points of the two distributions.
CALL, ALONE = "call ", "nothing "


class Samples(NamedTuple):
    """The nanoseconds of all calls of one subject, and of the first call of each burst."""

    calls: array[int]
    first: array[int]


def bars_of(count: int) -> list[tuple[float, ...]]:
    """Return bars whose floats are objects of their own, as a file's are: some 200 bytes each."""
    return [tuple(50_000.0 + number + step / 8 for step in range(5)) for number in range(count)]


def work(bars: list[tuple[float, ...]], steps: int) -> float:
    """Compute an average over all bars as strategies do, and then one that touches no memory: `steps`."""
    average = 50_000.0
    for _open, high, low, close, _volume in bars:
        average += (high - low + close - average) * 0.01
    for step in range(steps):
        average += (step - average) * 0.01
    return average


def steps_for(nanoseconds: int, bars: list[tuple[float, ...]]) -> int:
    """Return how many steps fill the time that the bars leave, at the machine's best."""

    def best(steps: int) -> int:
        times = []
        for _ in range(20):
            begun = time.perf_counter_ns()
            work(bars, steps)
            times.append(time.perf_counter_ns() - begun)
        return min(times)

    steps, alone = 10_000, best(0)
    return max((nanoseconds - alone) * steps // max(best(steps) - alone, 1), 0)


def bursts(records: int) -> Iterator[int]:
    """Yield the lengths of bursts that have `records` calls together, the same ones each time."""
    random = Random(SEED)
    while records > 0:
        length = min(random.randint(1, LONGEST_BURST), records)
        records -= length
        yield length


def call_site_of(subject: str) -> Callable[[Any, int, array[int]], None]:
    """Return the subject's loop with a code object of its own: what CPython remembers of a call site."""
    timed = LOOPS[LOGGERS[subject].style].timed
    return FunctionType(timed.__code__.replace(), timed.__globals__)


def measure(subject: str, records: int, directory: Path) -> Figures:
    """Time `records` calls of the subject and as many that do nothing, each burst after work."""
    nothing, _ = LOGGERS[NOTHING].open(directory / FILE)
    log, close = LOGGERS[subject].open(directory / FILE)
    bars = bars_of(BARS)
    steps = steps_for(WORK_NS, bars)
    own, alone = (Samples(array("q"), array("q")) for _ in range(2))
    own_loop, nothing_loop = (call_site_of(name) for name in (subject, NOTHING))
    done, order = 0, Random(SEED)
    for length in bursts(records):
        turns = [(own_loop, log, own), (nothing_loop, nothing, alone)]
        order.shuffle(turns)
        for timed, logger, samples in turns:
            burst = array("q", bytes(8 * length))
            work(bars, steps)
            timed(logger, done, burst)
            samples.calls.extend(burst)
            samples.first.append(burst[0])
        done += length
    close()
    return figures_of(own, alone)


def figures_of(own: Samples, alone: Samples) -> Figures:
    """Return the percentiles of both, and those of the call by those of the do-nothing call."""
    figures: Figures = {}
    for name, samples in (("call", own), ("nothing", alone)):
        p50, p99, p999 = percentiles(samples.calls, 0.5, 0.99, 0.999)
        figures |= {f"{name}_p50_ns": p50, f"{name}_p99_ns": p99, f"{name}_p999_ns": p999}
        (figures[f"{name}_first_ns"],) = percentiles(samples.first, 0.5)
    for name in (*LIMITS, "first"):
        figures[f"{name}_by_nothing"] = figures[f"call_{name}_ns"] / figures[f"nothing_{name}_ns"]
    return figures | curve_figures(own.calls, CALL) | curve_figures(alone.calls, ALONE)


def check(subject: str, records: int, directory: Path) -> Figures:
    """Check the file line by line; returns the records lost."""
    return {"lost": LOGGERS[subject].verify(directory / FILE, records).lost}


def report(rounds: Rounds, subjects: list[str], options: Options) -> int:
    """Print the figures and return the exit code."""
    figures = {subject: figures_shown(rounds, subject) for subject in subjects}
    rows = [nothing_row(figures[OWN])]
    rows += [row_of(subject, figures[subject]) for subject in subjects]
    shown = [name.replace("999", "99.9") for name in (*LIMITS, "first")]
    head = ("logger", *(f"{name} ns" for name in shown), *(f"{name} by nothing" for name in shown), "lost")
    own = figures[OWN]
    goals = [
        Goal(f"cold: {title} of the call by that of the do-nothing call", own[f"{name}_by_nothing"], limit)
        for title, (name, limit) in zip(shown, LIMITS.items(), strict=False)
    ]
    return finish(
        "calls after other work",
        [Table(head, rows)],
        figures,
        [*goals, Goal("records lost", own["lost"], 0)],
        options,
        missing=missing(),
        notes=notes_of(subjects),
        plots=[distribution(rounds)],
    )


def figures_shown(rounds: Rounds, subject: str) -> dict[str, float]:
    """Return the medians over the rounds of what is told of a subject, and all that it lost."""
    names = [name for name in rounds[0][subject] if not name.startswith((CALL, ALONE))]
    figures = {name: typical(rounds, subject, name) for name in names}
    return figures | {"lost": total(rounds, subject, "lost")}


def row_of(subject: str, figures: dict[str, float]) -> list[str]:
    """Return a logger's row of the table."""
    shown = (*LIMITS, "first")
    times = [f"{figures[f'call_{name}_ns']:,.0f}" for name in shown]
    ratios = [f"{figures[f'{name}_by_nothing']:.2f} x" for name in shown]
    return [marked(subject), *times, *ratios, f"{figures['lost']:,.0f}"]


def nothing_row(figures: dict[str, float]) -> list[str]:
    """Return the row of the do-nothing call, as measured beside our own."""
    shown = (*LIMITS, "first")
    return [NOTHING, *(f"{figures[f'nothing_{name}_ns']:,.0f}" for name in shown), *["1.00 x"] * 4, "0"]


def distribution(rounds: Rounds) -> Plot:
    """Return the plot of our call's nanoseconds by percentile, and of the do-nothing call's."""
    series: dict[str, Any] = {NOTHING: points(rounds, OWN, ALONE), OWN: points(rounds, OWN, CALL)}
    title = "A call after 1 ms of other work by percentile, nanoseconds"
    return Plot("cold", LINES, title, "ns", series, own=(OWN,), x_label="percentile", x_scale=NINES)


def main() -> int:
    """Measure, check and report."""
    measure_here_if_asked(measure)
    options = read_options(__doc__, records=100_000, quick_records=2_000, rounds=3)
    records = {OWN: options.records} | dict.fromkeys(installed(), max(options.records // 20, 1_000))
    rounds = take_rounds(records, rounds=options.rounds, check=check)
    return report(rounds, list(records), options)


if __name__ == "__main__":
    sys.exit(main())

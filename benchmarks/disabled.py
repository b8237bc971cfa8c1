"""The cost of a call below the level, beside a C function that does nothing.

    uv run --group bench benchmarks/disabled.py [--quick] [--check] [--json]

Method. The level is INFO, the call `log.debug("Order filled", symbol=, side=, price=, qty=, order_id=)` with
five fields, for each logger in its own way. "p50" is that of single calls, each timed with
`perf_counter_ns`, and includes one reading of that clock. For "net" loops of
500 calls are timed as a whole, and so are loops without a call, in between: the median over the loops, by
call, less that of the empty loop. The do-nothing call is a builtin of the same module, an attribute of the
same kind of object, called with the same arguments. Fresh process each, taking turns, ratios within a round,
median over the rounds. In the end each logger logs one record above the level. This record must be in the
file, because a logger that is not set up would otherwise do well here; nothing else may be in it.

Limits. Building the arguments is part of every figure, so a logger whose caller formats the message first
pays for that too. Single calls have the resolution of the clock, some 10 to 40 ns.
"""

from __future__ import annotations

import sys
import time
from array import array
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Final

from harness.calls import LOOPS
from harness.loggers import FILE, LOGGERS, NOTHING, OWN, installed, marked, missing, notes_of
from harness.report import Goal, Options, Table, finish, percentiles, read_options
from harness.rounds import Figures, Rounds, measure_here_if_asked, ratio, take_rounds, total, typical
from harness.svg import BARS, Plot

#: Promised: by the do-nothing call.
LIMIT = 1.2
CALLS: Final = 500


def empty_loop() -> None:
    """Call nothing."""
    for _number in range(CALLS):
        pass


class Debug:
    """A logger whose `info` is another one's `debug`, as an instance attribute, which is found fastest."""

    def __init__(self, debug: Callable[..., None]) -> None:
        self.info = debug


def measure(subject: str, records: int, directory: Path) -> Figures:
    """Time loops of `records` calls in all, and single calls; then log one record that is to be written."""
    logger = LOGGERS[subject]
    log, close = logger.open(directory / FILE)
    timed, run = LOOPS[logger.style]
    # The loops say `info`: here that is the call below the level.
    below = Debug(log.info if subject == NOTHING else log.debug)
    clock = time.perf_counter_ns
    calls, empties, samples = [], [], array("q", bytes(8 * records))
    for _ in range(max(records // CALLS, 3)):
        begun = clock()
        run(below, CALLS)
        called = clock()
        empty_loop()
        calls.append(called - begun)
        empties.append(clock() - called)
    timed(below, 0, samples)
    run(log, 1)
    close()
    (p50,) = percentiles(samples, 0.5)
    empty = median(empties) / CALLS
    return {"p50_ns": p50, "call_ns": median(calls) / CALLS - empty, "empty_ns": empty}


def check(subject: str, records: int, directory: Path) -> Figures:
    """Return how many lines were written beside the one above the level, without which nothing is shown."""
    if subject == NOTHING:
        return {"lines": 0}
    lines = (directory / FILE).read_bytes().splitlines(keepends=True)
    if not lines:
        sys.exit(f"{subject} wrote nothing at all: what is above the level must be in the file")
    (directory / FILE).write_bytes(lines[-1])
    LOGGERS[subject].verify(directory / FILE, 1)
    return {"lines": len(lines) - 1}


def report(rounds: Rounds, subjects: list[str], options: Options) -> int:
    """Print the figures and return the exit code."""
    rows, figures, bars = [], {}, {}
    for subject in subjects:
        p50, net = typical(rounds, subject, "p50_ns"), typical(rounds, subject, "call_ns")
        by_nothing, net_by_nothing = (ratio(rounds, subject, NOTHING, name) for name in ("p50_ns", "call_ns"))
        figures[subject] = {
            "p50_ns": p50,
            "net_ns": net,
            "by_nothing": by_nothing,
            "net_by_nothing": net_by_nothing,
            "lines": total(rounds, subject, "lines"),
        }
        ratios = (f"{by_nothing:.2f} x", f"{net:,.1f}", f"{net_by_nothing:.2f} x")
        rows.append((marked(subject), f"{p50:,.0f}", *ratios, f"{figures[subject]['lines']:,.0f}"))
        bars[marked(subject)] = [(0.0, net)]
    goals = [
        Goal("a call below the level by the do-nothing call", figures[OWN]["by_nothing"], LIMIT),
        Goal("lines that it wrote", figures[OWN]["lines"], 0),
    ]
    empty = typical(rounds, OWN, "empty_ns")
    notes = [f'"net" is less the empty loop, which takes {empty:.1f} ns per turn']
    return finish(
        "a call below the level",
        [Table(("logger", "p50 ns", "by nothing", "net ns", "net by nothing", "lines written"), rows)],
        figures,
        goals,
        options,
        missing=missing(),
        notes=[*notes, *notes_of(subjects)],
        plots=[Plot("disabled", BARS, "A call below the level, net", "nanoseconds", bars, own=(OWN,))],
    )


def main() -> int:
    """Measure, check and report."""
    measure_here_if_asked(measure)
    options = read_options(__doc__, records=400_000, quick_records=20_000)
    records = dict.fromkeys((NOTHING, OWN), options.records)
    records |= dict.fromkeys(installed(), max(options.records // 4, 1_000))
    rounds = take_rounds(records, rounds=options.rounds, check=check)
    return report(rounds, list(records), options)


if __name__ == "__main__":
    sys.exit(main())

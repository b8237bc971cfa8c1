"""The cost of bound loggers and contexts, beside peers that have them.

    uv run --group bench benchmarks/contexts.py [--quick] [--check] [--json]

Method. The trade event's five fields come partly from a bound logger or a context, partly from the call, in
five ways: a logger bound anew, without a call; bound anew for each call; a method of a bound logger that is
taken once and called; a context around each call; two contexts around each call, one in the other. Each way
is what a user of that library would write: `bind` of structlog and loguru, a `LoggerAdapter` of `logging`
with all five fields, `bound_contextvars` of structlog, `contextualize` of loguru. Loops of 100 are timed as a
whole, and the median loop is taken, divided by 100. Each line of each file is parsed as strict JSON and must
have all its values, each record once; of the loggers that are only bound the last one logs. Fresh process
each, taking turns, ratios within a round, median over the rounds.

Limits. The loop itself is included in every figure. Where there is a backend thread, it writes meanwhile;
`throughput.py` measures the time until everything is written. A `LoggerAdapter` drops the call's `extra` (up
to Python 3.12), and `logging` has no contexts: no figures there.
"""

from __future__ import annotations

import sys
import time
from array import array
from collections.abc import Callable, Iterator, Mapping
from logging import LoggerAdapter
from pathlib import Path
from typing import Any, Final

from harness.loggers import FILE, LOGGERS, LOGURU, OWN, STDLIB, STRUCTLOG, installed, missing
from harness.report import Goal, Options, Table, finish, percentiles, read_options
from harness.rounds import Figures, Rounds, measure_here_if_asked, ratio, take_rounds, total, typical

COMPARED: Final = (OWN, STRUCTLOG, LOGURU, STDLIB)
LOOP: Final = 100

Way = Callable[[Any, range], object]


def bind_only(log: Any, numbers: range) -> Any:
    """Bind a logger for each number; returns the last one."""
    bound = log
    for number in numbers:
        bound = log.bind(symbol="BTCUSDT", side="BUY", order_id=number)
    return bound


def bind_and_call(log: Any, numbers: range) -> None:
    """Bind a logger for each event."""
    for number in numbers:
        log.bind(symbol="BTCUSDT", side="BUY", order_id=number).info("Order filled", price=50000.5, qty=0.1)


def taken_method(info: Any, numbers: range) -> None:
    """Call a method of a bound logger that was taken before."""
    for number in numbers:
        info("Order filled", price=50000.5, qty=0.1, order_id=number)


def adapter_only(log: Any, numbers: range) -> Any:
    """Make an adapter for each number; returns the last one."""
    bound = log
    for number in numbers:
        bound = LoggerAdapter(log, {"symbol": "BTCUSDT", "side": "BUY", "order_id": number})
    return bound


def adapter_and_call(log: Any, numbers: range) -> None:
    """Make an adapter for each event, with all of its fields."""
    for number in numbers:
        fields = {"symbol": "BTCUSDT", "side": "BUY", "price": 50000.5, "qty": 0.1, "order_id": number}
        LoggerAdapter(log, fields).info("Order filled")


def in_context(context: Callable[..., Any]) -> Way:
    """Return the loop with a context around each call."""

    def loop(log: Any, numbers: range) -> None:
        for number in numbers:
            with context(symbol="BTCUSDT", side="BUY", order_id=number):
                log.info("Order filled", price=50000.5, qty=0.1)

    return loop


def in_two_contexts(context: Callable[..., Any]) -> Way:
    """Return the loop with a context in a context around each call."""

    def loop(log: Any, numbers: range) -> None:
        for number in numbers:
            with context(symbol="BTCUSDT", side="BUY"), context(order_id=number):
                log.info("Order filled", price=50000.5, qty=0.1)

    return loop


BIND, CALL, TAKEN, CONTEXT, NESTED = (
    "bind",
    "bind, call",
    "method taken",
    "context, call",
    "two contexts, call",
)
#: At most this share of what structlog needs for the same.
LIMITS: Final = {BIND: 1.0, CALL: 0.5, TAKEN: 0.2, CONTEXT: 0.5, NESTED: 0.5}
WITHOUT_BIND: Final = (STDLIB,)


def contexts_of(name: str) -> Any:
    """Return what makes a library's contexts: called with fields, it returns a context manager."""
    if name == OWN:
        from metaexpert.logger import log_context

        return log_context
    if name == LOGURU:
        from loguru import logger

        return logger.contextualize
    from structlog.contextvars import bound_contextvars

    return bound_contextvars


def ways_of(name: str) -> Mapping[str, Way]:
    """Return the loops that a library can run."""
    if name in WITHOUT_BIND:
        return {BIND: adapter_only, CALL: adapter_and_call}
    context: Callable[..., Any] = contexts_of(name)
    return {
        BIND: bind_only,
        CALL: bind_and_call,
        TAKEN: taken_method,
        CONTEXT: in_context(context),
        NESTED: in_two_contexts(context),
    }


def loops(records: int) -> Iterator[range]:
    """Yield the numbers of each loop."""
    return (range(start, min(start + LOOP, records)) for start in range(0, records, LOOP))


def measure(subject: str, records: int, directory: Path) -> Figures:
    """Time all loops of one way of one logger."""
    name, way = subject.split(": ")
    log, close = LOGGERS[name].open(directory / FILE)
    run: Way = ways_of(name)[way]
    target = log.bind(symbol="BTCUSDT", side="BUY").info if way == TAKEN else log
    samples = array("q")
    bound: Any = None
    for numbers in loops(records):
        before = time.perf_counter_ns()
        bound = run(target, numbers)
        samples.append((time.perf_counter_ns() - before) // len(numbers))
    if bound is not None:
        last = {"price": 50000.5, "qty": 0.1}
        if isinstance(bound, LoggerAdapter):
            bound.extra = {**(bound.extra or {}), **last}
            last = {}
        bound.info("Order filled", **last)
    close()
    p50, p99 = percentiles(samples, 0.5, 0.99)
    return {"p50_ns": p50, "p99_ns": p99}


def check(subject: str, records: int, directory: Path) -> Figures:
    """Check the file line by line; returns the records lost. A bad line ends the program."""
    name, way = subject.split(": ")
    found = LOGGERS[name].verify(directory / FILE, records)
    expected = 1 if way == BIND else records
    return {"lost": abs(expected - found.lines)}


def report(rounds: Rounds, subjects: list[str], options: Options) -> int:
    """Print the figures and return the exit code."""
    rows, goals = [], []
    figures: dict[str, Figures] = {}
    for subject in subjects:
        p50, p99 = (typical(rounds, subject, figure) for figure in ("p50_ns", "p99_ns"))
        lost = total(rounds, subject, "lost")
        figures[subject] = {"p50_ns": p50, "p99_ns": p99, "lost": lost}
        rows.append((subject, f"{p50:,.0f}", f"{p99:,.0f}", f"{lost:,.0f}"))
    for way, limit in LIMITS.items():
        own, peer = f"{OWN}: {way}", f"{STRUCTLOG}: {way}"
        if peer in subjects:
            share = ratio(rounds, own, peer, "p50_ns")
            goals.append(Goal(f"{way}: share of what structlog needs", share, limit))
    lost = sum(figures[subject]["lost"] for subject in subjects if subject.startswith(f"{OWN}: "))
    goals.append(Goal("records lost", lost, 0))
    ways = Table(("logger and way", "p50 ns", "p99 ns", "lost"), rows)
    return finish("bound loggers and contexts", [ways], figures, goals, options, missing=missing(COMPARED))


def main() -> int:
    """Measure, check and report."""
    measure_here_if_asked(measure)
    options = read_options(__doc__, records=20_000, quick_records=1_000)
    names = installed(COMPARED)
    possible = {name: ways_of(name) for name in names}
    subjects = [f"{name}: {way}" for way in LIMITS for name in names if way in possible[name]]
    rounds = take_rounds(dict.fromkeys(subjects, options.records), rounds=options.rounds, check=check)
    return report(rounds, subjects, options)


if __name__ == "__main__":
    sys.exit(main())

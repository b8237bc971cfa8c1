"""The cost of a call in each shape that traders log, beside structlog with orjson in the same run.

    uv run --group bench benchmarks/shapes.py [--quick] [--check] [--json]

Method. Each shape of `harness/shapes.py` is a call as it stands in programs: two Decimals, a book, an
exchange's answer, an exception, `extra=`, a bound logger. Its values are made before the clock runs, and the
calls are timed one by one with `perf_counter_ns`. Both loggers write JSON lines to a file; the peer's
serializer takes numpy's arrays as they are and everything else by `str`. Where structlog has no such call
(`extra=`), it gets the same fields as keywords. An f-string is made before any logger is called, so the time
of the f-string alone, taken in the same process, is taken off both. "by dumps" is the call's p50 by that of
`orjson.dumps` of the same value on the same thread, timed in the same process: a call does less than that,
because the text is made on the backend's thread. Each measurement is a fresh process, the loggers take turns,
a ratio is taken within a round, and the median over the rounds is shown.

"queued" are the bytes that a record takes in the queue: what one call adds to `stats().queue_bytes`, read
right before and after it; of the calls between which the backend took nothing away most add the same. "by the
line" is that by the length of the same records' JSON lines.

Afterwards every line is parsed as strict JSON. Ours is compared with the values that were logged; of the
peer's lines the number is compared, because each logger has its own text for an Enum or a time.

Limits. The calls come back to back, so caches are warm and the queue is busy. The file's directory is the
temporary one, which may be in memory.
"""

from __future__ import annotations

import importlib.util
import sys
from array import array
from collections import Counter
from collections.abc import Callable, Mapping
from math import isnan, nan
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final, TypeAlias

from harness.event import strict
from harness.loggers import FILE, OWN, STRUCTLOG, configure_own, installed, missing
from harness.report import Goal, Options, Table, finish, percentiles, read_options
from harness.rounds import Figures, Rounds, measure_here_if_asked, ratio, take_rounds, total, typical
from harness.setups import Opened
from harness.shapes import SHAPES, Shape, loop_of

WARM_UP: Final = 1_000
#: A shape's p99 is at most so many times its own p50.
TAIL_LIMIT: Final = 3.0
#: The call with a plain container takes at most so many times `orjson.dumps` of it.
DUMPS_LIMIT: Final = 1.5
#: A record in the queue takes at most so many times the bytes of its line.
QUEUED_LIMIT: Final = 1.5
#: So many calls are looked at for the bytes that they add to the queue.
PROBES: Final = 100
COMPARED: Final = (OWN, STRUCTLOG)

# A string, because `array` takes no `[int]` at run time.
Timed: TypeAlias = "Callable[[SimpleNamespace, int, array[int]], None]"
"""Times a call for each sample: `harness.shapes.loop_of`."""


def open_logger(subject: str, path: Path) -> tuple[Opened, Any]:
    """Return the subject's logger, what ends it, and its context manager for fields."""
    if subject == OWN:
        from metaexpert.logger import get_logger, log_context, shutdown

        configure_own(path)
        return (get_logger("bench"), shutdown), log_context
    import logging

    import orjson
    import structlog

    file = path.open("wb")
    structlog.configure(
        cache_logger_on_first_use=True,
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.format_exc_info,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(
                serializer=orjson.dumps, default=str, option=orjson.OPT_SERIALIZE_NUMPY
            ),
        ],
        logger_factory=structlog.BytesLoggerFactory(file=file),
    )
    return (structlog.get_logger().bind(), file.close), structlog.contextvars.bound_contextvars


def measure(subject: str, records: int, directory: Path) -> Figures:
    """Time `records` calls of each shape after a warm-up; each shape has a file of its own."""
    figures: Figures = {}
    for place, shape in enumerate(SHAPES):
        (log, close), context = open_logger(subject, directory / f"{place}-{FILE}")
        given = SimpleNamespace(log=log, context=context, **shape.values())
        timed = loop_of(shape, shape.call if subject == OWN else shape.peer or shape.call)
        before = before_ns(shape, given, records)
        whole = times_of(timed, given, records)
        p50, p99 = net(whole, before)
        # Of what the thread sees, in which the f-string is no small part.
        found = {"p50_ns": p50, "p99_ns": p99, "p99_by_p50": whole[1] / whole[0]}
        if subject == OWN:
            if shape.is_plain and importlib.util.find_spec("orjson") is not None:
                found["p50_by_dumps"] = p50 / dumps_p50_ns(shape, given.value, records)
            found["queued_bytes"] = queued_bytes(shape, given, WARM_UP + records)
        close()
        figures |= {f"{shape.name}/{name}": figure for name, figure in found.items()}
    return figures


def times_of(timed: Timed, given: SimpleNamespace, records: int) -> list[float]:
    """Return the p50 and p99 of `records` calls after a warm-up, in nanoseconds."""
    warm_up, samples = array("q", bytes(8 * WARM_UP)), array("q", bytes(8 * records))
    timed(given, 0, warm_up)
    timed(given, WARM_UP, samples)
    return percentiles(samples, 0.5, 0.99)


def before_ns(shape: Shape, given: SimpleNamespace, records: int) -> float:
    """Return the p50 of what the program does before it calls the logger, without the timer."""
    if not shape.before:
        return 0.0
    with_it, alone = (times_of(loop_of(shape, each), given, records)[0] for each in (shape.before, "pass"))
    return with_it - alone


def net(times: list[float], before: float) -> list[float]:
    """Return the times without what came before; nan where nothing is left, because noise is no figure."""
    return [each - before if each > before else nan for each in times]


def dumps_p50_ns(shape: Shape, value: Any, records: int) -> float:
    """Return the p50 of `orjson.dumps` of the value, called from the same loop."""
    import orjson

    given = SimpleNamespace(log=orjson.dumps, context=None, value=value)
    return times_of(loop_of(shape, "log(value)"), given, records)[0]


def queued_bytes(shape: Shape, given: SimpleNamespace, start: int) -> float:
    """Return the bytes that most calls add to the queue, numbered from `start`; nan if none was seen."""
    from metaexpert.logger import flush, stats

    # An ERROR wakes the backend, which takes it away before anybody has looked.
    timed = loop_of(shape, shape.call.replace("log.error(", "log.warning("))
    flush()
    added: Counter[int] = Counter()
    one = array("q", [0])
    for number in range(start, start + PROBES):
        before = stats().queue_bytes
        timed(given, number, one)
        added[stats().queue_bytes - before] += 1
    seen = [(times, size) for size, times in added.items() if size > 0]
    return float(max(seen)[1]) if seen else nan


def check(subject: str, records: int, directory: Path) -> Figures:
    """Check each file line by line; returns the records lost, and how long the lines of the probes are."""
    figures: Figures = {"lost": 0}
    for place, shape in enumerate(SHAPES):
        seen = bytearray(records + WARM_UP + (PROBES if subject == OWN else 0))
        probed = 0
        with (directory / f"{place}-{FILE}").open("rb") as file:
            for line in file:
                document = strict(line)
                number = number_in(document)
                if subject == OWN:
                    compare(shape, document, number)
                if seen[number]:
                    sys.exit(f"{subject} wrote the record {number} of {shape.name} twice")
                seen[number] = 1
                probed += len(line) if number >= records + WARM_UP else 0
        figures["lost"] += len(seen) - sum(seen)
        figures[f"{shape.name}/line_bytes"] = probed / PROBES
    return figures


def number_in(document: Mapping[str, Any]) -> int:
    """Return the number of the call: a field of its own, or the end of the message."""
    if "n" in document:
        return int(document["n"])
    message = document["message"] if "message" in document else document["event"]
    return int(message.rpartition(" ")[2])


def compare(shape: Shape, document: Mapping[str, Any], number: int) -> None:
    """End the program if our line is not what was logged."""
    wanted = {"message": shape.message.format(number=number), **shape.expected}
    for name, value in wanted.items():
        if document.get(name) != value:
            sys.exit(f"{shape.name}: {name} is {document.get(name)!r} in the file, not {value!r}")


def report(rounds: Rounds, subjects: list[str], options: Options) -> int:
    """Print the figures and return the exit code."""
    figures = {shape.name: figures_of(rounds, shape, subjects) for shape in SHAPES}
    rows = [row_of(shape, figures[shape.name], subjects) for shape in SHAPES]
    lost = total(rounds, OWN, "lost")
    times = [f"{name}, p50 ns" for name in subjects]
    head = ("shape", *times, "ahead by", "promised", "p99 by p50", "by dumps", "queued", "by the line")
    return finish(
        "shapes", [Table(head, rows)], figures, goals_of(figures, lost), options, missing=missing(COMPARED)
    )


def figures_of(rounds: Rounds, shape: Shape, subjects: list[str]) -> dict[str, float]:
    """Return what is told of a shape; without the peer there is nothing to be ahead of."""

    def own(name: str) -> float:
        return typical(rounds, OWN, f"{shape.name}/{name}")

    p50 = f"{shape.name}/p50_ns"
    figures = {subject: typical(rounds, subject, p50) for subject in subjects}
    if STRUCTLOG in subjects:
        figures["ahead"] = 1 / ratio(rounds, OWN, STRUCTLOG, p50)
    if f"{shape.name}/p50_by_dumps" in rounds[0][OWN]:
        figures["p50_by_dumps"] = own("p50_by_dumps")
    queued = own("queued_bytes")
    figures |= {"p99_by_p50": own("p99_by_p50"), "queued_bytes": queued}
    return figures | {"queued_by_line": queued / own("line_bytes")}


def row_of(shape: Shape, figures: Mapping[str, float], subjects: list[str]) -> list[str]:
    """Return a shape's row of the table."""

    def cell(name: str, form: str) -> str:
        figure = figures.get(name, nan)
        return "-" if isnan(figure) else form.format(figure)

    return [
        shape.name,
        *(f"{figures[subject]:,.0f}" for subject in subjects),
        cell("ahead", "{:.1f} x"),
        f"{shape.times:.0f} x",
        cell("p99_by_p50", "{:.1f}"),
        cell("p50_by_dumps", "{:.2f} x"),
        cell("queued_bytes", "{:,.0f}"),
        cell("queued_by_line", "{:.2f} x"),
    ]


def goals_of(figures: Mapping[str, Mapping[str, float]], lost: float) -> list[Goal]:
    """Return the promises about all shapes, with the measured figures."""
    goals = []
    for shape in SHAPES:
        of_shape = figures[shape.name]
        if "ahead" in of_shape:
            promise = f"{shape.name}: p50 of {STRUCTLOG} by ours"
            goals.append(Goal(promise, of_shape["ahead"], shape.times, at_least=True))
        if "p50_by_dumps" in of_shape:
            promise = f"{shape.name}: p50 by that of `orjson.dumps`"
            goals.append(Goal(promise, of_shape["p50_by_dumps"], DUMPS_LIMIT))
    tails = [of_shape["p99_by_p50"] for of_shape in figures.values()]
    queued = [of_shape["queued_by_line"] for of_shape in figures.values()]
    return [
        *goals,
        Goal("p99 by p50, of the worst shape", highest(tails), TAIL_LIMIT),
        Goal("bytes in the queue by those of the line, of the worst shape", highest(queued), QUEUED_LIMIT),
        Goal("records lost", lost, 0),
    ]


def highest(figures: list[float]) -> float:
    """Return the largest figure; nan if one is missing, because it may be the largest."""
    return nan if any(map(isnan, figures)) else max(figures)


def main() -> int:
    """Measure, check and report."""
    measure_here_if_asked(measure)
    options = read_options(__doc__, records=10_000, quick_records=1_000)
    subjects = installed(COMPARED)
    rounds = take_rounds(dict.fromkeys(subjects, options.records), rounds=options.rounds, check=check)
    return report(rounds, subjects, options)


if __name__ == "__main__":
    sys.exit(main())

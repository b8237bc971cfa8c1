"""The cost of a call in each shape that traders log, beside structlog with orjson in the same run.

    uv run --group bench benchmarks/shapes.py [--quick] [--check] [--json]

Method. Each shape is a call as it stands in programs: two Decimals, a book, an exchange's answer, an
exception, `extra=`, a bound logger. Its values are made before the clock runs, and the calls are timed one
by one with `perf_counter_ns`. Both loggers write JSON lines to a file; the peer's serializer takes numpy's
arrays as they are and everything else by `str`. Where structlog has no such call (`extra=`), it gets the
same fields as keywords. Each measurement is a fresh process, the loggers take turns, a ratio is taken
within a round, and the median over the rounds is shown. Afterwards every line is parsed as strict JSON.
Ours is compared with the values that were logged; of the peer's lines the number is compared, because each
logger has its own text for an Enum or a time.

Limits. The calls come back to back, so caches are warm and the queue is busy. The file's directory is the
temporary one, which may be in memory.
"""

from __future__ import annotations

import dataclasses
import datetime
import enum
import sys
import time
import uuid
from array import array
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from decimal import Decimal
from importlib import import_module
from math import isnan, nan
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final, NamedTuple

from harness.event import strict
from harness.loggers import FILE, OWN, STRUCTLOG, configure_own, installed, missing
from harness.report import Goal, Options, Table, finish, percentiles, read_options
from harness.rounds import Figures, Rounds, measure_here_if_asked, ratio, take_rounds, total, typical
from harness.setups import Opened

WARM_UP: Final = 1_000
#: A shape's p99 is at most so many times its own p50.
TAIL_LIMIT: Final = 3.0
COMPARED: Final = (OWN, STRUCTLOG)


class Side(enum.Enum):
    """A side of the market."""

    BUY = "buy"


@dataclass
class Order:
    """An order of a strategy."""

    symbol: str
    side: str
    price: float
    qty: float
    order_id: int


class Fill(NamedTuple):
    """A fill of an order."""

    symbol: str
    price: float
    qty: float


def sixth() -> None:
    """Fail in the sixth frame below `failure`."""
    raise ValueError("insufficient margin: 1,200.50 needed, 900.00 free")


def fifth() -> None:
    """Call the next frame."""
    sixth()


def fourth() -> None:
    """Call the next frame."""
    fifth()


def third() -> None:
    """Call the next frame."""
    fourth()


def second() -> None:
    """Call the next frame."""
    third()


def failure() -> ValueError:
    """Return an exception whose traceback has six frames."""
    try:
        second()
    except ValueError as error:
        return error
    raise AssertionError


ORDER_ANSWER: Final[dict[str, Any]] = {
    "id": "1234567890",
    "clientOrderId": "x-4711",
    "timestamp": 1704067200123,
    "datetime": "2024-01-01T00:00:00.123Z",
    "lastTradeTimestamp": None,
    "symbol": "BTC/USDT:USDT",
    "type": "limit",
    "timeInForce": "GTC",
    "postOnly": False,
    "reduceOnly": False,
    "side": "buy",
    "price": 50000.5,
    "amount": 0.1,
    "filled": 0.05,
    "remaining": 0.05,
    "status": "open",
    "fee": {"currency": "USDT", "cost": 1.25},
    "trades": [{"id": "98765", "price": 50000.5, "amount": 0.05}],
    "info": {"orderId": "1234567890", "cumQuote": "2500.025", "updateTime": 1704067200123},
}
BOOK: Final = [[50000.5 + level / 2, 0.1 + level / 7] for level in range(20)]


@dataclass(frozen=True, slots=True)
class Shape:
    """A way of calling, and what it must be ahead by."""

    name: str
    times: float
    """structlog's p50 by ours is at least this."""
    call: str
    """The call, with `log`, `number` (of the call) and the names of `values`."""
    values: Callable[[], Mapping[str, Any]] = dict
    """Makes what the call takes."""
    expected: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    """Fields of our line, as strict JSON reads them, without the number."""
    message: str = "Order filled"
    """The message of our line; `{number}` in it is the call's."""
    peer: str = ""
    """The peer's call where it is another one."""
    around: str = ""
    """A `with` statement that the timed calls are in."""


def _numpy(name: str, *arguments: Any) -> Callable[[], Mapping[str, Any]]:
    def make() -> Mapping[str, Any]:
        return {"value": getattr(import_module("numpy"), name)(*arguments)}

    return make


def _timestamp() -> Mapping[str, Any]:
    pandas = import_module("pandas")
    return {"value": pandas.Timestamp("2024-01-01T00:00:00.123456Z")}


def _one(value: Any) -> Callable[[], Mapping[str, Any]]:
    return lambda: {"value": value}


ONE: Final = 'log.info("Order filled", value=value, n=number)'
FIVE: Final = {"symbol": "BTCUSDT", "side": "BUY", "price": 50000.5, "qty": 0.1}
AS_KEYWORDS: Final = (
    'log.info("Order filled", symbol="BTCUSDT", side="BUY", price=50000.5, qty=0.1, n=number)'
)
NESTED: Final = {"bid": 1.5, "ask": 1.75, "venue": "binance", "depth": 5, "live": True, "last": None}
IDENTIFIER: Final = uuid.UUID("12345678-1234-5678-1234-567812345678")
SHAPES: Final = (
    Shape("five fields", 30, AS_KEYWORDS, expected=FIVE),
    Shape(
        "%-arguments",
        15,
        'log.info("filled %s at %.2f, %d", "BTCUSDT", 50000.5, number)',
        message="filled BTCUSDT at 50000.50, {number}",
    ),
    Shape(
        "f-string",
        20,
        'log.info(f"filled {symbol} at {price}, {number}")',
        lambda: {"symbol": "BTCUSDT", "price": 50000.5},
        message="filled BTCUSDT at 50000.5, {number}",
    ),
    Shape(
        "two Decimals",
        12,
        'log.info("Order filled", price=price, qty=qty, n=number)',
        lambda: {"price": Decimal("50000.50"), "qty": Decimal("0.00100000")},
        {"price": "50000.50", "qty": "0.00100000"},
    ),
    Shape("UUID", 12, ONE, _one(IDENTIFIER), {"value": str(IDENTIFIER)}),
    Shape("Enum", 12, ONE, _one(Side.BUY), {"value": "buy"}),
    Shape("date", 12, ONE, _one(datetime.date(2024, 1, 31)), {"value": "2024-01-31"}),
    Shape("time", 12, ONE, _one(datetime.time(9, 30, 0, 500)), {"value": "09:30:00.000500"}),
    Shape("timedelta", 12, ONE, _one(datetime.timedelta(seconds=90))),
    Shape("numpy float64", 12, ONE, _numpy("float64", 50000.5), {"value": 50000.5}),
    Shape("numpy int64", 12, ONE, _numpy("int64", 12345), {"value": 12345}),
    Shape("numpy float32", 12, ONE, _numpy("float32", 0.5), {"value": 0.5}),
    Shape("pandas Timestamp", 10, ONE, _timestamp),
    Shape(
        "dataclass",
        10,
        ONE,
        lambda: {"value": Order("BTCUSDT", "BUY", 50000.5, 0.1, 7)},
        {"value": {**FIVE, "order_id": 7}},
    ),
    Shape("NamedTuple", 10, ONE, lambda: {"value": Fill("BTCUSDT", 50000.5, 0.1)}),
    Shape("nested dict of six", 10, ONE, _one(NESTED), {"value": NESTED}),
    Shape("order book 20 x 2", 8, ONE, _one(BOOK), {"value": BOOK}),
    Shape("order answer", 8, ONE, _one(ORDER_ANSWER), {"value": ORDER_ANSWER}),
    Shape("array of 100 floats", 8, ONE, _numpy("arange", 100.0), {"value": [float(n) for n in range(100)]}),
    Shape(
        "exception, six frames",
        10,
        'log.error("Order filled", exc_info=value, n=number)',
        lambda: {"value": failure()},
    ),
    Shape(
        "extra= of five",
        20,
        'log.info("Order filled", '
        'extra={"symbol": "BTCUSDT", "side": "BUY", "price": 50000.5, "qty": 0.1, "n": number})',
        expected=FIVE,
        peer=AS_KEYWORDS,
    ),
    Shape(
        "bind, then call",
        12,
        'log.bind(symbol="BTCUSDT", side="BUY").info("Order filled", price=50000.5, qty=0.1, n=number)',
        expected=FIVE,
    ),
    Shape(
        "in a context",
        20,
        'log.info("Order filled", price=50000.5, qty=0.1, n=number)',
        expected=FIVE,
        around='context(symbol="BTCUSDT", side="BUY")',
    ),
)
BY_NAME: Final = {shape.name: shape for shape in SHAPES}


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


def loop_of(shape: Shape, subject: str) -> Callable[[SimpleNamespace, int, array[int]], None]:
    """Return a function that times a call for each sample, with the call literally in its loop."""
    call = shape.peer if subject != OWN and shape.peer else shape.call
    names = "".join(f"    {name} = given.{name}\n" for name in ("log", "context", *shape.values()))
    source = (
        "def timed(given, start, samples):\n"
        f"{names}"
        f"    with {shape.around or 'nothing()'}:\n"
        "        for at in range(len(samples)):\n"
        "            number = start + at\n"
        "            before = clock()\n"
        f"            {call}\n"
        "            samples[at] = clock() - before\n"
    )
    scope: dict[str, Any] = {"clock": time.perf_counter_ns, "nothing": nullcontext}
    exec(compile(source, f"<{shape.name}>", "exec"), scope)
    timed: Callable[[SimpleNamespace, int, array[int]], None] = scope["timed"]
    return timed


def measure(subject: str, records: int, directory: Path) -> Figures:
    """Time `records` calls of each shape after a warm-up; each shape has a file of its own."""
    figures: Figures = {}
    for place, shape in enumerate(SHAPES):
        (log, close), context = open_logger(subject, directory / f"{place}-{FILE}")
        given = SimpleNamespace(log=log, context=context, **shape.values())
        timed = loop_of(shape, subject)
        warm_up, samples = array("q", bytes(8 * WARM_UP)), array("q", bytes(8 * records))
        timed(given, 0, warm_up)
        timed(given, WARM_UP, samples)
        close()
        p50, p99 = percentiles(samples, 0.5, 0.99)
        figures |= {f"{shape.name}/p50_ns": p50, f"{shape.name}/p99_ns": p99}
        figures |= {f"{shape.name}/p99_by_p50": p99 / p50}
    return figures


def check(subject: str, records: int, directory: Path) -> Figures:
    """Check each file line by line; returns the records lost."""
    lost = 0
    for place, shape in enumerate(SHAPES):
        seen = bytearray(records + WARM_UP)
        with (directory / f"{place}-{FILE}").open("rb") as file:
            for line in file:
                document = strict(line)
                number = number_in(document)
                if subject == OWN:
                    compare(shape, document, number)
                if seen[number]:
                    sys.exit(f"{subject} wrote the record {number} of {shape.name} twice")
                seen[number] = 1
        lost += len(seen) - sum(seen)
    return {"lost": lost}


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
    rows, figures, goals = [], {}, []
    for shape in SHAPES:
        p50 = f"{shape.name}/p50_ns"
        figures[shape.name] = {subject: typical(rounds, subject, p50) for subject in subjects}
        tail = typical(rounds, OWN, f"{shape.name}/p99_by_p50")
        # Without the peer there is nothing to be ahead of.
        ahead = 1 / ratio(rounds, OWN, STRUCTLOG, p50) if STRUCTLOG in subjects else nan
        figures[shape.name] |= {"ahead": ahead, "p99_by_p50": tail}
        times = [f"{figures[shape.name][subject]:,.0f}" for subject in subjects]
        shown = "-" if isnan(ahead) else f"{ahead:.1f} x"
        rows.append((shape.name, *times, shown, f"{shape.times:.0f} x", f"{tail:.1f}"))
        if STRUCTLOG in subjects:
            goals.append(Goal(f"{shape.name}: p50 of {STRUCTLOG} by ours", ahead, shape.times, at_least=True))
        goals.append(Goal(f"{shape.name}: p99 by p50", tail, TAIL_LIMIT))
    goals.append(Goal("records lost", total(rounds, OWN, "lost"), 0))
    head = ("shape", *(f"{name}, p50 ns" for name in subjects), "ahead by", "promised", "p99 by p50")
    return finish("shapes", [Table(head, rows)], figures, goals, options, missing=missing(COMPARED))


def main() -> int:
    """Measure, check and report."""
    measure_here_if_asked(measure)
    options = read_options(__doc__, records=10_000, quick_records=1_000)
    subjects = installed(COMPARED)
    rounds = take_rounds(dict.fromkeys(subjects, options.records), rounds=options.rounds, check=check)
    return report(rounds, subjects, options)


if __name__ == "__main__":
    sys.exit(main())

"""The shapes of calls that traders log: what each call says, what it takes, and what its line must have."""

from __future__ import annotations

import dataclasses
import datetime
import enum
import time
import traceback
import uuid
from array import array
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from decimal import Decimal
from importlib import import_module
from types import SimpleNamespace
from typing import Any, Final, NamedTuple


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
    before: str = ""
    """The work of the program before either logger is called; its time is taken off."""
    is_plain: bool = False
    """Whether `value` is a container of what JSON has, which is beside `orjson.dumps`, too."""


def _numpy(name: str, *arguments: Any) -> Callable[[], Mapping[str, Any]]:
    def make() -> Mapping[str, Any]:
        return {"value": getattr(import_module("numpy"), name)(*arguments)}

    return make


def _timestamp() -> Mapping[str, Any]:
    pandas = import_module("pandas")
    return {"value": pandas.Timestamp("2024-01-01T00:00:00.123456Z")}


def _as_logged(error: ValueError) -> Mapping[str, Any]:
    stack = "".join(traceback.format_exception(error)).rstrip("\n")
    return {"exception": {"type": "ValueError", "message": str(error), "stacktrace": stack}}


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
        before='f"filled {symbol} at {price}, {number}"',
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
    Shape("timedelta", 12, ONE, _one(datetime.timedelta(seconds=90)), {"value": "0:01:30"}),
    Shape("numpy float64", 12, ONE, _numpy("float64", 50000.5), {"value": 50000.5}),
    Shape("numpy int64", 12, ONE, _numpy("int64", 12345), {"value": 12345}),
    Shape("numpy float32", 12, ONE, _numpy("float32", 0.5), {"value": 0.5}),
    Shape("pandas Timestamp", 10, ONE, _timestamp, {"value": "2024-01-01T00:00:00.123456Z"}),
    Shape(
        "dataclass",
        10,
        ONE,
        lambda: {"value": Order("BTCUSDT", "BUY", 50000.5, 0.1, 7)},
        {"value": {**FIVE, "order_id": 7}},
    ),
    Shape(
        "NamedTuple",
        10,
        ONE,
        lambda: {"value": Fill("BTCUSDT", 50000.5, 0.1)},
        {"value": {"symbol": "BTCUSDT", "price": 50000.5, "qty": 0.1}},
    ),
    Shape("nested dict of six", 10, ONE, _one(NESTED), {"value": NESTED}, is_plain=True),
    Shape("order book 20 x 2", 8, ONE, _one(BOOK), {"value": BOOK}, is_plain=True),
    Shape("order answer", 8, ONE, _one(ORDER_ANSWER), {"value": ORDER_ANSWER}, is_plain=True),
    Shape("array of 100 floats", 8, ONE, _numpy("arange", 100.0), {"value": [float(n) for n in range(100)]}),
    Shape(
        "exception, six frames",
        10,
        'log.error("Order filled", exc_info=value, n=number)',
        lambda: {"value": failure()},
        _as_logged(failure()),
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


def loop_of(shape: Shape, call: str) -> Callable[[SimpleNamespace, int, array[int]], None]:
    """Return a function that times `call` for each sample; it stands literally in the loop."""
    steps = ("before = clock()", call, "samples[at] = clock() - before")
    loop: Callable[[SimpleNamespace, int, array[int]], None] = _loop(shape, "samples", steps)
    return loop


def bare_loop_of(shape: Shape) -> Callable[[SimpleNamespace, int, Sequence[int]], None]:
    """Return a function that makes the shape's call for each item of a sequence, and nothing else."""
    loop: Callable[[SimpleNamespace, int, Sequence[int]], None] = _loop(shape, "items", (shape.call,))
    return loop


def _loop(shape: Shape, counted: str, steps: Sequence[str]) -> Any:
    names = "".join(f"    {name} = given.{name}\n" for name in ("log", "context", *shape.values()))
    source = (
        f"def loop(given, start, {counted}):\n"
        f"{names}"
        f"    with {shape.around or 'nothing()'}:\n"
        f"        for at in range(len({counted})):\n"
        "            number = start + at\n"
    )
    source += "".join(f"            {step}\n" for step in steps)
    scope: dict[str, Any] = {"clock": time.perf_counter_ns, "nothing": nullcontext}
    exec(compile(source, f"<{shape.name}>", "exec"), scope)
    return scope["loop"]

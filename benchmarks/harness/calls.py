"""The loops around a logger's call: one for each way of passing fields, timed call by call or as a whole.

The call stands literally in each loop. A wrapper around it would cost as much as the fastest of them.
"""

from __future__ import annotations

import time
from array import array
from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

_clock = time.perf_counter_ns


def time_keywords(log: Any, start: int, samples: array[int]) -> None:
    """Log one event a sample with keyword fields, numbered from `start`; samples become nanoseconds."""
    for number in range(len(samples)):
        before = _clock()
        log.info(
            "Order filled", symbol="BTCUSDT", side="BUY", price=50000.5, qty=0.1, order_id=start + number
        )
        samples[number] = _clock() - before


def run_keywords(log: Any, records: int) -> None:
    """Log the events 0 to `records` - 1 with keyword fields."""
    for number in range(records):
        log.info("Order filled", symbol="BTCUSDT", side="BUY", price=50000.5, qty=0.1, order_id=number)


def time_extra(log: Any, start: int, samples: array[int]) -> None:
    """Do as `time_keywords`, with fields in `extra`."""
    for number in range(len(samples)):
        before = _clock()
        log.info(
            "Order filled",
            extra={
                "symbol": "BTCUSDT",
                "side": "BUY",
                "price": 50000.5,
                "qty": 0.1,
                "order_id": start + number,
            },
        )
        samples[number] = _clock() - before


def run_extra(log: Any, records: int) -> None:
    """Do as `run_keywords`, with fields in `extra`."""
    for number in range(records):
        log.info(
            "Order filled",
            extra={"symbol": "BTCUSDT", "side": "BUY", "price": 50000.5, "qty": 0.1, "order_id": number},
        )


def time_argument(log: Any, start: int, samples: array[int]) -> None:
    """Do as `time_keywords`, with the number as the only argument of the message."""
    for number in range(len(samples)):
        before = _clock()
        log.info("Order %s filled", start + number)
        samples[number] = _clock() - before


def run_argument(log: Any, records: int) -> None:
    """Do as `run_keywords`, with the number as the only argument of the message."""
    for number in range(records):
        log.info("Order %s filled", number)


ARGUMENTS: Final = '"message":"Order filled","symbol":"%s","side":"%s","price":%r,"qty":%r,"order_id":%d'


def time_arguments(log: Any, start: int, samples: array[int]) -> None:
    """Do as `time_keywords`, with fields as arguments of a `%`-format."""
    for number in range(len(samples)):
        before = _clock()
        log.info(ARGUMENTS, "BTCUSDT", "BUY", 50000.5, 0.1, start + number)
        samples[number] = _clock() - before


def run_arguments(log: Any, records: int) -> None:
    """Do as `run_keywords`, with fields as arguments of a `%`-format."""
    for number in range(records):
        log.info(ARGUMENTS, "BTCUSDT", "BUY", 50000.5, 0.1, number)


def time_message(log: Any, start: int, samples: array[int]) -> None:
    """Do as `time_keywords`, with fields formatted into the message."""
    symbol, side, price, qty = "BTCUSDT", "BUY", 50000.5, 0.1
    for number in range(len(samples)):
        before = _clock()
        log.info(
            f'{{"event":"Order filled","symbol":"{symbol}","side":"{side}","price":{price},"qty":{qty},'
            f'"order_id":{start + number}}}'
        )
        samples[number] = _clock() - before


def run_message(log: Any, records: int) -> None:
    """Do as `run_keywords`, with fields formatted into the message."""
    symbol, side, price, qty = "BTCUSDT", "BUY", 50000.5, 0.1
    for number in range(records):
        log.info(
            f'{{"event":"Order filled","symbol":"{symbol}","side":"{side}","price":{price},"qty":{qty},'
            f'"order_id":{number}}}'
        )


BRACES: Final = (
    '{{"event":"Order filled","symbol":"{symbol}","side":"{side}","price":{price},"qty":{qty},'
    '"order_id":{order_id}}}'
)


def time_braces(log: Any, start: int, samples: array[int]) -> None:
    """Do as `time_keywords`, with keywords that the logger puts where the message names them.

    A call that raises because a queue is full counts like any other: its record will be missing.
    """
    for number in range(len(samples)):
        before = _clock()
        try:  # noqa: SIM105 - costs nothing as long as nothing is raised
            log.info(BRACES, symbol="BTCUSDT", side="BUY", price=50000.5, qty=0.1, order_id=start + number)
        except RuntimeError:
            pass
        samples[number] = _clock() - before


def run_braces(log: Any, records: int) -> None:
    """Do as `run_keywords`, with keywords that the logger puts where the message names them."""
    for number in range(records):
        try:  # noqa: SIM105 - costs nothing as long as nothing is raised
            log.info(BRACES, symbol="BTCUSDT", side="BUY", price=50000.5, qty=0.1, order_id=number)
        except RuntimeError:
            pass


PLACES: Final = '{"event":"Order filled","symbol":"{}","side":"{}","price":{},"qty":{},"order_id":{}}'


def time_places(log: Any, start: int, samples: array[int]) -> None:
    """Do as `time_keywords`, with arguments that the logger puts into the braces of the message."""
    for number in range(len(samples)):
        before = _clock()
        log.info(PLACES, "BTCUSDT", "BUY", 50000.5, 0.1, start + number)
        samples[number] = _clock() - before


def run_places(log: Any, records: int) -> None:
    """Do as `run_keywords`, with arguments that the logger puts into the braces of the message."""
    for number in range(records):
        log.info(PLACES, "BTCUSDT", "BUY", 50000.5, 0.1, number)


def time_timer(samples: array[int]) -> None:
    """Do as `time_keywords` without any call: what remains is the timer's own cost."""
    for number in range(len(samples)):
        before = _clock()
        samples[number] = _clock() - before


class Loops(NamedTuple):
    """The two loops of one style."""

    timed: Callable[[Any, int, array[int]], None]
    run: Callable[[Any, int], None]


LOOPS: Final[Mapping[str, Loops]] = {
    "keywords": Loops(time_keywords, run_keywords),
    "extra": Loops(time_extra, run_extra),
    "argument": Loops(time_argument, run_argument),
    "arguments": Loops(time_arguments, run_arguments),
    "message": Loops(time_message, run_message),
    "braces": Loops(time_braces, run_braces),
    "places": Loops(time_places, run_places),
}

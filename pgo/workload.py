"""The workload of the profile: the calls of a strategy, in about the shares that programs have them.

    python pgo/workload.py DIRECTORY

The most frequent call comes most often, and everything else that is not rare comes too, because the compiler
takes what it has not seen for unimportant. Nothing here is timed.
"""

from __future__ import annotations

import dataclasses
import datetime
import decimal
import enum
import logging
import sys
import uuid
from collections.abc import Callable
from typing import Any, Final, NamedTuple

from metaexpert.logger import configure, flush, get_logger, log_context, shutdown

#: Rounds of each scene, which set the shares.
ROUNDS: Final = 2_000
#: Calls between two waits for the backend, so that nothing has to give way.
BATCH: Final = 20_000

SYMBOLS: Final = ("BTCUSDT", "ETHUSDT", "SOLUSDT", "1000PEPEUSDT")


#: An exchange's answer to an order.
ANSWER: Final = {
    "id": "1234567890",
    "timestamp": 1704067200123,
    "lastTradeTimestamp": None,
    "symbol": "BTC/USDT:USDT",
    "postOnly": False,
    "price": 50000.5,
    "amount": 0.1,
    "fee": {"currency": "USDT", "cost": 1.25},
    "trades": [{"id": "98765", "price": 50000.5, "amount": 0.05}],
}


class Side(enum.Enum):
    """A side of the market."""

    BUY = "buy"


@dataclasses.dataclass
class Order:
    """An order of a strategy."""

    symbol: str
    side: Side
    price: float
    number: int


class Fill(NamedTuple):
    """A fill of an order."""

    price: float
    qty: float


def order(log: Any, number: int) -> None:
    """Log what most programs log most: a message and a few plain fields."""
    symbol, price = SYMBOLS[number & 3], 50_000.5 + number / 8
    log.info("Order filled", symbol=symbol, side="BUY", price=price, qty=0.1, order_id=number)


def below_level(log: Any, number: int) -> None:
    """Call what is switched off."""
    log.debug("Not shown", number=number)


def message_only(log: Any, number: int) -> None:
    """Log without fields, made by an f-string or by arguments."""
    log.info(f"Bar {number} closed")
    log.info("Bar %d of %s closed at %.2f", number, "BTCUSDT", number / 3)


def trade(log: Any, number: int) -> None:
    """Log trades and warnings, which go to more files than one."""
    log.trade("Position closed", symbol="BTCUSDT", pnl=number / 7 - 100, fee=0.0004, trade_id=number)
    log.warning("Spread is wide", symbol="BTCUSDT", spread=1.25, limit=1.0, widened=True, reason=None)


def many_fields(log: Any, number: int) -> None:
    """Log sixteen fields."""
    log.info(
        "Indicators",
        **{f"ema_{period}": 50_000 + number / period for period in range(1, 9)},
        **{f"count_{period}": number * period for period in range(1, 9)},
    )


def values(log: Any, number: int) -> None:
    """Log values of types that are not plain."""
    log.info(
        "Account",
        balance=decimal.Decimal(number) / 100,
        at=datetime.datetime(2025, 1, 1, tzinfo=datetime.UTC),
        request=uuid.UUID(int=number),
        book={"bids": [[number, 1.5], [number - 1, 2.5]], "asks": [[number + 1, 0.5]]},
        symbols=SYMBOLS,
    )
    log.info("Order sent", order=Order("BTCUSDT", Side.BUY, 50_000.5, number), answer=ANSWER)
    log.info(
        "Filled", fill=Fill(50_000.5, 0.1), fee=decimal.Decimal("0.0004"), held=datetime.timedelta(0, number)
    )


def with_extra(log: Any, number: int) -> None:
    """Log fields by `extra=`, and on a logger bound for one call."""
    log.info("Order filled", extra={"symbol": "BTCUSDT", "side": "BUY", "price": 50_000.5, "n": number})
    log.bind(symbol="BTCUSDT", side="BUY").info("Order filled", price=50_000.5, qty=0.1, n=number)


def text(log: Any, number: int) -> None:
    """Log text that needs escapes, is not ASCII, is long, or holds a secret."""
    log.info('Answer: {"code": 0, "path": "C:\\data"}\n', note="позиция открыта — €5")
    log.info(
        "Long " + "x" * (number & 511),
        api_key="0123456789abcdef0123456789abcdef",
        url="https://example.org/a?b=c",
    )


def plain_logger(log: Any, number: int) -> None:
    """Log as third-party modules do."""
    third_party = logging.getLogger("third.party")
    third_party.info("Request %d sent to %s", number, "example.org")
    third_party.warning("Retry", extra={"attempt": number})


def failure(log: Any, number: int) -> None:
    """Log an exception with its traceback."""
    try:
        raise ValueError(f"order {number} refused")
    except ValueError:
        log.exception("Order failed", order_id=number)


#: Each scene and its frequency in a round.
SCENES: Final[dict[Callable[[Any, int], None], int]] = {
    order: 100,
    below_level: 40,
    message_only: 8,
    trade: 4,
    many_fields: 4,
    values: 4,
    with_extra: 4,
    text: 2,
    plain_logger: 2,
    failure: 1,
}


def log_all(directory: str) -> None:
    """Play all scenes: without context, bound, and in contexts."""
    configure(
        log_file_path=directory,
        handlers={
            "console": {"level": "WARNING"},
            "plain": {"type": "file", "format": "text", "filename": "plain.log", "level": "WARNING"},
            "file": {"max_size": 64 * 2**20, "backup_count": 1},
        },
    )
    log = get_logger("strategy")
    bound = log.bind(strategy_id=1001, account="main")
    number = 0
    for round_number in range(ROUNDS):
        for scene, times in SCENES.items():
            for _ in range(times):
                number += 1
                if number % BATCH == 0:
                    flush()
                scene(log, number)
            for _ in range(times // 4):
                scene(bound, number)
                with log_context(timeframe="1m", bar=round_number):
                    scene(log, number)
                    scene(bound, number)
    shutdown()


if __name__ == "__main__":
    log_all(sys.argv[1])

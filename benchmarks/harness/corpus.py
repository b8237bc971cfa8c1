"""The log that is read: a day of a strategy, written by this product, with what each query finds in it.

    corpus.py DIRECTORY RECORDS PACKING

Each record depends on its number alone, so the right answer to a query is known without reading anything:
`expected` counts over the numbers. Of a hundred records 50 are bars, 20 fills, 15 signals with nested
indicators, 10 plain messages with `%`-arguments, 4 warnings and 1 is an error with its exception; a line has
some 250 bytes. With `PACKING` `gzip` or `zstd` the product rotates the log and packs what it rotated; the
last part is unpacked, as in every directory that is in use.
"""

from __future__ import annotations

import json
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import Any, Final

PACKINGS: Final = ("none", "gzip", "zstd")
SYMBOLS: Final = ("BTCUSDT", "ETHUSDT", "SOLUSDT", "XRPUSDT", "ADAUSDT", "BNBUSDT", "DOGEUSDT", "LTCUSDT")
#: The query that all readers answer: a level, a field, a number.
LEAST_PRICE: Final = 50_000
#: Beyond this price the query that needs every key looks.
HIGH_PRICE: Final = 64_000
#: A packed log has so many files, of about the same size.
FILES: Final = 12
#: Bytes of a line, on average.
LINE_BYTES: Final = 250
#: So many records are in a short range of time.
SPAN: Final = 1_000
#: A packer has this long for what was rotated last.
PACKING_S: Final = 120


@dataclass(frozen=True, slots=True)
class Made:
    """What a record has that a query asks for; None is a field that it does not have."""

    level: str
    symbol: str | None
    price: float | None
    has_fee: bool = False
    has_exception: bool = False


def made(number: int) -> Made:
    """Return what the record `number` has."""
    kind, symbol, price = number % 100, SYMBOLS[number // 100 % 8], price_of(number)
    if kind < 50:
        return Made("INFO", symbol, None)
    if kind < 70:
        return Made("INFO", symbol, price, has_fee=True)
    if kind < 85:
        return Made("INFO", symbol, price)
    if kind < 95:
        return Made("INFO", None, None)
    if kind < 99:
        return Made("WARNING", symbol, price)
    return Made("ERROR", symbol, price, has_exception=True)


def price_of(number: int) -> float:
    """Return a price between 30,000 and 70,000, evenly spread, in cents."""
    return 30_000 + number * 7_919 % 4_000_000 / 100


@dataclass(frozen=True, slots=True)
class Expected:
    """The right answers for a corpus of some number of records."""

    records: int
    #: `level >= WARNING and symbol = BTCUSDT and price > LEAST_PRICE`
    filtered: int
    #: `exception not exists and fee not exists and price > HIGH_PRICE`
    every_key: int
    #: `"level":"ERROR"`
    errors: int
    #: By symbol, None for those without, and level.
    groups: Counter[tuple[str | None, str]]


def expected(records: int) -> Expected:
    """Count over the numbers of the records."""
    filtered = every_key = errors = 0
    groups: Counter[tuple[str | None, str]] = Counter()
    for number in range(records):
        record = made(number)
        groups[record.symbol, record.level] += 1
        errors += record.level == "ERROR"
        if record.price is None:
            continue
        filtered += record.level != "INFO" and record.symbol == SYMBOLS[0] and record.price > LEAST_PRICE
        every_key += not record.has_exception and not record.has_fee and record.price > HIGH_PRICE
    return Expected(records, filtered, every_key, errors, groups)


def files(directory: Path) -> Iterator[Path]:
    """Yield the log's files, packed or not, oldest first."""
    rotated = [path for path in directory.iterdir() if path.name.startswith("expert.log.")]
    yield from sorted(rotated, key=lambda path: -int(path.name.split(".")[2]))
    yield directory / "expert.log"


def middle(directory: Path, records: int) -> tuple[str, str]:
    """Return the times of a record in the middle of an unpacked log, and of the one `SPAN` later."""
    with (directory / "expert.log").open("rb") as lines:
        chosen = list(islice(lines, records // 2, records // 2 + SPAN + 1))
    first, last = (json.loads(line)["timestamp"] for line in (chosen[0], chosen[-1]))
    return first, last


def write(directory: Path, records: int, packing: str) -> None:
    """Write the corpus into `directory` and wait until what is rotated is packed."""
    from metaexpert.logger import configure, flush, get_logger, shutdown

    rotation: dict[str, Any] = {"max_size": 0}
    if packing != "none":
        rotation = {"max_size": max(records * LINE_BYTES // FILES, 4096), "compress": packing}
    configure(
        log_file_path=str(directory),
        queue={"protect_level": "NOTSET", "wait_ms": 60_000},
        handlers={
            **dict.fromkeys(("console", "trades", "errors")),
            "file": {"backup_count": 1000, **rotation},
        },
    )
    make = _makers(get_logger)
    for number in range(records):
        make[number % 100](number)
    flush()
    # A program that ends leaves what it has not packed to the next one.
    if packing != "none":
        _wait_for_packer(directory)
    shutdown()


def _makers(get_logger: Callable[[str], Any]) -> list[Callable[[int], None]]:
    """Return how each of a hundred records is logged."""
    bars, orders = get_logger("expert.bars"), get_logger("expert.orders")
    signals, plain = get_logger("expert.signals"), get_logger("expert.connection")

    def bar(n: int) -> None:
        price = price_of(n)
        bars.info(
            "Bar closed", symbol=SYMBOLS[n // 100 % 8], timeframe="1m", open=price, high=price + 12.5,
            low=price - 9.75, close=price + 1.25, volume=n % 977 / 8, bar=n,
        )  # fmt: skip

    def fill(n: int) -> None:
        orders.trade(
            "Order filled", symbol=SYMBOLS[n // 100 % 8], side="SELL" if n % 2 else "BUY", price=price_of(n),
            qty=n % 100 / 1000, order_id=7_000_000_000 + n, fee=_FEES[n % 64], strategy_id=1001,
        )  # fmt: skip

    def signal(n: int) -> None:
        signals.info(
            "Signal", symbol=SYMBOLS[n // 100 % 8], price=price_of(n), tags=["momentum", "5m"],
            indicators={"rsi": n % 100 / 1.5, "macd": {"line": n % 31 / 8, "signal": n % 9 / 8}, "up": True},
        )  # fmt: skip

    def message(n: int) -> None:
        plain.info(
            'stream %s: %d messages in %.2f s, "%s"', "btcusdt@trade", n % 4096, n % 60 / 7, "level OK"
        )

    def warning(n: int) -> None:
        signals.warning("Spread is wide", symbol=SYMBOLS[n // 100 % 8], price=price_of(n), spread=n % 50 / 10)

    def error(n: int) -> None:
        try:
            _submit(n)
        except ConnectionError:
            orders.exception("Order rejected", symbol=SYMBOLS[n // 100 % 8], price=price_of(n), order_id=n)

    kinds = ((50, bar), (20, fill), (15, signal), (10, message), (4, warning), (1, error))
    return [make for count, make in kinds for _ in range(count)]


def _submit(number: int) -> None:
    raise ConnectionError(f"the exchange closed the connection while order {number} was sent")


#: Decimals are texts in a log.
_FEES: Final = tuple(Decimal(number) / 10_000 for number in range(1, 65))


def _wait_for_packer(directory: Path) -> None:
    """Wait until every rotated file is packed; raises `TimeoutError`."""
    until = time.monotonic() + PACKING_S
    while any(path.suffix not in (".gz", ".zst", ".log") for path in directory.glob("expert.log*")):
        if time.monotonic() > until:
            raise TimeoutError(f"{sorted(directory.iterdir())} are not packed after {PACKING_S} s")
        time.sleep(0.01)


if __name__ == "__main__":
    write(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3])

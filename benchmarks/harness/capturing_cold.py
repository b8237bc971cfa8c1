"""A program that logs after other work: `instructions.py` counts the cache lines that a call touches."""

import json
import sys
from decimal import Decimal

from metaexpert.logger import configure, get_logger, shutdown

#: Many times what the simulated caches hold, which takes each of their lines away.
MEMORY = bytearray(1 << 20)


def work(number: int) -> str:
    """Read a megabyte, and use so many parts of the interpreter that none of the logger's code is left."""
    texts = [f"{value:,.2f} {value!r:>20}" for value in (number / 7, number * 1.5, -number)]
    document = json.loads(
        json.dumps({"texts": texts, "sum": str(sum(map(Decimal, range(9)), Decimal(number)))})
    )
    words = sorted(set(" ".join(document["texts"]).upper().split()), key=len, reverse=True)
    try:
        document["missing"]
    except KeyError as problem:
        words.append(repr(problem))
    return "".join(words).replace("1", "2").title().encode().hex() + str(MEMORY.count(1))


def main() -> None:
    """Log so many records, the second argument, into a directory, the first, each after work."""
    directory, records = sys.argv[1], int(sys.argv[2])
    # The default handlers, because other ones import what takes long under valgrind.
    configure(log_file_path=directory)
    log = get_logger("bench")
    symbol, side, price, qty = "BTCUSDT", "BUY", 50000.5, 0.1
    for number in range(records):
        work(number)
        log.info("Order filled", symbol=symbol, side=side, price=price, qty=qty, order_id=number)
    shutdown()


if __name__ == "__main__":
    main()

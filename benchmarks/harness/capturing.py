"""A program that logs trade events: `instructions.py` counts a call's instructions on the calling thread."""

import sys

from metaexpert.logger import configure, flush, get_logger, shutdown

#: So many fit into the queue.
BURST = 5_000


def main() -> None:
    """Log so many events, the second argument, into a file in a directory, the first."""
    directory, records = sys.argv[1], int(sys.argv[2])
    files = dict.fromkeys(("console", "trades", "errors"))
    configure(log_file_path=directory, handlers={**files, "file": {"max_size": 0}})
    log = get_logger("bench")
    symbol, side, price, qty = "BTCUSDT", "BUY", 50000.5, 0.1
    for number in range(records):
        log.info("Order filled", symbol=symbol, side=side, price=price, qty=qty, order_id=number)
        if number % BURST == 0:
            flush()
    shutdown()


if __name__ == "__main__":
    main()

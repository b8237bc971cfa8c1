"""The least that a call costs: loops of calls without a timer in between, the best of many.

    uv run benchmarks/call_floor.py [REPETITIONS]

Method. Loops of 200 calls with five fields are timed as a whole and the shortest of all repetitions is
taken, which machine noise can only lengthen; so two builds can be compared to a few per cent. Subjects: the
do-nothing builtin with the same arguments, a call whose level is off, a call, and a call with a bound field,
inside `log_context`, and with both. Meanwhile the backend writes the lines, and the program waits for it now
and then.

Limits. The loop itself is included in every figure. `call_latency.py` has medians and tails.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable

from metaexpert.logger import configure, flush, get_logger, log_context, shutdown
from metaexpert.logger._native import nothing

CALLS = 200
FLUSH_EVERY = 20


def best_ns(log: Callable[..., None], repetitions: int) -> float:
    """Return the nanoseconds of one call in the shortest of all loops."""
    best = float("inf")
    symbol, side, price, qty = "BTCUSDT", "BUY", 50000.5, 0.1
    for repetition in range(repetitions):
        started = time.perf_counter_ns()
        for number in range(CALLS):
            log("Order filled", symbol=symbol, side=side, price=price, qty=qty, order_id=number)
        best = min(best, (time.perf_counter_ns() - started) / CALLS)
        if repetition % FLUSH_EVERY == 0:
            flush()
    return best


def main() -> None:
    """Measure every subject and print a line for each."""
    repetitions = int(sys.argv[1]) if len(sys.argv) > 1 else 500
    with tempfile.TemporaryDirectory() as directory:
        files = dict.fromkeys(("console", "trades", "errors"))
        configure(log_file_path=directory, handlers={**files, "file": {"max_size": 0}})
        log = get_logger("floor")
        bound = log.bind(strategy_id=1001)
        figures = {
            "do-nothing builtin": best_ns(nothing(), repetitions),
            "level off": best_ns(log.debug, repetitions),
            "call": best_ns(log.info, repetitions),
            "bound": best_ns(bound.info, repetitions),
        }
        with log_context(timeframe="1m"):
            figures["in a context"] = best_ns(log.info, repetitions)
            figures["bound, in a context"] = best_ns(bound.info, repetitions)
        shutdown()
    for subject, nanoseconds in figures.items():
        ratio = nanoseconds / figures["do-nothing builtin"]
        print(f"{subject:20} {nanoseconds:7.1f} ns {ratio:6.2f} x")


if __name__ == "__main__":
    main()

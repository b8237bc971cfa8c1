"""What a call below the level costs, beside a C function that does nothing.

    uv run --group bench benchmarks/disabled.py [--quick] [--check] [--json]

Method. The level is INFO, the call `log.debug("Order filled", symbol=, side=, price=, qty=, order_id=)` with
five fields, for each logger in its own way. "p50" is that of single calls, each timed with
`perf_counter_ns`, and includes one reading of that clock, as everywhere in `targets.md`. For "net" loops of
500 calls are timed as a whole, and so are loops without a call, in between: the median over the loops, by
call, less that of the empty loop. The do-nothing call is a builtin of the same module, an attribute of the
same kind of object, called with the same arguments. Fresh process each, taking turns, ratios within a round,
median over the rounds. Afterwards each file must be empty, or not there.

Limits. Building the arguments is part of every figure: who formats the message first pays for that too.
Single calls have the resolution of the clock, some 10 to 40 ns.
"""

from __future__ import annotations

import sys
import time
from array import array
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any, Final

from harness.calls import ARGUMENTS, BRACES, LOOPS
from harness.loggers import FILE, LOGGERS, NOTHING, OWN, PEERS, marked, notes_of
from harness.report import Goal, Options, Table, finish, percentiles, read_options
from harness.rounds import Figures, Rounds, measure_here_if_asked, ratio, take_rounds, typical
from harness.svg import BARS, Plot

#: `targets.md`: by the do-nothing call.
LIMIT = 1.2
CALLS: Final = range(500)


def call_keywords(log: Any) -> None:
    """Call with keyword fields."""
    for number in CALLS:
        log.debug("Order filled", symbol="BTCUSDT", side="BUY", price=50000.5, qty=0.1, order_id=number)


def call_extra(log: Any) -> None:
    """Call with fields in `extra`."""
    for number in CALLS:
        log.debug(
            "Order filled",
            extra={"symbol": "BTCUSDT", "side": "BUY", "price": 50000.5, "qty": 0.1, "order_id": number},
        )


def call_arguments(log: Any) -> None:
    """Call with fields as arguments of a `%`-format."""
    for number in CALLS:
        log.debug(ARGUMENTS, "BTCUSDT", "BUY", 50000.5, 0.1, number)


def call_message(log: Any) -> None:
    """Call with fields formatted into the message."""
    symbol, side, price, qty = "BTCUSDT", "BUY", 50000.5, 0.1
    for number in CALLS:
        log.debug(
            f'{{"event":"Order filled","symbol":"{symbol}","side":"{side}","price":{price},"qty":{qty},'
            f'"order_id":{number}}}'
        )


def call_braces(log: Any) -> None:
    """Call with keywords that the message names."""
    for number in CALLS:
        log.debug(BRACES, symbol="BTCUSDT", side="BUY", price=50000.5, qty=0.1, order_id=number)


def empty_loop(log: Any) -> None:
    """Call nothing."""
    for _number in CALLS:
        pass


STYLES: Final[dict[str, Callable[[Any], None]]] = {
    "keywords": call_keywords,
    "extra": call_extra,
    "arguments": call_arguments,
    "message": call_message,
    "braces": call_braces,
}


class Debug:
    """A logger whose `info` is another one's `debug`, as an instance attribute, which is found fastest."""

    def __init__(self, debug: Callable[..., None]) -> None:
        self.info = debug


def measure(subject: str, records: int, directory: Path) -> Figures:
    """Time loops of `records` calls in all."""
    logger = LOGGERS[subject]
    log, close = logger.open(directory / FILE)
    if subject == NOTHING:
        log.__dict__["debug"] = log.info
    call, clock = STYLES[logger.style], time.perf_counter_ns
    calls, empties, samples = [], [], array("q", bytes(8 * records))
    for _ in range(max(records // len(CALLS), 3)):
        begun = clock()
        call(log)
        called = clock()
        empty_loop(log)
        calls.append(called - begun)
        empties.append(clock() - called)
    # The loops of `calls` say `info`: here that is the call below the level.
    LOOPS[logger.style].timed(Debug(log.debug), 0, samples)
    close()
    (p50,) = percentiles(samples, 0.5)
    empty = median(empties) / len(CALLS)
    return {"p50_ns": p50, "call_ns": median(calls) / len(CALLS) - empty, "empty_ns": empty}


def check(subject: str, records: int, directory: Path) -> Figures:
    """Return how many lines were written, which should be none."""
    files = [path for path in directory.glob(f"{Path(FILE).stem}*") if path.is_file()]
    return {"lines": sum(len(path.read_bytes().splitlines()) for path in files)}


def report(rounds: Rounds, subjects: list[str], missing: list[str], options: Options) -> int:
    """Print the figures and return the exit code."""
    rows, figures, bars = [], {}, {}
    for subject in subjects:
        p50, net = typical(rounds, subject, "p50_ns"), typical(rounds, subject, "call_ns")
        by_nothing, net_by_nothing = (ratio(rounds, subject, NOTHING, name) for name in ("p50_ns", "call_ns"))
        figures[subject] = {
            "p50_ns": p50,
            "net_ns": net,
            "by_nothing": by_nothing,
            "net_by_nothing": net_by_nothing,
            "lines": sum(figures_of[subject]["lines"] for figures_of in rounds),
        }
        ratios = (f"{by_nothing:.2f} x", f"{net:,.1f}", f"{net_by_nothing:.2f} x")
        rows.append((marked(subject), f"{p50:,.0f}", *ratios, f"{figures[subject]['lines']:,.0f}"))
        bars[marked(subject)] = [(0.0, net)]
    goals = [
        Goal("a call below the level by the do-nothing call", figures[OWN]["by_nothing"], LIMIT),
        Goal("lines that it wrote", figures[OWN]["lines"], 0),
    ]
    empty = typical(rounds, OWN, "empty_ns")
    notes = [f'"net" is less the empty loop, which takes {empty:.1f} ns a turn']
    return finish(
        "a call below the level",
        [Table(("logger", "p50 ns", "by nothing", "net ns", "net by nothing", "lines written"), rows)],
        figures,
        goals,
        options,
        missing=missing,
        notes=[*notes, *notes_of(subjects)],
        plots=[Plot("disabled", BARS, "A call below the level, net", "nanoseconds", bars, own=(OWN,))],
    )


def main() -> int:
    """Measure, check and report."""
    measure_here_if_asked(measure)
    options = read_options(__doc__, records=400_000, quick_records=20_000)
    installed = [name for name in PEERS if LOGGERS[name].is_installed]
    records = {NOTHING: options.records, OWN: options.records}
    records |= dict.fromkeys(installed, max(options.records // 4, 1_000))
    rounds = take_rounds(records, rounds=options.rounds, check=check)
    return report(rounds, list(records), [name for name in PEERS if name not in installed], options)


if __name__ == "__main__":
    sys.exit(main())

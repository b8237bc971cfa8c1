"""The time of a call with bad input: huge messages, thousands of fields, deep nesting.

    uv run --group bench benchmarks/nasty.py [--quick] [--check] [--json]

Method. Each case is logged 30 times with the default limits of a record (`limits.depth` 32 levels,
`limits.items` 1,000 members of a container or fields, `limits.bytes` 1 MiB), from values made before the
clock runs; after each call everything is written out. "p50" and "worst" are of the call; "bytes" is the size
of its line, which is parsed as strict JSON. The same inputs go to the standard library with
python-json-logger, to structlog with orjson and to loguru: what they raise into the caller, don't write, or
write in a way that a strict reader refuses is marked as such. Each logger has a fresh process, and they take
turns. Figures are medians over the rounds; "worst" is the worst of all rounds.

Limits. A value whose own code is slow, such as a `__str__` that sleeps, takes its time, because nothing can
stop it.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from statistics import median
from typing import Any, Final

from harness.event import strict
from harness.loggers import (
    FILE,
    LOGGERS,
    LOGURU,
    OWN,
    STDLIB,
    STRUCTLOG,
    configure_own,
    installed,
    missing,
)
from harness.report import Goal, Options, Table, finish, read_options
from harness.rounds import Figures, Rounds, measure_here_if_asked, take_rounds, typical
from harness.setups import Opened

#: The limit for every input here, in milliseconds: as short as a hiccup of the system.
LIMIT_MS: Final = 10.0
COMPARED: Final = (OWN, STDLIB, STRUCTLOG, LOGURU)
#: The outcome of a case, as a figure.
WRITTEN, NOT_WRITTEN, REFUSED, RAISED = 0, 1, 2, 3
_OUTCOMES: Final = {NOT_WRITTEN: "not written", REFUSED: "invalid JSON", RAISED: "raises"}


def deep(levels: int) -> list[Any]:
    """Return a list in a list, and so on."""
    value: list[Any] = []
    for _ in range(levels):
        value = [value]
    return value


def itself() -> list[Any]:
    """Return a list that contains itself."""
    value: list[Any] = [1]
    value.append(value)
    return value


#: By name: what makes the message and the fields.
CASES: Final[Mapping[str, Callable[[], tuple[str, dict[str, Any]]]]] = {
    "an ordinary event": lambda: ("Tick", {"symbol": "BTCUSDT", "price": 50000.5}),
    "a message of 1 MB": lambda: ("x" * 1_000_000, {}),
    "a message of 10 MB": lambda: ("x" * 10_000_000, {}),
    "1 MB to be escaped": lambda: ('"\x00' * 500_000, {}),
    "1 MB of lone surrogates": lambda: ("Tick", {"text": "\ud800" * 333_333}),
    "a field of 1 MB": lambda: ("Tick", {"text": "x" * 1_000_000}),
    "1 MB of bytes": lambda: ("Tick", {"data": b"\xff" * 1_000_000}),
    "10,000 fields": lambda: ("Tick", {f"field_{number}": number for number in range(10_000)}),
    "a key of 1 MB": lambda: ("Tick", {"k" * 1_000_000: 1}),
    "nested 100 deep": lambda: ("Tick", {"value": deep(100)}),
    "nested 100,000 deep": lambda: ("Tick", {"value": deep(100_000)}),
    "a list of itself": lambda: ("Tick", {"value": itself()}),
    "a list of 1,000,000": lambda: ("Tick", {"value": list(range(1_000_000))}),
    "1,000 lists of 1,000": lambda: ("Tick", {"value": [list(range(1_000)) for _ in range(1_000)]}),
    "an int of 1,000,000 bits": lambda: ("Tick", {"value": 1 << 1_000_000}),
}


def open_logger(subject: str, path: Path) -> Opened:
    """Return a logger that writes `path`, and what waits until it has."""
    if subject != OWN:
        return LOGGERS[subject].open(path)
    from metaexpert.logger import flush, get_logger

    configure_own(path)
    return get_logger("bench"), lambda: flush(60)


def measure(subject: str, records: int, directory: Path) -> Figures:
    """Log each case `records` times."""
    path = directory / FILE
    log, settle = open_logger(subject, path)
    takes_extra = LOGGERS[subject].style == "extra"
    is_own, clock = subject == OWN, time.perf_counter_ns
    figures: Figures = {}
    for name, make in CASES.items():
        message, fields = make()
        given = {"extra": fields} if takes_extra else fields
        before = path.stat().st_size if path.exists() else 0
        samples, outcome = [], WRITTEN
        for _ in range(records):
            begun = clock()
            try:
                log.info(message, **given)
            except Exception:
                outcome = RAISED
            samples.append(clock() - begun)
            if is_own:
                settle()
        flush_handlers(log)
        written, size = lines_after(path, before, records)
        if outcome == WRITTEN:
            outcome = written
        figures |= {f"{name}/p50_ns": median(samples), f"{name}/worst_ns": float(max(samples))}
        figures |= {f"{name}/bytes": size, f"{name}/outcome": float(outcome)}
    settle()
    return figures


def flush_handlers(log: Any) -> None:
    """Have a peer write what it buffers; those that don't say how write at once."""
    for handler in getattr(log, "handlers", ()):
        handler.flush()
    if (file := getattr(getattr(log, "_logger", None), "_file", None)) is not None:
        file.flush()


def lines_after(path: Path, start: int, records: int) -> tuple[int, float]:
    """Return what became of so many records, whose lines begin at `start`, and the size of the last one."""
    with path.open("rb") as file:
        file.seek(start)
        lines = file.readlines()
    outcome = WRITTEN if len(lines) == records else NOT_WRITTEN
    for line in lines:
        try:
            strict(line)
        except ValueError:
            outcome = REFUSED
        except RecursionError:
            outcome = REFUSED
    return outcome, float(len(lines[-1])) if lines else 0.0


def report(rounds: Rounds, subjects: list[str], options: Options) -> int:
    """Print the figures and return the exit code."""
    figures: dict[str, dict[str, dict[str, float]]] = {}
    rows = []
    for case in CASES:
        figures[case] = {subject: case_of(rounds, subject, case) for subject in subjects}
        own = figures[case][OWN]
        cells = [f"{own['p50_ns'] / 1e6:,.3f}", f"{own['worst_ns'] / 1e6:,.3f}", line_of(own)]
        rows.append((case, *cells, *(peer_cell(figures[case][subject]) for subject in subjects[1:])))
    ordinary = "an ordinary event"
    longest = max(figures[case][OWN]["p50_ns"] for case in CASES) / 1e6
    bad = sum(figures[case][OWN]["outcome"] != WRITTEN for case in CASES)
    goals = [
        Goal("ms that a call takes at most, p50 of the worst case", longest, LIMIT_MS),
        Goal("cases that raise, are not written or are invalid", bad, 0),
    ]
    head = ("input", "p50 ms", "worst ms", "bytes", *(f"{name}, p50 ms" for name in subjects[1:]))
    notes = [f"{ordinary} is there for comparison"]
    return finish(
        "bad input", [Table(head, rows)], figures, goals, options, missing=missing(COMPARED), notes=notes
    )


def case_of(rounds: Rounds, subject: str, case: str) -> dict[str, float]:
    """Return the figures of one case over all rounds."""
    result = {name: typical(rounds, subject, f"{case}/{name}") for name in ("p50_ns", "bytes")}
    for name in ("worst_ns", "outcome"):
        result[name] = max(each[subject][f"{case}/{name}"] for each in rounds)
    return result


def line_of(figures: dict[str, float]) -> str:
    """Return a line's size, or what became of it."""
    return _OUTCOMES.get(int(figures["outcome"]), f"{figures['bytes']:,.0f}")


def peer_cell(figures: dict[str, float]) -> str:
    """Return a peer's time, and its mark if the record is not there as it should be."""
    outcome = _OUTCOMES.get(int(figures["outcome"]))
    return f"{figures['p50_ns'] / 1e6:,.3f}" + (f" ({outcome})" if outcome else "")


def main() -> int:
    """Measure, check and report."""
    measure_here_if_asked(measure)
    options = read_options(__doc__, records=30, quick_records=2, rounds=3)
    subjects = installed(COMPARED)
    # A peer takes seconds for millions of values, so it gets fewer.
    records = {name: options.records if name == OWN else max(options.records // 10, 1) for name in subjects}
    rounds = take_rounds(records, rounds=options.rounds)
    return report(rounds, subjects, options)


if __name__ == "__main__":
    sys.exit(main())

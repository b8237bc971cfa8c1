"""The punctuality of `flush(timeout)` and `shutdown(timeout)` while nothing can be written.

    uv run benchmarks/deadlines.py [--quick] [--check] [--json]

Method. A fresh process logs until its destination takes no more, and then calls both with timeouts of 20, 100
and 500 ms, several times. "late" is the longest that a call of a round took beyond its timeout and a tenth of
it; the median over the rounds is shown. A call that returned True would have made a false claim, so such
calls are counted. The situations: a console whose pipe nobody reads; the same with a thread that computes, so
that the call must get the interpreter back, and with fifty threads that wait at once; a TCP destination that
reads nothing, and one that is away; and a change of the configuration that does not end, for which `shutdown`
alone waits.

Limits. The time that a call takes beyond its timeout is mostly the machine's: the time until a thread runs
again. Python gives the interpreter to another thread after 5 ms, which are part of the promise.
"""

from __future__ import annotations

import os
import socket
import sys
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final

from harness.loggers import FILE, configure_own
from harness.report import Goal, Options, Table, finish, read_options
from harness.rounds import Figures, Rounds, measure_here_if_asked, take_rounds, total, typical
from metaexpert.logger import flush, get_logger, shutdown
from metaexpert.logger.process import engine

TIMEOUTS_S: Final = (0.02, 0.1, 0.5)
#: Beyond a tenth, in milliseconds: a turn of the interpreter, and of the machine.
LIMIT_MS: Final = 10.0
CROWD: Final = 50
STALLED, BUSY, CROWDED = "a console that stalls", "the same, and a busy thread", "the same, and fifty waiting"
DEAF, AWAY, CHANGE = (
    "a destination that reads nothing",
    "a destination that is away",
    "a change that does not end",
)
SUBJECTS: Final = (STALLED, BUSY, CROWDED, DEAF, AWAY, CHANGE)

Calls = tuple[Callable[[float], bool], ...]


def measure(subject: str, records: int, directory: Path) -> Figures:
    """Create the situation, and call each function `records` times with each timeout."""
    with ExitStack() as end:
        calls = _SITUATIONS[subject](directory, end)
        crowd = CROWD if subject == CROWDED else 1
        late_ms, claims = 0.0, 0
        for call in calls:
            for timeout in TIMEOUTS_S * records:
                took = _timed(call, timeout, crowd)
                late_ms = max(late_ms, max(seconds - 1.1 * timeout for seconds, _ in took) * 1e3)
                claims += sum(answer for _, answer in took)
    return {"late_ms": late_ms, "claims": claims}


def _timed(call: Callable[[float], bool], timeout: float, crowd: int) -> list[tuple[float, bool]]:
    """Return how long a call took, and what it returned, for each of a crowd of threads."""
    found: list[tuple[float, bool]] = []

    def wait() -> None:
        before = time.perf_counter()
        answer = call(timeout)
        found.append((time.perf_counter() - before, answer))

    others = [threading.Thread(target=wait) for _ in range(crowd - 1)]
    for other in others:
        other.start()
    wait()
    for other in others:
        other.join()
    return found


def _console(directory: Path, end: ExitStack) -> Calls:
    reading, writing = os.pipe()
    os.dup2(writing, 1)
    os.close(writing)
    end.callback(os.close, reading)
    configure_own(directory / FILE, {"console": {"format": "json"}})
    _log(300)
    return flush, shutdown


def _busy(directory: Path, end: ExitStack) -> Calls:
    calls = _console(directory, end)
    stopped = threading.Event()

    def compute() -> None:
        while not stopped.is_set():
            sum(range(1000))

    thread = threading.Thread(target=compute)
    thread.start()
    end.callback(thread.join)
    end.callback(stopped.set)
    return calls


def _deaf(directory: Path, end: ExitStack) -> Calls:
    listener = end.enter_context(socket.socket())
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    listener.bind(("127.0.0.1", 0))
    listener.listen()
    _remote(directory, listener.getsockname()[1])
    end.enter_context(listener.accept()[0])
    _log(8000)
    return flush, shutdown


def _away(directory: Path, _end: ExitStack) -> Calls:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    _remote(directory, port)
    _log(10)
    # Its end is given 2 s to connect, and then answers at once.
    return (flush,)


def _change(directory: Path, end: ExitStack) -> Calls:
    configure_own(directory / FILE)
    _log(10)
    held, release = threading.Event(), threading.Event()

    def hold() -> None:
        with engine._engine.lock.held():
            held.set()
            release.wait()

    thread = threading.Thread(target=hold)
    thread.start()
    held.wait()
    end.callback(thread.join)
    end.callback(release.set)
    return (shutdown,)


def _remote(directory: Path, port: int) -> None:
    configure_own(directory / FILE, {"net": {"type": "tcp", "url": f"tcp://127.0.0.1:{port}"}})


def _log(records: int) -> None:
    log, text = get_logger("bench"), "x" * 1000
    for number in range(records):
        log.info("m", text=text, n=number)


_SITUATIONS: Final[dict[str, Callable[[Path, ExitStack], Calls]]] = {
    STALLED: _console,
    BUSY: _busy,
    CROWDED: _console,
    DEAF: _deaf,
    AWAY: _away,
    CHANGE: _change,
}


def report(rounds: Rounds, options: Options) -> int:
    """Print the figures and return the exit code."""
    figures: dict[str, Any] = {
        subject: {"late_ms": typical(rounds, subject, "late_ms"), "claims": total(rounds, subject, "claims")}
        for subject in SUBJECTS
    }
    rows = [
        (subject, f"{found['late_ms']:,.2f}", f"{found['claims']:,.0f}") for subject, found in figures.items()
    ]
    goals = [
        Goal(
            "ms that a call takes beyond its timeout and a tenth of it",
            max(found["late_ms"] for found in figures.values()),
            LIMIT_MS,
        ),
        Goal("calls that claimed what is not so", sum(found["claims"] for found in figures.values()), 0),
    ]
    table = Table(("situation", "late ms", "claims"), rows)
    return finish("deadlines", [table], figures, goals, options)


def main() -> int:
    """Measure, check and report."""
    measure_here_if_asked(measure)
    options = read_options(__doc__, records=3, quick_records=1, rounds=3)
    rounds = take_rounds(dict.fromkeys(SUBJECTS, options.records), rounds=options.rounds)
    return report(rounds, options)


if __name__ == "__main__":
    sys.exit(main())

"""Following a log: how long a record takes to the reader's output, and what waiting costs."""

from __future__ import annotations

import json
import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

#: A record is shown, or the follower is at work, within this time, or the measurement has failed.
PATIENCE_S = 20.0
#: The follower waits for so long in vain, and its processor time meanwhile counts.
IDLE_S = 2.0
#: Between two records, in milliseconds: nothing is shown because of a full batch.
PAUSES_MS = (2, 3, 5, 8, 13)


@dataclass(frozen=True, slots=True)
class Followed:
    """The nanoseconds until each record was shown, and what the follower takes while nothing is logged."""

    #: From the call of a record that is flushed, so it is in the file at once.
    flushed_ns: list[int]
    #: From the call alone: the logger writes when it next looks.
    called_ns: list[int]
    idle_share: float


def follow(directory: Path, records: int) -> Followed:
    """Log `records` records with a follower at work in `directory`, and every other one flushed.

    Raises `TimeoutError` if a record is never shown.
    """
    from metaexpert.logger import configure, flush, get_logger, shutdown

    configure(log_file_path=str(directory), handlers=dict.fromkeys(("console", "trades", "errors")))
    log = get_logger("bench")
    log.info("the log has begun")
    flush()
    delays: tuple[list[int], list[int]] = ([], [])
    with _follower(directory) as follower:
        lines = _Lines(follower)
        _until_at_work(lines, log)
        for number in range(records):
            time.sleep(PAUSES_MS[number % len(PAUSES_MS)] / 1000)
            called = time.time_ns()
            log.info("tick", number=number)
            if number % 2 == 0:
                flush()
            delays[number % 2].append(lines.arrival(number) - called)
        before = _cpu_ns(follower.pid)
        time.sleep(IDLE_S)
        share = (_cpu_ns(follower.pid) - before) / (IDLE_S * 1e9)
    shutdown()
    return Followed(*delays, share)


@contextmanager
def _follower(directory: Path) -> Iterator[subprocess.Popen[bytes]]:
    program = Path(sys.executable).parent / "metaexpert"
    command = [str(program), "logs", "tail", "--dir", str(directory), "-f", "-n", "0", "-o", "raw"]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, bufsize=0) as process:
        try:
            yield process
        finally:
            process.send_signal(signal.SIGTERM)


class _Lines:
    """The lines that a follower prints, with the time at which each could be read."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdout is not None
        self._file = process.stdout.fileno()
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._file, selectors.EVENT_READ)
        self._rest = b""

    def arrival(self, number: int, patience_s: float = PATIENCE_S) -> int:
        """Return when the record `number` could be read, in nanoseconds since 1970."""
        until = time.monotonic() + patience_s
        while time.monotonic() < until:
            if not self._selector.select(until - time.monotonic()):
                break
            now = time.time_ns()
            part = os.read(self._file, 1 << 16)
            if not part:
                raise EOFError("the follower has ended")
            *lines, self._rest = (self._rest + part).split(b"\n")
            if any(json.loads(line).get("number") == number for line in lines):
                return now
        raise TimeoutError(f"record {number} was not shown within {patience_s} s")


def _until_at_work(lines: _Lines, log: Any) -> None:
    """Log until the follower shows something: from then on it is waiting for more."""
    until = time.monotonic() + PATIENCE_S
    number = 0
    while True:
        number -= 1
        log.info("are you there", number=number)
        try:
            lines.arrival(number, patience_s=0.1)
            return
        except TimeoutError:
            if time.monotonic() > until:
                raise


def _cpu_ns(process: int) -> int:
    """Return the processor time of all threads of a process. Linux only."""
    tasks = Path(f"/proc/{process}/task")
    return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks.iterdir())

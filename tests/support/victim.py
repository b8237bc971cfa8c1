"""The program that the `kill -9` harness kills: it logs and knows what it logged.

Each call that returned is noted in memory shared with the harness, so the harness does not rely on the log
for it.
"""

from __future__ import annotations

import json
import mmap
import os
import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import Any, Final

from metaexpert.logger import configure, get_logger, shutdown
from metaexpert.logger.process.recovery import recover

#: More than ever come together between two checks, so that none is deleted.
ROTATIONS_KEPT: Final = 1_000
MAX_THREADS: Final = 4
#: Of which records a file wants no others: `is_chosen`.
CHOSEN: Final = "side = BUY and price exists or level > info and message ~ rejected"


class Phase(IntEnum):
    """How far a process has come."""

    BORN = 0
    STARTING = 1
    STEADY = 2
    ENDING = 3
    RECOVERING = 4
    DONE = 5


class Slots:
    """Numbers that outlive a process: its phase, how long it took to start, its calls that returned."""

    def __init__(self) -> None:
        self._memory = mmap.mmap(-1, mmap.PAGESIZE)
        # One store of eight bytes each: a kill leaves the old number or the new one.
        self._numbers = memoryview(self._memory).cast("Q")

    def reset(self) -> None:
        """Forget the process before."""
        for index in range(2 + MAX_THREADS):
            self._numbers[index] = 0

    @property
    def phase(self) -> Phase:
        """How far the process has come."""
        return Phase(self._numbers[0])

    @phase.setter
    def phase(self, phase: Phase) -> None:
        self._numbers[0] = phase

    @property
    def took_ns(self) -> int:
        """How long starting or recovering took; 0 if it did not come to its end."""
        return self._numbers[1]

    @took_ns.setter
    def took_ns(self, took: int) -> None:
        self._numbers[1] = took

    def returned(self, thread: int) -> int:
        """Return the number of the last call of `thread` that returned."""
        return self._numbers[2 + thread]

    def note(self, thread: int, number: int) -> None:
        """Note that call `number` of `thread` returned."""
        self._numbers[2 + thread] = number


@dataclass(frozen=True)
class Life:
    """What one process does between birth and death."""

    number: int
    seed: int
    threads: int
    #: Calls a thread makes if nothing kills it before.
    calls: int
    queue: dict[str, Any]
    #: Options of the files, such as `sync` and `compress`.
    options: dict[str, Any]
    small_max_size: int


def handlers(life: Life) -> dict[str, Any]:
    """Return the configuration of the files: of everything, the two streams, and two more."""
    return {
        "console": None,
        "file": life.options,
        "trades": life.options,
        "errors": life.options,
        "chosen": {
            "type": "file",
            "filter": {"where": CHOSEN},
            "backup_count": ROTATIONS_KEPT,
            **life.options,
        },
        "small": {
            "type": "file",
            "filename": "small.log",
            "max_size": life.small_max_size,
            "backup_count": ROTATIONS_KEPT,
            **life.options,
        },
    }


def is_trade(number: int) -> bool:
    """Tell whether call `number` is a trade event."""
    return number % 7 == 0


def is_error(number: int) -> bool:
    """Tell whether call `number` logs an error."""
    return number % 13 == 0 and not is_trade(number)


def is_chosen(number: int) -> bool:
    """Tell whether `CHOSEN` holds for call `number`."""
    return is_trade(number) or is_error(number)


def live(life: Life, directory: Path, slots: Slots) -> None:
    """Configure, log, and end in order, noting each step and each call that returned."""
    slots.phase = Phase.STARTING
    began = time.perf_counter_ns()
    configure(
        default_level="DEBUG",
        log_file_path=str(directory),
        handlers=handlers(life),
        include=["run_id"],
        queue=life.queue,
    )
    slots.took_ns = time.perf_counter_ns() - began
    slots.phase = Phase.STEADY
    others = [threading.Thread(target=work, args=(life, thread, slots)) for thread in range(1, life.threads)]
    for thread in others:
        thread.start()
    work(life, 0, slots)
    for thread in others:
        thread.join()
    slots.phase = Phase.ENDING
    shutdown()
    slots.phase = Phase.DONE


def work(life: Life, thread: int, slots: Slots) -> None:
    """Log in bursts, with pauses as a strategy has them: the queue is now full and now empty."""
    chance = random.Random(life.seed + thread)
    log = get_logger("victim").bind(life=life.number, thread=thread)
    number = 0
    while number < life.calls:
        for _ in range(min(chance.randint(1, 200), life.calls - number)):
            number += 1
            call(log, number, chance)
            slots.note(thread, number)
        time.sleep(chance.random() * 0.003)


def call(log: Any, number: int, chance: random.Random) -> None:
    """Log record `number`, in one of the ways there are."""
    if is_trade(number):
        log.trade("Order filled", n=number, price=chance.random(), side="BUY")
    elif is_error(number):
        log.error("Order %s", "rejected", extra={"n": number})
    elif number % 3 == 0:
        log.info("Bar", n=number, text="x" * chance.randint(0, 400))
    else:
        log.debug("Tick", n=number, bid=1.5, ask=1.75)


def mend(directory: Path, slots: Slots, result: Path) -> None:
    """Recover what a killed process left in `directory`; the report goes to the file `result`."""
    slots.phase = Phase.RECOVERING
    began = time.perf_counter_ns()
    report = recover(directory)
    slots.took_ns = time.perf_counter_ns() - began
    result.write_text(json.dumps(report.to_dict()), encoding="utf-8")
    slots.phase = Phase.DONE


def fork(body: Callable[[], None]) -> int:
    """Run `body` in a forked process and return its id; an error ends it with exit code 1 and a traceback."""
    child = os.fork()
    if child:
        return child
    code = 1
    try:
        body()
        code = 0
    except BaseException:
        import traceback

        traceback.print_exc()
    finally:
        # Neither the parent's exit handlers nor its buffers are the child's to carry out.
        os._exit(code)

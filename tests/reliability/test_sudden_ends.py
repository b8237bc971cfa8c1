"""FR-014: however a process ends, the record of each call that returned is in the log, and the exit code is
unchanged.
"""

import os
import struct
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from support.log_family import holes, read_family

if TYPE_CHECKING:
    from support.processes import Outcome

Run = Callable[..., "Outcome"]
Recover = Callable[[], dict[str, Any]]

pytestmark = pytest.mark.skipif(
    not os.access("/dev/shm", os.W_OK), reason="a killed process leaves its records on the tmpfs /dev/shm"
)

THREADS = 4

#: Logs from the main thread and three daemons, and notes each call that returned in a mapped file.
PROGRAM = """
import ctypes, mmap, os, resource, signal, sys, threading, time
from pathlib import Path
from metaexpert.logger import configure, flush, get_logger, shutdown, stats

resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
Path("returned").write_bytes(bytes(mmap.PAGESIZE))
returned = memoryview(mmap.mmap(os.open("returned", os.O_RDWR), mmap.PAGESIZE)).cast("Q")
configure(handlers={"console": None}, include=["run_id"], queue={"protect_level": "DEBUG", "wait_ms": 60_000})
log = get_logger("bot")

def work(thread, calls=None):
    number = returned[thread]
    while number != calls:
        number += 1
        if number % 50 == 0:
            log.error("m", thread=thread, n=number)
        else:
            log.info("m", thread=thread, n=number)
        returned[thread] = number
        if number % 20 == 0:
            time.sleep(0.001)

def busy():
    threading.Thread(target=lambda: all(True for _ in iter(int, 1)), daemon=True).start()

for thread in (1, 2, 3):
    threading.Thread(target=work, args=(thread,), daemon=True).start()
work(0, 1234)
"""
#: What ends it, and the exit code that Python or the kernel gives for that.
ENDINGS = {
    "return": ("", 0),
    "sys.exit": ("sys.exit(3)", 3),
    "unhandled exception": ("raise ValueError('unhandled')", 1),
    "os._exit": ("os._exit(9)", 9),
    "a null pointer": ("ctypes.string_at(0)", -11),
    "SIGSEGV": ("os.kill(os.getpid(), signal.SIGSEGV)", -11),
    "abort": ("os.abort()", -6),
    "SIGTERM": ("os.kill(os.getpid(), signal.SIGTERM)", -15),
    "SIGKILL": ("os.kill(os.getpid(), signal.SIGKILL)", -9),
    # The kernel's own kill, in the middle of whatever the process does: as when memory runs out.
    "the kernel": ("resource.setrlimit(resource.RLIMIT_CPU, (1, 1)); busy(); work(0)", -9),
}

NEXT = """
from metaexpert.logger import configure, get_logger
configure(handlers={"console": None}, include=["run_id"])
get_logger("bot").info("next", thread=9, n=1)
"""


def returned(directory: Path) -> dict[int, int]:
    """Return the last call of each thread that returned."""
    numbers = struct.unpack_from(f"{THREADS}Q", (directory / "returned").read_bytes())
    assert numbers[0] > 0
    return dict(enumerate(numbers))


def check(directory: Path) -> None:
    """Every call that returned is there once, in order; one more a thread may be there, nothing else."""
    family = read_family(directory / "logs", "expert")
    assert (family.invalid, family.disordered, holes(family)) == ([], [], [])
    errors = read_family(directory / "logs", "errors")
    assert (errors.invalid, errors.disordered) == ([], [])
    for thread, last in returned(directory).items():
        there = [record["n"] for record in family.of_program() if record["thread"] == thread]
        assert there in (list(range(1, last + 1)), list(range(1, last + 2)))
        wrong = [record["n"] for record in errors.of_program() if record["thread"] == thread]
        assert wrong == [number for number in there if number % 50 == 0]


@pytest.mark.parametrize("ending", ENDINGS)
def test_recovery_finds_every_call_that_returned(ending: str, run_python: Run, recover_logs: Recover) -> None:
    """The exit code is that of a program without logging; a second recovery finds nothing."""
    statement, code = ENDINGS[ending]
    outcome = run_python(f"{PROGRAM}\n{statement}\n", code=code)
    report = recover_logs()

    check(outcome.directory)
    assert [ring["unreadable"] for ring in report["rings"]] in ([], [0])
    assert recover_logs()["rings"] == []
    check(outcome.directory)


@pytest.mark.parametrize("ending", ["os._exit", "SIGSEGV", "SIGKILL"])
def test_the_next_start_recovers_before_it_logs(ending: str, run_python: Run, recover_logs: Recover) -> None:
    """What was left comes first in `expert.log`, then the new run; nothing is left for a recovery."""
    statement, code = ENDINGS[ending]
    run_python(f"{PROGRAM}\n{statement}\n", code=code)
    outcome = run_python(NEXT)

    check(outcome.directory)
    assert outcome.messages()[-1] == "next"
    assert outcome.messages().count("next") == 1
    assert {path.name for path in (outcome.directory / "logs").glob("*.log")} == {"errors.log", "expert.log"}
    assert recover_logs()["rings"] == []


@pytest.mark.parametrize("ending", ["return", "sys.exit", "unhandled exception"])
def test_an_orderly_end_leaves_nothing_to_recover(
    ending: str, run_python: Run, recover_logs: Recover
) -> None:
    """Where the interpreter ends by itself all is written, though daemons log to the very end."""
    statement, code = ENDINGS[ending]
    outcome = run_python(f"{PROGRAM}\n{statement}\n", code=code)

    check(outcome.directory)
    assert recover_logs()["rings"] == []


def test_the_process_knows_that_its_records_are_safe(run_python: Run) -> None:
    """`stats().crash_safe` is true where the ring outlives the process, and false where that was declined."""
    outcome = run_python(
        """
from metaexpert.logger import configure, shutdown, stats
for wanted in (True, False):
    configure(handlers={"console": None}, queue={"crash_safe": wanted})
    print(stats().crash_safe)
    shutdown()
"""
    )

    assert outcome.stdout == "True\nFalse\n"

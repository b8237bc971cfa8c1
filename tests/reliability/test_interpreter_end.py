"""FR-022: threads that log while the interpreter ends, and code that logs even later."""

import struct
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from support.processes import Outcome

Run = Callable[..., "Outcome"]

BEGIN = """
import atexit, logging, mmap, os, sys, threading, time, weakref
from pathlib import Path
from metaexpert.logger import configure, flush, get_logger, log_context, shutdown, stats

Path("returned").write_bytes(bytes(mmap.PAGESIZE))
returned = memoryview(mmap.mmap(os.open("returned", os.O_RDWR), mmap.PAGESIZE)).cast("Q")
configure(handlers={"console": None}, queue={"protect_level": "DEBUG", "wait_ms": 60_000})
log = get_logger("bot")

def work(thread, calls=None):
    number = 0
    while number != calls:
        number += 1
        CALLS[thread](number)
        returned[thread] = number
        if number % 50 == 0:
            time.sleep(0.0005)

class Shown:
    def __str__(self): return "shown by Python code"

CALLS = [
    lambda n: log.info("fast", n=n),
    lambda n: log.info("general", n=n, value=Shown()),
    lambda n: logging.getLogger("plain").info("plain", extra={"n": n}),
    lambda n: log.warning("slow", n=n, stack_info=True),
]
MESSAGES = ["fast", "general", "plain", "slow"]
"""
MESSAGES = ("fast", "general", "plain", "slow")


def returned(outcome: "Outcome") -> tuple[int, ...]:
    """Return the last call of each kind that returned."""
    return struct.unpack_from("4Q", (outcome.directory / "returned").read_bytes())


def numbers(outcome: "Outcome", message: str) -> list[int]:
    """Return the numbers of the records with `message`, in the file's order."""
    return [record["n"] for record in outcome.records() if record["message"] == message]


@pytest.mark.parametrize(
    "ending", ["", "sys.exit(5)", "raise ValueError", "atexit.register(time.sleep, 0.05)"]
)
def test_daemons_lose_nothing_that_returned(ending: str, run_python: Run) -> None:
    """Daemon threads log into the end by every way there is: each call that returned is in the file."""
    outcome = run_python(
        BEGIN
        + f"""
for thread in range(4):
    threading.Thread(target=work, args=(thread,), daemon=True).start()
while min(returned[:4]) < 100:
    time.sleep(0.001)
{ending}
""",
        code={"sys.exit(5)": 5, "raise ValueError": 1}.get(ending, 0),
    )

    for message, last in zip(MESSAGES, returned(outcome), strict=True):
        assert last >= 100
        assert numbers(outcome, message) in (list(range(1, last + 1)), list(range(1, last + 2)))


def test_threads_go_on_after_the_main_one(run_python: Run) -> None:
    """Threads that are not daemons log to their own end, which the interpreter waits for."""
    outcome = run_python(
        BEGIN
        + """
for thread in range(4):
    threading.Thread(target=work, args=(thread, 400)).start()
log.info("main ends")
"""
    )

    assert "main ends" in outcome.messages()
    for message in MESSAGES:
        assert numbers(outcome, message) == list(range(1, 401))


def test_everything_the_end_calls_may_log(run_python: Run) -> None:
    """Threads' ends, exit functions in their order, finalizers and buffers: what they log is in the file."""
    outcome = run_python(
        "import atexit\natexit.register(lambda: log.info('registered before the import'))\n"
        + BEGIN
        + """
threading._register_atexit(lambda: log.info("threads end"))
atexit.register(lambda: log.info("registered after"))
class Position: pass
position = Position()
weakref.finalize(position, lambda: log.info("finalized"))
def start_again():
    assert shutdown(10)
    log.info("after a shutdown at exit")
    with log_context(last=True):
        log.info("with context")
atexit.register(start_again)
log.info("main")
sys.exit(4)
""",
        code=4,
    )

    assert outcome.messages() == [
        "main",
        "threads end",
        "after a shutdown at exit",
        "with context",
        "finalized",
        "registered after",
        "registered before the import",
    ]
    assert outcome.stderr == ""


def test_threads_and_shutdown_do_not_lose_records(run_python: Run) -> None:
    """Stopping again and again while threads log starts the system each time, and loses nothing."""
    outcome = run_python(
        BEGIN
        + """
threads = [threading.Thread(target=work, args=(thread, 500)) for thread in range(4)]
for thread in threads: thread.start()
stops = 0
while any(thread.is_alive() for thread in threads):
    assert shutdown(20)
    stops += 1
for thread in threads: thread.join()
print(stops)
"""
    )

    assert int(outcome.stdout) > 1
    for message in MESSAGES:
        assert numbers(outcome, message) == list(range(1, 501))
    assert [record["seq"] for record in outcome.records()] == list(range(1, 2001))


def test_another_interpreter_gets_a_clear_answer(run_python: Run) -> None:
    """In a sub-interpreter the import fails with an ImportError that says why; the main one logs on."""
    outcome = run_python(
        BEGIN
        + """
try:
    import _interpreters as interpreters
except ImportError:
    import _xxsubinterpreters as interpreters
other = interpreters.create()
program = '''
try:
    import metaexpert.logger
except ImportError as error:
    print(type(error).__name__, error)
else:
    print("imported")
import sys
sys.stdout.flush()
'''
interpreters.run_string(other, program)
interpreters.destroy(other)
log.info("main logs on", n=1)
"""
    )

    assert outcome.stdout.startswith(
        "ImportError metaexpert.logger serves the main interpreter of a process only"
    )
    assert outcome.messages() == ["main logs on"]


def test_daemons_may_configure_into_the_end(run_python: Run) -> None:
    """A daemon that is stopped in the middle of a configuration holds up nothing that the end still calls."""
    outcome = run_python(
        """
import atexit, os, warnings
# From 3.12 on each fork of a process with threads is warned of, which is a record as well.
warnings.simplefilter("ignore", DeprecationWarning)
def at_exit():
    configure(default_level="INFO")
    log.info("configured at exit")
    if (child := os.fork()) == 0:
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    log.info("forked at exit")
atexit.register(at_exit)
"""
        + BEGIN
        + """
changed = threading.Event()
def change():
    while True:
        for level in ("DEBUG", "INFO"):
            configure(default_level=level)
            changed.set()
for _ in range(3):
    threading.Thread(target=change, daemon=True).start()
changed.wait(20)
log.info("main")
"""
    )

    assert [text for text in outcome.messages() if "level" not in text] == [
        "main",
        "configured at exit",
        "forked at exit",
    ]

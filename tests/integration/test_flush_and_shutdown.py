"""`flush()` and `shutdown()` return in time, and never claim more than was written."""

from __future__ import annotations

import json
import logging
import signal
import threading
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from metaexpert.logger import configure, flush, get_logger, shutdown, stats
from metaexpert.logger.live import changes
from metaexpert.logger.process import engine, service
from metaexpert.logger.shared import native

if TYPE_CHECKING:
    from support.logs import Logs
    from support.processes import Outcome

Run = Callable[..., "Outcome"]

STALLED = """
import json, logging, os, signal, sys, threading
from metaexpert.logger import configure, flush, get_logger, shutdown, stats
from metaexpert.logger.process import engine
from metaexpert.logger.shared import native

# Nobody reads what the console gets until `release` is called, so that it stalls once the pipe is full.
out = os.fdopen(os.dup(1), "w")
reading, writing = os.pipe()
os.dup2(writing, 1)
os.close(writing)
configure(default_level="DEBUG", log_file_path="logs",
          queue={"capacity_bytes": 1 << 20, "wait_ms": 0}, handlers={"console": {"level": "DEBUG"}})
log = get_logger("bot")

def stall():
    for number in range(200):
        log.info("x" * 1000, n=number)

def overload():
    while stats().dropped == 0:
        stall()

def release():
    def read():
        while os.read(reading, 1 << 16):
            pass
    threading.Thread(target=read, daemon=True).start()

def tell(*values):
    seen = stats()
    assert seen.logged == seen.written + seen.dropped + seen.queued, seen
    print(json.dumps(values), file=out, flush=True)
"""


class NoNumber:
    """A value whose conversion fails."""

    def __float__(self) -> float:
        raise RuntimeError("no number")


FOR_EVER = [None, float("inf"), 1e300, 10**400, 2**63]
NO_TIME = [0, False, -1, -0.0, float("nan"), float("-inf"), -(10**400)]
NO_NUMBER = ["soon", b"", object(), [], NoNumber(), 1j]
AT_ONCE = [*NO_TIME, *NO_NUMBER]
IN_TIME: list[Any] = [20, 20.5, Decimal(20), "20", True]


@pytest.mark.parametrize("timeout", [*FOR_EVER, *AT_ONCE, *IN_TIME], ids=repr)
def test_any_timeout_will_do(logs: Logs, timeout: Any) -> None:
    """Once everything is written both are True, and nothing that is given as a timeout raises."""
    logs.configure()
    logs.logger.info("m")
    assert flush(20)

    assert flush(timeout)
    shutdown(timeout)
    assert shutdown(20)
    assert logs.messages() == ["m"]


def test_nobody_waits_longer_for_a_console_that_stalls(run_python: Run) -> None:
    """While nothing is read both return False; what they waited for is complete once it is read."""
    outcome = run_python(
        STALLED
        + """
stall()
tell([flush(timeout) for timeout in (0, -1, "soon", float("nan"), 0.05)])
tell([shutdown(timeout) for timeout in (0, -1, "soon", float("nan"), 0.05)])
tell(native.is_running(), flush(0.05))
release()
tell(flush(20), shutdown(20), stats().written, stats().queued)
"""
    )

    assert outcome.stdout.splitlines() == [
        "[[false, false, false, false, false]]",
        "[[false, false, false, false, false]]",
        "[false, false]",
        "[true, true, 200, 0]",
    ]


def test_many_threads_wait_at_once(run_python: Run) -> None:
    """Each returns in its own time, and the others go on waiting."""
    outcome = run_python(
        STALLED
        + """
stall()
found = {0.05: [], 60: []}
def waiting(seconds):
    return [threading.Thread(target=lambda: found[seconds].append(flush(seconds))) for _ in range(20)]
short, long = waiting(0.05), waiting(60)
for thread in short + long:
    thread.start()
for thread in short:
    thread.join(60)
tell(found[0.05], found[60])
release()
for thread in long:
    thread.join(60)
tell(found[60])
"""
    )

    assert [json.loads(line) for line in outcome.stdout.splitlines()] == [[[False] * 20, []], [[True] * 20]]


def test_a_dropped_record_is_told_to_each_thread_once(run_python: Run) -> None:
    """After an overload `flush` is False in each thread that asks, then True again; `shutdown` is False."""
    outcome = run_python(
        STALLED
        + """
overload()
tell(flush(0.05))
release()
logging.root.handlers[0].flush()  # whose answer nobody sees
tell(flush(20), flush(20))
others = []
other = threading.Thread(target=lambda: others.extend((flush(20), flush(20))))
other.start(), other.join(60)
tell(others)
log.info("later")
tell(flush(20), shutdown(20), shutdown(20), flush(20), stats().dropped > 0, stats().queued)
log.info("again")
tell(flush(20), shutdown(20), stats().dropped)
"""
    )

    assert outcome.stdout.splitlines() == [
        "[false]",
        "[false, true]",
        "[[false, true]]",
        "[true, false, false, false, true, 0]",
        "[true, true, 0]",
    ]


def test_a_new_queue_does_not_make_a_loss_forgotten(run_python: Run) -> None:
    """A change of the queue's size takes a new engine, which reports what the old one lost."""
    outcome = run_python(
        STALLED
        + """
overload()
release()
configure(queue={"capacity_bytes": 1 << 21})
tell(flush(20), flush(20), shutdown(20))
"""
    )

    assert outcome.stdout.splitlines() == ["[false, true, false]"]


def test_a_closed_console_is_no_success(run_python: Run) -> None:
    """The file has everything, but the console's reader is gone, so not every handler has written every
    record.
    """
    outcome = run_python(
        STALLED
        + """
os.close(reading)
log.info("m")
tell(flush(20), flush(20), shutdown(20), stats().sinks["console"].dropped)
"""
    )

    assert outcome.stdout.splitlines() == ["[false, true, false, 1]"]
    assert outcome.messages() == ["m"]


def test_an_engine_that_cannot_start_is_no_success(run_python: Run) -> None:
    """A record that no engine takes counts as a loss, until an engine starts, and again after its end."""
    outcome = run_python(
        STALLED
        + """
release()
import resource
FOR_EVER = resource.RLIM_INFINITY
def without_memory():
    # A queue has 8 MiB.
    pages = int(open("/proc/self/statm").read().split()[0])
    resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + (2 << 20), FOR_EVER))
def with_memory():
    resource.setrlimit(resource.RLIMIT_AS, (FOR_EVER, FOR_EVER))

configure(handlers={"console": None}, queue={"capacity_bytes": 8 << 20})
log.info("before")
tell(shutdown(20))
without_memory()
log.info("lost")
tell(flush(20), flush(20), flush(0), native.is_running(), dict(stats().dropped_by_reason)["not_started"])
with_memory()
log.info("after")
tell(flush(20), flush(20), shutdown(20), stats().logged, stats().dropped_by_level["INFO"])
without_memory()
log.warning("lost")
tell(shutdown(20), shutdown(20), flush(20), stats().dropped_by_level["WARNING"])
with_memory()
log.info("after that")
tell(flush(20), shutdown(20))
"""
    )

    assert outcome.stdout.splitlines() == [
        "[true]",
        "[false, false, false, false, 1]",
        "[false, true, false, 2, 1]",
        "[false, false, false, 1]",
        "[true, true]",
    ]
    assert outcome.messages() == ["before", "after", "after that"]


def test_a_child_without_an_engine_is_no_success(run_python: Run) -> None:
    """In a forked child whose files cannot be opened both are False; one that logs nothing loses nothing."""
    outcome = run_python(
        STALLED
        + """
release()
import shutil
from pathlib import Path
configure(handlers={"console": None})
log.info("parent")
assert flush(20)

def in_child(does):
    child = os.fork()
    if child == 0:
        os._exit(does())
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])

def quiet():
    return 10 * flush(20) + shutdown(20)

def without_files():
    shutil.rmtree("logs"), Path("logs").write_text("in the way")
    log.info("lost")
    return 10 * flush(2) + shutdown(2)

tell(in_child(quiet), in_child(without_files))
"""
    )

    assert outcome.stdout.splitlines() == ["[11, 0]"]


def test_another_thread_s_change_is_not_waited_for_longer(logs: Logs) -> None:
    """`shutdown` returns False while a change goes on that does not end; `flush` does not wait for it."""
    logs.configure()
    logs.logger.info("m")
    held, release = threading.Event(), threading.Event()

    def change() -> None:
        with engine._engine.lock.held():
            held.set()
            release.wait(60)

    changing = threading.Thread(target=change)
    changing.start()
    try:
        assert held.wait(60)
        assert [shutdown(timeout) for timeout in (0, 0.05)] == [False, False]
        assert flush(20)
        assert native.is_running()
    finally:
        release.set()
        changing.join(60)
    assert shutdown(20)
    assert stats().written == 1


def test_ctrl_c_ends_a_wait_for_ever(run_python: Run) -> None:
    """A signal's handler runs while `flush()` waits, and what it raises ends the wait."""
    outcome = run_python(
        STALLED
        + """
stall()
seen = []
signal.signal(signal.SIGUSR1, lambda *_: seen.append(flush(0.05)))
signal.signal(signal.SIGINT, signal.default_int_handler)
def interrupt():
    os.kill(os.getpid(), signal.SIGUSR1)
    while not seen:
        threading.Event().wait(0.001)
    os.kill(os.getpid(), signal.SIGINT)
threading.Thread(target=interrupt, daemon=True).start()
try:
    flush()
except KeyboardInterrupt:
    tell("interrupted", seen)
release()
"""
    )

    assert outcome.stdout.splitlines() == ['["interrupted", [false]]']


def test_logging_s_own_end_returns_in_time(run_python: Run) -> None:
    """`logging.shutdown()` and a handler's `flush()` wait as long as the interpreter's end, and once."""
    outcome = run_python(
        STALLED
        + """
import logging
engine.EXIT_TIMEOUT = 0.05
stall()
handler, = logging.root.handlers
handler.flush()
logging.shutdown()
tell(native.is_running(), shutdown(0.05))
engine.EXIT_TIMEOUT = 3600
# The end of the engine has been waited for.
handler.flush()
logging.shutdown()
tell("done")
release()
"""
    )

    assert outcome.stdout.splitlines() == ["[true, false]", '["done"]']


def test_threads_that_wait_for_ever_do_not_hold_up_the_interpreter_s_end(run_python: Run) -> None:
    """A daemon thread in `flush()` or `shutdown()` does not block the program's end."""
    outcome = run_python(
        STALLED
        + """
engine.EXIT_TIMEOUT, engine._EXIT_GRACE = 0.05, 60
stall()
for function in (flush, shutdown):
    waiting = threading.Event()
    threading.Thread(target=lambda: (waiting.set(), function()), daemon=True).start()
    assert waiting.wait(60)
tell(flush(0.05))
"""
    )

    assert outcome.stdout.splitlines() == ["[false]"]
    assert outcome.stderr == ""


@pytest.fixture
def busy(logs: Logs) -> Iterator[Logs]:
    """Logging with a record that is to be written."""
    logs.configure()
    yield logs
    assert shutdown(20)
    assert stats().dropped == 0


def test_a_signal_handler_may_wait(busy: Logs) -> None:
    """It may wait for records, also for those of the call that it interrupts."""
    answers: list[bool] = []
    before = signal.signal(signal.SIGUSR1, lambda *_: answers.append(flush(20)))
    try:
        for number in range(20):
            busy.logger.info("m", n=number)
            signal.raise_signal(signal.SIGUSR1)
    finally:
        signal.signal(signal.SIGUSR1, before)
    assert answers == [True] * 20


def test_values_filters_and_handlers_may_wait(busy: Logs) -> None:
    """A value's `__str__` and `__del__`, a filter and a handler wait for what came before their record."""
    answers: list[bool] = []

    class Value:
        def __str__(self) -> str:
            answers.append(flush(20))
            return "text"

        def __del__(self) -> None:
            answers.append(flush(20))

    class Waiting(logging.Handler):
        def emit(self, _record: logging.LogRecord) -> None:
            answers.append(flush(20))

    logger = get_logger("bot.waiting")
    logger.info("m", value=Value())
    handler = Waiting()
    handler.addFilter(lambda _: answers.append(flush(20)) or True)
    logger.addHandler(handler)
    try:
        logger.info("n", value=Value())
    finally:
        logger.removeHandler(handler)
    assert len(answers) >= 6
    assert set(answers) == {True}
    assert busy.messages() == ["m", "n"]


def test_many_threads_log_and_wait(busy: Logs) -> None:
    """A thread that waits finds its own records in the file."""
    missing: list[int] = []

    def work(thread: int) -> None:
        for number in range(20):
            busy.logger.info("m", thread=thread, n=number)
            if not flush(20):
                missing.append(thread)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert missing == []
    assert len(busy.records()) == 320


def test_a_temporary_change_that_waits_does_not_hold_up_the_end(logs: Logs) -> None:
    """`shutdown` takes back what has a time to live; if that must wait, it does so by itself."""
    logs.configure()
    changes.change({"default_level": "ERROR", "ttl_seconds": 3600})
    held, release = threading.Event(), threading.Event()

    def change() -> None:
        with service._lock.held():
            held.set()
            release.wait(60)

    changing = threading.Thread(target=change)
    changing.start()
    try:
        assert held.wait(60)
        shutdown(0.05)
        assert logging.root.level == logging.ERROR
    finally:
        release.set()
        changing.join(60)
    configure(default_level="DEBUG")

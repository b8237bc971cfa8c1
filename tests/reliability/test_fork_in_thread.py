"""A child forked in a thread other than the main one ends by itself, with each of its records once."""

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from support.strict_records import read_records

if TYPE_CHECKING:
    from support.processes import Outcome

pytestmark = [
    pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork"),
    pytest.mark.skipif(sys.platform == "darwin", reason="a fork of a threaded process is not safe there"),
]

BEGINNING = """
import asyncio, logging, multiprocessing, os, signal, sys, threading, time, warnings
from metaexpert.logger import configure, flush, get_logger, shutdown, stats
warnings.simplefilter("ignore", DeprecationWarning)
log = get_logger("bot")

def begin():
    configure({"log_file_path": "logs", "default_level": "DEBUG", "handlers": {"console": None}})
    log.info("parent begins")

def await_children(pids):
    '''Wait for each; one that does not end within 30 s is ended, and that is an error.'''
    end, left = time.monotonic() + 30, set(pids)
    while left and time.monotonic() < end:
        for pid in list(left):
            done, status = os.waitpid(pid, os.WNOHANG)
            if done:
                assert status == 0, status
                left.discard(pid)
        time.sleep(0.01)
    for pid in left:
        os.kill(pid, signal.SIGKILL)
    assert not left, "children still alive"

def in_thread(target):
    thread = threading.Thread(target=target)
    thread.start()
    thread.join()

pids, main = [], os.getpid()

def fork(child):
    pid = os.fork()
    if pid:
        pids.append(pid)
    else:
        child()

def finish():
    if os.getpid() == main:
        await_children(pids)
        log.info("parent ends")
"""
PROGRAMS = {
    "one record": """
begin()
in_thread(lambda: fork(lambda: log.info("child")))
finish()
""",
    "a raw thread": """
import _thread
begin()
done = threading.Lock()
done.acquire()
def run():
    fork(lambda: log.info("child"))
    if os.getpid() == main:
        done.release()
_thread.start_new_thread(run, ())
done.acquire()
finish()
""",
    "configured in the child": """
def child():
    begin()
    log.info("child")
in_thread(lambda: fork(child))
begin()
finish()
""",
    "a plain logger": """
begin()
in_thread(lambda: fork(lambda: logging.getLogger("library").info("child")))
finish()
""",
    "sys.exit": """
begin()
def child():
    log.info("child")
    sys.exit(0)
in_thread(lambda: fork(child))
finish()
""",
    "flushed and stopped": """
begin()
def child():
    log.info("child")
    assert flush(10)
    shutdown(10)
in_thread(lambda: fork(child))
finish()
""",
    "a thread of the child's logs last": """
begin()
def child():
    log.info("child begins")
    parent = threading.current_thread()
    def later():
        parent.join(20)
        log.info("child")
    threading.Thread(target=later).start()
in_thread(lambda: fork(child))
finish()
""",
    "a grandchild": """
begin()
def child():
    pid = os.fork()
    if pid:
        await_children([pid])
        log.info("child between")
    else:
        log.info("child")
in_thread(lambda: fork(child))
finish()
""",
    "while others log": """
begin()
stop = threading.Event()
def others():
    while not stop.is_set():
        log.info("load")
        time.sleep(0)
threads = [threading.Thread(target=others) for _ in range(3)]
for thread in threads: thread.start()
in_thread(lambda: fork(lambda: log.info("child")))
if os.getpid() == main:
    stop.set()
    for thread in threads: thread.join()
finish()
""",
    "beside an event loop": """
begin()
async def run():
    done = asyncio.Event()
    loop = asyncio.get_running_loop()
    def fork_one():
        fork(lambda: log.info("child"))
        if os.getpid() == main:
            loop.call_soon_threadsafe(done.set)
    threading.Thread(target=fork_one).start()
    await asyncio.wait_for(done.wait(), 30)
asyncio.run(run())
finish()
""",
    "a worker": """
begin()
def work():
    log.info("child")
def run():
    worker = multiprocessing.get_context("fork").Process(target=work)
    worker.start()
    worker.join(30)
    assert worker.exitcode == 0, worker.exitcode
in_thread(run)
finish()
""",
    "a pool": """
begin()
def work(number):
    log.info("child", number=number)
    return number
def run():
    with multiprocessing.get_context("fork").Pool(1) as pool:
        assert pool.map(work, [1]) == [1]
        pool.close()
        pool.join()
in_thread(run)
finish()
""",
}


def all_messages(directory: Path) -> list[str]:
    """Return the messages of every process's log."""
    files = (directory / "logs").glob("expert*.log")
    return [record["message"] for file in files for record in read_records(file)]


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_child_forked_in_a_thread_ends_with_its_records_written(
    program: str, run_python: "Callable[..., Outcome]"
) -> None:
    """With exit code 0, as it would with `logging`, and what it logged is there once."""
    outcome = run_python(BEGINNING + PROGRAMS[program])

    messages = all_messages(outcome.directory)
    assert messages.count("child") == 1
    assert messages.count("parent ends") == 1
    assert outcome.stderr == ""


def test_many_children_forked_in_threads_end(run_python: "Callable[..., Outcome]") -> None:
    """Also where several threads fork at once, and each child logs more than one batch."""
    outcome = run_python(
        BEGINNING
        + """
begin()
def child(number):
    for _ in range(500):
        log.info("child", number=number)
threads = [threading.Thread(target=fork, args=(lambda number=number: child(number),)) for number in range(8)]
for thread in threads: thread.start()
if os.getpid() == main:
    for thread in threads: thread.join()
finish()
"""
    )

    assert all_messages(outcome.directory).count("child") == 8 * 500

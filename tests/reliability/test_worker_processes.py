"""FR-022: worker processes of every kind keep every record, and end when they should."""

import json
from collections import Counter
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import pytest

from support.log_family import Family, holes, read_family

if TYPE_CHECKING:
    from support.processes import Outcome

Run = Callable[..., "Outcome"]
Recover = Callable[[], dict[str, Any]]

METHODS = ["fork", "spawn", "forkserver"]

BEGIN = """
import concurrent.futures, json, logging, multiprocessing, os, signal, sys, threading, time, warnings
from metaexpert.logger import configure, flush, get_logger

warnings.simplefilter("ignore")
log = get_logger("bot")

def start():
    configure(handlers={"console": None, "trades": None, "errors": None}, include=["run_id"],
              queue={"capacity_bytes": 1 << 20, "protect_level": "DEBUG", "wait_ms": 60_000})

def work(worker, records=100):
    start()
    for n in range(records):
        log.info("worked", worker=worker, n=n)
    return worker
"""


def family_of(outcome: "Outcome") -> Family:
    """Return everything that was written, which must be whole."""
    family = read_family(outcome.directory / "logs", "expert")
    assert (family.invalid, family.disordered, holes(family)) == ([], [], [])
    return family


def assert_each_once(records: Iterable[dict[str, Any]], workers: int) -> None:
    """Check that the hundred records of each worker are there once, and no others."""
    assert Counter((record["worker"], record["n"]) for record in records) == {
        (worker, n): 1 for worker in range(workers) for n in range(100)
    }


@pytest.mark.parametrize("method", METHODS)
def test_processes_write_everything_before_they_end(method: str, run_python: Run) -> None:
    """A `Process` that returns, fails or exits leaves all of its records in its file, without a recovery."""
    outcome = run_python(
        BEGIN
        + f"""
def fail(worker):
    work(worker)
    raise SystemExit(worker)

if __name__ == "__main__":
    start()
    context = multiprocessing.get_context("{method}")
    workers = [context.Process(target=(work, fail)[n % 2], args=(n,)) for n in range(4)]
    for worker in workers: worker.start()
    log.info("main")
    for worker in workers: worker.join(30)
    print([worker.exitcode for worker in workers])
"""
    )

    assert outcome.stdout == "[0, 1, 0, 3]\n"
    records = family_of(outcome).records
    assert_each_once((r for r in records if r["message"] == "worked"), workers=4)
    assert outcome.messages() == ["main"]


@pytest.mark.parametrize("method", METHODS)
def test_a_pool_that_is_terminated_loses_nothing(method: str, run_python: Run, recover_logs: Recover) -> None:
    """The workers of a `Pool` are ended by SIGTERM; what they logged is in the files after a recovery."""
    outcome = run_python(
        BEGIN
        + f"""
if __name__ == "__main__":
    start()
    with multiprocessing.get_context("{method}").Pool(3, initializer=start) as pool:
        print(sorted(pool.map(work, range(30), chunksize=1)) == list(range(30)))
"""
    )
    recover_logs()

    assert outcome.stdout == "True\n"
    assert_each_once(family_of(outcome).records, workers=30)


@pytest.mark.parametrize("method", METHODS)
def test_an_executor_loses_nothing(method: str, run_python: Run) -> None:
    """The workers of a `ProcessPoolExecutor` end by themselves, with everything written."""
    outcome = run_python(
        BEGIN
        + f"""
if __name__ == "__main__":
    start()
    context = multiprocessing.get_context("{method}")
    with concurrent.futures.ProcessPoolExecutor(3, mp_context=context, initializer=start) as executor:
        print(sorted(executor.map(work, range(30))) == list(range(30)))
"""
    )

    assert outcome.stdout == "True\n"
    assert_each_once(family_of(outcome).records, workers=30)


@pytest.mark.parametrize("method", METHODS)
def test_a_workers_threads_may_outlast_its_function(method: str, run_python: Run) -> None:
    """A worker process ends with its last thread, which logs to its end; none of it is lost."""
    outcome = run_python(
        BEGIN
        + f"""
def outlast(worker):
    start()
    def go_on():
        for n in range(200):
            log.info("worked", worker=worker, n=n)
            logging.getLogger("plain").info("plain %d", n)
            if n < 20:
                time.sleep(0.01)
    threading.Thread(target=go_on).start()

if __name__ == "__main__":
    worker = multiprocessing.get_context("{method}").Process(target=outlast, args=(0,))
    worker.start()
    worker.join(30)
    print(worker.exitcode)
    worker.kill()
"""
    )

    assert outcome.stdout == "0\n"
    records = family_of(outcome).records
    assert [record["n"] for record in records if record["message"] == "worked"] == list(range(200))
    assert sum(record["message"].startswith("plain") for record in records) == 200


@pytest.mark.parametrize("method", METHODS)
def test_a_program_may_configure_when_it_is_imported(method: str, run_python: Run) -> None:
    """A worker whose main module configures before the worker itself begins loses nothing."""
    outcome = run_python(
        BEGIN
        + f"""
start()

def plain_work(worker):
    for n in range(100):
        log.info("worked", worker=worker, n=n)

if __name__ == "__main__":
    worker = multiprocessing.get_context("{method}").Process(target=plain_work, args=(0,))
    worker.start()
    worker.join(30)
    print(worker.pid, worker.exitcode)
"""
    )

    pid, code = outcome.stdout.split()
    assert code == "0"
    assert [record["n"] for record in outcome.records(f"logs/expert.{pid}.log")] == list(range(100))


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_worker_may_log_while_it_is_born(when: str, run_python: Run) -> None:
    """A fork's hook that logs, registered before the library or after it, costs the worker no record."""
    hook = 'os.register_at_fork(after_in_child=lambda: logging.getLogger("plain").warning("born"))\n'
    begin = {"before": "import logging, os\n" + hook + BEGIN, "after": BEGIN + hook}[when]
    outcome = run_python(
        begin
        + """
def plain_work():
    for n in range(100):
        log.info("worked", n=n)

if __name__ == "__main__":
    start()
    log.info("main")
    worker = multiprocessing.get_context("fork").Process(target=plain_work)
    worker.start()
    worker.join(30)
    print(worker.pid, worker.exitcode)
"""
    )

    pid, code = outcome.stdout.split()
    assert code == "0"
    assert outcome.messages() == ["main"]
    assert outcome.messages(f"logs/expert.{pid}.log") == ["born", *["worked"] * 100]


def test_a_pre_fork_server_survives_its_workers(run_python: Run, recover_logs: Recover) -> None:
    """Of four workers one is killed and replaced, the others are asked to stop: no record is lost."""
    outcome = run_python(
        BEGIN
        + """
import mmap
returned = memoryview(mmap.mmap(-1, mmap.PAGESIZE)).cast("Q")

def serve(worker):
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(0))
    while True:
        number = returned[worker] + 1
        log.info("served", worker=worker, n=number)
        returned[worker] = number
        if number % 20 == 0:
            time.sleep(0.001)

def spawn(worker):
    pid = os.fork()
    if pid == 0:
        serve(worker)
    log.info("spawned", worker=worker)
    return pid

def wait_for(worker, number):
    deadline = time.monotonic() + 30
    while returned[worker] < number:
        assert time.monotonic() < deadline
        time.sleep(0.001)

start()
pids = {spawn(worker): worker for worker in range(4)}
for worker in range(4): wait_for(worker, 300)
killed = next(iter(pids))
os.kill(killed, signal.SIGKILL)
codes = {pids[killed]: os.waitstatus_to_exitcode(os.waitpid(killed, 0)[1])}
del pids[killed]
pids[spawn(4)] = 4
wait_for(4, 300)
for pid in pids: os.kill(pid, signal.SIGTERM)
for pid, worker in pids.items():
    codes[worker] = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
print(json.dumps([[codes[worker] for worker in range(5)], list(returned[:5])]))
"""
    )
    recover_logs()

    codes, returned = json.loads(outcome.stdout)
    assert codes == [-9, 0, 0, 0, 0]
    assert outcome.messages() == ["spawned"] * 5
    records = [record for record in family_of(outcome).records if record["message"] == "served"]
    for worker, last in enumerate(returned):
        there = [record["n"] for record in records if record["worker"] == worker]
        assert there in (list(range(1, last + 1)), list(range(1, last + 2)))


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_workers_that_log_nothing_leave_nothing(method: str, run_python: Run) -> None:
    """Sixteen come and go: the only files are those of the program and of the workers that logged."""
    outcome = run_python(
        f"""
import multiprocessing, os
from metaexpert.logger import configure, get_logger
configure(handlers={{"console": None}})

def work(number):
    if number % 8 == 0:
        get_logger("bot").info("worked", number=number)

if __name__ == "__main__":
    log = get_logger("bot")
    context = multiprocessing.get_context("{method}")
    workers = [context.Process(target=work, args=(number,)) for number in range(16)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(100)
        assert worker.exitcode == 0
    log.info("done")
    print(*[worker.pid for worker in workers[::8]])
""",
        timeout_s=110,
    )

    files = {path.name for path in (outcome.directory / "logs").iterdir()}
    assert files == {"expert.log", *(f"expert.{pid}.log" for pid in outcome.stdout.split())}
    assert outcome.messages() == ["done"]
    assert outcome.stderr == ""

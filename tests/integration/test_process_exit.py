"""FR-014, FR-022: however a process ends or forks, the record of each call that returned is in the log.

`tests/reliability` has the hard cases.
"""

import json
import signal
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from support.processes import Outcome

Run = Callable[..., "Outcome"]

BEGIN = """
import atexit, logging, os, sys, threading
from metaexpert.logger import configure, get_logger, flush, shutdown, stats
"""
CONFIGURE = (
    BEGIN
    + """
configure(handlers={"console": None})
log = get_logger("bot")
for n in range(500):
    log.info("m", n=n)
"""
)


@pytest.mark.parametrize(
    ("ending", "code"),
    [
        ("", 0),
        ("sys.exit(3)", 3),
        ("raise SystemExit(4)", 4),
        ("raise ValueError('unhandled')", 1),
        ("raise KeyboardInterrupt", -signal.SIGINT),
    ],
)
def test_an_exit_keeps_its_code_and_every_record(ending: str, code: int, run_python: Run) -> None:
    """Return, `sys.exit` and unhandled exceptions end as ever, with all records written."""
    outcome = run_python(CONFIGURE + ending, code=code)

    assert [record["n"] for record in outcome.records()] == list(range(500))
    assert ("unhandled" in outcome.stderr) == ("unhandled" in ending)


def test_exit_handlers_may_log(run_python: Run) -> None:
    """Functions registered with atexit before or after the configuration still log, the last one too."""
    outcome = run_python(
        BEGIN
        + """
atexit.register(lambda: get_logger("bot").info("runs last", n=1))
atexit.register(lambda: logging.getLogger("plain").info("plain at exit"))
configure(handlers={"console": None})
log = get_logger("bot")
atexit.register(lambda: log.info("runs first", n=2))
log.info("main")
"""
    )

    assert outcome.messages() == ["main", "runs first", "plain at exit", "runs last"]
    assert outcome.stderr == ""


def test_destructors_at_the_very_end_do_no_harm(run_python: Run) -> None:
    """An object that logs while the interpreter ends neither hangs nor changes the exit code."""
    outcome = run_python(
        BEGIN
        + """
class Position:
    def __init__(self, log): self.log = log
    def __del__(self): self.log.info("position closed")
configure(handlers={"console": None})
keep = Position(get_logger("bot"))
keep.log.info("main")
sys.keep_for_ever = keep
sys.exit(5)
""",
        code=5,
    )

    assert outcome.messages()[0] == "main"


def test_logging_after_shutdown_starts_again(run_python: Run) -> None:
    """`shutdown` writes everything; the next record, of any logger, starts the system again."""
    outcome = run_python(
        CONFIGURE
        + """
for text in ("one", "two"):
    assert shutdown(10)
    print(sum(1 for _ in open("logs/expert.log")), flush())
    log.info(text, price=1)
    logging.getLogger("plain").info(text)
assert shutdown() and shutdown()
logging.getLogger("plain").info("three")
"""
    )

    assert outcome.stdout.splitlines() == ["500 True", "502 True"]
    assert outcome.messages()[500:] == ["one", "one", "two", "two", "three"]
    assert [record["seq"] for record in outcome.records()] == list(range(1, 506))


def test_a_forked_child_has_a_file_of_its_own(run_python: Run) -> None:
    """Both sides of a fork go on logging; the child into `expert.<pid>.log`, and nothing is there twice."""
    outcome = run_python(
        CONFIGURE
        + """
import warnings
# From 3.12 on each fork of a process with threads is warned of, which is a record as well.
warnings.simplefilter("ignore", DeprecationWarning)
bound = log.bind(side="child")
pid = os.fork()
if pid == 0:
    for n in range(100):
        bound.info("child", n=n)
    logging.getLogger("plain").warning("child")
    sys.exit(7)
log.info("parent")
_, status = os.waitpid(pid, 0)
log.info("parent again")
print(pid, os.waitstatus_to_exitcode(status))
"""
    )

    pid, code = outcome.stdout.split()
    assert code == "7"
    assert outcome.messages() == ["m"] * 500 + ["parent", "parent again"]
    child = outcome.records(f"logs/expert.{pid}.log")
    assert [record["message"] for record in child] == ["child"] * 101
    assert [record["seq"] for record in child] == list(range(1, 102))
    assert child[0]["side"] == "child"


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_worker_processes_log_bound_loggers(method: str, run_python: Run) -> None:
    """A bound logger sent to a worker process logs there with its fields."""
    outcome = run_python(
        f"""
import multiprocessing, warnings
from metaexpert.logger import configure, get_logger

def work(log, n):
    configure(handlers={{"console": None}})
    log.info("worked", n=n)

if __name__ == "__main__":
    configure(handlers={{"console": None}})
    log = get_logger("bot").bind(strategy=7)
    log.info("main")
    context = multiprocessing.get_context("{method}")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        workers = [context.Process(target=work, args=(log, n)) for n in range(2)]
        for worker in workers: worker.start()
    for worker in workers:
        worker.join()
        assert worker.exitcode == 0
"""
    )

    assert outcome.messages() == ["main"]
    records = [
        json.loads(line)
        for path in (outcome.directory / "logs").glob("expert.*.log")
        for line in path.read_text().splitlines()
    ]
    assert sorted(record["n"] for record in records) == [0, 1]
    assert {record["strategy"] for record in records} == {7}


def test_a_second_process_does_not_mix_in(run_python: Run) -> None:
    """A second process on the same directory writes `expert.<pid>.log`; the first file is the first one's."""
    outcome = run_python(
        CONFIGURE
        + """
import subprocess
program = '''
import os
from metaexpert.logger import configure, get_logger
configure(handlers={"console": None})
for n in range(100):
    get_logger("second").info("second", n=n)
print(os.getpid())
'''
done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
log.info("first")
print(done.stdout)
"""
    )

    assert outcome.messages() == ["m"] * 500 + ["first"]
    second = outcome.records(f"logs/expert.{outcome.stdout.strip()}.log")
    assert [record["n"] for record in second] == list(range(100))


def test_a_later_run_appends(run_python: Run) -> None:
    """A new run in the same directory adds to the file and counts its own records from 1."""
    run_python(CONFIGURE)
    outcome = run_python(CONFIGURE)

    numbers = [record["seq"] for record in outcome.records()]
    assert numbers == [*range(1, 501), *range(1, 501)]


def test_signals_reach_the_program(run_python: Run) -> None:
    """A handler of the program's own runs on its main thread while the backend works, and may log."""
    outcome = run_python(
        CONFIGURE
        + """
import signal
def on_alarm(number, frame):
    log.warning("alarm", main=threading.current_thread() is threading.main_thread())
signal.signal(signal.SIGUSR1, on_alarm)
for _ in range(50):
    os.kill(os.getpid(), signal.SIGUSR1)
    log.info("between")
"""
    )

    records = outcome.records()[500:]
    assert [record["message"] for record in records] == ["alarm", "between"] * 50
    assert all(record["main"] for record in records[::2])


def test_a_termination_handled_by_exit_loses_nothing(run_python: Run, tmp_path: Path) -> None:
    """SIGTERM turned into `sys.exit`, as services do, writes everything first."""
    outcome = run_python(
        CONFIGURE
        + """
import signal
signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(143))
log.info("before")
os.kill(os.getpid(), signal.SIGTERM)
log.info("never")
""",
        code=143,
    )

    assert outcome.messages() == ["m"] * 500 + ["before"]

"""FR-022: a process may fork at any moment. Both sides go on logging, and no record is lost, doubled or
mixed.
"""

import json
import os
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from support.log_family import chains, holes, of_program, read_family, repeated

if TYPE_CHECKING:
    from support.processes import Outcome

Run = Callable[..., "Outcome"]
Recover = Callable[[], dict[str, Any]]

#: Forks under load; 1,000 by METAEXPERT_FORKS before a release.
FORKS = int(os.environ.get("METAEXPERT_FORKS", "100"))
TIMEOUT_S = 60 + FORKS / 2

BEGIN = """
import json, logging, os, signal, sys, threading, time, warnings
from metaexpert.logger import configure, flush, get_logger
from metaexpert.logger.process import engine
warnings.simplefilter("ignore")

def start(**options):
    configure(handlers={"console": None, "trades": None, "errors": None}, include=["run_id"],
              queue={"capacity_bytes": 1 << 20, "protect_level": "DEBUG", "wait_ms": 60_000}, **options)

def end_of(pid, within_s=30):
    # A child that hangs is ended and told, so that the test fails instead of hanging too.
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline:
        found, status = os.waitpid(pid, os.WNOHANG)
        if found:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.0005)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    return "hung"
"""

UNDER_LOAD = (
    BEGIN
    + """
start()
log = get_logger("bot")
stop, returned = threading.Event(), [0] * 4

def work(thread):
    bound = log.bind(thread=thread)
    while not stop.is_set():
        for _ in range(20):
            bound.info("busy", n=returned[thread] + 1)
            returned[thread] += 1
        time.sleep(0.004)

threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
for thread in threads: thread.start()
codes = []
for child in range(forks):
    pid = os.fork()
    if pid == 0:
        for n in range(3):
            log.info("child", child=child, n=n)
        if child % 2:
            sys.exit(0)
        os._exit(0)
    log.info("forked", child=child, pid=pid)
    codes.append(end_of(pid))
stop.set()
for thread in threads: thread.join()
print(json.dumps([codes, returned]))
"""
)


@pytest.mark.timeout(TIMEOUT_S + 60)
def test_forks_while_threads_log_lose_nothing(run_python: Run, recover_logs: Recover) -> None:
    """Children that leave in order or by `os._exit` keep every record, as do the parent's threads."""
    outcome = run_python(f"forks = {FORKS}\n" + UNDER_LOAD, timeout_s=TIMEOUT_S)
    recover_logs()

    codes, returned = json.loads(outcome.stdout)
    assert codes == [0] * FORKS
    family = read_family(outcome.directory / "logs", "expert")
    assert (family.invalid, family.disordered, holes(family)) == ([], [], [])
    of = Counter(record["message"] for record in family.of_program())
    assert of == {"busy": sum(returned), "forked": FORKS, "child": 3 * FORKS}
    assert repeated((r["thread"], r["n"]) for r in family.records if r["message"] == "busy") == []
    assert repeated((r["child"], r["n"]) for r in family.records if r["message"] == "child") == []


def test_children_write_files_of_their_own(run_python: Run, recover_logs: Recover) -> None:
    """A child's records are in `expert.<pid>.log` under a run of its own; the parent's are undisturbed."""
    outcome = run_python("forks = 4\n" + UNDER_LOAD)
    recover_logs()

    directory = outcome.directory / "logs"
    mine = outcome.records()
    pids = {record["pid"]: record["child"] for record in mine if record["message"] == "forked"}
    files = chains(directory, "expert")
    assert set(files) == {"expert.log", *(f"expert.{pid}.log" for pid in pids)}
    runs = {record["run_id"] for record in mine}
    for pid, child in pids.items():
        records = of_program(outcome.records(f"logs/expert.{pid}.log"))
        assert [(record["child"], record["n"]) for record in records] == [(child, n) for n in range(3)]
        # Its start may have told first of what it recovered.
        assert [record["seq"] - records[0]["seq"] for record in records] == [0, 1, 2]
        (run,) = {record["run_id"] for record in records}
        assert run not in runs
        runs.add(run)


def test_a_fork_waits_for_a_configuration_under_way(run_python: Run) -> None:
    """A child never finds logging half configured by a thread that it does not have."""
    outcome = run_python(
        BEGIN
        + """
entered, go_on = threading.Event(), threading.Event()
def pause():
    if threading.current_thread() is configuring:
        entered.set()
        go_on.wait(20)
engine.on_change(pause)
configuring = threading.Thread(target=start)
configuring.start()
entered.wait(20)
threading.Timer(0.2, go_on.set).start()
pid = os.fork()
if pid == 0:
    logging.getLogger("plain").warning("child")
    os._exit(0 if flush(20) else 1)
print(pid, end_of(pid))
configuring.join()
get_logger("bot").info("parent")
"""
    )

    pid, code = outcome.stdout.split()
    assert code == "0"
    assert outcome.messages() == ["parent"]
    assert outcome.messages(f"logs/expert.{pid}.log") == ["child"]


def test_forks_never_wait_for_ever(run_python: Run) -> None:
    """Threads that configure all the time, and one that never finishes, hold up no child."""
    outcome = run_python(
        BEGIN
        + """
start()
stuck = threading.Event()
def pause():
    if threading.current_thread() is configuring:
        stuck.set()
        threading.Event().wait()
engine.on_change(pause)
configuring = threading.Thread(target=start, daemon=True)
configuring.start()
stuck.wait(20)
pid = os.fork()
if pid == 0:
    start(default_level="DEBUG")
    get_logger("bot").info("child")
    os._exit(0 if flush(20) else 1)
print(pid, end_of(pid), flush=True)
os._exit(0)
"""
    )

    pid, code = outcome.stdout.split()
    assert code == "0"
    assert outcome.messages(f"logs/expert.{pid}.log") == ["child"]


def test_forks_among_configurations_find_a_whole_one(run_python: Run) -> None:
    """Children forked while a thread goes from one configuration to the next log by one of them."""
    outcome = run_python(
        BEGIN
        + """
start()
log = get_logger("bot")
stop = threading.Event()
def change():
    level = 0
    while not stop.is_set():
        level = 1 - level
        start(default_level=("DEBUG", "INFO")[level])
changing = threading.Thread(target=change)
changing.start()
codes, pids = [], []
for child in range(20):
    pid = os.fork()
    if pid == 0:
        logging.getLogger("plain").warning("child")
        log.info("child")
        configure(default_level="ERROR")
        log.info("too low")
        os._exit(0 if flush(20) else 1)
    pids.append(pid)
    codes.append(end_of(pid))
stop.set()
changing.join()
print(json.dumps([codes, pids]))
"""
    )

    codes, pids = json.loads(outcome.stdout)
    assert codes == [0] * 20
    for pid in pids:
        assert outcome.messages(f"logs/expert.{pid}.log") == ["child"] * 2


@pytest.mark.parametrize(
    "call", ["log.info('early', n=1)", "logging.getLogger('plain').warning('early')", "bound.error('early')"]
)
def test_hooks_of_a_fork_may_log_before_ours(call: str, run_python: Run) -> None:
    """A hook that was registered before the library was imported logs as the child, not into the parent."""
    outcome = run_python(
        f"""
import logging, os
os.register_at_fork(after_in_child=lambda: {call})
"""
        + BEGIN
        + """
start()
log = get_logger("bot")
bound = log.bind(n=0)
log.info("parent", n=0)
pid = os.fork()
log.info("child" if pid == 0 else "parent", n=2)
if pid == 0:
    sys.exit(0)
print(pid, end_of(pid))
"""
    )

    pid, code = outcome.stdout.split()
    assert code == "0"
    child = outcome.records(f"logs/expert.{pid}.log")
    assert [record["message"] for record in child] == ["early", "child"]
    assert [record["seq"] for record in child] == [1, 2]
    (run,) = {record["run_id"] for record in child}
    assert outcome.messages() == ["parent", "parent"]
    assert run not in {record["run_id"] for record in outcome.records()}


def test_generations_of_forks_stay_apart(run_python: Run, recover_logs: Recover) -> None:
    """A child of a child of a child has a run and a file of its own, and ends with all of its records."""
    outcome = run_python(
        BEGIN
        + """
start()
log = get_logger("bot")
generation = 0
while generation < 4:
    log.info("born", generation=generation)
    pid = os.fork()
    if pid:
        break
    generation += 1
log.info("ends", generation=generation)
if pid:
    sys.exit(end_of(pid))
"""
    )
    recover_logs()

    family = read_family(outcome.directory / "logs", "expert")
    assert (family.invalid, family.disordered, holes(family)) == ([], [], [])
    assert Counter((r["message"], r["generation"]) for r in family.records) == {
        **{("born", n): 1 for n in range(4)},
        **{("ends", n): 1 for n in range(5)},
    }
    assert len({record["run_id"] for record in family.records}) == 5


ORPHANED = (
    BEGIN
    + """
start()
log = get_logger("bot")
told, tell = os.pipe()
if os.fork() == 0:
    # The test reads the program's output to its end, which is the parent's.
    for stream in (1, 2):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream)
    log.info("child")
    flush(20)
    os.write(tell, b"x")
    deadline = time.monotonic() + 60
    while not os.path.exists("go") and time.monotonic() < deadline:
        time.sleep(0.01)
    log.info("child goes")
    sys.exit(0)
os.read(told, 1)
for n in range(500):
    log.info("parent", n=n)
os.kill(os.getpid(), signal.SIGKILL)
"""
)

NEXT = (
    BEGIN
    + """
start()
get_logger("bot").info("next")
"""
)


def test_a_living_child_holds_nothing_of_its_killed_parent(run_python: Run, recover_logs: Recover) -> None:
    """The next start recovers the parent's records and goes on in `expert.log`, whatever the child does."""
    outcome = run_python(ORPHANED, code=-9)
    directory = outcome.directory / "logs"
    try:
        run_python(NEXT)
        assert [(record["message"], record.get("n")) for record in of_program(outcome.records())] == [
            *(("parent", n) for n in range(500)),
            ("next", None),
        ]
    finally:
        (outcome.directory / "go").touch()
    (child,) = (path for name, (path,) in chains(directory, "expert").items() if name != "expert.log")
    _await(lambda: b"child goes" in child.read_bytes())
    recover_logs()
    messages = [record["message"] for record in of_program(outcome.records(f"logs/{child.name}"))]
    assert messages == ["child", "child goes"]


def _await(condition: Callable[[], bool], within_s: float = 30) -> None:
    import time

    deadline = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < deadline, "did not happen in time"
        time.sleep(0.01)


def test_a_child_that_never_logs_leaves_nothing(run_python: Run) -> None:
    """A fork alone makes no file: the child's logging starts with its first record."""
    outcome = run_python(
        BEGIN
        + """
start()
get_logger("bot").info("parent")
pid = os.fork()
if pid == 0:
    sys.exit(3)
print(end_of(pid))
"""
    )

    assert outcome.stdout == "3\n"
    assert [path.name for path in sorted(Path(outcome.directory / "logs").iterdir())] == ["expert.log"]

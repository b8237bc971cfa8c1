"""FR-027: a process that gives up its user's rights writes what it can, and counts and reports the rest."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from support.processes import Outcome

Run = Callable[..., "Outcome"]

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give up its rights")

START = """
import json, os, sys
from metaexpert.logger import configure, flush, get_logger, shutdown, stats

NOBODY = 65534
def start(**handlers):
    configure(handlers={"console": None, "trades": None, **handlers})
    return get_logger("parent")

def as_nobody(work):
    pid = os.fork()
    if pid == 0:
        os.setgroups([])
        os.setgid(NOBODY)
        os.setuid(NOBODY)
        work()
        flushed = flush(5)
        shutdown(5)
        now = stats()
        assert now.logged == now.written + now.dropped + now.queued, now
        print(json.dumps([now.logged, now.written, now.dropped, flushed]), flush=True)
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0

def work(level="warning"):
    log = get_logger("child")
    for n in range(10):
        getattr(log, level)("child", n=n)
"""


def counts(outcome: "Outcome") -> list[object]:
    """Return what the child said of its records: logged, written, dropped, flushed."""
    found = json.loads(outcome.stdout.splitlines()[0])
    assert isinstance(found, list)
    return found


def rings_of_nobody(outcome: "Outcome") -> list[str]:
    """Return what the child has left in memory, where no start would look for it."""
    mine = json.dumps(str(outcome.directory / "logs"))
    return [path.name for path in Path("/dev/shm/metaexpert-log-65534").glob("*") if mine in author_of(path)]


def author_of(ring: Path) -> str:
    """Return what a ring says of where it comes from; another program's may be gone meanwhile."""
    try:
        return (ring / "author.json").read_text()
    except OSError:
        return ""


def test_a_child_goes_on_in_the_files_that_its_parent_had_open(run_python: Run) -> None:
    """As with `logging`, whose handlers a child inherits: its records are whole lines beside the parent's."""
    outcome = run_python(
        START
        + """
log = start()
log.info("parent")
flush()
as_nobody(work)
log.info("parent again")
assert flush(20)
"""
    )

    assert counts(outcome) == [10, 10, 0, True]
    assert outcome.messages() == ["parent", *["child"] * 10, "parent again"]
    assert [record.get("n") for record in outcome.records()][1:11] == list(range(10))
    assert [path.name for path in (outcome.directory / "logs").glob("expert*")] == ["expert.log"]


def test_a_file_that_nobody_had_open_is_a_loss_that_is_counted_and_told(run_python: Run) -> None:
    """The parent had logged no error, so there is no file for the child's: neither written nor flushed."""
    outcome = run_python(
        START
        + """
log = start()
log.info("parent")
flush()
as_nobody(lambda: work("error"))
"""
    )

    assert counts(outcome) == [10, 0, 10, False]
    assert outcome.messages() == ["parent", *["child"] * 10]
    assert "errors.log" in outcome.stderr
    assert "a handler with `delay: false` makes its file before that" in outcome.stderr
    assert rings_of_nobody(outcome) == []


def test_a_file_made_at_the_configuration_serves_the_child(run_python: Run) -> None:
    """`delay: false` is for such programs: what may be needed is open before the rights are given up."""
    outcome = run_python(
        START
        + """
start(errors={"delay": False}, file={"delay": False})
as_nobody(lambda: work("error"))
"""
    )

    assert counts(outcome) == [10, 10, 0, True]
    assert outcome.messages("logs/errors.log") == ["child"] * 10
    assert outcome.messages() == ["child"] * 10


def test_nothing_that_can_be_written_is_never_said_to_be(run_python: Run) -> None:
    """A directory that the child may not even enter, and nothing open: all is counted, `flush` is False."""
    outcome = run_python(
        START
        + """
os.mkdir("logs", 0o700)
start()
as_nobody(work)
"""
    )

    assert counts(outcome) == [10, 0, 10, False]


def test_a_grandchild_inherits_as_well(run_python: Run) -> None:
    """A server that forks twice before it gives up its rights."""
    outcome = run_python(
        START
        + """
log = start()
log.info("parent")
flush()
pid = os.fork()
if pid == 0:
    as_nobody(work)
    os._exit(0)
assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
"""
    )

    assert counts(outcome) == [10, 10, 0, True]
    assert outcome.messages() == ["parent", *["child"] * 10]


def test_an_outdated_inheritance_is_not_written_to(run_python: Run) -> None:
    """The parent's file has no name any more: a record written there would be lost."""
    outcome = run_python(
        START
        + """
log = start()
log.info("parent")
flush()
def late():
    work()
os.remove("logs/expert.log")
as_nobody(late)
"""
    )

    assert counts(outcome) == [10, 0, 10, False]


def test_what_is_given_up_without_a_fork_waits_for_the_next_start(run_python: Run) -> None:
    """Files that were there go on; one that was not is made by the next start, which has the rights."""
    outcome = run_python(
        START
        + """
log = start(file={"delay": False})
os.setgid(NOBODY)
os.setuid(NOBODY)
log.error("dropped rights")
print(flush(1), shutdown(1))
"""
    )
    assert outcome.stdout.split() == ["False", "False"]
    assert outcome.messages() == ["dropped rights"]
    assert not (outcome.directory / "logs" / "errors.log").exists()

    again = run_python(START + "start()\nassert shutdown(20)\n")
    assert again.messages("logs/errors.log") == ["dropped rights"]

"""T013, FR-007: failures inside logging stay inside, are counted and reported, and end with their cause."""

import json
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from support.processes import Outcome

Run = Callable[..., "Outcome"]

BEGIN = """
import logging, os, sys
from metaexpert.logger import configure, get_logger, flush, shutdown, stats
"""


def test_a_full_device_is_told_and_counted(run_python: Run) -> None:
    """Writing to a full device never raises; it is reported on standard error and in `logging_errors.log`."""
    outcome = run_python(
        BEGIN
        + """
configure(handlers={"console": None})
os.symlink("/dev/full", "logs/full.log")
configure(handlers={"full": {"type": "file", "filename": "full.log", "backup_count": 0}})
log = get_logger("bot")
for n in range(100):
    log.info("m", n=n)
print(flush(0.5))
seen = stats()
print(seen.sinks["full"].written, seen.sinks["full"].errors > 0, "No space" in seen.sinks["full"].problem,
      seen.sinks["file"].written)
assert seen.logged == seen.written + seen.dropped + seen.queued, seen
shutdown(10)
seen = stats()
print(seen.sinks["full"].dropped)
assert seen.logged == seen.written + seen.dropped + seen.queued, seen
"""
    )

    assert outcome.stdout.splitlines() == ["False", "0 True True 100", "100"]
    assert [record["n"] for record in outcome.records()] == list(range(100))
    assert "No space left" in outcome.stderr
    assert "full" in (outcome.directory / "logs/logging_errors.log").read_text()


def test_a_closed_console_stops_nothing(run_python: Run) -> None:
    """When the reader of standard output is gone, the program goes on and the file has everything."""
    outcome = run_python(
        """
import subprocess, sys
program = '''
import sys
from metaexpert.logger import configure, get_logger, flush
configure()
log = get_logger("bot")
sys.stdin.readline()
for n in range(2000):
    log.info("m", n=n)
flush(5)
sys.stderr.write("done")
'''
child = subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                         stderr=subprocess.PIPE)
child.stdout.close()
child.stdin.write(b"go\\n")
child.stdin.flush()
print(child.stderr.read().decode()[-4:], child.wait())
"""
    )

    assert outcome.stdout == "done 0\n"
    assert [record["n"] for record in outcome.records()] == list(range(2000))


def test_a_foreign_handler_that_fails_is_its_own_affair(run_python: Run) -> None:
    """A handler whose `emit` fails is reported as `logging` does; our file has the record."""
    outcome = run_python(
        BEGIN
        + """
class Failing(logging.Handler):
    def emit(self, record):
        try:
            raise OSError("broken handler")
        except OSError:
            self.handleError(record)
configure(handlers={"console": None})
log = get_logger("bot")
log.addHandler(Failing())
log.info("kept", price=1)
"""
    )

    assert outcome.messages() == ["kept"]
    assert "broken handler" in outcome.stderr


def test_wrong_calls_are_told_with_their_place(run_python: Run) -> None:
    """A message whose arguments don't fit is reported with the line of the call, and kept."""
    outcome = run_python(
        BEGIN
        + """
configure(handlers={"console": None})
log = get_logger("bot")
log.info("%d bars", "many")        # line 6
logging.getLogger("plain").info("%d", "no")
log.info("next")
"""
    )

    assert outcome.messages() == ["%d bars", "%d", "next"]
    assert outcome.stderr.count("--- Logging error ---") == 2
    assert "program.py" in outcome.stderr
    assert "Message: '%d bars'" in outcome.stderr
    assert outcome.records()[0]["format_args"] == ["many"]


def test_a_deleted_directory_costs_no_call(run_python: Run) -> None:
    """Deleting the log directory under a running program raises nothing and stops nothing."""
    outcome = run_python(
        BEGIN
        + """
import shutil
configure(handlers={"console": None})
log = get_logger("bot")
log.info("before")
assert flush(5)
shutil.rmtree("logs")
for n in range(100):
    log.error("after", n=n)
flush(5)
configure(log_file_path="logs")
log.info("again")
assert flush(5)
"""
    )

    assert outcome.messages()[-1] == "again"


def test_standard_error_may_be_closed(run_python: Run) -> None:
    """Without a standard error or output the library neither raises nor writes into files it does not own."""
    outcome = run_python(
        BEGIN
        + """
open("precious.txt", "w").write("precious")
os.close(1); os.close(2)
sys.stdout = sys.stderr = None
precious = open("precious.txt", "r+")
configure()
log = get_logger("bot")
log.info("%d", "wrong")
log.error("kept")
assert flush(5)
"""
    )

    assert outcome.messages() == ["%d", "kept"]


def test_memory_errors_of_values_are_notes(run_python: Run) -> None:
    """Errors of every kind from a value's own code end as notes, and the next record is fine."""
    outcome = run_python(
        BEGIN
        + """
class Failing:
    def __init__(self, error): self.error = error
    def __str__(self): raise self.error
configure(handlers={"console": None})
log = get_logger("bot")
for error in (MemoryError(), RecursionError(), StopIteration(), OSError(5, "x"), AssertionError()):
    log.info("m %s", Failing(error), value=Failing(error))
    log.info("m", value=Failing(error))
log.info("fine")
"""
    )

    records = outcome.records()
    assert len(records) == 11
    names = ["MemoryError", "RecursionError", "StopIteration", "OSError", "AssertionError"]
    for number, name in enumerate(names):
        assert (
            records[2 * number]["value"]
            == records[2 * number + 1]["value"]
            == f"<unprintable Failing: {name}>"
        )
    assert records[-1]["message"] == "fine"
    assert json.dumps(records)

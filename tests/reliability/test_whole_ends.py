"""A program that ends in order leaves whole lines, even with a full disk or files that may not grow."""

import os
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from support.strict_records import strict_record

if TYPE_CHECKING:
    from support.processes import Outcome

Run = Callable[..., "Outcome"]

LIMITED = """
import resource
from metaexpert.logger import configure, get_logger, shutdown, stats
configure(handlers={"console": None, "file": FILE, "trades": None, "errors": None},
          queue={"capacity_bytes": 65536, "crash_safe": CRASH_SAFE})
log = get_logger("bot")
# No multiple of a line's length, so that half a line is what fits.
resource.setrlimit(resource.RLIMIT_FSIZE, (20_011, 20_011))
for n in range(1_000):
    log.trade("m", n=n, text="x" * 100)
ended = shutdown(10)
now = stats()
assert now.logged == now.written + now.dropped + now.queued, now
print(ended, now.logged, now.written)
"""


@pytest.mark.parametrize("crash_safe", [True, False])
@pytest.mark.parametrize("format", ["json", "text"])
def test_a_limit_of_file_sizes_leaves_whole_lines(format: str, crash_safe: bool, run_python: Run) -> None:
    """A line that did not fit is taken back, whatever happens to its record."""
    program = LIMITED.replace("FILE", repr({"format": format})).replace("CRASH_SAFE", str(crash_safe))
    outcome = run_python(program)

    ended, logged, written = outcome.stdout.split()
    assert (ended, logged) == ("False", "1000")
    for name in ("expert.log", "logging_errors.log"):
        data = (outcome.directory / "logs" / name).read_bytes()
        assert data.endswith(b"\n"), name
    lines = (outcome.directory / "logs" / "expert.log").read_bytes().splitlines()
    assert int(written) == len(lines) > 50
    if format == "json":
        assert [strict_record(line)["n"] for line in lines] == list(range(len(lines)))


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount a small disk")
def test_a_full_disk_leaves_whole_lines_and_the_next_start_goes_on(run_python: Run) -> None:
    """No half line is left, and the records that did not fit are written once there is room."""
    outcome = run_python(
        """
import os, subprocess, sys
if "inside" not in sys.argv:
    os.mkdir("logs")
    sys.exit(subprocess.call(["unshare", "--mount", sys.executable, sys.argv[0], "inside"]))
subprocess.check_call("mount -t tmpfs -o size=64k tmpfs logs", shell=True)
from metaexpert.logger import configure, get_logger, shutdown
def start():
    configure(handlers={"console": None, "trades": None, "errors": None, "file": {"max_size": 0}})
    return get_logger("bot")
log = start()
for n in range(1_000):
    log.trade("m", n=n, text="x" * 100)
shutdown(10)
half = open("logs/expert.log", "rb").read()
assert half and half.endswith(b"\\n"), half[-50:]
subprocess.check_call("mount -o remount,size=1m logs", shell=True)
start()
assert shutdown(20)
whole = open("logs/expert.log", "rb").read()
assert whole.startswith(half) and whole.count(b'"message":"m"') == 1000, whole.count(b'"message":"m"')
"""
    )
    assert outcome.exit_code == 0

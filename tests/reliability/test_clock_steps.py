"""The wall clock may be set at any time, in both directions: `seq` orders the records, `timestamp` is honest.

Leap seconds need no test of their own: the kernel's clock repeats or smears one, which is a small step like
those here, and `timestamp` counts days of 86,400 seconds, as every POSIX clock does.
"""

import shutil
import subprocess
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from support.log_family import chains, read_family

if TYPE_CHECKING:
    from support.processes import Outcome

Run = Callable[..., "Outcome"]

#: Steps made while records are logged, in seconds from the true time: hours back and forth, and a day.
STEPS = (0, 3600, -3600, 7200, 0, -86_400, 86_400, -1, 0)
RECORDS_A_STEP = 50

BEGIN = f"""
import json, logging, mmap, os, sys, threading, time
from metaexpert.logger import configure, flush, get_logger, shutdown, stats

STEPS, RECORDS = {STEPS}, {RECORDS_A_STEP}
offset_ns = memoryview(mmap.mmap(os.open(os.environ["CLOCK_OFFSET"], os.O_RDWR), 8)).cast("q")

def step_to(seconds):
    before, steady = time.time(), time.monotonic()
    offset_ns[0] = seconds * 10**9
    return time.time() - before, time.monotonic() - steady
"""


@pytest.fixture
def shifted(tmp_path: Path) -> dict[str, str]:
    """Return the environment of a process whose wall clock the test sets."""
    compiler = shutil.which("cc")
    if compiler is None:
        pytest.skip("a C compiler, cc, makes the library that shifts a process's clock")
    source, library = Path(__file__).with_name("clock_shim.c"), tmp_path / "clock_shim.so"
    done = subprocess.run(
        [compiler, "-shared", "-fPIC", "-O1", "-o", str(library), str(source), "-ldl"],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        pytest.skip(f"the library that shifts a process's clock cannot be built here: {done.stderr[:200]}")
    (tmp_path / "offset").write_bytes(bytes(8))
    return {"LD_PRELOAD": str(library), "CLOCK_OFFSET": str(tmp_path / "offset")}


def seconds_of(timestamp: str) -> float:
    """Return a record's time in seconds since the epoch."""
    return datetime.fromisoformat(timestamp[:26] + "+00:00").timestamp()


def test_the_shim_steps_the_wall_clock_alone(run_python: Run, shifted: dict[str, str]) -> None:
    """The basis of the other tests: the process sees its wall clock step, and no other clock."""
    outcome = run_python(
        BEGIN
        + """
print(*step_to(3600), *step_to(-3600))
""",
        env=shifted,
    )

    forth, steady, back, steady_too = map(float, outcome.stdout.split())
    assert 3590 < forth < 3610
    assert -7210 < back < -7190
    assert 0 <= steady < 10
    assert 0 <= steady_too < 10


@pytest.mark.parametrize("rotate", ["size", "hourly", "daily"])
def test_steps_stop_nothing(rotate: str, run_python: Run, shifted: dict[str, str]) -> None:
    """Records of all steps are there in the order of the calls, each with the time the clock showed then.

    What is written out before a step has the time before it, what is logged afterwards the time after it.
    """
    outcome = run_python(
        BEGIN
        + f"""
configure(include=["run_id"],
          handlers={{"console": None, "file": {{"rotate": "{rotate}", "backup_count": 50}}}})
log = get_logger("bot")
number = 0
for step in STEPS:
    step_to(step)
    for _ in range(RECORDS):
        number += 1
        log.info("m", n=number, step=step, seen=time.time())
    flush(20)
assert flush(20)
counted = stats()
assert counted.logged == counted.written == number, counted
assert counted.dropped == 0
""",
        env=shifted,
    )

    family = read_family(outcome.directory / "logs", "expert")
    assert (family.invalid, family.disordered) == ([], [])
    assert [record["seq"] for record in family.records] == list(range(1, len(STEPS) * RECORDS_A_STEP + 1))
    assert [record["n"] for record in family.records] == list(range(1, len(STEPS) * RECORDS_A_STEP + 1))
    for record in family.records:
        assert abs(seconds_of(record["timestamp"]) - record["seen"]) < 30


def test_a_step_is_no_delay(run_python: Run, shifted: dict[str, str]) -> None:
    """The delay that `stats` reports from call to file is the records' real wait, without the steps."""
    run_python(
        BEGIN
        + """
configure(handlers={"console": None})
log = get_logger("bot")
for step in STEPS:
    for _ in range(RECORDS):
        log.info("m")
    step_to(step)
    flush(20)
counted = stats()
assert counted.written == len(STEPS) * RECORDS, counted
assert 0 <= counted.delay_p50_ns <= counted.delay_p99_ns <= counted.delay_max_ns, counted
# The smallest step is a second, the others are hours.
assert 0 < counted.delay_max_ns < 600 * 10**9, counted
""",
        env=shifted,
    )


@pytest.mark.parametrize("rotate", ["hourly", "daily"])
def test_no_file_is_rotated_for_a_step_back(rotate: str, run_python: Run, shifted: dict[str, str]) -> None:
    """A new period is begun once, when its first record comes; going back and coming again begins none."""
    outcome = run_python(
        BEGIN
        + f"""
configure(handlers={{"console": None, "file": {{"rotate": "{rotate}", "backup_count": 50}}}})
log = get_logger("bot")
period = {{"hourly": 3600, "daily": 86_400}}["{rotate}"]
# Far from the true time, whose period may end while this runs: the middle of a period.
middle = int(-time.time() % period + period / 2)
for periods in (10, 9, 10, 8, 10, 11, 10, 11):
    step_to(middle + periods * period)
    log.info("m", periods=periods)
    flush(20)
""",
        env=shifted,
    )

    (files,) = chains(outcome.directory / "logs", "expert").values()
    held = [[record["periods"] for record in outcome.records(f"logs/{path.name}")] for path in files]
    assert held == [[10, 9, 10, 8, 10], [11, 10, 11]]


def test_waits_are_not_stretched_by_a_step(run_python: Run, shifted: dict[str, str]) -> None:
    """Flushing, stopping and waiting for room are timed by a clock that cannot be set."""
    outcome = run_python(
        BEGIN
        + """
configure(handlers={"console": None},
          queue={"capacity_bytes": 65536, "protect_level": "DEBUG", "wait_ms": 60_000})
log = get_logger("bot")
stop = threading.Event()
def step():
    while not stop.is_set():
        for seconds in STEPS:
            step_to(seconds)
stepping = threading.Thread(target=step)
stepping.start()
began = time.monotonic()
for n in range(20_000):
    log.info("m", n=n, text="x" * 100)
    if n % 5000 == 0:
        assert flush(50)
        assert shutdown(50)
assert flush(50)
stop.set()
stepping.join()
assert time.monotonic() - began < 50
""",
        env=shifted,
    )

    assert [record["n"] for record in outcome.records()] == list(range(20_000))


def test_the_time_zone_is_not_in_the_records(run_python: Run) -> None:
    """A change of TZ while the program runs leaves `timestamp` in UTC, and rotates nothing."""
    outcome = run_python(
        """
import os, time
from metaexpert.logger import configure, flush, get_logger
configure(handlers={"console": None, "file": {"rotate": "hourly"}})
log = get_logger("bot")
for zone in ("UTC", "Asia/Tokyo", "America/New_York", "Pacific/Kiritimati", "no such zone"):
    os.environ["TZ"] = zone
    time.tzset()
    log.info("m", zone=zone, seen=time.time())
    flush(20)
""",
        env={"TZ": "Pacific/Marquesas"},
    )

    family = read_family(outcome.directory / "logs", "expert")
    assert len(family.records) == 5
    for record in family.records:
        assert record["timestamp"].endswith("Z")
        assert abs(seconds_of(record["timestamp"]) - record["seen"]) < 30

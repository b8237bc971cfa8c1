"""FR-015: a full disk, a directory that is read-only or gone, too many open files: trading goes on, the loss
is bounded, counted and reported, and logging resumes by itself.
"""

import json
import os
import subprocess
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from support.log_family import Family, read_family

if TYPE_CHECKING:
    from support.processes import Outcome

Run = Callable[..., "Outcome"]

START = """
import json, os, resource, shutil, time
from pathlib import Path
from metaexpert.logger import configure, flush, get_logger, stats

def until(condition):
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline, stats()
        time.sleep(0.001)

def problem():
    now = stats()
    assert now.logged == now.written + now.dropped + now.queued, now
    return now.sinks["file"].problem

log = get_logger("bot")
count = 0

def work(calls):
    global count
    for _ in range(calls):
        count += 1
        if count % 20 == 0:
            log.error("m", n=count, text="x" * 100)
        elif count % 20 == 10:
            log.trade("m", n=count, text="x" * 100)
        elif count % 20 == 5:
            log.warning("m", n=count, text="x" * 100)
        else:
            log.info("m", n=count, text="x" * 100)
"""
END = """
until(lambda: flush(30) or stats().dropped > 0)
until(lambda: flush(30))
until(lambda: problem() is None)
now = stats()
assert now.logged == now.written + now.dropped and now.queued == 0, now
reasons = dict(now.dropped_by_reason)
print(json.dumps({"count": count, "dropped": dict(now.dropped_by_level), "reasons": reasons}))
"""


def mount(*arguments: str) -> bool:
    """Mount something; returns whether this process may."""
    return os.geteuid() == 0 and subprocess.run(["mount", *arguments], check=False).returncode == 0


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A `logs` directory on a disk of 512 KiB."""
    logs = tmp_path / "logs"
    logs.mkdir()
    if not mount("-t", "tmpfs", "-o", "size=512k", "tmpfs", str(logs)):
        pytest.skip("only root can mount a small disk")
    yield logs
    subprocess.run(["umount", "-l", str(logs)], check=True)


@pytest.fixture
def read_only(tmp_path: Path) -> Iterator[tuple[str, str]]:
    """How a program makes its `logs` read-only, and writable again."""
    logs = tmp_path / "logs"
    logs.mkdir()
    if os.geteuid() != 0:
        yield "os.chmod('logs', 0o555)", "os.chmod('logs', 0o755)"
        return
    # Permissions don't hold root back, but a read-only view of the directory does, laid over it.
    if not mount("--bind", str(logs), str(logs)):
        pytest.skip("permissions don't hold root back, and nothing can be mounted here")
    subprocess.run(["umount", "-l", str(logs)], check=True)
    lay = "mount --bind logs logs && mount -o remount,bind,ro logs"
    yield (
        f"import subprocess; subprocess.run({lay!r}, shell=True, check=True)",
        "subprocess.run('umount -l logs', shell=True, check=True)",
    )
    # Only after a failure is it still there.
    subprocess.run(["umount", "-l", str(logs)], check=False, stderr=subprocess.DEVNULL)


def numbers(family: Family) -> list[int]:
    """Return the calls whose records a family has, which must be strict, ordered and there once."""
    assert (family.invalid, family.disordered) == ([], [])
    found = [record["n"] for record in family.of_program()]
    assert found == sorted(set(found))
    return found


def told(family: Family) -> Counter[str]:
    """Return how many lost records a family reports, by level."""
    lost: Counter[str] = Counter()
    for gap in family.gaps():
        names = ("debug", "info", "warning", "error", "critical")
        lost += Counter({name.upper(): gap.get(f"dropped_{name}", 0) for name in names})
        assert gap["dropped"] == sum(gap.get(f"dropped_{name}", 0) for name in names)
    return lost


def test_a_full_disk_costs_info_records_alone_and_the_log_says_how_many(
    run_python: Run, small_disk: Path
) -> None:
    """Held records are written once there is room; DEBUG and INFO gave way, counted and reported."""
    outcome = run_python(
        START
        + """
configure(handlers={"console": None}, queue={"capacity_bytes": 65536, "wait_ms": 1000})
work(20)
assert flush(30)
filler = os.open("logs/filler", os.O_CREAT | os.O_WRONLY)
try:
    while True:
        os.write(filler, b"x" * 4096)
except OSError:
    pass
until(lambda: work(20) or problem())
assert "No space left on device" in problem()
work(3000)
assert "No space left on device" in problem()
until(lambda: stats().dropped > 0)
os.remove("logs/filler"), os.close(filler)
"""
        + END
    )
    report = json.loads(outcome.stdout)
    expert = read_family(small_disk, "expert")
    found, lost = numbers(expert), told(expert)
    assert len(found) + lost.total() == report["count"] > 3000
    assert lost["INFO"] == lost.total() > 0
    dropped: dict[str, Any] = {level: count for level, count in report["dropped"].items() if count}
    assert dropped == {"INFO": lost["INFO"]}
    protected = [n for n in range(1, report["count"] + 1) if n % 20 in (0, 5, 10)]
    assert [n for n in found if n % 20 in (0, 5, 10)] == protected
    assert numbers(read_family(small_disk, "errors")) == [n for n in protected if n % 20 == 0]
    assert numbers(read_family(small_disk, "trades")) == [n for n in protected if n % 20 == 10]
    assert "No space left on device" in outcome.stderr
    # At most one line per second; each outage has at least one.
    assert 1 <= outcome.stderr.count("metaexpert.logger:") < 30


ROTATING = """
configure(handlers={"console": None, "file": {"max_size": 4096, "backup_count": 1000}})
work(100)
assert flush(30)
"""


def check_complete(outcome: "Outcome") -> None:
    """Check that each call's record is in each file it belongs to."""
    report = json.loads(outcome.stdout)
    logs = outcome.directory / "logs"
    assert report["reasons"] == dict.fromkeys(report["reasons"], 0)
    calls = range(1, report["count"] + 1)
    assert numbers(read_family(logs, "expert")) == list(calls)
    assert numbers(read_family(logs, "errors")) == [n for n in calls if n % 20 == 0]
    assert numbers(read_family(logs, "trades")) == [n for n in calls if n % 20 == 10]


def test_a_read_only_directory_stops_rotation_and_no_record(
    run_python: Run, read_only: tuple[str, str]
) -> None:
    """While no file can be renamed or made, the one there is grows; afterwards rotation goes on by itself."""
    forbid, allow = read_only
    check_complete(
        run_python(
            f"{START}{ROTATING}{forbid}"
            """
work(200)
until(problem)
assert "could not be rotated" in problem()
assert flush(30)
"""
            f"{allow}\nuntil(lambda: work(20) or problem() is None)\n{END}"
        )
    )


def test_too_many_open_files_stop_rotation_and_no_record(run_python: Run) -> None:
    """Without a descriptor left no file is begun: the one there is open goes on, and rotates later."""
    check_complete(
        run_python(
            f"""{START}{ROTATING}
soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
taken = []
resource.setrlimit(resource.RLIMIT_NOFILE, (64, hard))
try:
    while True:
        taken.append(os.open("/dev/null", os.O_RDONLY))
except OSError:
    pass
work(200)
until(problem)
assert "Too many open files" in problem(), problem()
assert flush(30)
for fd in taken:
    os.close(fd)
resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
until(lambda: work(20) or problem() is None)
{END}"""
        )
    )


def test_a_deleted_directory_is_made_again_and_gets_everything_from_then_on(run_python: Run) -> None:
    """What was written went with the directory; no record after that does."""
    outcome = run_python(
        f"""{START}
configure(handlers={{"console": None}})
work(100)
assert flush(30)
shutil.rmtree("logs")
work(200)
{END}"""
    )
    logs = outcome.directory / "logs"
    assert numbers(read_family(logs, "expert")) == list(range(101, 301))
    assert numbers(read_family(logs, "errors")) == list(range(120, 301, 20))

"""FR-027: containers that share a volume, whose processes have the same number, lose and mix up nothing."""

import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from support.environment import clean_environment
from support.log_family import read_family

PROGRAMS = 3
RECORDS = 3_000
TIMEOUT_S = 100

#: Logs once all have started, so that each finds the others at work, as the first process of a container.
PROGRAM = """
import json, os, signal, sys, time
from pathlib import Path
from metaexpert.logger import configure, get_logger, shutdown, stats

program, programs, records, ending = int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
assert os.getpid() == 1, os.getpid()
file = {"max_size": 4096, "backup_count": 10_000}
configure(handlers={"console": None, "file": file, "trades": None, "errors": None}, include=["run_id"],
          queue={"protect_level": "DEBUG", "wait_ms": 60_000})
log = get_logger("bot")
log.info("m", program=program, n=0)
Path(f"started.{program}").touch()
deadline = time.monotonic() + 60
while len(list(Path().glob("started.*"))) < programs:
    assert time.monotonic() < deadline
    time.sleep(0.001)
for n in range(1, records):
    log.info("m", program=program, n=n)
if ending == "kill":
    # The first process of a container has no handler for it, and only the outside can kill it.
    Path(f"logged.{program}").touch()
    time.sleep(60)
assert shutdown(60)
now = stats()
Path(f"counts.{program}").write_text(json.dumps([now.logged, now.written]))
"""


def container(program: int, directory: Path, ending: str = "return", programs: int = PROGRAMS) -> list[str]:
    """Return the command that runs a program as the first process of a namespace of its own."""
    arguments = [str(program), str(programs), str(RECORDS), ending]
    unshare = ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc"]
    return [*unshare, sys.executable, str(directory / "program.py"), *arguments]


@pytest.fixture(autouse=True)
def program(tmp_path: Path) -> None:
    """Write the program, where processes can have namespaces of their own."""
    probe = (
        subprocess.run(
            ["unshare", "--pid", "--fork", "--mount-proc", "true"], capture_output=True, check=False
        )
        if os.access("/usr/bin/unshare", os.X_OK)
        else None
    )
    if probe is None or probe.returncode:
        pytest.skip("only root can make namespaces of processes here")
    (tmp_path / "program.py").write_text(PROGRAM, encoding="utf-8")


def start(command: list[str], directory: Path) -> subprocess.Popen[str]:
    """Start a container's program in the shared directory."""
    return subprocess.Popen(
        command, cwd=directory, env=clean_environment(), stderr=subprocess.PIPE, text=True
    )


def numbers(directory: Path) -> Counter[tuple[int, int]]:
    """Count the records of all files by program and number; each line must be valid."""
    family = read_family(directory / "logs", "expert")
    assert family.invalid == []
    return Counter((record["program"], record["n"]) for record in family.of_program())


def expected(*programs: int) -> Counter[tuple[int, int]]:
    """Return what each of the programs logs, once."""
    return Counter((program, n) for program in programs for n in range(RECORDS))


def test_processes_of_one_number_rotate_files_of_their_own(tmp_path: Path) -> None:
    """Three at a time in one directory: every record is in a file, once, and the counts say so."""
    running = [start(container(program, tmp_path), tmp_path) for program in range(PROGRAMS)]
    ends = [end(each) for each in running]

    assert ends == [(0, "")] * PROGRAMS
    assert numbers(tmp_path) == expected(*range(PROGRAMS))
    for program in range(PROGRAMS):
        assert (tmp_path / f"counts.{program}").read_text() == f"[{RECORDS}, {RECORDS}]"
    names = {path.name.partition(".log")[0] for path in (tmp_path / "logs").glob("expert*.log*")}
    assert names == {"expert", "expert.1", "expert.1-2"}


def test_a_killed_one_is_recovered_beside_living_ones_of_its_number(tmp_path: Path) -> None:
    """The lock distinguishes the ring of the killed process from the others, and the ring is written once."""
    killed = start(container(0, tmp_path, "kill", 2), tmp_path)
    other = start(container(1, tmp_path, "kill", 2), tmp_path)
    until_there(tmp_path / "logged.0", tmp_path / "logged.1")
    killed.kill()
    end(killed)

    # While the other one lives.
    last = start(container(2, tmp_path, "return", 1), tmp_path)
    assert end(last) == (0, "")
    assert numbers(tmp_path) - expected(1) == expected(0, 2)
    other.kill()
    end(other)


def end(process: subprocess.Popen[str]) -> tuple[int, str]:
    """Wait for the end of a program, and return its exit code and what it said on stderr."""
    _, said = process.communicate(timeout=TIMEOUT_S)
    return process.returncode, said


def until_there(*paths: Path) -> None:
    """Wait until the files are there, for as long as a container may take."""
    waiting = subprocess.run(
        ["sh", "-c", 'for f; do until [ -e "$f" ]; do sleep 0.05; done; done', "sh", *map(str, paths)],
        timeout=TIMEOUT_S,
        check=False,
    )
    assert waiting.returncode == 0

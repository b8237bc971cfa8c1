"""`metaexpert logs recover` writes what killed processes left behind, and reports it."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.command_process import environment, metaexpert, records

KILLED = """
import os, resource, signal, sys
from metaexpert.logger import configure, flush, get_logger
configure(handlers={"console": None}, log_file_path=sys.argv[1])
log = get_logger("bot")
log.info("written")
flush()
# No file may grow from now on, so that all of this is still in the queue when the end comes.
resource.setrlimit(resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
for n in range(200):
    log.info("left behind", n=n)
log.error("left behind", n=200)
os.kill(os.getpid(), signal.SIGKILL)
"""
LIVING = """
import sys
from metaexpert.logger import configure, flush, get_logger
configure(handlers={"console": None}, log_file_path=sys.argv[1])
get_logger("bot").info("lives")
flush()
print("ready", flush=True)
sys.stdin.readline()
"""

needs_tmpfs = pytest.mark.skipif(
    not os.access("/dev/shm", os.W_OK), reason="a killed process leaves its records on the tmpfs /dev/shm"
)


def kill_one(directory: Path, logs: str = "logs") -> None:
    """Let a process log into `logs` and be killed with records that it had no time to write."""
    done = subprocess.run(
        [sys.executable, "-c", KILLED, logs],
        cwd=directory,
        env=environment(),
        stderr=subprocess.DEVNULL,
        timeout=60,
        check=False,
    )
    assert done.returncode == -signal.SIGKILL


@pytest.fixture
def living(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """A process that logs into `logs`, and goes on living until the test ends."""
    process = subprocess.Popen(
        [sys.executable, "-c", LIVING, "logs"],
        cwd=tmp_path,
        env=environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    yield process
    process.communicate("end\n", timeout=60)
    assert process.returncode == 0


@needs_tmpfs
def test_what_a_killed_process_left_is_written_once(tmp_path: Path) -> None:
    """The records come after those in the file, in order; a second run finds nothing and changes nothing."""
    kill_one(tmp_path)
    done = metaexpert(tmp_path, "logs", "recover")

    assert (done.code, done.err) == (0, "")
    path = tmp_path / "logs" / "expert.log"
    assert [record["message"] for record in records(path)] == ["written"] + ["left behind"] * 201
    assert [record["n"] for record in records(path)[1:]] == list(range(201))
    assert [record["n"] for record in records(path.with_name("errors.log"))] == [200]
    assert done.out.startswith("201 records of 1 process recovered in ")
    assert f"{path}: 201 lines appended" in done.out

    content = path.read_bytes()
    again = metaexpert(tmp_path, "logs", "recover")
    assert (again.code, again.err) == (0, "")
    assert again.out.startswith(f"nothing to recover in {tmp_path / 'logs'}")
    assert path.read_bytes() == content


@needs_tmpfs
def test_the_report_is_complete_in_json(tmp_path: Path) -> None:
    """`--json` prints the process, what became of its records, and the files: one object, all of stdout."""
    kill_one(tmp_path)
    done = metaexpert(tmp_path, "logs", "recover", "--json")

    assert (done.code, done.err) == (0, "")
    report = done.figures
    assert set(report) == {"directory", "rings", "repaired", "elsewhere"}
    assert report["directory"] == str(tmp_path / "logs")
    (ring,) = report["rings"]
    assert set(ring) == {
        *("process", "run_id", "started", "status", "records", "already_written", "unreadable", "lost"),
        *("files", "problem"),
    }
    assert (ring["status"], ring["unreadable"], ring["lost"], ring["problem"]) == ("recovered", 0, 0, None)
    assert (ring["records"], ring["already_written"]) == (201, 0)
    assert ring["files"] == {
        str(tmp_path / "logs" / "expert.log"): 201,
        str(tmp_path / "logs" / "errors.log"): 1,
    }


@needs_tmpfs
def test_a_torn_line_is_cut_and_told(tmp_path: Path) -> None:
    """What a kill in the middle of a write leaves at a file's end is repaired before anything follows it."""
    kill_one(tmp_path)
    path = tmp_path / "logs" / "expert.log"
    with path.open("ab") as file:
        file.write(b'{"timestamp":"20')
    done = metaexpert(tmp_path, "logs", "recover", "--json")

    assert done.code == 0
    assert done.figures["repaired"] == {str(path): 16}
    assert [record["message"] for record in records(path)] == ["written"] + ["left behind"] * 201


@needs_tmpfs
def test_a_living_process_is_left_alone(tmp_path: Path, living: subprocess.Popen[str]) -> None:
    """Its ring is told of and not touched, while that of a killed neighbour is recovered."""
    kill_one(tmp_path)
    done = metaexpert(tmp_path, "logs", "recover", "--json")

    assert done.code == 0
    status = {ring["process"]: ring["status"] for ring in done.figures["rings"]}
    assert status.pop(living.pid) == "alive"
    assert list(status.values()) == ["recovered"]
    assert [record["message"] for record in records(tmp_path / "logs" / "expert.log")] == ["lives"]
    (sibling,) = (tmp_path / "logs").glob("expert.*.log")
    assert len(records(sibling)) == 202


@needs_tmpfs
def test_all_needs_no_log_directory_of_its_own(tmp_path: Path) -> None:
    """`--all` needs no log directory and makes none, whatever fails elsewhere."""
    kill_one(tmp_path, "others")
    kill_one(tmp_path, "failing")
    path = tmp_path / "failing" / "expert.log"
    path.rename(tmp_path / "before.log")
    path.mkdir()
    done = metaexpert(tmp_path, "logs", "recover", "--all", "--json")

    assert done.code == 1
    assert done.figures["directory"] == str(tmp_path / "logs")
    assert len(records(tmp_path / "others" / "expert.log")) == 202
    assert not (tmp_path / "logs").exists()

    # Nothing stays on the tmpfs.
    path.rmdir()
    assert metaexpert(tmp_path, "logs", "recover", "--dir", "failing").code == 0


@needs_tmpfs
def test_other_directories_wait_for_their_turn(tmp_path: Path) -> None:
    """Only the directory's own records are written, unless `--all` asks for those of the others too."""
    kill_one(tmp_path, "logs")
    kill_one(tmp_path, "others")
    done = metaexpert(tmp_path, "logs", "recover", "--dir", "logs", "--json")
    assert done.code == 0
    assert len(done.figures["rings"]) == 1
    assert done.figures["elsewhere"] >= 1
    assert len(records(tmp_path / "logs" / "expert.log")) == 202

    done = metaexpert(tmp_path, "logs", "recover", "--dir", "others", "--json")
    assert done.code == 0
    assert len(records(tmp_path / "others" / "expert.log")) == 202


@needs_tmpfs
def test_what_cannot_be_written_is_kept(tmp_path: Path) -> None:
    """A file that cannot be opened is told on stderr with exit code 1; once it can, nothing was lost."""
    kill_one(tmp_path)
    path = tmp_path / "logs" / "expert.log"
    path.rename(tmp_path / "before.log")
    path.mkdir()
    done = metaexpert(tmp_path, "logs", "recover")
    assert done.code == 1
    assert "error: process " in done.err
    assert f"{path}: Is a directory" in done.err
    assert "its records are kept" in done.err

    path.rmdir()
    (tmp_path / "before.log").rename(path)
    done = metaexpert(tmp_path, "logs", "recover")
    assert (done.code, done.err) == (0, "")
    assert [record["message"] for record in records(path)] == ["written"] + ["left behind"] * 201


def test_a_missing_directory_is_an_error(tmp_path: Path) -> None:
    """A directory that is not there is named, with the option that sets it; it is not created."""
    done = metaexpert(tmp_path, "logs", "recover")

    assert (done.code, done.out) == (2, "")
    assert done.err == (
        "error: there is no log directory logs; name the one that the program logs into with --dir\n"
    )
    assert list(tmp_path.iterdir()) == []


def test_an_empty_directory_has_nothing_to_recover(tmp_path: Path) -> None:
    """Nothing to do is a success that says so, also as JSON."""
    (tmp_path / "logs").mkdir()

    done = metaexpert(tmp_path, "logs", "recover")
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith(f"nothing to recover in {tmp_path / 'logs'}")
    done = metaexpert(tmp_path, "logs", "recover", "--json")
    assert (done.code, done.figures["rings"]) == (0, [])


@needs_tmpfs
@pytest.mark.parametrize("way", ["--dir", "next start"])
def test_a_link_that_leads_elsewhere_since_strands_no_record(way: str, tmp_path: Path) -> None:
    """As with releases in folders of their own: the name finds it, and `--all` says which name."""
    (tmp_path / "first").mkdir()
    (tmp_path / "second").mkdir()
    link = tmp_path / "current"
    link.symlink_to("first")
    kill_one(tmp_path, "current/logs")
    link.unlink()
    link.symlink_to("second")
    (tmp_path / "second" / "logs").mkdir()

    done = metaexpert(tmp_path, "logs", "recover", "--all", "--json")
    (problem,) = [ring["problem"] for ring in done.figures["rings"] if str(link) in str(ring["problem"])]
    assert f"recover with --dir {link / 'logs'}" in problem

    if way == "--dir":
        assert metaexpert(tmp_path, "logs", "recover", "--dir", str(link / "logs")).code == 0
    else:
        subprocess.run(
            [sys.executable, "-c", LIVING, "current/logs"],
            cwd=tmp_path,
            env=environment(),
            input="",
            stdout=subprocess.DEVNULL,
            text=True,
            timeout=60,
            check=True,
        )
    before = records(tmp_path / "first" / "logs" / "expert.log")
    after = records(tmp_path / "second" / "logs" / "expert.log")
    assert [record["message"] for record in before] == ["written"]
    left = [record["n"] for record in after if record["message"] == "left behind"]
    assert left == list(range(201))

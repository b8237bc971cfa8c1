"""Facts about the files by which running experts are found."""

import fcntl
import json
import os
import re
import socket
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from metaexpert.logger.live import runtime_file
from metaexpert.logger.live.runtime_file import (
    RunningProcess,
    RuntimeFile,
    look_around,
    running_processes,
    server_url,
)
from support.control_harness import eventually

WRITER = """
import sys
from metaexpert.logger.live.runtime_file import RunningProcess, RuntimeFile
file = RuntimeFile()
file.write(RunningProcess(int(sys.argv[1]), sys.argv[2], "paper", "2026-01-01T00:00:00Z", "/logs"))
print("written", flush=True)
sys.stdin.readline()
"""


def this_process() -> RunningProcess:
    """Return what this process would write."""
    return RunningProcess(
        os.getpid(), "bot", "paper", "2026-01-01T00:00:00Z", "/logs", "127.0.0.1", 80, "t0ken"
    )


@pytest.fixture
def file() -> Iterator[RuntimeFile]:
    """The runtime file of a process, which ends with the test."""
    own = RuntimeFile()
    yield own
    own.remove()


@pytest.fixture
def directory(own_runtime_directory: Path) -> Path:
    """The directory in which runtime files are."""
    (own_runtime_directory / "metaexpert").mkdir(mode=0o700, exist_ok=True)
    return own_runtime_directory / "metaexpert"


@pytest.fixture
def start() -> Iterator[Callable[[int, str], "subprocess.Popen[str]"]]:
    """Start processes that have a runtime file under a number and a name."""
    started: list[subprocess.Popen[str]] = []

    def begin(pid: int, name: str) -> "subprocess.Popen[str]":
        command = [sys.executable, "-c", WRITER, str(pid), name]
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        started.append(process)
        assert process.stdout is not None
        assert process.stdout.readline() == "written\n"
        return process

    yield begin
    for process in started:
        process.kill()
        process.communicate()


def names() -> list[str]:
    """Return the names of the processes that are found."""
    return [each.name for each in running_processes()]


def test_a_written_file_is_found_and_private(file: RuntimeFile, own_runtime_directory: Path) -> None:
    """Only its user can read it, and it says what was written."""
    path = file.write(this_process())

    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert path.is_relative_to(own_runtime_directory)
    assert running_processes() == [this_process()]
    assert [each.name for each in path.parent.iterdir()] == [path.name]


def test_a_file_written_again_takes_the_place_of_the_one_before(file: RuntimeFile) -> None:
    """There is one of them, also after the tenth time, and it says what was said last."""
    for number in range(12):
        path = file.write(replace(this_process(), name=f"bot {number}"))
        assert names() == [f"bot {number}"]

    assert [each.name for each in path.parent.iterdir()] == [path.name]
    file.remove()
    assert list(path.parent.iterdir()) == []


def test_two_versions_of_a_file_are_one_process(file: RuntimeFile, directory: Path) -> None:
    """Between writing one and removing the other both are there, and the later counts."""
    path = file.write(this_process())
    stem = path.name.removesuffix("-1.json")
    held: list[int] = []
    for number, name in ((9, "nine"), (10, "ten")):
        later = directory / f"{stem}-{number}.json"
        later.write_text(json.dumps(asdict(replace(this_process(), name=name))))
        later.chmod(0o600)
        held.append(os.open(later, os.O_RDONLY | os.O_CLOEXEC))
        fcntl.flock(held[-1], fcntl.LOCK_EX)

    assert names() == ["ten"]
    for descriptor in held:
        os.close(descriptor)


def test_processes_of_one_number_each_have_their_file(start: Callable[..., "subprocess.Popen[str]"]) -> None:
    """In containers that share the directory every program may be process 1."""
    first, second = start(1, "first"), start(1, "second")
    assert sorted(names()) == ["first", "second"]

    first.kill()
    first.wait()
    assert names() == ["second"]
    second.communicate("\n")
    assert names() == []


def test_a_file_of_a_killed_process_is_removed(
    start: Callable[..., "subprocess.Popen[str]"], directory: Path
) -> None:
    """Whatever process has its number now: this one lives, and holds no lock."""
    process = start(os.getpid(), "killed")
    process.kill()
    process.wait()

    assert names() == []
    assert list(directory.iterdir()) == []


def test_a_child_holds_no_lock_of_its_parent_s(file: RuntimeFile) -> None:
    """A fork leaves the file to the parent, whose end is seen although the child goes on."""
    file.write(this_process())
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(writing)
        file.forget()
        os.read(reading, 1)
        os._exit(0)
    os.close(reading)
    try:
        assert names() == ["bot"]
        descriptor = file._descriptor
        assert descriptor is not None
        os.close(descriptor)
        file._descriptor = None
        eventually(lambda: names() == [], "its end is seen")
    finally:
        os.close(writing)
        os.waitpid(child, 0)


def put(path: Path, content: bytes, mode: int = 0o600) -> None:
    """Put a file where runtime files are."""
    path.write_bytes(content)
    path.chmod(mode)


GOOD = json.dumps(asdict(this_process()))
NONSENSE: dict[str, tuple[Callable[[Path], object], str]] = {
    "empty": (lambda path: put(path, b""), "it is not JSON"),
    "torn": (lambda path: put(path, b'{"pid": 1'), "it is not JSON"),
    "deep": (lambda path: put(path, b"[" * 60_000), "it is not JSON"),
    "a list": (lambda path: put(path, b"[]"), "it must hold a JSON object"),
    "nothing but a number": (lambda path: put(path, b'{"pid": 1}'), "name must be text"),
    "no number": (lambda path: put(path, b'{"pid": "x"}'), "pid must be a number"),
    "a flag": (lambda path: put(path, b'{"pid": true}'), "pid must be a number"),
    "no port": (lambda path: put(path, GOOD.replace("80", "99999").encode()), "port must be from 1 to 65535"),
    "no host": (lambda path: put(path, GOOD.replace("127.0.0.1", "a@b/c").encode()), "host must be"),
    "not UTF-8": (lambda path: put(path, b'{"pid": "\xff"}'), "it is not UTF-8 at byte 9"),
    "huge": (lambda path: put(path, b" " * 2**20), "it has more than 65,536 bytes"),
    "a pipe": (os.mkfifo, "must be a file, was a named pipe"),
    "a directory": (Path.mkdir, "must be a file, was a directory"),
    "a link": (lambda path: path.symlink_to("/dev/zero"), "must be a file, was a link"),
    "a dangling link": (lambda path: path.symlink_to("nothing"), "must be a file, was a link"),
    "a socket": (lambda path: socket.socket(socket.AF_UNIX).bind(str(path)), "must be a file, was a socket"),
    "readable by others": (
        lambda path: put(path, GOOD.encode(), 0o644),
        r"others may read or write it \(mode 644\)",
    ),
}


@pytest.mark.parametrize("nonsense", NONSENSE)
@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_what_is_no_runtime_file_is_told_and_passed_over(
    nonsense: str, file: RuntimeFile, directory: Path
) -> None:
    """In a line that says what, which and what to do; the others are found, and nobody is waited for."""
    make, words = NONSENSE[nonsense]
    file.write(this_process())
    make(directory / "1.json")

    found = look_around()

    assert found.processes == [this_process()]
    (problem,) = found.problems
    start, end = f"{directory / '1.json'} is no runtime file: ", "; remove it"
    assert problem.startswith(start)
    assert problem.endswith(end)
    assert re.search(words, problem), problem


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_a_file_of_another_user_is_not_believed(file: RuntimeFile) -> None:
    """Who wrote it could have a token sent elsewhere."""
    os.chown(file.write(this_process()), 65534, 65534)

    assert look_around().processes == []
    assert "belongs to another user" in look_around().problems[0]


def test_a_directory_that_others_can_enter_is_not_used(
    file: RuntimeFile, own_runtime_directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody else may have put it there; what cannot be private is not written at all."""
    (own_runtime_directory / "metaexpert").mkdir()
    (own_runtime_directory / "metaexpert").chmod(0o777)
    monkeypatch.setattr(runtime_file, "_candidates", lambda: [own_runtime_directory / "metaexpert"])

    with pytest.raises(OSError, match="does not belong to this user alone"):
        file.write(this_process())
    assert list((own_runtime_directory / "metaexpert").iterdir()) == []


def test_a_token_is_not_shown(file: RuntimeFile) -> None:
    """The representation of what was found can be printed."""
    assert "t0ken" not in repr(this_process())
    assert json.loads(file.write(this_process()).read_text())["token"] == "t0ken"


def test_a_file_takes_no_descriptor_of_the_standard_streams(tmp_path: Path) -> None:
    """A daemon has closed them, and whatever gets their numbers gets its output."""
    script = """
import os
from metaexpert.logger.live.runtime_file import RunningProcess, RuntimeFile
file = RuntimeFile()
for number in range(3):
    os.close(number)
file.write(RunningProcess(1, "bot", None, "", "/logs"))
os._exit(0 if file._descriptor >= 3 else 1)
"""
    assert subprocess.run([sys.executable, "-c", script], check=False, timeout=60).returncode == 0


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:80"),
        ("::1", "http://[::1]:80"),
        ("0.0.0.0", "http://127.0.0.1:80"),
        ("::", "http://[::1]:80"),
        ("localhost", "http://localhost:80"),
    ],
)
def test_a_server_is_reached_at_its_url(host: str, url: str) -> None:
    """IPv6 in brackets; one that listens everywhere is reached on loopback."""
    assert server_url(host, 80) == url

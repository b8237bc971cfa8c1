"""Facts about the files by which running experts are found."""

import json
import os
import stat
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from metaexpert.logger.control import runtime_file
from metaexpert.logger.control.runtime_file import RunningExpert, running_experts, server_url, write


def this_process() -> RunningExpert:
    """Return what this process would write."""
    start = runtime_file.process_start(os.getpid())
    return RunningExpert(
        os.getpid(), "bot", "paper", "2026-01-01T00:00:00Z", start, "/logs", "127.0.0.1", 80, "t0ken"
    )


@pytest.fixture
def ended_process() -> int:
    """The number of a process that has ended."""
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait()
    return child.pid


def test_a_written_file_is_found_and_private(own_runtime_directory: Path) -> None:
    """Only its user can read it, and it says what was written."""
    path = write(this_process())

    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert path.is_relative_to(own_runtime_directory)
    assert this_process() in running_experts()
    assert [each.name for each in path.parent.iterdir()] == [path.name]


def test_a_file_of_an_ended_process_is_removed(ended_process: int) -> None:
    """It is no running expert, and nobody has to clean up."""
    path = write(replace(this_process(), pid=ended_process))

    assert ended_process not in [each.pid for each in running_experts()]
    assert not path.exists()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs /proc")
def test_a_number_that_another_process_got_is_not_taken_for_it() -> None:
    """A later process with the same number started at another time."""
    path = write(replace(this_process(), process_start="1"))

    assert this_process().pid not in [each.pid for each in running_experts()]
    assert not path.exists()


@pytest.mark.parametrize("content", ["", "{", "[]", '{"pid": 1}', '{"pid": "x"}', '{"surprise": 1}', "\xff"])
def test_what_is_no_runtime_file_is_passed_over(content: str) -> None:
    """Nothing that lies there makes the search fail."""
    path = write(this_process())
    (path.parent / "1.json").write_text(content, encoding="latin-1")
    (path.parent / "1.json").chmod(0o600)

    assert this_process() in running_experts()


def test_a_file_that_others_can_read_is_not_trusted() -> None:
    """Who could write or read it could send a token elsewhere."""
    path = write(this_process())
    path.chmod(0o644)

    assert this_process() not in running_experts()


def test_a_linked_file_is_not_followed(tmp_path: Path) -> None:
    """A symbolic link is no runtime file."""
    path = write(this_process())
    path.rename(tmp_path / "elsewhere.json")
    path.symlink_to(tmp_path / "elsewhere.json")

    assert this_process() not in running_experts()


def test_a_directory_that_others_can_enter_is_not_used(
    own_runtime_directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody else may have put it there; what cannot be private is not written at all."""
    (own_runtime_directory / "metaexpert").mkdir()
    (own_runtime_directory / "metaexpert").chmod(0o777)
    monkeypatch.setattr(runtime_file, "_candidates", lambda: [own_runtime_directory / "metaexpert"])

    with pytest.raises(OSError, match="does not belong to this user alone"):
        write(this_process())
    assert list((own_runtime_directory / "metaexpert").iterdir()) == []


def test_a_token_is_not_shown() -> None:
    """The representation of what was found can be printed."""
    assert "t0ken" not in repr(this_process())
    assert json.loads(write(this_process()).read_text())["token"] == "t0ken"


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

"""The format for lnav: where it is written, and what lnav makes of a log with it."""

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from metaexpert.cli.app import run_command_line
from metaexpert.cli.logs.lnav import DEFINITION

if TYPE_CHECKING:
    from support.logs import Logs

NAME = "formats/installed/metaexpert_log.json"
needs_lnav = pytest.mark.skipif(shutil.which("lnav") is None, reason="lnav is not installed")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty home directory."""
    directory = tmp_path / "home"
    directory.mkdir()
    monkeypatch.setenv("HOME", str(directory))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    return directory


@pytest.mark.parametrize(
    ("there", "xdg", "where"),
    [
        ([], None, ".lnav"),
        ([".config"], None, ".config/lnav"),
        ([".config", "xdg"], "xdg", "xdg/lnav"),
        ([".config"], "missing", ".config/lnav"),
        ([".config", "xdg", ".lnav"], "xdg", ".lnav"),
    ],
)
def test_the_format_is_where_lnav_looks(
    there: list[str],
    xdg: str | None,
    where: str,
    home: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Its own directory first, then those of the system for configuration."""
    for name in there:
        (home / name).mkdir()
    if xdg is not None:
        monkeypatch.setenv("XDG_CONFIG_HOME", str(home / xdg))

    assert run_command_line(["logs", "lnav", "--install"]) == 0

    path = home / where / NAME
    assert path.read_text() == DEFINITION.read_text()
    assert os.listdir(path.parent) == [path.name]
    assert path.stat().st_mode & 0o777 == 0o644
    assert capsys.readouterr().out == f"{path} is written; lnav reads it at its next start\n"


def test_an_older_format_is_replaced_and_a_current_one_is_kept(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The file is replaced in one step, and not at all without a difference."""
    path = home / ".lnav" / NAME
    path.parent.mkdir(parents=True)
    path.write_text("{}")
    before = path.stat().st_ino

    assert run_command_line(["logs", "lnav", "--install"]) == 0
    installed = path.stat().st_ino
    assert run_command_line(["logs", "lnav", "--install"]) == 0

    assert installed != before
    assert path.stat().st_ino == installed
    assert capsys.readouterr().out.endswith(f"{path} is up to date\n")


def test_printing_writes_no_file(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What is printed is the format and nothing else."""
    assert run_command_line(["logs", "lnav", "--print"]) == 0

    assert list(json.loads(capsys.readouterr().out)) == ["$schema", "metaexpert_log"]
    assert os.listdir(home) == []


def test_without_an_option_nothing_is_done(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The message names both options."""
    assert run_command_line(["logs", "lnav"]) == 2

    assert "--install" in (error := capsys.readouterr().err)
    assert "--print" in error
    assert os.listdir(home) == []


def test_a_place_that_cannot_be_written_is_named(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With the reason and the way to go on by hand."""
    (home / ".lnav").mkdir()
    (home / ".lnav" / "formats").write_text("no directory")

    assert run_command_line(["logs", "lnav", "--install"]) == 1

    error = capsys.readouterr().err
    assert f"{home / '.lnav' / NAME} cannot be written: " in error
    assert "--print" in error


@pytest.mark.parametrize("value", [None, "", "relative", "/no/such/directory"])
def test_without_a_home_there_is_no_place(
    value: str | None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """lnav would look into the current directory, which is nobody's intention."""
    if value is None:
        monkeypatch.delenv("HOME", raising=False)
    else:
        monkeypatch.setenv("HOME", value)

    assert run_command_line(["logs", "lnav", "--install"]) == 2

    assert "set HOME" in capsys.readouterr().err


def lnav(*arguments: str) -> str:
    """Run lnav without its screen, and return what it prints."""
    done = subprocess.run(
        ["lnav", "-n", *arguments], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=True
    )
    return done.stdout + done.stderr


@needs_lnav
def test_lnav_accepts_the_format(home: Path) -> None:
    """Its own check of all formats has nothing to say."""
    assert run_command_line(["logs", "lnav", "--install"]) == 0

    done = subprocess.run(["lnav", "-C"], capture_output=True, text=True, check=False)

    assert (done.returncode, done.stderr) == (0, "")


@needs_lnav
def test_lnav_shows_records_with_their_fields(home: Path, logs: "Logs") -> None:
    """Times, levels, texts, fields and every line of a traceback; numbers of the record stay out of sight."""
    logs.configure(include=["thread_id", "caller"])
    logs.logger.info("order filled", symbol="BTCUSDT", order_id=9_007_199_254_740_993)
    logs.logger.error("rejected", exc_info=ValueError("bad"))
    filled, rejected = logs.records()
    path = str(logs.directory / "expert.log")
    assert run_command_line(["logs", "lnav", "--install"]) == 0

    first, *lines = lnav(path).splitlines()

    assert first.startswith(filled["timestamp"][:23])
    assert first.endswith(f" INFO     {logs.logger.name} order filled")
    assert lines[:2] == ["  symbol: BTCUSDT", "  order_id: 9007199254740993"]
    assert lines[-1] == "  exception/stacktrace: ValueError: bad"
    assert [line for line in lines if "seq" in line or "thread_id" in line or "caller" in line] == []
    query = ";select log_level, log_body, seq from metaexpert_log"
    rows = [line.split() for line in lnav("-c", query, path).splitlines()]
    numbers = [str(record["seq"]) for record in (filled, rejected)]
    assert rows[1:] == [["info", "order", "filled", numbers[0]], ["error", "rejected", numbers[1]]]

"""`metaexpert logs tail` and `logs grep`: what they find, how it is shown, and how they end."""

from __future__ import annotations

import gzip
import os
import pty
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.command_process import FULL, environment, metaexpert, needs_full_device

_FIELDS = '"price":100.50,"symbol":"BTC",'


def record(second: int, message: str, level: str = "INFO", fields: str = "") -> str:
    """Return a line of the log, `second` seconds after ten."""
    return (
        f'{{"timestamp":"2026-12-01T10:00:{second:02}.123456789Z","level":"{level}","module":"bot.orders",'
        f'"message":"{message}",{fields}"seq":{second}}}\n'
    )


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Return a directory with logs in it: a rotated file, the one that goes on, another process's, trades."""
    logs = tmp_path / "logs"
    logs.mkdir()
    with gzip.open(logs / "expert.log.1.gz", "wt") as packed:
        packed.write(
            record(1, "Started") + record(2, "Order filled", fields='"price":100.50,"symbol":"BTC",')
        )
    (logs / "expert.log").write_text(
        record(4, "Order filled", fields='"price":"99.9","symbol":"ETH",') + record(5, "Lost", "ERROR")
    )
    (logs / "expert.77.log").write_text(record(3, "Elsewhere"))
    (logs / "trades.log").write_text(record(2, "Order filled", fields=_FIELDS))
    return tmp_path


def shown(project: Path, *arguments: object) -> list[str]:
    """Return the messages that a command shows."""
    done = metaexpert(project, "logs", *arguments, "--format", "{message}")
    assert done.err == ""
    return done.out.splitlines()


def test_the_last_records_of_all_logs_are_shown(project: Path) -> None:
    """They come in order of time, and copies in other logs are shown once."""
    assert shown(project, "tail") == ["Started", "Order filled", "Elsewhere", "Order filled", "Lost"]
    assert shown(project, "tail", "-n", 2) == ["Order filled", "Lost"]
    assert shown(project, "tail", "-n", 1, "-w", "symbol = BTC") == ["Order filled"]
    assert shown(project, "tail", "-n", 0) == []


def test_records_are_found_by_text_fields_level_and_time(project: Path) -> None:
    """All that is given must hold."""
    assert shown(project, "grep", "filled", "-w", "price > 100") == ["Order filled"]
    assert shown(project, "grep", "LOST", "-i") == ["Lost"]
    assert shown(project, "grep", "-E", "Start|Else") == ["Started", "Elsewhere"]
    assert shown(project, "grep", "-v", "filled") == ["Started", "Elsewhere", "Lost"]
    assert shown(project, "grep", "-l", "error") == shown(project, "grep", "--errors") == ["Lost"]
    assert shown(project, "grep", "--logger", "bot", "-m", 1) == ["Started"]
    since = ("--since", "2026-12-01T10:00:03", "--until", "2026-12-01T10:00:05Z", "--utc")
    assert shown(project, "grep", *since) == ["Elsewhere", "Order filled"]
    assert shown(project, "grep", "Elsewhere", "-B", 1) == ["Order filled", "Elsewhere"]
    assert metaexpert(project, "logs", "grep", "-c", "filled").out == "2\n"


def test_times_are_those_of_the_zone(project: Path) -> None:
    """`--since` without a zone, and what is shown, follow --tz."""
    done = metaexpert(
        project,
        "logs",
        "grep",
        "--since",
        "2026-12-01 11:00:05",
        "--tz",
        "Europe/Berlin",
        "--format",
        "{time}",
    )
    assert (done.code, done.out) == (0, "2026-12-01 11:00:05.123\n")


def test_exit_codes_are_those_of_grep(project: Path) -> None:
    """0 is found, 1 is not found, 2 is a mistake, told on stderr."""
    assert metaexpert(project, "logs", "grep", "Lost").code == 0
    assert metaexpert(project, "logs", "grep", "nowhere").code == 1
    for arguments, told in (
        (("-w", "price == 1"), "error: == is no operator; write ="),
        (("--dir", "nowhere"), "error: there is no log directory, and no log, at nowhere"),
        (("--since", "soon"), "error: since must be a time such as"),
        (("--tz", "Mars/North", "--since", "10:00"), "error: --tz must be local, UTC or a name"),
        (("--utc", "--tz", "UTC"), "error: --tz and --utc"),
        (("-E", "("), "unclosed group"),
        (("-v",), "error: -v needs a TEXT"),
        (("--format", "{message"), "{message"),
        (("-o", "raw", "--fields", "a"), "error: raw shows each line as it is"),
    ):
        done = metaexpert(project, "logs", "grep", *arguments)
        assert (done.code, told in done.err) == (2, True), done.err


@pytest.mark.parametrize(
    "arguments", [("tail", "-n"), ("grep", "-A"), ("grep", "-B"), ("grep", "-C"), ("grep", "-m")], ids="".join
)
def test_a_count_beyond_64_bits_is_refused(arguments: tuple[str, str], project: Path) -> None:
    """With what is allowed; the largest that is allowed shows all."""
    done = metaexpert(project, "logs", *arguments, 10**20)
    assert (done.code, done.out) == (2, "")
    assert "is not in the range" in done.err

    assert metaexpert(project, "logs", *arguments, 2**63 - 1).code == 0


def test_what_is_no_record_is_shown_in_its_place_and_told(project: Path) -> None:
    """By file and kind on stderr; an error with --strict. A terminal's escapes are not passed on."""
    with (project / "logs" / "expert.log").open("a") as file:
        file.write("foreign \x1b[31mline\n" + record(6, "After"))
    done = metaexpert(project, "logs", "tail", "-n", 2)
    assert "foreign \\x1b[31mline\n" in done.out
    assert done.err == "warning: logs/expert.log: 1 line is no record (1 not JSON)\n"
    assert done.code == 0
    strict = metaexpert(project, "logs", "grep", "After", "--strict")
    assert (strict.code, strict.err.startswith("error: logs/expert.log")) == (2, True)


@needs_full_device
def test_a_full_stdout_ends_the_command_with_a_line(project: Path) -> None:
    """The exit code is 1; a pipe that nobody reads ends it in silence."""
    command = [sys.executable, "-m", "metaexpert", "logs", "grep", "filled"]
    with FULL.open("w") as full:
        done = subprocess.run(
            command,
            cwd=project,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
            env=environment(),
        )
    assert (done.returncode, done.stderr) == (1, "error: stdout takes nothing: No space left on device\n")


@pytest.fixture
def following(project: Path) -> Iterator[subprocess.Popen[str]]:
    """Return a `tail -f` that has shown the last record."""
    command = [sys.executable, "-m", "metaexpert", "logs", "tail", "-n", "1", "-f", "--format", "{message}"]
    with subprocess.Popen(
        command, cwd=project, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment()
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "Lost\n"
        yield process
        process.kill()


def test_what_comes_is_followed_through_rotation_until_an_interruption(
    project: Path, following: subprocess.Popen[str]
) -> None:
    """Each record is shown once, from logs and processes that appear as well; Ctrl-C ends it with 130."""
    log, out = project / "logs" / "expert.log", following.stdout
    assert out is not None
    paths = (log, log, log.with_name("expert.99.log"), log.with_name("new.log"))
    for second, path in enumerate(paths, 10):
        if second == 11:
            log.rename(log.with_name("expert.log.1"))
        with path.open("a") as file:
            file.write(record(second, f"m{second}"))
        assert out.readline() == f"m{second}\n"
    following.send_signal(signal.SIGINT)
    assert following.wait(30) == 130


def test_a_terminal_gets_colours_and_a_pager(project: Path) -> None:
    """NO_COLOR takes the colours away; the pager has what is found."""
    script = project / "pager"
    script.write_text('#!/bin/sh\necho "paged:"\ncat\n')
    script.chmod(0o755)
    out = on_a_terminal(project, {"PAGER": str(script)}, "grep", "Lost")
    assert out.startswith("paged:")
    assert "\x1b[" in out
    out = on_a_terminal(project, {"PAGER": "cat", "NO_COLOR": "1"}, "grep", "Lost")
    assert "Lost" in out
    assert "\x1b[" not in out


def on_a_terminal(project: Path, variables: dict[str, str], *arguments: str) -> str:
    """Return what a command prints on a terminal of its own."""
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "metaexpert", "logs", *arguments]
    with subprocess.Popen(
        command, cwd=project, stdin=theirs, stdout=theirs, env=environment() | variables
    ) as process:
        os.close(theirs)
        shown = b""
        while True:
            try:
                part = os.read(ours, 65_536)
            except OSError:  # the other side is closed
                break
            shown += part
        assert process.wait(30) == 0
    os.close(ours)
    return shown.decode()

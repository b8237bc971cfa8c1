"""The output on a terminal: complete help, a progress bar that knows its total, or lines instead of it."""

import os
import re
import subprocess
import sys

import pytest

from support.command_process import TIMEOUT_S, environment, metaexpert, write_bars

pty = pytest.importorskip("pty")
termios = pytest.importorskip("termios")


def on_terminal(directory, *arguments, columns=80):
    """Run the command on a terminal so wide; returns what it showed there, without colours."""
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (30, columns))
    known = {name: value for name, value in environment().items() if name not in ("COLUMNS", "LINES")}
    command = subprocess.Popen(
        [sys.executable, "-m", "metaexpert", *map(str, arguments)],
        cwd=directory,
        env=known | {"TERM": "xterm", "NO_COLOR": "1"},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    shown = b"".join(iter(lambda: read_terminal(ours), b""))
    os.close(ours)
    assert command.wait(TIMEOUT_S) == 0
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown.decode("utf-8"))


def read_terminal(descriptor):
    """Return what has come, or nothing once no process has the terminal any more, which Linux reports as an
    error.
    """
    try:
        return os.read(descriptor, 65536)
    except OSError:
        return b""


@pytest.fixture
def strategy(tmp_path):
    """A minimal strategy and its data."""
    metaexpert(tmp_path, "new", "e", "--template", "minimal")
    write_bars(tmp_path / "btcusdt_1m.csv", 2_000)
    return tmp_path


@pytest.mark.parametrize("columns", [60, 80, 120])
@pytest.mark.parametrize("group", [(), ("logs",)])
def test_help_is_whole(tmp_path, group, columns):
    """At any width of the terminal, the sentence about a command is complete."""
    shown = on_terminal(tmp_path, *group, "--help", columns=columns)
    assert "..." not in shown.replace("[ARGS]...", "")
    assert max(map(len, shown.splitlines())) <= columns
    words = " ".join(shown.split())
    if not group:
        assert "Run a strategy on recorded market data in simulated time, and print what came of it." in words


def test_a_wide_terminal_is_used(tmp_path):
    """Help does not stop at 80 columns."""
    assert max(map(len, on_terminal(tmp_path, "--help", columns=120).splitlines())) > 80


def test_the_bar_knows_its_total_from_the_beginning(strategy):
    """No total is unknown, and the bar is gone before the figures."""
    shown = on_terminal(strategy, "backtest", "e.py", "--data", "btcusdt_1m.csv", "--log-level", "WARNING")
    assert "   0/2000" in shown
    assert "/?" not in shown
    assert shown.index("My Strategy: backtest") > shown.rindex("/2000")


def test_lines_of_the_log_stand_in_for_the_bar(strategy):
    """Where the console shows INFO records on the terminal there is no bar that they would tear."""
    shown = on_terminal(strategy, "backtest", "e.py", "--data", "btcusdt_1m.csv")
    assert "Expert started" in shown
    assert "/2000" not in shown


def test_the_demonstration_has_a_bar(tmp_path):
    """Its console is off, so the bar shows how far it is."""
    assert "/600" in on_terminal(tmp_path, "demo", "--bars", "600")

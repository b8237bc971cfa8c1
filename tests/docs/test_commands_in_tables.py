"""The commands in the tables of the guide to searching can be typed as they stand."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from support.doc_environment import clean_environment
from support.doc_pages import ROOT, prose_lines

PAGE = ROOT / "docs" / "guides" / "searching.md"
_COMMAND = re.compile(r"`(logs [a-z]+ [^`]*)`")
COMMANDS = sorted(
    {
        command
        for _, line in prose_lines(PAGE)
        if line.startswith("|")
        for command in _COMMAND.findall(line.rpartition(" | ")[2])
    }
)
PROGRAM = """
from metaexpert.logger import configure, get_logger
configure(log_file_path="logs", handlers={"console": None})
get_logger("bot").info("order filled", symbol="BTCUSDT", price=250)
"""


@pytest.fixture(scope="module")
def logs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with a log in it."""
    directory = tmp_path_factory.mktemp("commands")
    subprocess.run([sys.executable, "-c", PROGRAM], cwd=directory, env=clean_environment(), check=True)
    return directory


def test_tables_have_commands() -> None:
    """There is something to carry out."""
    assert len(COMMANDS) > 15


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_is_understood(command: str, logs: Path) -> None:
    """It finds something or nothing; a follower shows what is there, and goes on."""
    if command.startswith("logs query"):
        pytest.importorskip("duckdb")
    arguments = shlex.split(command)
    follows = "-f" in arguments
    process = subprocess.Popen(
        ["metaexpert", *arguments],
        cwd=logs,
        env=clean_environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        if follows:
            assert process.stdout is not None
            assert "order filled" in process.stdout.readline()
            process.terminate()
        _, errors = process.communicate(timeout=60)
    assert follows or process.returncode in (0, 1), errors
    assert errors == ""

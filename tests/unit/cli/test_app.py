"""What the command line loads before it does anything."""

import subprocess
import sys
from pathlib import Path

import pytest

from support.environment import clean_environment

LOADED = """
import sys
from metaexpert.cli import main
try:
    main(sys.argv[1:])
except SystemExit as end:
    print(end.code, *sys.modules, file=sys.stderr)
"""


def modules(tmp_path: Path, *arguments: str) -> set[str]:
    """Return the modules that are loaded once a command has succeeded."""
    done = subprocess.run(
        [sys.executable, "-c", LOADED, *arguments],
        cwd=tmp_path,
        env=clean_environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    code, *loaded = done.stderr.split()
    assert (code, done.stdout != "") == ("0", True), done
    return set(loaded)


@pytest.mark.parametrize(
    "arguments", [["--version"], ["--help"], ["logs", "--help"], ["run", "--help"]], ids=" ".join
)
def test_version_and_help_load_neither_host_nor_logger(arguments: list[str], tmp_path: Path) -> None:
    """Commands import what they need when they are called."""
    loaded = modules(tmp_path, *arguments)

    assert loaded & {"metaexpert.expert", "metaexpert.logger", "ssl", "asyncio", "rich"} == set()


@pytest.mark.parametrize("arguments", [["--version"], ["--help"]], ids=" ".join)
def test_version_and_help_do_without_pydantic(arguments: list[str], tmp_path: Path) -> None:
    """What pydantic takes is as much again as all the rest."""
    loaded = modules(tmp_path, *arguments)

    assert "pydantic" not in loaded
    assert len(loaded) < 250


def test_recovery_loads_no_host(tmp_path: Path) -> None:
    """What works on a log directory needs nothing of the strategies."""
    (tmp_path / "logs").mkdir()

    assert modules(tmp_path, "logs", "recover") & {"metaexpert.expert", "ssl", "asyncio", "rich"} == set()

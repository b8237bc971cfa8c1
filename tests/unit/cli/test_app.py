"""The modules that the command line loads at its start: a command pays only for what it needs itself."""

import subprocess
import sys
from pathlib import Path

import click
import pytest

from metaexpert.cli.logs import logs
from support.environment import clean_environment

LOADED = """
import sys
before = set(sys.modules)
{prelude}
from metaexpert.cli import main
try:
    main(sys.argv[1:])
except SystemExit as end:
    print(end.code, *set(sys.modules) - before, file=sys.stderr)
"""
#: No expert runs, whatever the tests of others have started.
ALONE = """
from metaexpert.logger.live import runtime_file
runtime_file._candidates = lambda: []
"""
#: Each takes as long to import as all that a small command needs.
SLOW = {
    *("asyncio", "http.client", "importlib.metadata", "metaexpert.expert.host", "pydantic", "rich", "ssl"),
    *("starlette", "urllib.request", "uvicorn"),
}
#: Click and the commands themselves load fewer on each supported Python; one more big import loads more.
MOST_MODULES = 160
#: Each command about logs: its options, and its exit code where no expert runs.
LOGS = [
    ("configure", "--show", "0"),
    ("configure", "--show --json", "0"),
    ("configure", "--schema", "0"),
    ("configure", "--level DEBUG --logger a.b=none", "2"),
    ("configure", "--handler console.level=ERROR --set queue.wait_ms=5 --ttl 10m", "2"),
    ("tail", "", "0"),
    ("grep", "text", "0"),
    ("stats", "--dir logs", "0"),
    ("stats", "--dir logs --by level --json", "0"),
    ("query", "select --output parquet", "2"),
    ("recover", "", "0"),
    ("recover", "--json", "0"),
    ("lnav", "--print", "0"),
]


def modules(tmp_path: Path, *arguments: str, prelude: str = "", exit_code: str = "0") -> set[str]:
    """Return the modules that a command has loaded at its end, Python's own start aside."""
    done = subprocess.run(
        [sys.executable, "-c", LOADED.format(prelude=prelude), *arguments],
        cwd=tmp_path,
        env=clean_environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    code, *loaded = done.stderr.splitlines()[-1].split()
    assert (code, done.stdout != "") == (exit_code, exit_code == "0"), done
    return set(loaded)


@pytest.mark.parametrize(
    "arguments",
    [
        ["--version"],
        ["--help"],
        ["logs", "--help"],
        ["logs", "configure", "--help"],
        ["logs", "recover", "--help"],
        ["run", "--help"],
    ],
    ids=" ".join,
)
def test_version_and_help_load_neither_host_nor_logger(arguments: list[str], tmp_path: Path) -> None:
    """Commands import what they need when they are called."""
    loaded = modules(tmp_path, *arguments)

    assert loaded & {*SLOW, "metaexpert.expert", "metaexpert.logger"} == set()
    assert len(loaded) < MOST_MODULES


def test_one_command_does_not_load_the_others(tmp_path: Path) -> None:
    """Only a list of commands imports all of them."""
    loaded = modules(tmp_path, "logs", "recover", "--help")

    assert {name for name in loaded if name.startswith("metaexpert.cli.runs")} == set()
    assert "metaexpert.cli.logs.configure" not in loaded


@pytest.mark.parametrize(("command", "options", "exit_code"), LOGS)
def test_commands_about_logs_load_little(command: str, options: str, exit_code: str, tmp_path: Path) -> None:
    """Neither models, nor the host, nor what speaks HTTP, unless there is a server to ask."""
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "expert.log").write_text('{"level":"INFO","message":"text"}\n')
    loaded = modules(tmp_path, "logs", command, *options.split(), prelude=ALONE, exit_code=exit_code)

    assert loaded & SLOW == set()
    assert {name for name in loaded if name.startswith("metaexpert.expert.")} <= {"metaexpert.expert.loggers"}
    assert len(loaded) < MOST_MODULES + 30


def test_every_command_about_logs_is_looked_at() -> None:
    """A new one gets its line."""
    assert {command for command, *_ in LOGS} == set(logs.list_commands(click.Context(logs)))


def test_a_list_of_no_experts_asks_nobody(tmp_path: Path) -> None:
    """What speaks HTTP is imported once there is a server to ask."""
    loaded = modules(tmp_path, "ps", prelude=ALONE)

    assert loaded & SLOW == set()
    assert len(loaded) < MOST_MODULES

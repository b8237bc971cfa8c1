"""FR-008, FR-023: running experts are listed and reconfigured from the command line."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from metaexpert.logger.live import runtime_file
from metaexpert.logger.live.runtime_file import RunningProcess
from support.command_process import metaexpert, records, write_bars
from support.control_harness import eventually

STRATEGY = """
import time
from pathlib import Path
from metaexpert import MetaExpert

expert = MetaExpert(exchange="binance", log_to_console=False)

@expert.on_init(symbol="BTCUSDT", timeframe="1m", strategy_name="Night Owl")
def init():
    Path("ready").touch()
    while not Path("go").exists():
        time.sleep(0.01)

@expert.on_bar("1m")
def bar(rates):
    expert.logger.debug("bar seen")

if __name__ == "__main__":
    expert.run()
"""
LOOP = """
import sys
from metaexpert.logger import configure, get_logger, serve
configure(handlers={"console": None}, default_level="INFO")
server = serve(token=sys.argv[1] if len(sys.argv) > 1 else None)
print(server.port, flush=True)
for line in sys.stdin:
    get_logger("bot").debug(line.strip())
    get_logger("bot").info(line.strip())
"""


@pytest.fixture(autouse=True)
def runtime_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A directory for the runtime files of a test's processes."""
    (tmp_path / "run").mkdir(mode=0o700)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "run"))


@contextmanager
def program(directory: Path, *arguments: str) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """Run a program with a control server that logs each line of its input; yields it and its port."""
    directory.mkdir(exist_ok=True)
    process = subprocess.Popen(
        [sys.executable, "-c", LOOP, *arguments],
        cwd=directory,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        yield process, int(process.stdout.readline())
    finally:
        process.communicate(timeout=30)


@contextmanager
def paper_run(directory: Path, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """Run the strategy on recorded bars; it is initialised, and goes on to its good end at the exit."""
    (directory / "owl.py").write_text(STRATEGY)
    data = write_bars(directory / "bars.csv", 50)
    options = ["--data", str(data), "--symbol", "BTCUSDT", *arguments]
    process = subprocess.Popen(
        [sys.executable, "-m", "metaexpert", "run", "owl.py", *options],
        cwd=directory,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        eventually((directory / "ready").exists, "the strategy is initialised", 60)
        yield process
    finally:
        (directory / "go").touch()
        out, err = process.communicate(timeout=60)
    assert process.returncode == 0, (out, err)


def expert_of(pid: int) -> RunningProcess | None:
    """Return what is known of a process."""
    return next((each for each in runtime_file.running_processes() if each.pid == pid), None)


def test_a_running_expert_is_reconfigured_and_listed(tmp_path: Path) -> None:
    """`run --control 0` makes it reachable; `ps` shows it; a change holds for what it logs from then on."""
    with paper_run(tmp_path, "--control", "0") as process:
        (listed,) = json.loads(metaexpert(tmp_path, "ps", "--json").out)
        assert (listed["pid"], listed["name"], listed["mode"]) == (process.pid, "Night Owl", "paper")
        assert (listed["health"], listed["dropped"]) == ("ok", 0)

        changed = metaexpert(tmp_path, "logs", "configure", "--level", "DEBUG")
        assert (changed.code, changed.err) == (0, "")
        assert changed.out == 'logging was reconfigured: default_level = "DEBUG"\n'

    assert len(records(tmp_path / "logs" / "expert.log", message="bar seen")) > 0
    assert metaexpert(tmp_path, "ps").out == "no expert is running\n"


def test_an_expert_without_a_server_is_listed(tmp_path: Path) -> None:
    """Figures that only a server knows are shown as unknown, and reconfiguring says how to get a server."""
    with paper_run(tmp_path):
        (listed,) = json.loads(metaexpert(tmp_path, "ps", "--json").out)
        refused = metaexpert(tmp_path, "logs", "configure", "--level", "DEBUG")

    assert (listed["name"], listed["health"], listed["url"]) == ("Night Owl", "unknown", None)
    assert refused.code == 2
    assert "has no control server; start it with --control 0" in refused.err


def test_a_change_shows_and_ends(tmp_path: Path) -> None:
    """`--ttl` limits it, `--show` shows it with its origin; the token comes from the runtime file."""
    with program(tmp_path, "t0ken"):
        changed = metaexpert(
            tmp_path,
            "logs",
            "configure",
            "--logger",
            "bot=DEBUG",
            "--handler",
            "file.level=INFO",
            "--ttl",
            "1h",
        )
        shown = metaexpert(tmp_path, "logs", "configure", "--show").out.splitlines()

    assert "for 3600 s" in changed.out
    assert 'loggers.bot = "DEBUG"  (runtime)' in shown
    assert "handlers.console = removed  (code)" in shown
    assert any(line.startswith("log_file_path = ") for line in shown)


def test_a_refused_change_says_why(tmp_path: Path) -> None:
    """Every bad field on stderr, exit code 2, nothing on stdout."""
    with program(tmp_path):
        refused = metaexpert(
            tmp_path, "logs", "configure", "--level", "DEBGU", "--handler", "file.max_size=1"
        )

    assert (refused.code, refused.out) == (2, "")
    assert refused.err.splitlines() == [
        'error: default_level: unknown level "DEBGU"; did you mean "DEBUG"?',
        "handlers.file.max_size must be 0 or at least 4096 bytes, was 1; use 0 for no rotation",
    ]


def test_one_of_several_experts_is_chosen(tmp_path: Path) -> None:
    """By process, log directory or address; without a choice the command asks for one."""
    with program(tmp_path / "a") as (first, _), program(tmp_path / "b", "t0ken") as (second, port):
        unclear = metaexpert(tmp_path, "logs", "configure", "--level", "ERROR")
        by_pid = metaexpert(tmp_path, "logs", "configure", "--level", "ERROR", "--pid", first.pid)
        by_directory = metaexpert(tmp_path, "logs", "configure", "--show", "--dir", "b/logs")
        here = metaexpert(tmp_path / "a", "logs", "configure", "--show")
        address = ["--url", f"http://127.0.0.1:{port}"]
        no_token = metaexpert(tmp_path, "logs", "configure", "--level", "ERROR", *address)
        wrong = metaexpert(tmp_path, "logs", "configure", "--show", *address, "--token", "other")
        by_url = metaexpert(
            tmp_path, "logs", "configure", "--level", "ERROR", *address, "--token", "t0ken", "--json"
        )
        nobody = metaexpert(tmp_path, "logs", "configure", "--level", "ERROR", "--pid", os.getpid())

    assert (unclear.code, "choose one with --pid" in unclear.err) == (2, True)
    assert str(first.pid) in unclear.err
    assert str(second.pid) in unclear.err
    assert by_pid.code == 0
    assert 'default_level = "INFO"  (code)' in by_directory.out
    assert 'default_level = "ERROR"  (runtime)' in here.out
    way_out = "give it with --token or METAEXPERT_CONTROL_TOKEN"
    assert (no_token.code, no_token.err) == (2, f"error: no token was given; {way_out}\n")
    assert (wrong.code, wrong.err) == (2, f"error: a wrong token was given; {way_out}\n")
    assert json.loads(by_url.out)["status"] == "success"
    assert (nobody.code, "there is no running expert of process" in nobody.err) == (2, True)


def test_without_an_expert_the_directory_is_shown(tmp_path: Path) -> None:
    """`--show` then prints what an expert started here would have; a change has no target."""
    (tmp_path / "metaexpert.toml").write_text('default_level = "WARNING"\n')

    shown = metaexpert(tmp_path, "logs", "configure", "--show")
    refused = metaexpert(tmp_path, "logs", "configure", "--level", "INFO")

    assert 'default_level = "WARNING"  (metaexpert.toml)' in shown.out
    assert "no expert is running; this is the configuration of one started here" in shown.err
    assert 'loggers.metaexpert.market = "DEBUG"  (default of MetaExpert)' in shown.out
    assert 'handlers.console.level = "WARNING"  (default of MetaExpert)' in shown.out
    assert (refused.code, "no expert is running" in refused.err) == (2, True)


def test_an_address_where_nobody_answers_is_told(tmp_path: Path) -> None:
    """Exit code 1: it may be there later."""
    done = metaexpert(tmp_path, "logs", "configure", "--level", "INFO", "--url", "http://127.0.0.1:9")

    assert (done.code, done.out) == (1, "")
    assert done.err.startswith("error: no server answers at http://127.0.0.1:9: ")
    assert done.err.endswith("; `metaexpert ps` lists the running experts\n")


def test_the_schema_is_published(tmp_path: Path) -> None:
    """`--schema` prints the JSON Schema of configurations, with every setting described by its type."""
    schema = json.loads(metaexpert(tmp_path, "logs", "configure", "--schema").out)

    assert {"default_level", "handlers", "loggers", "queue", "control", "watch"} <= set(schema["properties"])
    assert schema["additionalProperties"] is False

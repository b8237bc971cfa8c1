"""`metaexpert demo` runs anywhere, and leaves what it says it leaves."""

import subprocess
import sys

import pytest

from metaexpert import __version__
from support.command_process import FULL, environment, metaexpert, needs_full_device, records


def test_demo_leaves_its_records(tmp_path):
    """The summary is on stdout, nothing is on stderr, and the three files are there."""
    done = metaexpert(tmp_path, "demo", "--bars", 2000)
    assert (done.code, done.err) == (0, "")
    for word in ("bars", "orders", "fills", "result", "records", "per second", "logs/expert.log"):
        assert word in done.out
    assert len(records(tmp_path / "logs" / "expert.log", event_name="bar.closed")) == 2000
    assert len(records(tmp_path / "logs" / "trades.log", event_name="order.filled")) > 10
    assert not (tmp_path / "logs" / "errors.log").exists()


def test_demo_json_agrees_with_its_records(tmp_path):
    """--json prints one document whose figures are those of the files."""
    done = metaexpert(tmp_path, "demo", "--bars", 2000, "--json", "--log-dir", "elsewhere")
    figures = done.figures
    fills = records(tmp_path / "elsewhere" / "trades.log", event_name="order.filled")
    everything = records(tmp_path / "elsewhere" / "expert.log")
    assert (figures["bars"], figures["fills"]) == (2000, len(fills))
    assert figures["records_written"] == len(everything)
    assert (figures["records_logged"], figures["records_dropped"]) == (len(everything), 0)
    assert figures["files"] == [f"elsewhere/{name}" for name in ("expert.log", "trades.log")]
    assert not (tmp_path / "logs").exists()
    assert [record["seq"] for record in everything] == list(
        range(everything[0]["seq"], len(everything) + everything[0]["seq"])
    )


def test_demo_saves_its_market_for_a_first_backtest(tmp_path):
    """The file is data that a backtest takes as it is; one that is there already is never overwritten."""
    done = metaexpert(tmp_path, "demo", "--bars", 300, "--save-data", "BTCUSDT-1m.csv")
    assert (done.code, done.err) == (0, "")
    metaexpert(tmp_path, "new", "mine")
    first = metaexpert(tmp_path, "backtest", "mine.py", "--data", "BTCUSDT-1m.csv", "--json")
    assert (first.code, first.figures["bars"], first.figures["symbol"]) == (0, 300, "BTCUSDT")
    assert "note:" not in first.err
    again = metaexpert(tmp_path, "demo", "--bars", 10, "--save-data", "BTCUSDT-1m.csv")
    assert (again.code, again.err) == (
        2,
        "error: BTCUSDT-1m.csv exists already; choose another name or move it away\n",
    )
    assert len((tmp_path / "BTCUSDT-1m.csv").read_text().splitlines()) == 301


def test_demo_is_the_same_everywhere(tmp_path):
    """A seed gives the same trades every time, another seed gives others."""
    first, again, other = (
        metaexpert(tmp_path, "demo", "--bars", 1000, "--json", "--seed", seed).figures for seed in (3, 3, 4)
    )
    unstable = {"session_id", "duration_s", "records_per_s"}
    assert {k: v for k, v in first.items() if k not in unstable} == {
        k: v for k, v in again.items() if k not in unstable
    }
    assert first["final_balance"] != other["final_balance"]


def test_version_and_help(tmp_path):
    """--version names the version, --help every command."""
    assert metaexpert(tmp_path, "--version").out == f"metaexpert {__version__}\n"
    shown = metaexpert(tmp_path, "--help")
    assert shown.code == 0
    for command in ("new", "run", "backtest", "demo"):
        assert f"  {command} " in shown.out


def test_unwritable_log_directory_is_told(tmp_path):
    """A directory that cannot be made is a clear error before the run."""
    (tmp_path / "taken").write_text("a file")
    done = metaexpert(tmp_path, "demo", "--bars", 10, "--log-dir", "taken")
    assert done.code == 2
    assert "taken" in done.err
    assert done.out == ""


@needs_full_device
@pytest.mark.parametrize(
    "arguments", ["--version", "--help", "new mine", "ps", "logs configure --schema", "demo --bars 10 --json"]
)
def test_a_stdout_that_takes_nothing_is_told(tmp_path, arguments):
    """Each command ends with 1 and one line."""
    with FULL.open("w") as stdout:
        done = subprocess.run(
            [sys.executable, "-m", "metaexpert", *arguments.split()],
            cwd=tmp_path,
            env=environment(),
            stdout=stdout,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    *before, last = done.stderr.splitlines()
    assert done.returncode == 1
    assert last.startswith("error: stdout takes nothing: No space left on device")
    assert not any(line.startswith("Traceback") for line in before)

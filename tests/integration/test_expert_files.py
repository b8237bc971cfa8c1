"""Bad input of the command line: a message that names it, exit code 2, nothing on stdout."""

import os
import signal
import subprocess
import sys

import pytest

from support.command_process import environment, metaexpert, records, write_bars


@pytest.fixture
def strategy(tmp_path):
    """A minimal strategy in the test's directory."""
    metaexpert(tmp_path, "new", "e", "--template", "minimal")
    return tmp_path


def good_rows(count=5):
    """Rows of a small file of bars."""
    return [f"2024-01-01 00:{minute:02}:00,100,101,99,100,5" for minute in range(count)]


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([], "is empty"),
        (["timestamp,open,high,low,close,volume"], "only a header"),
        (
            ["timestamp,open,high,low,close,volume", *good_rows(3), "2024-01-01 00:03:00,100,x,99,100,5"],
            "line 5",
        ),
        (
            ["timestamp,open,high,low,close,volume", *good_rows(3), "2024-01-01 00:09:00,1,1,1,1,5"],
            "--allow-gaps",
        ),
        (["timestamp,open,high,low,close,volume", *good_rows(3), good_rows(3)[1]], "line 5"),
        (["colour,shape", "red,round"], "data.csv"),
    ],
)
def test_bad_data_file_names_the_place(strategy, rows, said):
    """An empty file, text for numbers, holes, disorder and unknown formats are named with file and line."""
    (strategy / "data.csv").write_text("".join(row + "\n" for row in rows))
    done = metaexpert(strategy, "backtest", "e.py", "--data", "data.csv")
    assert (done.code, done.out) == (2, "")
    assert "data.csv" in done.err
    assert said in done.err


def test_gaps_are_accepted_when_asked_for(strategy):
    """--allow-gaps runs a file with a hole, and says how many bars are missing."""
    rows = ["timestamp,open,high,low,close,volume", *good_rows(4), "2024-01-01 00:09:00,100,101,99,100,5"]
    (strategy / "data.csv").write_text("\n".join(rows) + "\n")
    done = metaexpert(
        strategy, "backtest", "e.py", "--data", "data.csv", "--allow-gaps", "--json", "--symbol", "X"
    )
    assert (done.code, done.figures["events"]) == (0, 5)
    assert "lacks 5 bars" in done.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("backtest", "e.py"), "a backtest needs market data"),
        (("backtest", "missing.py", "--data", "x.csv"), "missing.py cannot be read"),
        (("backtest", "e.py", "--data", "missing.csv"), "missing.csv"),
        (("backtest", "e.py", "--data", "."), "directory"),
        (("backtest", "e.py", "--data", "b.csv", "--from", "soon"), "--from must be a date"),
        (("backtest", "e.py", "--data", "b.csv", "--from", "2030-01-01"), "has no data from 2030-01-01"),
        (("backtest", "e.py", "--data", "b.csv", "--capital", "-5"), "--capital must be greater than 0"),
        (("backtest", "e.py", "--data", "b.csv", "--log-level", "LOUD"), "--log-level must be one of"),
        (("backtest", "e.py", "--data", "b.csv", "--log-dir", "e.py"), "e.py"),
        (("run", "e.py", "--mode", "live"), "live mode needs an exchange connection"),
        (("run", "e.py", "--mode", "paper"), "paper mode without data"),
        (("run", "e.py", "--mode", "demo"), "--mode must be one of backtest, live, paper"),
        (("backtest", "b.csv", "--data", "b.csv"), "b.csv"),
        (("backtset", "e.py"), "backtest"),
        (("demo", "--bars", "0"), "--bars"),
    ],
)
def test_bad_command_line_is_told(strategy, arguments, said):
    """The message names what was wrong; the code is 2 and stdout is empty."""
    write_bars(strategy / "b.csv", 10)
    done = metaexpert(strategy, *arguments)
    assert (done.code, done.out) == (2, "")
    assert said in done.err


def test_strategy_is_a_program_of_its_own_too(strategy):
    """`python e.py` without data prints the reason and ends with 2, without a traceback."""
    done = subprocess.run(
        [sys.executable, "e.py"], cwd=strategy, env=environment(), capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert done.stderr.startswith("error: a backtest needs market data")


def test_strategy_finds_the_modules_beside_it(tmp_path):
    """A strategy in another directory imports its own helpers, as under `python FILE`."""
    home = tmp_path / "strategies"
    home.mkdir()
    (home / "my_helpers.py").write_text("ANSWER = 42\n")
    metaexpert(tmp_path, "new", "strategies/e", "--template", "minimal")
    text = (home / "e.py").read_text()
    (home / "e.py").write_text("from my_helpers import ANSWER\nassert ANSWER == 42\n" + text)
    data = write_bars(tmp_path / "btcusdt_1m.csv", 50)
    assert metaexpert(tmp_path, "backtest", "strategies/e.py", "--data", data).code == 0


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_signal_ends_a_run_cleanly(tmp_path, number, code):
    """Ctrl-C and SIGTERM: on_deinit is called, everything is on record, and the exit code says why."""
    (tmp_path / "s.py").write_text(
        "import os, signal\n"
        "from metaexpert import MetaExpert\n"
        'expert = MetaExpert(exchange="binance")\n'
        '@expert.on_init(timeframe="1m")\n'
        "def init(): pass\n"
        "@expert.on_bar\n"
        "def bar(rates):\n"
        "    if rates.time.minute == 30:\n"
        f"        os.kill(os.getpid(), {int(number)})\n"
        "@expert.on_deinit\n"
        "def deinit(reason): expert.logger.info('over', reason=reason)\n"
        'expert.run(mode="backtest")\n'
    )
    data = write_bars(tmp_path / "btcusdt_1m.csv", 1_000)
    done = metaexpert(tmp_path, "backtest", "s.py", "--data", data, "--json")
    assert done.code == code
    assert done.figures["bars"] == 31
    assert len(records(tmp_path / "logs" / "expert.log", message="over")) == 1


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_unwritable_directory_is_told(tmp_path):
    """`new` in a directory without write permission says so."""
    tmp_path.chmod(0o500)
    done = metaexpert(tmp_path, "new", "mine")
    tmp_path.chmod(0o700)
    assert done.code == 2
    assert "cannot be written" in done.err

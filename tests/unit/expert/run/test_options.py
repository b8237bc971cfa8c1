"""The options of a run: the command line's beside those of a strategy file."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from metaexpert.expert.errors import ArgumentError
from metaexpert.expert.run.options import Overrides, check_overrides, run_options

FILE = {"data": None, "symbol": None, "allow_gaps": False, "fee_pct": None}


def test_data_of_the_command_line_is_run_whole():
    """The dates in a file were meant for other data."""
    options = run_options(
        "paper", "2024-01-01", "2024-02-01", 1_000, **FILE, overrides=Overrides(data=("x.csv",))
    )
    assert (options.data, options.start, options.end) == (("x.csv",), None, None)


def test_dates_of_the_command_line_cut_its_data():
    """--from and --to count, the last day included."""
    line = Overrides(data=("x.csv",), start="2024-03-01", end="2024-03-02")
    options = run_options("backtest", None, None, 1_000, **FILE, overrides=line)
    assert (options.start, options.end) == (
        datetime(2024, 3, 1, tzinfo=UTC),
        datetime(2024, 3, 3, tzinfo=UTC),
    )


def test_dates_of_the_file_cut_its_own_data():
    """With expert.run(data=...) the dates beside it count."""
    given = FILE | {"data": "own.csv"}
    options = run_options("backtest", "2024-01-01", "2024-01-31", 1_000, **given, overrides=None)
    assert (options.start, options.end) == (
        datetime(2024, 1, 1, tzinfo=UTC),
        datetime(2024, 2, 1, tzinfo=UTC),
    )


def test_command_line_goes_before_the_file():
    """Mode, capital, symbol and fee are those of the command line where it names them."""
    line = Overrides(mode="backtest", initial_capital=500.0, symbol="eth-usdt", fee_pct=0.1, allow_gaps=True)
    options = run_options("paper", None, None, 1_000, **FILE, overrides=line)
    assert (options.mode, options.initial_capital, options.symbol) == ("backtest", 500.0, "ETHUSDT")
    assert (options.fee_pct, options.allow_gaps) == (0.1, True)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (Overrides(mode="papre"), 'did you mean "paper"'),
        (Overrides(log_level="LOUD"), "--log-level must be one of"),
        (
            Overrides(log_dir="bot.log"),
            '--log-dir must be a directory, was "bot.log", which looks like a file',
        ),
        (Overrides(log_dir=""), '--log-dir must name a directory, was ""; name a directory, such as logs/'),
        (Overrides(initial_capital=0.0), "--capital must be greater than 0"),
        (Overrides(start="yesterday"), "--from must be a date"),
        (Overrides(start="2024-02-02", end="2024-02-01"), "--from 2024-02-02 is not before"),
        (Overrides(fee_pct=-1.0), "--fee must be at least 0"),
    ],
)
def test_bad_option_is_named(line, said):
    """The message names the option as it was typed."""
    with pytest.raises(ArgumentError) as caught:
        check_overrides(line)
    assert said in str(caught.value)


@pytest.mark.parametrize("data", [3, b"x.csv", {"x.csv": 1}, [None], ["x.csv", b"y.csv"], iter(["x.csv"])])
def test_data_that_names_no_files_is_refused(data):
    """What is neither a path nor a collection of paths is an error that says so."""
    with pytest.raises(ArgumentError, match="data must be the path of a market data file, or a list of "):
        run_options("backtest", None, None, 1_000, **FILE | {"data": data}, overrides=None)


@pytest.mark.parametrize("data", ["x.csv", Path("x.csv"), ["x.csv"], (Path("x.csv"),), {"x.csv"}])
def test_data_is_one_path_or_a_collection(data):
    """One file is named in any of these ways."""
    given = FILE | {"data": data}
    assert run_options("backtest", None, None, 1_000, **given, overrides=None).data == ("x.csv",)

"""How the command line and a strategy file agree on what a run is."""

from datetime import UTC, datetime

import pytest

from metaexpert.expert.errors import ArgumentError
from metaexpert.expert.log_setup import logging_configuration
from metaexpert.expert.options import Overrides, check_overrides, run_options
from metaexpert.expert.settings import expert_settings

FILE = {"data": None, "symbol": None, "allow_gaps": False, "fee_pct": None}


def settings(**given):
    """Settings of an expert with default values."""
    return expert_settings(
        **dict.fromkeys(("api_key", "api_secret", "api_passphrase", "subaccount", "base_url", "proxy")),
        **{
            "exchange": "binance",
            "testnet": False,
            "market_type": "futures",
            "contract_type": "linear",
            "margin_mode": "isolated",
            "position_mode": "hedge",
            "log_level": "INFO",
            "log_file": "expert.log",
            "trade_log_file": "trades.log",
            "error_log_file": "errors.log",
            "log_to_console": True,
            "rate_limit": 1200,
            "enable_metrics": True,
            "persist_state": True,
            "state_file": "state.json",
        }
        | given,
    )


def test_data_of_the_command_line_is_run_whole():
    """The dates in a file were meant for other data."""
    options = run_options(
        "paper", "2024-01-01", "2024-02-01", 1_000, **FILE, overrides=Overrides(data="x.csv")
    )
    assert (options.data, options.start, options.end) == ("x.csv", None, None)


def test_dates_of_the_command_line_cut_its_data():
    """--from and --to count, the last day included."""
    line = Overrides(data="x.csv", start="2024-03-01", end="2024-03-02")
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


def test_bars_are_on_record_at_info_but_not_on_the_console():
    """The loggers of bars are at DEBUG while the console stays at INFO."""
    document = logging_configuration(settings())
    assert document["loggers"]["metaexpert.market"] == "DEBUG"
    assert document["handlers"]["console"]["level"] == "INFO"
    assert document["handlers"]["file"]["level"] == "DEBUG"


def test_bars_are_not_on_record_at_warning():
    """Who asks for warnings alone does not get every bar."""
    assert logging_configuration(settings(log_level="WARNING"))["loggers"]["metaexpert.market"] == "WARNING"


def test_handlers_that_are_switched_off_are_removed():
    """None for a file and False for the console remove those handlers."""
    handlers = logging_configuration(settings(log_to_console=False, trade_log_file=None))["handlers"]
    assert (handlers["console"], handlers["trades"]) == (None, None)


def test_command_line_level_and_directory_go_before_the_file():
    """--log-level and --log-dir win, and the console moves to stderr."""
    line = Overrides(log_level="debug", log_dir="elsewhere", quiet=True)
    document = logging_configuration(settings(log_level="ERROR"), line)
    assert (document["default_level"], document["log_file_path"]) == ("DEBUG", "elsewhere")
    assert document["handlers"]["console"] == {"level": "DEBUG", "format": "console", "stream": "stderr"}


def test_quiet_console_shows_warnings_alone():
    """A backtest's console is at WARNING unless a level is asked for."""
    document = logging_configuration(settings(), Overrides(quiet=True))
    assert document["handlers"]["console"]["level"] == "WARNING"
    assert document["default_level"] == "INFO"

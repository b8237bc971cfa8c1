"""What the logging arguments of `MetaExpert(...)` and the command line make of the configuration."""

from expert_harness import account_settings

from metaexpert.expert.host.log_setup import logging_configuration
from metaexpert.expert.run.options import Overrides


def test_bars_are_on_record_at_info_but_not_on_the_console():
    """The loggers of bars are at DEBUG while the console stays at INFO."""
    document = logging_configuration(account_settings())
    assert document["loggers"]["metaexpert.market"] == "DEBUG"
    assert document["handlers"]["console"]["level"] == "INFO"
    assert document["handlers"]["file"]["level"] == "DEBUG"


def test_bars_are_not_on_record_at_warning():
    """Who asks for warnings alone does not get every bar."""
    document = logging_configuration(account_settings(log_level="WARNING"))
    assert document["loggers"]["metaexpert.market"] == "WARNING"


def test_handlers_that_are_switched_off_are_removed():
    """None for a file and False for the console remove those handlers."""
    handlers = logging_configuration(account_settings(log_to_console=False, trade_log_file=None))["handlers"]
    assert (handlers["console"], handlers["trades"]) == (None, None)


def test_command_line_level_and_directory_go_before_the_file():
    """--log-level and --log-dir win, and the console moves to stderr."""
    line = Overrides(log_level="debug", log_dir="elsewhere", quiet=True)
    document = logging_configuration(account_settings(log_level="ERROR"), line)
    assert (document["default_level"], document["log_file_path"]) == ("DEBUG", "elsewhere")
    assert document["handlers"]["console"] == {"level": "DEBUG", "format": "console", "stream": "stderr"}


def test_quiet_console_shows_warnings_alone():
    """A backtest's console is at WARNING unless a level is asked for."""
    document = logging_configuration(account_settings(), Overrides(quiet=True))
    assert document["handlers"]["console"]["level"] == "WARNING"
    assert document["default_level"] == "INFO"

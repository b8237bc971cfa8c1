"""Facts about configuring, and asking how logging does."""

import json
import logging
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from metaexpert.logger import (
    ConfigurationError,
    LogConfiguration,
    MetaLogger,
    configuration,
    configure,
    configure_program,
    get_logger,
    setup_logger,
    stats,
)

if TYPE_CHECKING:
    from support.logs import Logs


def test_configure_returns_what_is_in_force(logs: "Logs") -> None:
    """The result is the configuration that `configuration()` shows from then on."""
    returned = logs.configure(default_level="ERROR")

    assert isinstance(returned, LogConfiguration)
    assert returned == configuration()
    assert returned.default_level == "ERROR"


@pytest.mark.parametrize("form", ["mapping", "object", "json", "toml"])
def test_a_configuration_may_come_in_any_form(form: str, logs: "Logs", tmp_path: Path) -> None:
    """A mapping, a `LogConfiguration`, and JSON and TOML files say the same."""
    (tmp_path / "c.json").write_text(json.dumps({"default_level": "ERROR"}))
    (tmp_path / "c.toml").write_text('default_level = "ERROR"\n')
    given = {
        "mapping": {"default_level": "ERROR"},
        "object": LogConfiguration(default_level="ERROR"),
        "json": tmp_path / "c.json",
        "toml": str(tmp_path / "c.toml"),
    }[form]

    assert configure(given).default_level == "ERROR"
    assert logging.root.level == logging.ERROR


def test_overrides_win_over_the_configuration(logs: "Logs") -> None:
    """A keyword wins over the same value in the first argument."""
    assert configure({"default_level": "ERROR"}, default_level="DEBUG").default_level == "DEBUG"


def test_the_command_line_wins_over_code(logs: "Logs") -> None:
    """What the command line set stays, whatever code configures later."""
    configure_program(command_line={"default_level": "DEBUG", "log_file_path": str(logs.directory)})

    assert logs.configure(default_level="ERROR").default_level == "DEBUG"
    assert logging.root.level == logging.DEBUG


def test_configuration_can_be_asked_before(fresh_logging: None) -> None:
    """Before `configure()` it shows what that would do, and does nothing."""
    assert configuration().default_level == "INFO"
    assert stats().logged == 0
    assert not Path("logs").exists()


def test_setup_logger_returns_a_ready_logger(logs: "Logs") -> None:
    """It configures the process if nobody did, and leaves an existing configuration as it is."""
    logs.configure(default_level="ERROR")
    logger = setup_logger("strategy", "info")

    assert logger is logging.getLogger("strategy")
    assert isinstance(logger, MetaLogger)
    assert (logger.level, logging.root.level) == (logging.INFO, logging.ERROR)
    with pytest.raises(ConfigurationError, match="LOUD"):
        setup_logger("strategy", "LOUD")
    assert logger.level == logging.INFO


def test_one_handler_however_often(logs: "Logs") -> None:
    """Configuring again never adds a second handler to the root."""
    for _ in range(3):
        logs.configure()
        setup_logger()

    assert len(logging.root.handlers) == 1


def test_levels_of_loggers_are_taken_back(logs: "Logs") -> None:
    """A level that the configuration set is unset when it is removed; one set by the program stays."""
    get_logger("mine").setLevel("ERROR")
    logs.configure(loggers={"theirs": "ERROR"})
    logs.configure(loggers={"theirs": None})

    assert (get_logger("mine").level, get_logger("theirs").level) == (logging.ERROR, logging.NOTSET)


def test_presets_can_be_applied(logs: "Logs") -> None:
    """Each preset is a configuration that works."""
    for preset in ("development", "production", "backtesting", "high_frequency"):
        given = getattr(LogConfiguration, f"for_{preset}")()
        configure(given, log_file_path=str(logs.directory / preset), handlers={"console": None})
        logs.logger.error("m")
        assert stats().errors == 0
        assert configuration().default_level == given.default_level

"""The logging arguments of `MetaExpert(...)` as a configuration of `metaexpert.logger`."""

from __future__ import annotations

import logging
from typing import Any

from metaexpert.expert.journal import MARKET_LOGGER, TRADE_LOGGER
from metaexpert.expert.run.options import Overrides
from metaexpert.expert.settings.expert import ExpertSettings, log_level
from metaexpert.logger import configure, configure_command_line


def configure_logging(settings: ExpertSettings, line: Overrides | None = None) -> None:
    """Put the logging arguments in force, with what the command line says (`line`) over them.

    Raises `ConfigurationError`, for example when the log directory cannot be written.
    """
    document = logging_configuration(settings, line)
    configure(document)
    said: dict[str, Any] = {}
    if line is not None and line.log_level is not None:
        said |= {name: document[name] for name in ("default_level", "loggers")}
    if line is not None and line.log_dir is not None:
        said["log_file_path"] = document["log_file_path"]
    if line is not None and line.control is not None:
        from metaexpert.logger.config.environment import control_address

        said["control"] = control_address(line.control)
    if said:
        # In its own right, so that it also wins over a `configure()` of the strategy's own.
        configure_command_line(said)


def logging_configuration(settings: ExpertSettings, line: Overrides | None = None) -> dict[str, Any]:
    """Return what `configure()` is called with; what the command line says (`line`) goes first.

    - `log_level` is the level of all loggers, and of the console
    - `log_file` takes everything, `trade_log_file` and `error_log_file` their kind; None switches one off
    - trades are on record at any `log_level`: `MetaLogger.trade` sees to that
    - bars, which are DEBUG records, are in `log_file` unless `log_level` is WARNING or above
    - under a command line the console is stderr, so that stdout has the results alone
    """
    level = settings.log_level
    if line is not None and line.log_level is not None:
        level = log_level("--log-level", line.log_level)
    detail_level = "DEBUG" if _severity(level) <= logging.INFO else level
    document: dict[str, Any] = {
        "default_level": level,
        "loggers": {MARKET_LOGGER: detail_level, TRADE_LOGGER: detail_level},
        "handlers": {
            "console": _console(level, line) if settings.log_to_console else None,
            "file": _file(settings.log_file, level="DEBUG"),
            "trades": _file(settings.trade_log_file),
            "errors": _file(settings.error_log_file),
        },
    }
    if line is not None and line.log_dir is not None:
        document["log_file_path"] = line.log_dir
    return document


def _console(level: str, line: Overrides | None) -> dict[str, Any]:
    console = {"level": level, "format": "console"}
    if line is None:
        return console
    if line.quiet and line.log_level is None and _severity(level) < logging.WARNING:
        console["level"] = "WARNING"
    return console | {"stream": "stderr"}


def _file(filename: str | None, **options: Any) -> dict[str, Any] | None:
    return None if filename is None else {"format": "json", "filename": filename, **options}


def _severity(level: str) -> int:
    return int(level) if level.isdigit() else logging.getLevelNamesMapping()[level]

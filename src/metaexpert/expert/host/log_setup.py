"""The logging arguments of `MetaExpert(...)` as a configuration of `metaexpert.logger`."""

from __future__ import annotations

from typing import Any, Final

from metaexpert.expert.host.record_view import RECORD_VIEW
from metaexpert.expert.loggers import EXPERT_LOGGER, MARKET_LOGGER, TRADE_LOGGER, expert_defaults
from metaexpert.expert.run.options import Overrides
from metaexpert.expert.settings.arguments import NotGiven
from metaexpert.expert.settings.expert import ExpertSettings, log_directory, log_level
from metaexpert.logger import configure_program
from metaexpert.logger.views import register_view

#: The handlers that arguments name files of.
FILES: Final = {"log_file": "file", "trade_log_file": "trades", "error_log_file": "errors"}


def configure_logging(settings: ExpertSettings, line: Overrides | None = None) -> None:
    """Put the logging arguments in force, with what the command line says (`line`) over them.

    Raises `ConfigurationError`, for example when the log directory cannot be written.
    """
    register_view(RECORD_VIEW)
    configure_program(
        named_configuration(settings), defaults=expert_defaults, command_line=line_configuration(line)
    )


def named_configuration(settings: ExpertSettings) -> dict[str, Any]:
    """Return what the arguments that the caller has named say; what is not named is left to other sources."""
    document: dict[str, Any] = {}
    if not isinstance(settings.log_level, NotGiven):
        document["default_level"] = settings.log_level
    if not isinstance(settings.record_bars, NotGiven):
        # Bars are DEBUG records, and the only ones of their logger.
        document["loggers"] = {MARKET_LOGGER: "DEBUG" if settings.record_bars else "INFO"}
    if handlers := _named_handlers(settings):
        document["handlers"] = handlers
    return document


def _named_handlers(settings: ExpertSettings) -> dict[str, dict[str, str] | None]:
    handlers: dict[str, dict[str, str] | None] = {}
    if not isinstance(settings.log_to_console, NotGiven):
        handlers["console"] = {"type": "console"} if settings.log_to_console else None
    for argument, handler in FILES.items():
        filename = getattr(settings, argument)
        if not isinstance(filename, NotGiven):
            handlers[handler] = None if filename is None else {"filename": filename}
    return handlers


def line_configuration(line: Overrides | None) -> dict[str, Any]:
    """Return what the command line says; under one the console is stderr: stdout has the results alone."""
    if line is None:
        return {}
    if not line.has_console:
        return _unattended(line)
    console = {"stream": "stderr"}
    document: dict[str, Any] = {"handlers": {"console": console}}
    if line.log_level is not None:
        document["default_level"] = console["level"] = log_level("--log-level", line.log_level)
    if line.log_dir is not None:
        document["log_file_path"] = log_directory("--log-dir", line.log_dir)
    if line.control is not None:
        from metaexpert.logger.config import control_address

        document["control"] = control_address(line.control)
    return document


def _unattended(line: Overrides) -> dict[str, Any]:
    """Return the configuration of a run that nobody looks at: a pass of an optimisation."""
    handlers = dict.fromkeys(("console", "file", "trades") if line.is_quiet else ("console",))
    document: dict[str, Any] = {"handlers": handlers}
    if line.is_quiet:
        loggers = (MARKET_LOGGER, TRADE_LOGGER, EXPERT_LOGGER)
        document |= {"default_level": "ERROR", "loggers": dict.fromkeys(loggers, "ERROR")}
    if line.log_dir is not None:
        document["log_file_path"] = log_directory("--log-dir", line.log_dir)
    return document

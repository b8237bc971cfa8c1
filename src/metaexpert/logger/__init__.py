"""Structured, asynchronous logging that never slows or stops a trade: a drop-in for `logging`.

    from metaexpert.logger import configure, get_logger

    configure(default_level="INFO", log_file_path="logs")
    log = get_logger(__name__)
    log.info("Order filled", symbol="BTCUSDT", price=50000.5, qty=0.1)

Importing changes nothing; until `configure()` or `setup_logger()` runs, a `MetaLogger` behaves as a
`logging.Logger`. The record, the configuration and the guarantees are described in `docs/logging.md`.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from metaexpert.logger.capture.context import log_context
from metaexpert.logger.capture.handler import PipelineHandler
from metaexpert.logger.capture.meta import MetaLogger
from metaexpert.logger.capture.timing import timed
from metaexpert.logger.errors import ConfigurationError
from metaexpert.logger.process.service import (
    configuration,
    configure,
    configure_program,
    flush,
    get_logger,
    serve,
    setup_logger,
    shutdown,
    stats,
)
from metaexpert.logger.process.statistics import LoggerStats, SinkStats

if TYPE_CHECKING:
    from metaexpert.logger.config import LogConfiguration
    from metaexpert.logger.entry import LogEntry, read_log

__all__ = [
    "ConfigurationError",
    "LogConfiguration",
    "LogEntry",
    "LoggerStats",
    "MetaLogger",
    "PipelineHandler",
    "SinkStats",
    "configuration",
    "configure",
    "configure_program",
    "flush",
    "get_logger",
    "log_context",
    "read_log",
    "serve",
    "setup_logger",
    "shutdown",
    "stats",
    "timed",
]


def __getattr__(name: str) -> Any:
    # pydantic, behind the configuration, is slow to import and not needed before configuring.
    if name == "LogConfiguration":
        from metaexpert.logger.config import LogConfiguration

        return LogConfiguration
    # A program that writes records seldom reads them.
    if name in ("LogEntry", "read_log"):
        from metaexpert.logger import entry

        return getattr(entry, name)
    # What a program that logs with `logging` says; here it is the same logger.
    if name == "getLogger":
        return get_logger
    if hasattr(logging, name):
        raise AttributeError(
            f"module {__name__!r} has no attribute {name!r}; it is one of logging, unchanged"
        )
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

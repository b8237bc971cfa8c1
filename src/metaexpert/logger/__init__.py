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
from metaexpert.logger.capture.loggers import get_logger, setup_logger
from metaexpert.logger.capture.meta import MetaLogger
from metaexpert.logger.capture.timing import timed
from metaexpert.logger.errors import ConfigurationError
from metaexpert.logger.process import parts
from metaexpert.logger.process.service import (
    configuration,
    configure,
    configure_program,
    flush,
    shutdown,
    stats,
)
from metaexpert.logger.process.statistics import LoggerStats, SinkStats

if TYPE_CHECKING:
    from metaexpert.logger.config import LogConfiguration
    from metaexpert.logger.control.server import ControlServer
    from metaexpert.logger.entry import LogEntry, read_log
    from metaexpert.logger.process.recovery import RecoveryReport, RingReport, recover

__all__ = [
    "ConfigurationError",
    "LogConfiguration",
    "LogEntry",
    "LoggerStats",
    "MetaLogger",
    "PipelineHandler",
    "RecoveryReport",
    "RingReport",
    "SinkStats",
    "configuration",
    "configure",
    "configure_program",
    "flush",
    "get_logger",
    "log_context",
    "read_log",
    "recover",
    "serve",
    "setup_logger",
    "shutdown",
    "stats",
    "timed",
]

# Parts that log or change logging by themselves; lowest first. Each is loaded when a configuration asks for
# it.
parts.declare(
    "statistics",
    "metaexpert.logger.live.periodic",
    lambda _, configuration: configuration.stats_interval_seconds > 0,
)
parts.declare("temporary changes", "metaexpert.logger.live.changes")
parts.declare(
    "watched files",
    "metaexpert.logger.live.watch",
    lambda sources, configuration: configuration.watch and sources.files(),
)
parts.declare(
    "control server",
    "metaexpert.logger.control.lifecycle",
    lambda _, configuration: configuration.control is not None,
)


def serve(host: str = "127.0.0.1", port: int = 0, token: str | None = None) -> ControlServer:
    """Start the control server in this process, in a thread of its own, and return it.

    `port` 0 takes a free one, which `.port` and `.url` of the returned server name. An address other than
    loopback requires a `token`, which each request then has to bring. A server that already runs at this
    address is kept; another one is replaced. If nothing is configured yet, `configure()` is called. Raises
    `ConfigurationError` for a bad address or token, and if the port is in use.
    """
    from metaexpert.logger.control import lifecycle

    return lifecycle.serve(host, port, token)


def __getattr__(name: str) -> Any:
    # pydantic, behind the configuration, is slow to import and not needed before configuring.
    if name == "LogConfiguration":
        from metaexpert.logger.config import LogConfiguration

        return LogConfiguration
    # A program that writes records seldom reads them.
    if name in ("LogEntry", "read_log"):
        from metaexpert.logger import entry

        return getattr(entry, name)
    # A process that was killed is seldom the reason to start.
    if name in ("RecoveryReport", "RingReport", "recover"):
        from metaexpert.logger.process import recovery

        return getattr(recovery, name)
    # The name that programs use with `logging`; here it returns the same logger.
    if name == "getLogger":
        return get_logger
    if hasattr(logging, name):
        raise AttributeError(
            f"module {__name__!r} has no attribute {name!r}; it is one of logging, unchanged"
        )
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

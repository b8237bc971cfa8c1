"""A record of the logging system's own counters, as often as the configuration asks for it."""

from __future__ import annotations

import atexit
import logging
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import fields
from typing import Any, Final

from metaexpert.logger.capture.loggers import get_logger
from metaexpert.logger.capture.meta import MetaLogger
from metaexpert.logger.config import LogConfiguration, Sources
from metaexpert.logger.process import parts, service
from metaexpert.logger.process.forks import at_fork
from metaexpert.logger.process.statistics import LoggerStats

LOGGER: Final = "metaexpert.logger.stats"
#: A record takes microseconds; who waits longer for the end of the thread waits for something else.
_STOP_SECONDS: Final = 1.0


class _Reporter:
    """The interval, and the thread that sleeps until it is over."""

    def __init__(self) -> None:
        self.interval_seconds = 0
        self.thread: threading.Thread | None = None
        self.lock = threading.Lock()
        self.woken = threading.Event()
        self.is_registered = False


_reporter: Final = _Reporter()


def follow(interval_seconds: int) -> None:
    """Make a record every `interval_seconds` from now on; 0 ends it."""
    with _reporter.lock:
        if interval_seconds == _reporter.interval_seconds:
            return
        _reporter.interval_seconds = interval_seconds
        _reporter.woken.set()
        if interval_seconds and _reporter.thread is None:
            _reporter.thread = threading.Thread(target=_run, name="metaexpert-log-stats", daemon=True)
            _reporter.thread.start()
        if not _reporter.is_registered:
            _reporter.is_registered = True
            atexit.register(stop)


def stop(timeout: float | None = _STOP_SECONDS) -> None:
    """End it; returns when no further record comes, which would start logging again after its end.

    Waits for that for at most `timeout` seconds.
    """
    thread = _reporter.thread
    follow(0)
    if thread is not None and thread is not threading.current_thread():
        thread.join(timeout)


def figures(stats: LoggerStats) -> dict[str, Any]:
    """Return `stats` as fields of a record, named as there; counts of 0 in tables are left out."""
    values = {field.name: getattr(stats, field.name) for field in fields(stats) if field.name != "sinks"}
    shown = {name: _counted(value) if isinstance(value, Mapping) else value for name, value in values.items()}
    sinks = {
        name: {field.name: getattr(sink, field.name) for field in fields(sink)}
        for name, sink in stats.sinks.items()
    }
    return {**shown, "sinks": sinks}


def _counted(table: Mapping[str, int]) -> dict[str, int]:
    return {name: count for name, count in table.items() if count}


def _run() -> None:
    while True:
        with _reporter.lock:
            interval = _reporter.interval_seconds
            _reporter.woken.clear()
            if not interval:
                _reporter.thread = None
                return
        if not _reporter.woken.wait(interval):
            _logger().info("Logging statistics", event_name="log.stats", **figures(service.stats()))


def _logger() -> MetaLogger:
    """Return the logger of these records, which were asked for whatever the root logger's level is."""
    logger = get_logger(LOGGER)
    if logger.level == logging.NOTSET:
        logger.setLevel(logging.INFO)
    return logger


def _forget_parent() -> None:
    """A child has no such thread; its next `configure()` starts one."""
    _reporter.interval_seconds = 0
    _reporter.thread = None
    _reporter.lock = threading.Lock()
    _reporter.woken = threading.Event()


@contextmanager
def _following(_sources: Sources, configuration: LogConfiguration) -> Iterator[None]:
    yield
    follow(configuration.stats_interval_seconds)


at_fork(in_child=_forget_parent)
parts.begin("statistics", stop, longest_stop_s=_STOP_SECONDS, following=_following)

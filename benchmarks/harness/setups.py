"""The peers, each set up as its own documentation advises for JSON lines in a file.

Each function stands by itself and imports what it needs: `loggers` calls it, and `programs` writes its text
into a program of its own, where nothing has been imported yet. It takes the file's path and returns two
functions: one that logs, and one that writes everything and ends the logger.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Opened = tuple[Any, Callable[[], object]]


def stdlib(path: str, *, queued: bool = False) -> Opened:
    """Set up `logging` with python-json-logger; `queued` behind a `QueueHandler`."""
    import logging

    from pythonjsonlogger.json import JsonFormatter

    handler = logging.FileHandler(path)
    handler.setFormatter(JsonFormatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    log = logging.getLogger("third.party")
    log.setLevel(logging.INFO)
    if not queued:
        log.addHandler(handler)
        return log, handler.close

    import queue
    from logging.handlers import QueueHandler, QueueListener

    records: queue.SimpleQueue[Any] = queue.SimpleQueue()
    listener = QueueListener(records, handler)
    log.addHandler(QueueHandler(records))
    listener.start()

    def close() -> None:
        listener.stop()
        handler.close()

    return log, close


def structlog_orjson(path: str) -> Opened:
    """Set up structlog with orjson, bound once, as its documentation says for speed."""
    import logging

    import orjson
    import structlog

    file = open(path, "wb")  # noqa: SIM115 - until the end
    structlog.configure(
        cache_logger_on_first_use=True,
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(serializer=orjson.dumps),
        ],
        logger_factory=structlog.BytesLoggerFactory(file=file),
    )
    return structlog.get_logger().bind(), file.close


def loguru(path: str, *, enqueue: bool = False) -> Opened:
    """Set up loguru."""
    from loguru import logger

    logger.remove()
    logger.add(path, serialize=True, format="{message}", level="INFO", enqueue=enqueue)
    return logger, logger.remove


def picologging(path: str) -> Opened:
    """Set up picologging; not with %(asctime)s, into which it puts random memory at times."""
    import picologging

    log = picologging.getLogger("bench")
    log.setLevel(picologging.INFO)
    handler = picologging.FileHandler(path)
    line = '{"created":%(created)f,"level":"%(levelname)s","name":"%(name)s",%(message)s}'
    handler.setFormatter(picologging.Formatter(line))
    log.addHandler(handler)
    return log, handler.close


def logxide(path: str) -> Opened:
    """Set up logxide, whose own flush() returns before the handlers have run."""
    import json
    import logging
    from importlib import import_module
    from threading import Event

    # Its functions are made in Rust, and its type stubs don't name them.
    logxide: Any = import_module("logxide.logxide")
    end, ended = "the end of the records", Event()
    file = open(path, "w", encoding="utf-8")  # noqa: SIM115 - until the end

    def write(record: dict[str, Any]) -> None:
        if record["msg"] == end:
            ended.set()
            return
        line = {"created": record["created"], "level": record["levelname"], "message": record["msg"]}
        file.write(json.dumps(line) + "\n")

    log = logxide.getLogger("bench")
    log.setLevel(logging.INFO)
    log.addHandler(write)

    def close() -> None:
        log.info(end)
        ended.wait(timeout=60)
        file.close()

    return log, close


def logust(path: str) -> Opened:
    """Set up logust."""
    from logust import logger

    logger.remove()
    handler = logger.add(path, level="INFO", serialize=True)

    def close() -> None:
        logger.complete()
        logger.remove(handler)

    return logger, close


def logly(path: str, *, enqueue: bool = False) -> Opened:
    """Set up logly."""
    from logly import logger

    logger.remove()
    handler = logger.add(path, serialize=True, level="INFO", enqueue=enqueue)

    def close() -> None:
        logger.complete()
        logger.remove(handler)

    return logger, close


def nautilus(path: str) -> Opened:
    """Set up the logging of nautilus_trader."""
    from os.path import basename, dirname, splitext

    from nautilus_trader.common.component import Logger, flush_logger, init_logging
    from nautilus_trader.common.enums import LogLevel

    guard = [
        init_logging(
            level_stdout=LogLevel.OFF,
            level_file=LogLevel.INFO,
            directory=dirname(path),
            file_name=splitext(basename(path))[0],
            file_format="json",
        )
    ]

    def close() -> None:
        flush_logger()
        # Its destructor waits for the thread that writes.
        guard.clear()

    return Logger("bench"), close

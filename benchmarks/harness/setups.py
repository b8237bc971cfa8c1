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
    """Set up logxide: with its own file, but 0.1 with a handler, because its file has the message alone."""
    import json
    import logging
    from importlib import import_module
    from importlib.metadata import version
    from threading import Event

    # Its functions are made in Rust, and its type stubs don't name them.
    if not version("logxide").startswith("0.1."):
        package: Any = import_module("logxide")
        handler = package.FileHandler(path)
        line = '{"time":"%(asctime)s","level":"%(levelname)s","name":"%(name)s","message":%(message)s}'
        handler.setFormatter(package.Formatter(line, datefmt="%Y-%m-%dT%H:%M:%S"))
        ours = package.getLogger("bench")
        ours.setLevel(logging.INFO)
        ours.addHandler(handler)

        def end_file() -> None:
            # Its close() leaves the last lines in memory until the process ends.
            handler.flush()
            handler.close()

        return ours, end_file

    logxide: Any = import_module("logxide.logxide")
    # Its flush() returns before the handlers have run, so a last record tells the end.
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
    from os import symlink
    from os.path import basename, dirname, splitext

    from nautilus_trader.common.component import Logger, flush_logger, init_logging
    from nautilus_trader.common.enums import LogLevel

    # So newer ones call the file.
    symlink(basename(path), f"{splitext(path)[0]}.jsonl")
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


def bqlog(path: str) -> Opened:
    """Set up BqLog, with the recovery that lets its records survive the process."""
    from os import symlink
    from os.path import basename, dirname, splitext

    from bq.log import log

    stem = splitext(path)[0]
    # It numbers its files.
    symlink(basename(path), f"{stem}_1.log")
    log.reset_base_dir(0, dirname(path))
    options = {
        "appenders_config.file.type": "text_file",
        "appenders_config.file.levels": "[info,warning,error,fatal]",
        "appenders_config.file.time_zone": "gmt",
        "appenders_config.file.file_name": stem,
        "appenders_config.file.enable_rolling_log_file": "false",
        "log.recovery": "true",
    }
    ours = log.create_log("bench", "".join(f"{name}={value}\n" for name, value in options.items()))
    return ours, ours.force_flush

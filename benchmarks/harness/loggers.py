"""The loggers under comparison, each set up as its own documentation advises for JSON lines in a file.

Every one gets the same event and must bring all its values back out of the file. Where a library can't take
fields in a call, the caller does it the way its users would, and `note` says so.
"""

from __future__ import annotations

import importlib
import importlib.util
import json
import logging
import logging.handlers
import queue
import sys
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NamedTuple

from harness.event import Fields, VerificationError, Verified, verify

#: The file, in a directory of its own, that a measured logger writes.
FILE: Final = "bench.json"
OWN: Final = "metaexpert"
NOTHING: Final = "do-nothing builtin"
OWN_STDLIB: Final = "logging -> metaexpert"
STDLIB: Final = "logging + python-json-logger"
STRUCTLOG: Final = "structlog + orjson"
LOGURU: Final = "loguru"

#: Everything that this benchmark logs must arrive: the caller waits for room rather than drop a record.
_QUEUE: Final = {"protect_level": "NOTSET", "wait_ms": 60_000}
_JSON_LOGGER_FORMAT: Final = "%(asctime)s %(levelname)s %(name)s %(message)s"


class Opened(NamedTuple):
    """A logger that is ready, and what writes out everything and ends it."""

    log: Any
    close: Callable[[], object]


@dataclass(frozen=True, slots=True)
class Logger:
    """A logger under comparison."""

    name: str
    style: str
    """How its call takes fields: one of `calls.LOOPS`."""
    open: Callable[[Path], Opened]
    """Sets it up to write a file."""
    packages: tuple[str, ...] = ()
    """What must be importable for it."""
    fields: Fields = lambda line: line
    """Finds the event in a parsed line."""
    note: str = ""

    @property
    def is_installed(self) -> bool:
        """Whether its packages are there."""
        return all(importlib.util.find_spec(package) is not None for package in self.packages)

    def verify(self, path: Path, records: int) -> Verified:
        """Check the file it wrote line by line, as `event.verify` does; a bad line ends the program."""
        try:
            return verify(path, records=records, fields=self.fields)
        except (VerificationError, OSError) as problem:
            sys.exit(f"{self.name} did not write what was logged: {problem}")


def configure_own(path: Path, more: Mapping[str, Any] | None = None, **sections: Mapping[str, Any]) -> None:
    """Configure MetaExpert for one file that gets everything, for `more` handlers, and with more sections."""
    from metaexpert.logger import configure

    configure(
        {
            "default_level": "INFO",
            "log_file_path": str(path.parent),
            "handlers": {"console": None, "file": {"filename": path.name, "max_size": 0}, **(more or {})},
            "queue": _QUEUE,
            **sections,
        }
    )


def _own(path: Path) -> Opened:
    from metaexpert.logger import get_logger, shutdown

    configure_own(path)
    return Opened(get_logger("bench"), shutdown)


def _own_stdlib(path: Path) -> Opened:
    from metaexpert.logger import shutdown

    configure_own(path)
    return Opened(_plain_logger(), shutdown)


def _nothing(path: Path) -> Opened:
    from metaexpert.logger import MetaLogger
    from metaexpert.logger._native import nothing

    log = MetaLogger("bench")
    # Where the fast way puts its own builtins.
    log.__dict__["info"] = nothing()
    return Opened(log, lambda: None)


def _plain_logger() -> logging.Logger:
    log = logging.getLogger("third.party")
    log.setLevel(logging.INFO)
    return log


def _json_file_handler(path: Path) -> logging.FileHandler:
    from pythonjsonlogger.json import JsonFormatter

    handler = logging.FileHandler(path)
    handler.setFormatter(JsonFormatter(_JSON_LOGGER_FORMAT))
    return handler


def _stdlib(path: Path) -> Opened:
    log, handler = _plain_logger(), _json_file_handler(path)
    log.addHandler(handler)
    return Opened(log, handler.close)


def _stdlib_queue(path: Path) -> Opened:
    log, handler = _plain_logger(), _json_file_handler(path)
    records: queue.SimpleQueue[Any] = queue.SimpleQueue()
    listener = logging.handlers.QueueListener(records, handler)
    log.addHandler(logging.handlers.QueueHandler(records))
    listener.start()

    def close() -> None:
        listener.stop()
        handler.close()

    return Opened(log, close)


def _structlog(path: Path) -> Opened:
    import orjson
    import structlog

    file = path.open("wb")
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
    # Bound once, as its documentation says for speed.
    return Opened(structlog.get_logger().bind(), file.close)


def _loguru(path: Path, *, enqueue: bool = False) -> Opened:
    from loguru import logger

    logger.remove()
    logger.add(path, serialize=True, format="{message}", level="INFO", enqueue=enqueue)
    return Opened(logger, logger.remove)


def _loguru_enqueue(path: Path) -> Opened:
    return _loguru(path, enqueue=True)


def _picologging(path: Path) -> Opened:
    import picologging

    log = picologging.getLogger("bench")
    log.setLevel(picologging.INFO)
    handler = picologging.FileHandler(str(path))
    # Not %(asctime)s, into which it puts random memory at times.
    line = '{"created":%(created)f,"level":"%(levelname)s","name":"%(name)s",%(message)s}'
    handler.setFormatter(picologging.Formatter(line))
    log.addHandler(handler)
    return Opened(log, handler.close)


def _logxide(path: Path) -> Opened:
    # Its functions are made in Rust, and its type stubs don't name them.
    logxide: Any = importlib.import_module("logxide.logxide")
    end, ended = "the end of the records", threading.Event()
    file = path.open("w", encoding="utf-8")

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
        # Its own flush() returns before the handlers have run.
        log.info(end)
        ended.wait(timeout=60)
        file.close()

    return Opened(log, close)


def _logust(path: Path) -> Opened:
    from logust import logger

    logger.remove()
    handler = logger.add(str(path), level="INFO", serialize=True)

    def close() -> None:
        logger.complete()
        logger.remove(handler)

    return Opened(logger, close)


def _logly(path: Path, *, enqueue: bool = False) -> Opened:
    from logly import logger

    logger.remove()
    handler = logger.add(str(path), serialize=True, level="INFO", enqueue=enqueue)

    def close() -> None:
        logger.complete()
        logger.remove(handler)

    return Opened(logger, close)


def _logly_enqueue(path: Path) -> Opened:
    return _logly(path, enqueue=True)


def _nautilus(path: Path) -> Opened:
    component: Any = importlib.import_module("nautilus_trader.common.component")
    levels: Any = importlib.import_module("nautilus_trader.common.enums").LogLevel
    guard = [
        component.init_logging(
            level_stdout=levels.OFF,
            level_file=levels.INFO,
            directory=str(path.parent),
            file_name=path.stem,
            file_format="json",
        )
    ]

    def close() -> None:
        component.flush_logger()
        # Its destructor waits for the thread that writes.
        guard.clear()

    return Opened(component.Logger("bench"), close)


def _event_in_message(line: dict[str, Any]) -> Mapping[str, Any]:
    event: dict[str, Any] = json.loads(line["message"])
    return {**event, "message": event["event"]}


def _event_of_structlog(line: dict[str, Any]) -> Mapping[str, Any]:
    return {**line, "message": line["event"]}


def _event_of_loguru(line: dict[str, Any]) -> Mapping[str, Any]:
    return {**line["record"]["extra"], "message": line["record"]["message"]}


def _event_of_logust(line: dict[str, Any]) -> Mapping[str, Any]:
    return {**line["extra"], "message": line["message"]}


LOGGERS: Final[Mapping[str, Logger]] = {
    logger.name: logger
    for logger in (
        Logger(NOTHING, "keywords", _nothing),
        Logger(OWN, "keywords", _own),
        Logger(OWN_STDLIB, "extra", _own_stdlib),
        Logger(STDLIB, "extra", _stdlib, ("pythonjsonlogger",)),
        Logger("the same, QueueHandler", "extra", _stdlib_queue, ("pythonjsonlogger",)),
        Logger(STRUCTLOG, "keywords", _structlog, ("structlog", "orjson"), _event_of_structlog),
        Logger(LOGURU, "keywords", _loguru, ("loguru",), _event_of_loguru),
        Logger("loguru, enqueue", "keywords", _loguru_enqueue, ("loguru",), _event_of_loguru),
        Logger(
            "picologging",
            "arguments",
            _picologging,
            ("picologging",),
            note="it drops `extra`: the fields are %-arguments of a format that looks like JSON, unescaped",
        ),
        Logger(
            "logxide",
            "message",
            _logxide,
            ("logxide",),
            _event_in_message,
            note="it turns `extra` into text, so the caller formats the fields into the message; it always "
            "writes to the console too",
        ),
        Logger("logust", "keywords", _logust, ("logust",), _event_of_logust),
        Logger(
            "logly",
            "braces",
            _logly,
            ("logly",),
            _event_in_message,
            note="it drops keywords that the message does not name and turns bound values into text, so the "
            "message is a format of JSON with the fields in braces, unescaped",
        ),
        Logger(
            "logly, enqueue",
            "braces",
            _logly_enqueue,
            ("logly",),
            _event_in_message,
            note="as logly; when its queue is full it drops the record and raises, which the caller ignores",
        ),
        Logger(
            "nautilus_trader",
            "message",
            _nautilus,
            ("nautilus_trader",),
            _event_in_message,
            note="it takes a message only: the caller formats the fields into it",
        ),
    )
}
#: What tells in a table that a logger does not do all of the work by itself.
MARK: Final = " *"


def marked(name: str) -> str:
    """Return a logger's name as tables show it: with a mark where a note belongs to it."""
    return name + MARK if name in LOGGERS and LOGGERS[name].note else name


def notes_of(names: Iterable[str]) -> list[str]:
    """Return the notes of the loggers named, each beginning with whose it is."""
    noted = (name for name in names if name in LOGGERS and LOGGERS[name].note)
    return [f"{marked(name)}: {LOGGERS[name].note}" for name in noted]


#: The peers of `metaexpert`, in the order of the tables.
PEERS: Final = tuple(name for name in LOGGERS if name not in (NOTHING, OWN, OWN_STDLIB))


def installed(names: Iterable[str] = PEERS) -> list[str]:
    """Return those of the loggers named that can be measured here."""
    return [name for name in names if LOGGERS[name].is_installed]


def missing(names: Iterable[str] = PEERS) -> list[str]:
    """Return those of the loggers named that cannot be measured here."""
    return [name for name in names if not LOGGERS[name].is_installed]

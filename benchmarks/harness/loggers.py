"""The compared loggers, each set up for JSON lines in a file: MetaExpert here, its peers in `setups`.

Every one gets the same event and must bring all its values back out of the file. Where a library can't take
fields in a call, the caller does it the way its users would, and `note` says so.
"""

from __future__ import annotations

import importlib
import importlib.util
import json
import logging
import logging.handlers
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

from harness import setups
from harness.event import Document, Fields, VerificationError, Verified, verify, whole
from harness.setups import Opened

#: The file, in a directory of its own, that a measured logger writes.
FILE: Final = "bench.json"
OWN: Final = "metaexpert"
NOTHING: Final = "do-nothing builtin"
OWN_STDLIB: Final = "logging -> metaexpert"
STDLIB: Final = "logging + python-json-logger"
STRUCTLOG: Final = "structlog + orjson"
LOGURU: Final = "loguru"
BQLOG: Final = "BqLog"
QUEUED: Final = "the same, QueueHandler"

#: Everything that this benchmark logs must arrive: the caller waits for room rather than drop a record.
_QUEUE: Final = {"protect_level": "NOTSET", "wait_ms": 60_000}


@dataclass(frozen=True, slots=True)
class Logger:
    """A logger under comparison."""

    name: str
    style: str
    """How its call takes fields: one of `calls.LOOPS`."""
    set_up: Callable[[str], Opened]
    """Sets it up to write a file."""
    packages: tuple[str, ...] = ()
    """What must be importable for it."""
    fields: Fields = lambda line: line
    """Finds the event in a parsed line."""
    document: Document = whole
    """Finds the JSON on a line."""
    note: str = ""

    @property
    def is_installed(self) -> bool:
        """Whether its packages are there."""
        return all(importlib.util.find_spec(package) is not None for package in self.packages)

    def open(self, path: Path) -> Opened:
        """Set it up to write a file; return the function that logs, and the one that writes everything and
        ends it.
        """
        return self.set_up(str(path))

    def verify(self, path: Path, records: int) -> Verified:
        """Check the file it wrote line by line, as `event.verify` does; a bad line ends the program."""
        try:
            return verify(path, records=records, fields=self.fields, document=self.document)
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


def _own(path: str) -> Opened:
    from metaexpert.logger import get_logger, shutdown

    configure_own(Path(path))
    return get_logger("bench"), shutdown


def _own_stdlib(path: str) -> Opened:
    from metaexpert.logger import shutdown

    configure_own(Path(path))
    log = logging.getLogger("third.party")
    log.setLevel(logging.INFO)
    return log, shutdown


def _nothing(path: str) -> Opened:
    from metaexpert.logger import MetaLogger
    from metaexpert.logger._native import nothing

    log = MetaLogger("bench")
    # Where the fast way puts its own builtins.
    log.__dict__["info"] = nothing()
    return log, lambda: None


def _event_in_message(line: dict[str, Any]) -> Mapping[str, Any]:
    event = line["message"]
    if isinstance(event, str):
        event = json.loads(event)
    return {**event, "message": event["event"]}


def _event_of_structlog(line: dict[str, Any]) -> Mapping[str, Any]:
    return {**line, "message": line["event"]}


def _behind_head(line: bytes) -> bytes:
    return line[line.index(b"{") :]


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
        Logger(STDLIB, "extra", setups.stdlib, ("pythonjsonlogger",)),
        Logger(QUEUED, "extra", partial(setups.stdlib, queued=True), ("pythonjsonlogger",)),
        Logger(STRUCTLOG, "keywords", setups.structlog_orjson, ("structlog", "orjson"), _event_of_structlog),
        Logger(LOGURU, "keywords", setups.loguru, ("loguru",), _event_of_loguru),
        Logger(
            "loguru, enqueue", "keywords", partial(setups.loguru, enqueue=True), ("loguru",), _event_of_loguru
        ),
        Logger(
            "picologging",
            "arguments",
            setups.picologging,
            ("picologging",),
            note="it drops `extra`: the fields are %-arguments of a format that looks like JSON, unescaped",
        ),
        Logger(
            "logxide",
            "message",
            setups.logxide,
            ("logxide",),
            _event_in_message,
            note="no format of it shows the fields of `extra`, so the caller formats them into the message; "
            "0.1 always writes to the console too",
        ),
        Logger("logust", "keywords", setups.logust, ("logust",), _event_of_logust),
        Logger(
            "logly",
            "braces",
            setups.logly,
            ("logly",),
            _event_in_message,
            note="it drops keywords that the message does not name and turns bound values into text, so the "
            "message is a format of JSON with the fields in braces, unescaped",
        ),
        Logger(
            "logly, enqueue",
            "braces",
            partial(setups.logly, enqueue=True),
            ("logly",),
            _event_in_message,
            note="as logly; when its queue is full it drops the record and raises, which the caller ignores",
        ),
        Logger(
            "nautilus_trader",
            "message",
            setups.nautilus,
            ("nautilus_trader",),
            _event_in_message,
            note="it takes a message only: the caller formats the fields into it",
        ),
        Logger(
            BQLOG,
            "places",
            setups.bqlog,
            ("bq",),
            _event_of_structlog,
            _behind_head,
            note="it takes arguments for the braces of the message, unescaped, and writes each line with a "
            "head of its own; with `log.recovery`",
        ),
    )
}
#: The mark, in a table, of a logger that does not do all of the work by itself.
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

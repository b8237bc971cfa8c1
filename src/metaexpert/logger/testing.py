"""Help for testing programs that log."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from metaexpert.logger.capture.context import current_fields
from metaexpert.logger.capture.faults import describe_exception, exception_info, text_of
from metaexpert.logger.capture.notes import note_of, standard_names
from metaexpert.logger.process import service


class _Collector(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.records: list[dict[str, Any]] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(_as_dict(record))


def reset(timeout: float | None = 5.0) -> None:
    """Put the logging of this process back to what a fresh import of the library finds.

    Every record is written, for at most `timeout` seconds; then nothing is configured, watched or served any
    more, and the root logger has its level again. Loggers stay the objects that they are, and what the
    program itself did to `logging` stays as well: its own handlers, filters, levels and factories.
    """
    service.reset(timeout)


@contextmanager
def capture_logs(level: int | str = logging.NOTSET) -> Iterator[list[dict[str, Any]]]:
    """Collect the records made inside the block as dictionaries, whatever is configured.

    Each has `level`, `module`, `message`, `category` if set, the fields, and `exception` if there is one.
    Every level is collected from `level` on, also those that are off otherwise. The records still go where
    they go.
    """
    root, collector = logging.getLogger(), _Collector()
    before = root.level
    root.addHandler(collector)
    root.setLevel(level)
    try:
        yield collector.records
    finally:
        root.setLevel(before)
        root.removeHandler(collector)


def _message_of(record: logging.LogRecord) -> str:
    """Return the message; with arguments that do not fit it, the message as it was given."""
    try:
        return record.getMessage()
    except Exception:
        return text_of(record.msg)


def _as_dict(record: logging.LogRecord) -> dict[str, Any]:
    result: dict[str, Any] = {
        "level": record.levelname,
        "module": record.name,
        "message": _message_of(record),
    }
    attributes = record.__dict__
    if "category" in attributes:
        result["category"] = attributes["category"]
    note = note_of(record)
    if note is None or note.fields is None:
        extra = {name: value for name, value in attributes.items() if name not in standard_names()}
        fields = {**current_fields(), **extra}
    else:
        fields = note.fields.now(record)
    for name, value in fields.items():
        result[f"{name}_" if name in ("level", "module", "message", "exception") else name] = value
    exception = describe_exception(exception_info(record.exc_info))
    if exception is not None:
        kind, message, stacktrace = exception
        result["exception"] = {"type": kind, "message": message, "stacktrace": stacktrace}
    return result

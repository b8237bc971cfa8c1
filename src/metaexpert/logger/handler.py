"""The one handler through which plain `logging` loggers reach the pipeline."""

from __future__ import annotations

import logging
from typing import Any

from metaexpert.logger import engine
from metaexpert.logger.faults import describe_exception, exception_info


class FieldMapping(dict[str, Any]):
    """A record's fields under the names of the call; `attributes` are the record's attributes holding them."""

    attributes: set[str]


class PipelineHandler(logging.Handler):
    """Hands complete `LogRecord`s to the pipeline: nothing is formatted or written on the calling thread.

    The root logger carries one from the first configuration on. With `capture_stdlib` off it passes over the
    records of loggers that are not the library's own. Records are never refused with an exception.
    """

    def __init__(self, level: int | str = logging.NOTSET) -> None:
        super().__init__(level)
        self.capture_stdlib = True

    def createLock(self) -> None:
        """Do without a lock: the pipeline takes records from any thread."""
        self.lock = None

    def emit(self, record: logging.LogRecord) -> None:
        """Submit `record`; a failure is reported as `logging` reports a handler's."""
        fields = record.__dict__.get("fields")
        own = type(fields) is FieldMapping
        if not (own or self.capture_stdlib) or not engine.ensure_running():
            return
        try:
            exception = describe_exception(exception_info(record.exc_info)) if record.exc_info else None
            message = None if type(record) is logging.LogRecord else record.getMessage()
            attributes = fields.attributes if isinstance(fields, FieldMapping) else None
            engine.submit_record(record, message, exception, fields if own else None, attributes)
        except Exception:
            self.handleError(record)


def attach_fields(record: logging.LogRecord, fields: FieldMapping) -> None:
    """Make `fields` available to other handlers: as attributes, and together as `record.fields`."""
    taken = record.__dict__
    attributes = set()
    for name, value in fields.items():
        attribute = attribute_name(name, taken)
        taken[attribute] = value
        attributes.add(attribute)
    fields.attributes = attributes
    taken["fields"] = fields


def attribute_name(name: str, taken: dict[str, Any]) -> str:
    """Return `name`, with underscores appended while a record has an attribute of that name already."""
    attribute = name
    while attribute in taken or attribute in {"message", "asctime", "fields"}:
        attribute += "_"
    return attribute

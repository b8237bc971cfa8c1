"""The one handler through which plain `logging` loggers reach the pipeline."""

from __future__ import annotations

import logging
import sys
from collections.abc import Mapping
from typing import Any, Final

from metaexpert.logger import engine
from metaexpert.logger.context import current_context
from metaexpert.logger.engine import Fields
from metaexpert.logger.faults import describe_exception, exception_info

#: Attributes of the handler on which the fast way of the loggers depends.
_WATCHED_ATTRIBUTES: Final = frozenset(("level", "filters", "emit", "handle", "filter"))
_OVERRIDABLE: Final = ("emit", "handle", "filter")
#: Attribute of a plain record that says which pipeline has it already. It is no field.
_TAKEN_BY: Final = "_metaexpert_run"
_MISSING: Final = object()
_LOGGING_CONFIG: Final = "logging.config"


class FieldMapping(dict[str, Any]):
    """A record's fields under the names of the call, with how they came together.

    `own` are those of the call, `bound` those of its logger and `context` those of the contexts that were
    open, as they were captured. `attributes` says which attribute of the record holds which field.
    """

    def __init__(self, own: Mapping[str, Any], bound: Fields | None, context: Fields | None) -> None:
        inherited = [{} if fields is None else fields.to_dict() for fields in (context, bound)]
        super().__init__({**inherited[0], **inherited[1], **own})
        self.own = own
        self.bound = bound
        self.context = context
        self.attributes: dict[str, str] = {}
        #: The pipeline that has the record already.
        self.taken_by: str | None = None
        self._given = dict(self)

    def submitted(self, record: logging.LogRecord) -> Mapping[str, Any]:
        """Return the call's fields, with what filters have changed in the record since.

        The pipeline adds the bound fields and the context of the running thread by itself; where that is not
        the call's, as behind a queue, the call's own context is included. What a filter deleted becomes None.
        """
        fields = self.own
        if self.context is not None and self.context is not current_context():
            fields = {**self.context.to_dict(), **fields}
        changes = self._changes(record)
        return {**fields, **changes} if changes else fields

    def _changes(self, record: logging.LogRecord) -> dict[str, Any]:
        present, given = record.__dict__, self._given
        changes = {
            name: present.get(attribute)
            for attribute, name in self.attributes.items()
            if present.get(attribute) is not given[name]
        }
        for name in (*given, *(name for name in self if name not in given)):
            if self.get(name, _MISSING) is not given.get(name, _MISSING):
                changes[name] = self.get(name)
        return changes

    def __reduce__(self) -> Any:
        # What was captured stays in its process; another one gets the values.
        return _rebuilt_fields, (dict(self), self.attributes)


def _rebuilt_fields(values: dict[str, Any], attributes: dict[str, str]) -> FieldMapping:
    fields = FieldMapping(values, None, None)
    fields.attributes = attributes
    return fields


class _NoLock:
    """Stands where a handler has its lock: false for who asks before taking it, free for who does not."""

    def __bool__(self) -> bool:
        return False

    def __enter__(self) -> None:
        pass

    def __exit__(self, *_raised: object) -> None:
        pass


# From Python 3.13 on `logging.Handler.handle` enters the lock without asking whether there is one.
_NO_LOCK: Final = _NoLock()


class PipelineHandler(logging.Handler):
    """Hands complete `LogRecord`s to the pipeline: nothing is formatted or written on the calling thread.

    The root logger carries one from the first configuration on; others may be put anywhere, also by name in a
    `logging.config` document, and a record that passes several is taken once. Without a configuration the
    pipeline starts with what environment, files and defaults say: where such a document names the handler,
    at once, so that a bad setting is an error of `dictConfig`; else with the first record. With
    `capture_stdlib` off
    records of loggers that are not the library's own are passed over. Records are never refused with an
    exception.
    """

    def __init__(self, level: int | str = logging.NOTSET) -> None:
        super().__init__(level)
        self.capture_stdlib = True
        if _is_named_in_a_document():
            engine.start_as_named()

    @property
    def takes_everything(self) -> bool:
        """Tell whether every record that reaches the handler goes into the pipeline as it is."""
        return (
            self.level == logging.NOTSET
            and not self.filters
            and all(name not in self.__dict__ for name in _OVERRIDABLE)
            and all(getattr(PipelineHandler, name) is method for name, method in _genuine.items())
        )

    def __setattr__(self, name: str, value: Any) -> None:
        super().__setattr__(name, value)
        if name in _WATCHED_ATTRIBUTES:
            engine.announce_change()

    def __delattr__(self, name: str) -> None:
        super().__delattr__(name)
        if name in _WATCHED_ATTRIBUTES:
            engine.announce_change()

    def createLock(self) -> None:
        """Do without a lock: the pipeline takes records from any thread."""
        self.lock = _NO_LOCK  # type: ignore[assignment]

    def emit(self, record: logging.LogRecord) -> None:
        """Submit `record` unless the pipeline has it; failures are reported as those of any handler."""
        attributes = record.__dict__
        fields, run = attributes.get("fields"), engine.run_id()
        try:
            if isinstance(fields, FieldMapping):
                if fields.taken_by != run and _submit(record, fields):
                    fields.taken_by = run
            elif self.capture_stdlib and attributes.get(_TAKEN_BY) != run and _submit(record, None):
                attributes[_TAKEN_BY] = run
        except Exception:
            self.handleError(record)

    def flush(self) -> None:
        """Wait until every record submitted so far is written, as long as the interpreter's end would.

        After the end there is nothing to wait for: what was left then, the end itself has waited for.
        """
        if engine.is_running():
            engine.flush(engine.EXIT_TIMEOUT, told=False)


def _submit(record: logging.LogRecord, fields: FieldMapping | None) -> bool:
    """Submit a record, starting the pipeline if it does not run. Returns False if that is impossible now."""
    given = record.exc_info
    exception = None if given is None else describe_exception(exception_info(given))
    message = None if type(record) is logging.LogRecord else record.getMessage()
    own, names, bound = None, None, None
    if fields is not None:
        own, names, bound = fields.submitted(record), fields.attributes, fields.bound
    # However often another thread stops it again before the record is in.
    while not engine.submit_record(record, message, exception, own, names, bound):
        if not engine.ensure_configured(record.levelno):
            return False
    return True


def _is_named_in_a_document() -> bool:
    """Tell whether the handler that is being made is one of a `dictConfig` or `fileConfig` document.

    A module that such a document has imported may make handlers of its own.
    """
    frame = sys._getframe(2)
    while frame is not None and frame.f_code.co_name != "<module>":
        if frame.f_globals.get("__name__") == _LOGGING_CONFIG:
            return True
        frame = frame.f_back  # type: ignore[assignment]
    return False


_genuine: Final = {name: getattr(PipelineHandler, name) for name in _OVERRIDABLE}


def attach_fields(record: logging.LogRecord, fields: FieldMapping) -> None:
    """Make `fields` available to other handlers: as attributes, and together as `record.fields`."""
    taken = record.__dict__
    for name, value in fields.items():
        attribute = attribute_name(name, taken)
        taken[attribute] = value
        fields.attributes[attribute] = name
    taken["fields"] = fields


def extra_of(fields: FieldMapping, category: str | None) -> dict[str, Any]:
    """Return what `logging` has to be given as `extra` for a record as `attach_fields` makes it."""
    # Not `makeLogRecord`, which would call a factory of the program's.
    record = logging.LogRecord("", logging.NOTSET, "", 0, "", (), None)
    standard = set(record.__dict__)
    if category is not None:
        record.__dict__["category"] = category
    attach_fields(record, fields)
    return {name: value for name, value in record.__dict__.items() if name not in standard}


def attribute_name(name: str, taken: dict[str, Any]) -> str:
    """Return `name`, with underscores appended while a record has an attribute of that name already."""
    attribute = name
    while attribute in taken or attribute in {"message", "asctime", "fields"}:
        attribute += "_"
    return attribute

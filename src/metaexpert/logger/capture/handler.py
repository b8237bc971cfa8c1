"""The one handler through which plain `logging` loggers reach the pipeline."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Final

from metaexpert.logger.capture.context import current_context
from metaexpert.logger.capture.faults import describe_exception, described_text, exception_info
from metaexpert.logger.capture.level_changes import is_instance
from metaexpert.logger.capture.notes import (
    CallFields,
    is_taken,
    note_fields,
    note_of,
    note_taken,
    submit_handed,
)
from metaexpert.logger.process import engine
from metaexpert.logger.shared import native

#: Attributes of the handler on which the fast way of the loggers depends.
_WATCHED_ATTRIBUTES: Final = frozenset(("level", "filters", "emit", "handle", "filter", "capture_stdlib"))
_OVERRIDABLE: Final = ("emit", "handle", "filter")
_LOGGING_CONFIG: Final = "logging.config"
_STANDARD_MESSAGE: Final = logging.LogRecord.getMessage


def _pass_over(_name: str) -> None:
    pass


_serve_next: Callable[[str], None] = _pass_over


def on_record_of_logging(serve: Callable[[str], None]) -> None:
    """Call `serve` with the name of the logger whenever a record that `logging` has made was taken."""
    global _serve_next
    _serve_next = serve


class _NoLock:
    """Stands where a handler has its lock: false for who asks before taking it, free for who does not."""

    def __bool__(self) -> bool:
        return False

    def __enter__(self) -> None:
        pass

    def __exit__(self, *_raised: object) -> None:
        pass


# From Python 3.13 on `logging.Handler.handle` enters the lock without asking whether there is one.
_NO_LOCK: Final = _NoLock() if sys.version_info >= (3, 13) else None


class PipelineHandler(logging.Handler):
    """Hands complete `LogRecord`s to the pipeline: nothing is formatted or written on the calling thread.

    The root logger carries one from the first configuration on; others may be put anywhere, also by name in a
    `logging.config` document, and a record that passes several is taken once. Without a configuration the
    pipeline starts with what environment, files and defaults say. If such a document names the handler, it
    starts at once, so that a bad setting is an error of `dictConfig`; otherwise it starts with the first
    record. With `capture_stdlib` off, records of loggers that are not the library's own are ignored. Records
    are never refused with an exception.
    """

    #: The mark by which `config.unseen` knows a handler of ours.
    reaches_pipeline: ClassVar = True
    #: The methods that the fast way of the loggers stands in for.
    _genuine: ClassVar[Mapping[str, Any]] = {}

    def __init__(self, level: int | str = logging.NOTSET) -> None:
        super().__init__(level)
        self.capture_stdlib = True
        if _is_named_in_a_document():
            engine.start_as_named()

    @property
    def takes_everything(self) -> bool:
        """Tell whether every record that reaches the handler goes into the pipeline as it is."""
        kind = type(self)
        return (
            self.level == logging.NOTSET
            and not self.filters
            and all(name not in self.__dict__ for name in _OVERRIDABLE)
            and all(getattr(kind, name) is method for name, method in kind._genuine.items())
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
        try:
            if submit_handed(record):
                return
            note = note_of(record)
            if is_taken(note, record):
                return
            fields = None if note is None else note.fields
            if fields is None and not self.capture_stdlib and not _is_of_own_logger(record):
                return
            if _submit(record, fields):
                note_taken(record)
                if fields is None:
                    _serve_next(record.name)
        except Exception:
            self.handleError(record)

    def flush(self) -> None:
        """Wait until every record submitted so far is written, as long as the interpreter's end would.

        After the end there is nothing to wait for: what was left then, the end itself has waited for.
        """
        if native.is_running():
            engine.flush(engine.EXIT_TIMEOUT, told=False)


def _is_of_own_logger(record: logging.LogRecord) -> bool:
    """Tell whether a logger of the library's own has the record's name, as where one was built anew."""
    name = record.name
    logger = logging.root if name == "root" else logging.root.manager.loggerDict.get(name)
    return getattr(logger, "_is_owned", False) is True


def _submit(record: logging.LogRecord, fields: CallFields | None) -> bool:
    """Submit a record, starting the pipeline if it does not run. Returns False if that is impossible now."""
    given = record.exc_info
    if given is None:
        exception = described_text(getattr(record, "exc_text", None))
    else:
        exception = describe_exception(exception_info(given))
    message = None if type(record).getMessage is _STANDARD_MESSAGE else record.getMessage()
    own, names, bound, is_complete = None, None, None, False
    if fields is not None:
        own, is_complete = fields.submitted(record, current_context())
        names, bound = fields.attributes, None if is_complete else fields.bound
    # However often another thread stops it again before the record is in.
    while not native.submit_record(record, message, exception, own, names, bound, is_complete):
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


def handler_out_of_reach(logger: logging.Logger) -> PipelineHandler | None:
    """Return the root's handler if the records of `logger` don't propagate to it."""
    root = logger.manager.root
    above: logging.Logger | None = logger
    while above is not None and above.parent is not None:
        if not above.propagate:
            return next((each for each in root.handlers if is_instance(each, PipelineHandler)), None)
        above = above.parent
    return None


PipelineHandler._genuine = {name: getattr(PipelineHandler, name) for name in _OVERRIDABLE}


class Extra(dict[str, Any]):
    """The `extra` that `logging` takes for a record with `fields`."""

    def __init__(self, fields: CallFields, category: str | None) -> None:
        # Not `makeLogRecord`, which would call a factory of the program's.
        record = logging.LogRecord("", logging.NOTSET, "", 0, "", (), None)
        standard = set(record.__dict__)
        if category is not None:
            record.__dict__["category"] = category
        _add_attributes(record, fields)
        super().__init__((name, value) for name, value in record.__dict__.items() if name not in standard)
        self.fields = fields


def attach_fields(record: logging.LogRecord, fields: CallFields) -> None:
    """Make `fields` available to other handlers as attributes, and to ours as they came together."""
    _add_attributes(record, fields)
    note_fields(record, fields)


def _add_attributes(record: logging.LogRecord, fields: CallFields) -> None:
    taken = record.__dict__
    for name, value in fields.items():
        attribute = attribute_name(name, taken)
        taken[attribute] = value
        fields.attributes[attribute] = name


def attribute_name(name: str, taken: dict[str, Any]) -> str:
    """Return `name`, with underscores appended while a record has an attribute of that name already."""
    attribute = name
    while attribute in taken or attribute in {"message", "asctime"}:
        attribute += "_"
    return attribute

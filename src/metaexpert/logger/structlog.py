"""structlog into the pipeline: a last processor that needs nothing else to be configured.

    import structlog
    from metaexpert.logger.structlog import PipelineProcessor

    structlog.configure(processors=[structlog.contextvars.merge_contextvars, PipelineProcessor()])

What structlog's own processors add for a file (`TimeStamper`, `format_exc_info`, renderers) is not needed:
the pipeline has the time, formats exceptions, and encodes.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Mapping, MutableMapping
from types import FrameType
from typing import Any, Final, NoReturn

from metaexpert.logger.capture.calls import STANDARD_LEVEL_NAMES
from metaexpert.logger.capture.faults import describe_exception, exception_info, stack_text, text_of, truth
from metaexpert.logger.capture.handler import PipelineHandler
from metaexpert.logger.capture.level_changes import is_instance
from metaexpert.logger.process import engine
from metaexpert.logger.shared import native
from metaexpert.logger.shared.native import Channel

#: Methods of structlog's loggers that are not the name of a level.
_LEVELS: Final[Mapping[str, int]] = {
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "msg": logging.INFO,
    "log": logging.INFO,
    "notset": logging.NOTSET,
    "warn": logging.WARNING,
    "warning": logging.WARNING,
    "err": logging.ERROR,
    "error": logging.ERROR,
    "exception": logging.ERROR,
    "failure": logging.ERROR,
    "fatal": logging.CRITICAL,
    "critical": logging.CRITICAL,
}
_OWN_PACKAGES: Final = ("structlog", "metaexpert.logger")


class PipelineProcessor:
    """Submit an event and end the chain: the last processor of a structlog configuration.

    The event is the message. The module is `logger` (as `add_logger_name` puts it there), or the name of the
    wrapped logger, or `name`. `category` is the category, and everything else is a field. `exc_info` and
    `stack_info` mean what they mean in structlog. Once `configure()` has run, the levels it gives to loggers
    count; before that the first event starts the pipeline with what environment, files and defaults say. If a
    renderer stands before it, the rendered text is the message, and the fields are only in that text. A
    failure is reported as `logging` reports a handler's, and never raised.
    """

    def __init__(self, name: str = "structlog") -> None:
        import structlog

        self._name = name
        self._drop: type[BaseException] = structlog.DropEvent
        self._channels: dict[str, Channel] = {}
        self._handler = PipelineHandler()

    def __call__(self, logger: Any, method_name: str, event_dict: MutableMapping[str, Any]) -> NoReturn:
        """Submit the event. Raises structlog's `DropEvent`, always: nothing is left for other processors."""
        event: dict[str, Any] = {}
        try:
            event = _event_of(event_dict)
            self._submit(logger, method_name, dict(event))
        except Exception:
            self._handler.handleError(_record_for_report(event))
        raise self._drop

    def _submit(self, logger: Any, method_name: str, event: dict[str, Any]) -> None:
        name = self._name_of(event.pop("logger", None), logger)
        level = _level_of(method_name, event)
        if not engine.ensure_configured(level) or not _is_enabled(name, level):
            return
        message, arguments = event.pop("event", ""), event.pop("positional_args", ())
        described = describe_exception(_exception_of(method_name, event.pop("exc_info", None)))
        stack = _stack_of(event)
        caller = _caller() if native.needs()[0] else None
        category = event.pop("category") if isinstance(event.get("category"), str) else None
        level_name = logging.getLevelName(level)
        shown = None if STANDARD_LEVEL_NAMES.get(level) == level_name else level_name
        channel = self._channels.get(name)
        if channel is None:
            channel = self._channels[name] = Channel(name, None, [], [])
        values = (level, shown, category, message, tuple(arguments), event, described, stack, caller)
        # Stopped after it was found running: started again, however often.
        while not channel.submit(*values):
            if not engine.ensure_configured(level):
                return

    def _name_of(self, named: object, logger: object) -> str:
        for name in (named, getattr(logger, "name", None)):
            if truth(name):
                return text_of(name)
        return self._name


def _event_of(given: object) -> dict[str, Any]:
    """Return the event as names and values, also where a renderer has made text, bytes or a tuple of it."""
    if isinstance(given, Mapping):
        return dict(given)
    return {"event": given.decode(errors="replace") if isinstance(given, bytes | bytearray) else given}


def _level_of(method_name: str, event: dict[str, Any]) -> int:
    """Return the level that the method's name stands for; `level` in the event says the same, or better."""
    named = event.pop("level", None)
    event.pop("level_number", None)
    if method_name in ("msg", "log", "failure") and isinstance(named, str):
        return logging.getLevelNamesMapping().get(named.upper(), logging.INFO)
    if method_name in _LEVELS:
        return _LEVELS[method_name]
    return logging.getLevelNamesMapping().get(method_name.upper(), logging.INFO)


def _is_enabled(name: str, level: int) -> bool:
    """Tell whether the level of the logger `name` allows it, where `configure()` is what sets levels."""
    configured = any(is_instance(each, PipelineHandler) for each in logging.root.handlers)
    return not configured or logging.getLogger(name).isEnabledFor(level)


def _exception_of(method_name: str, exc_info: Any) -> Any:
    return exception_info(True if exc_info is None and method_name == "exception" else exc_info)


def _stack_of(event: dict[str, Any]) -> str | None:
    """Take the stack out of an event: text, as `StackInfoRenderer` makes it, or still to be made."""
    if truth(event.pop("stack_info", None)):
        frame = _application_frame()
        if frame is None:
            return None
        return stack_text(frame)
    stack = event.get("stack")
    return event.pop("stack") if isinstance(stack, str) else None


def _caller() -> tuple[str, int, str] | None:
    frame = _application_frame()
    return None if frame is None else (frame.f_code.co_filename, frame.f_lineno, frame.f_code.co_name)


def _application_frame() -> FrameType | None:
    """Return the innermost frame that is neither structlog's nor ours.

    `await log.ainfo()` hands the event to another thread, in which its caller has no frame.
    """
    frame: FrameType | None = sys._getframe()
    while frame is not None and _is_own(frame.f_globals.get("__name__")):
        frame = frame.f_back
    return frame


def _is_own(module: object) -> bool:
    return isinstance(module, str) and any(
        module == package or module.startswith(f"{package}.") for package in _OWN_PACKAGES
    )


def _record_for_report(event: Mapping[str, Any]) -> logging.LogRecord:
    return logging.LogRecord("structlog", logging.ERROR, __file__, 0, repr(event.get("event")), (), None)

"""Loggers of the class `logging.Logger` itself, whose calls the native engine serves while nobody can tell.

Such a logger keeps its class and its logging methods, which look at levels as ever. Once our handler has
taken one of its records, a builtin stands in its `__dict__` in place of `_log`, where `logging` would find
the caller, make a record, and walk through handlers. While our handler alone would get that record, the
builtin hands the call's own parts to the pipeline. Otherwise, and for what only `logging` serves, it calls
the `_log` of the class. The builtin looks at attributes, lists and classes with each call, so that no change
needs to be announced.
"""

from __future__ import annotations

import logging
from types import MethodType
from typing import Any, Final

from metaexpert.logger.capture.fast_path import FastPathLogger, lists_on_the_way
from metaexpert.logger.capture.level_changes import changes, is_instance
from metaexpert.logger.capture.replacements import STANDARD, is_patched, records_are_usual
from metaexpert.logger.shared import native
from metaexpert.logger.shared.native import Channel, TakenMethod

#: Methods that the builtin bypasses, all of which `_log` calls by name.
_BYPASSED: Final = ("findCaller", "makeRecord", "handle", "callHandlers", "filter")
#: Attributes on which the way of a logger's records depends: of the logger itself, and of those above it.
_OWN_ATTRIBUTES: Final = ("name", "parent", "propagate", "disabled", "handlers", "filters")
_ATTRIBUTES_ABOVE: Final = ("parent", "propagate", "handlers")
#: After a look that failed, so many records at most pass before the next one.
_LONGEST_PAUSE: Final = 64

#: A logger with the attributes that it must keep: each in a tuple, or None for one that it has not.
_Watched = tuple[logging.Logger, list[tuple[str, tuple[Any] | None]]]


class _Served:
    """A logger that is served, or whose next look is due after some records."""

    __slots__ = ("channel", "left", "logger", "pause")

    def __init__(self, logger: logging.Logger) -> None:
        self.logger = logger
        self.channel: Channel | None = None
        self.pause = self.left = 0

    def is_settled(self) -> bool:
        """Tell whether there is nothing to do: the builtin serves, or the next look is not due."""
        if self.channel is not None and self.channel.is_open():
            return "_log" in self.logger.__dict__
        if self.left > 0:
            self.left -= 1
            return True
        return False

    def put_off(self) -> None:
        """Have twice as many records pass before the next look."""
        self.pause = self.left = min(2 * self.pause + 1, _LONGEST_PAUSE)


_served: Final[dict[str, _Served]] = native.lasting.setdefault("served loggers", {})


def serve(name: str) -> None:
    """Have the next calls of the logger `name`, whose record our handler has taken, served natively.

    Nothing happens to a logger of another class, and to one whose records reach other handlers or filters.
    """
    logger = logging.root.manager.loggerDict.get(name)
    if type(logger) is not STANDARD:
        return
    known = _served.get(name)
    if known is None or known.logger is not logger:
        known = _served[name] = _Served(logger)
    if known.is_settled():
        return
    count = changes.count
    channel = known.channel = _open_channel(logger)
    if channel is None or not _put_builtin(logger, channel):
        known.put_off()
        return
    known.pause = 0
    if count != changes.count or not _is_genuine():
        # Something changed on another thread meanwhile; a later record looks again.
        channel.close()
    if type(logger) is not STANDARD:
        take_builtin(logger)


def _open_channel(logger: logging.Logger) -> Channel | None:
    attributes = logger.__dict__
    if logger.disabled or logger.filters or not _is_genuine():
        return None
    if any(name in attributes for name in _BYPASSED):
        return None
    watched: list[_Watched] = []

    def is_observed(each: logging.Logger) -> bool:
        if type(each) in (STANDARD, logging.RootLogger):
            watched.append((each, _expected(each, is_own=each is logger)))
            return True
        return is_instance(each, FastPathLogger)

    lists = lists_on_the_way(logger, is_observed)
    if lists is None:
        return None
    empty, single = lists
    handlers = [handler for _, handler in single]
    if not all(handler.capture_stdlib for handler in handlers):
        return None
    kinds = {STANDARD, logging.LogRecord, *map(type, handlers)}
    return Channel(logger.name, None, [logger.filters, *empty], single, [*kinds], watched)


def _expected(logger: logging.Logger, *, is_own: bool) -> list[tuple[str, tuple[Any] | None]]:
    """Return the attributes of `logger` on which the way of records depends, as they are."""
    present = logger.__dict__
    names = (*_OWN_ATTRIBUTES, *_BYPASSED) if is_own else _ATTRIBUTES_ABOVE
    return [(name, (present[name],) if name in present else None) for name in names]


def _is_genuine() -> bool:
    """Tell whether nobody has replaced what `logging` would do for a record that only the pipeline reads."""
    return (
        logging.getLogRecordFactory() is logging.LogRecord
        and records_are_usual()
        and not any(map(is_patched, ("_log", *_BYPASSED)))
        and bool(logging._srcfile)
    )


def _put_builtin(logger: logging.Logger, channel: Channel) -> bool:
    """Put the builtin in place of `_log`. Returns False if the program has put something there."""
    attributes = logger.__dict__
    if type(attributes.get("_log", None)) not in (TakenMethod, type(None)):
        return False
    attributes["_log"] = native.plain_logger_builtin(channel, MethodType(STANDARD._log, logger))
    return True


def take_builtin(logger: logging.Logger) -> None:
    """Leave `logger` with the `_log` of its class."""
    if type(logger.__dict__.get("_log")) is TakenMethod:
        logger.__dict__.pop("_log", None)


def give_back() -> None:
    """Leave all loggers with the `_log` of their class."""
    for known in tuple(_served.values()):
        take_builtin(known.logger)
    _served.clear()

"""`MetaLogger`: a `logging.Logger` whose calls go straight into the pipeline while nothing foreign listens.

The methods below are the slow path, in which `logging` behaves as ever; `fast_path` puts builtins in their
place.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, Final, Never

from metaexpert.logger.capture.calls import (
    STANDARD_LEVEL_NAMES,
    ask_for_caller,
    extra_fields,
    find_caller,
    nearest_level,
    own_fields,
    part_of_logging,
    unusable,
    without_parameters,
)
from metaexpert.logger.capture.context import current_context
from metaexpert.logger.capture.derived import IsBound
from metaexpert.logger.capture.fast_path import (
    FastPathLogger,
    complete,
    define_genuine,
    is_genuine_method,
    served,
)
from metaexpert.logger.capture.faults import (
    describe_exception,
    exception_info,
    is_a,
    recorded_exc_info,
    truth,
)
from metaexpert.logger.capture.handler import Extra, attach_fields, handler_out_of_reach
from metaexpert.logger.capture.level_changes import is_earlier, is_instance
from metaexpert.logger.capture.notes import CallFields, note_fields
from metaexpert.logger.capture.pickles import as_imported, owned, rebound
from metaexpert.logger.capture.replacements import LEVELS, STANDARD, TRADE, is_patched
from metaexpert.logger.process.forks import ForkLock
from metaexpert.logger.shared import native
from metaexpert.logger.shared.native import Fields

#: The place of `extra` among the arguments of `makeRecord`.
_EXTRA_AT: Final = 8


class MetaLogger(FastPathLogger):
    """A logger with keyword fields, a bound context and trade records; otherwise a `logging.Logger`.

    Every logging method takes what `logging` takes (`%`-arguments, `exc_info`, `stack_info`, `stacklevel`,
    `extra`), and any other keyword as a field of the record. Logging methods never raise for what they are
    given.
    """

    _unbound: MetaLogger | None = None
    if TYPE_CHECKING:
        _is_owned: bool
    else:
        _is_owned = IsBound()

    # The logging methods. Each is a builtin in the instance's `__dict__` while the fast way is open; a bound
    # logger gets it with its second call.

    @served
    def debug(self, /, *args: Any, **kwargs: Any) -> None:
        """Log a message at level DEBUG."""
        self._dispatch("debug")(*args, **kwargs)

    @served
    def info(self, /, *args: Any, **kwargs: Any) -> None:
        """Log a message at level INFO."""
        self._dispatch("info")(*args, **kwargs)

    @served
    def warning(self, /, *args: Any, **kwargs: Any) -> None:
        """Log a message at level WARNING."""
        self._dispatch("warning")(*args, **kwargs)

    @served
    def error(self, /, *args: Any, **kwargs: Any) -> None:
        """Log a message at level ERROR."""
        self._dispatch("error")(*args, **kwargs)

    @served
    def critical(self, /, *args: Any, **kwargs: Any) -> None:
        """Log a message at level CRITICAL."""
        self._dispatch("critical")(*args, **kwargs)

    @served
    def fatal(self, /, *args: Any, **kwargs: Any) -> None:
        """Log a message at level CRITICAL."""
        self._dispatch("fatal")(*args, **kwargs)

    @part_of_logging
    def warn(self, /, *args: Any, **kwargs: Any) -> None:
        """Log a message at level WARNING: the old name of `warning`."""
        self.warning(*args, **kwargs)

    @served
    def exception(self, /, *args: Any, exc_info: Any = True, **kwargs: Any) -> None:
        """Log a message at level ERROR with the exception that is being handled."""
        # A subclass that overrides `error` gets these records, too.
        (self._take("exception") or self.error)(*args, exc_info=exc_info, **kwargs)

    @served
    def trade(self, /, *args: Any, **kwargs: Any) -> None:
        """Log a trade record: category `trade`, level INFO, whatever level the logger has.

        It goes to `trades.log` beside the other handlers that take it. Only `logging.disable()` and
        `disabled` suppress it: an audit trail has no quiet mode. Before anything is configured it goes to
        stderr, as warnings do, with a note once.
        """
        self._dispatch("trade")(*args, **kwargs)

    @served
    def log(self, /, *args: Any, **kwargs: Any) -> None:
        """Log a message at the level given first, a number."""
        self._dispatch("log")(*args, **kwargs)

    def getChild(self, suffix: str) -> MetaLogger:
        """Return the logger `suffix` below this one; of a bound logger, with the same fields bound."""
        child = adopt(super().getChild(suffix))
        if self._is_owned:
            child.owned()
        return child if self._bound is None else child.bind(**self._bound_fields())

    # Context.

    @native.bind_descriptor
    def bind(self, /, *given: Never, **fields: Any) -> MetaLogger:
        """Return a logger with `fields` in every record; this one stays as it is.

        It follows this logger's level, handlers, filters and name. Raises TypeError for positional arguments.
        """
        if given:
            way = "bind(**fields)" if isinstance(given[0], Mapping) else "bind(symbol=...)"
            raise TypeError(f"bind takes fields by keyword; write {way}")
        return self._derived(Fields(fields, self._bound))

    def unbind(self, *names: str) -> MetaLogger:
        """Return a logger without the bound fields `names`; those that are not bound are passed over."""
        kept = {name: value for name, value in self._bound_fields().items() if name not in names}
        return self._derived(Fields(kept) if kept else None)

    def _derived(self, bound: Fields | None) -> MetaLogger:
        unbound = self._unbound or self
        derived = type(unbound).__new__(type(unbound))
        # All else comes when it is asked for: see `derived`. The native engine does the same for most calls.
        derived.__dict__.update(_unbound=unbound, _bound=bound)
        return derived

    def _bound_fields(self) -> dict[str, Any]:
        return {} if self._bound is None else self._bound.to_dict()

    def owned(self) -> MetaLogger:
        """Return this logger as one that the program got from this library: its records are the library's.

        Where `propagate` is off and they go to handlers of the program's own, the pipeline gets its copy too.
        """
        self._is_owned = True
        return self

    # The slow way.

    def _better_way(self, name: str) -> Callable[..., None] | None:
        """Return what serves calls of the method `name` now, in place of a builtin that cannot any more."""
        if name in self._installed and not is_genuine_method(type(self), name):
            # The builtin shadowed what somebody has put into the class since.
            self._leave_fast_path()
            replaced: Callable[..., None] = getattr(self, name)
            return replaced
        if self._channel is not None and not self._channel.is_open():
            # Something has changed since; what serves the next call may serve this one.
            self._leave_fast_path()
            builtin = self._take(name)
            if builtin is not None:
                return builtin
        self._discard_stale(name)
        if is_patched(name):
            return partial(getattr(STANDARD, name), self)
        return partial(self.error, exc_info=True) if name == "exception" else None

    @part_of_logging
    def _serve(self, name: str, /, *args: Any, **kwargs: Any) -> None:
        """Serve one call of the method `name` as `logging` does."""
        better = self._better_way(name)
        if better is not None:
            better(*args, **kwargs)
            return
        if name == "log":
            level, args = (args[0], args[1:]) if args else (kwargs.pop("level", None), ())
            if not is_a(level, int):
                if logging.raiseExceptions:
                    raise TypeError("level must be an integer")
                return
        else:
            level = LEVELS.get(name, logging.INFO)
        if name == "trade":
            if self.disabled or self.manager.disable >= level:
                return
            if "category" in kwargs:
                kwargs["extra"] = {**extra_fields(kwargs.get("extra")), "category": kwargs.pop("category")}
            kwargs["category"] = TRADE
        elif not self.isEnabledFor(level):
            return
        message, *rest = args if args else (kwargs.pop("msg", ""),)
        self._log(level, message, tuple(rest), **without_parameters(kwargs))

    @part_of_logging
    def _log(
        self,
        level: int,
        msg: object,
        args: tuple[Any, ...] | Mapping[str, Any],
        exc_info: Any = None,
        extra: Mapping[str, object] | None = None,
        stack_info: bool = False,
        stacklevel: int = 1,
        **fields: Any,
    ) -> None:
        """Make the record and pass it on: to the pipeline if nothing else listens, else as `logging` does."""
        exception = exception_info(exc_info)
        fields.update(unusable(exc_info, stack_info, stacklevel))
        own, category = own_fields(extra_fields(extra), fields)
        channel = self._open_channel() if native.is_running() else None
        if channel is None or channel.is_listened:
            self._log_record(
                level, msg, args, recorded_exc_info(exc_info), own, category, stack_info, stacklevel
            )
            return
        arguments = args if isinstance(args, tuple) else () if args is None else (args,)
        level_name = logging.getLevelName(level)
        shown = None if STANDARD_LEVEL_NAMES.get(level) == level_name else level_name
        caller = stack = None
        if truth(stack_info) or native.needs()[0]:
            file, line, function, stack = self._caller(stack_info, stacklevel)
            caller = (file, line, function)
        described = describe_exception(exception)
        if not channel.submit(
            nearest_level(level), shown, category, msg, arguments, own, described, stack, caller
        ):
            # Stopped meanwhile: the handler starts it again.
            self._log_record(
                level, msg, args, recorded_exc_info(exc_info), own, category, stack_info, stacklevel
            )

    @part_of_logging
    def _log_record(
        self,
        level: int,
        msg: object,
        args: Any,
        exception: Any,
        own: dict[str, Any],
        category: str | None,
        stack_info: bool,
        stacklevel: int,
    ) -> None:
        fields = CallFields(own, self._bound, current_context())
        if is_patched("_log"):
            extra = Extra(fields, category)
            STANDARD._log(self, level, msg, args, exception, extra, stack_info, stacklevel)
            return
        try:
            file, line, function, stack = self._caller(stack_info, stacklevel)
        except ValueError:
            file, line, function, stack = "(unknown file)", 0, "(unknown function)", None
        given = (self.name, level, file, line, msg)
        try:
            record = self.makeRecord(*given, args, exception, function, None, stack)
        except RecursionError:
            raise
        except Exception:
            # `logging` asks a single mapping among the arguments whether it is empty.
            record = self.makeRecord(*given, (), exception, function, None, stack)
            record.args = args
        if category is not None:
            record.__dict__["category"] = category
        attach_fields(record, fields)
        self.handle(record)

    def makeRecord(self, /, *args: Any, **kwargs: Any) -> logging.LogRecord:
        """Make a record as `logging` does, and note what a patched method was given to hand on."""
        record = super().makeRecord(*args, **kwargs)
        extra = kwargs.get("extra", args[_EXTRA_AT] if len(args) > _EXTRA_AT else None)
        if isinstance(extra, Extra):
            note_fields(record, extra.fields)
        return record

    @part_of_logging
    def callHandlers(self, record: logging.LogRecord) -> None:
        """Pass the record to the handlers on its way, and a copy to the pipeline if that is not on the way.

        With no handler at all on its way the record goes nowhere, as in `logging`; a trade record goes to
        stderr.
        """
        super().callHandlers(record)
        if record.__dict__.get("category") == TRADE and not super().hasHandlers():
            from metaexpert.logger.capture.last_resort import show_trade

            show_trade(record)
            return
        handler = handler_out_of_reach(self) if self._is_owned else None
        if handler is not None and record.levelno >= handler.level and super().hasHandlers():
            handler.handle(record)

    def findCaller(self, stack_info: bool = False, stacklevel: int = 1) -> tuple[str, int, str, str | None]:
        """Return file, line, function and, if asked for, stack of the call outside of logging's own code."""
        return find_caller(sys._getframe(), stack_info, stacklevel)

    def _caller(self, stack_info: object, stacklevel: object) -> tuple[str, int, str, str | None]:
        find: Any = self.findCaller
        if getattr(find, "__func__", None) is _find_caller:
            return find_caller(sys._getframe(), stack_info, stacklevel)
        return ask_for_caller(find, stack_info, stacklevel)

    def __reduce__(self) -> Any:
        if self._unbound is None:
            # Another process, which may not have configured anything, gets one with keyword fields as well.
            return (as_imported(owned), (self.name,)) if self._is_owned else super().__reduce__()
        return as_imported(rebound), (self.name, self._bound_fields())


class MetaRootLogger(MetaLogger, logging.RootLogger):
    """The root logger, once the library is configured."""

    def __init__(self, level: int) -> None:
        MetaLogger.__init__(self, "root", level)

    def __reduce__(self) -> Any:
        return logging.getLogger, ()


#: Under a name that no program assigns to.
_find_caller: Final = MetaLogger.findCaller


def adopt(logger: logging.Logger) -> MetaLogger:
    """Make an existing logger a `MetaLogger`, in place, so that everybody who holds it gains.

    A logger of somebody's own subclass keeps all of that class's behaviour.
    """
    if not isinstance(logger, MetaLogger):
        with _adoption.held():
            own = type(logger)
            # Another thread may have been first.
            if not issubclass(own, MetaLogger):
                if is_instance(logger, MetaLogger):
                    # By its own methods: its builtins and its channel are theirs.
                    logger._leave_fast_path()
                # Before its class, because code that sees the class logs through it at once.
                complete(logger)
                logger.__class__ = _adopted(own)
    assert isinstance(logger, MetaLogger)
    return logger


define_genuine(MetaLogger, adopt)

#: Held while a logger is made a `MetaLogger`.
_adoption: Final = ForkLock()


def renew(logger: logging.Logger) -> None:
    """Adopt a logger again that an earlier import of the package has adopted; pass over any other."""
    if is_instance(logger, MetaLogger):
        adopt(logger)


def _adopted(own: type[logging.Logger]) -> type[MetaLogger]:
    if own is logging.Logger or is_earlier(own, MetaLogger):
        return MetaLogger
    if own is logging.RootLogger or is_earlier(own, MetaRootLogger):
        return MetaRootLogger
    if len(own.__bases__) == 2 and is_earlier(own.__bases__[1], MetaLogger):
        # Made by this function, for the first of the two.
        own = own.__bases__[0]
    return type(own.__name__, (own, MetaLogger), {"__module__": own.__module__})

"""`MetaLogger`: a `logging.Logger` whose calls go straight into the pipeline while nothing foreign listens.

The methods below are the slow way, in which `logging` behaves as ever. When a call finds that this logger's
records would reach the pipeline's handler and nothing else, builtins of the native engine are put into the
instance's `__dict__`, where they shadow the methods; whatever may change that finding takes them out again:

- levels and `logging.disable()` clear every logger's `_cache`, which is a `_LevelCache` here;
- attributes pass through `__setattr__`;
- handler and filter lists, which are changed in place, classes, and the record factory are looked at by the
  builtins themselves, at every call.
"""

from __future__ import annotations

import logging
import os
import sys
import weakref
from collections.abc import Callable, Mapping
from functools import partial
from types import FrameType
from typing import Any, Final

from metaexpert.logger import engine
from metaexpert.logger.context import current_context
from metaexpert.logger.engine import Channel, Fields, Method
from metaexpert.logger.faults import describe_exception, exception_info
from metaexpert.logger.handler import FieldMapping, PipelineHandler, attach_fields, extra_of

TRADE: Final = "trade"

_LEVELS: Final[Mapping[str, int]] = {
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "warning": logging.WARNING,
    "error": logging.ERROR,
    "critical": logging.CRITICAL,
    "fatal": logging.CRITICAL,
}
#: What the fast way would bypass if a subclass, or somebody at run time, replaced it.
_OVERRIDABLE: Final = (
    *_LEVELS,
    "log",
    "trade",
    "_log",
    "_serve",
    "makeRecord",
    "handle",
    "callHandlers",
    "findCaller",
    "filter",
    "isEnabledFor",
    "getEffectiveLevel",
    "hasHandlers",
)
_WATCHED_ATTRIBUTES: Final = frozenset(
    (*_OVERRIDABLE, "level", "parent", "propagate", "disabled", "handlers", "filters", "name", "manager")
)
_LOG_PARAMETERS: Final = frozenset({"self", "level", "msg", "args"})
_STANDARD_NAMES: Final = {level: logging.getLevelName(level) for level in _LEVELS.values()}
#: Source files whose frames never made a call; the native engine asks for them, too.
_SOURCE_FILES: Final = frozenset(
    {logging._srcfile, __file__, os.path.join(os.path.dirname(__file__), "timing.py")}
)


class _Changes:
    """Counts whatever may close a fast way. Not a class attribute: setting one costs every class lookup."""

    def __init__(self) -> None:
        self.count = 0


_changes: Final = _Changes()

#: Empty lists, lists with the one item they hold, and classes: see `Channel`.
_Premises = tuple[list[list[Any]], list[tuple[list[Any], Any]], list[type]]


class _LevelCache(dict[int, bool]):
    """A logger's `_cache`, which `logging` clears whenever a level changes anywhere."""

    __slots__ = ("_logger",)

    def __init__(self, logger: MetaLogger) -> None:
        super().__init__()
        self._logger = weakref.ref(logger)

    def clear(self) -> None:
        super().clear()
        logger = self._logger()
        if logger is not None:
            logger._leave_fast_path()


class MetaLogger(logging.Logger):
    """A logger with keyword fields, a bound context and trade records; otherwise a `logging.Logger`.

    Every logging method takes what `logging` takes (`%`-arguments, `exc_info`, `stack_info`, `stacklevel`,
    `extra`), and any other keyword as a field of the record. Logging methods never raise for what they are
    given.
    """

    _bound: Fields | None = None
    _origin: MetaLogger | None = None
    _channel: Channel | None = None
    _is_owned = False

    def __init__(self, name: str, level: int | str = logging.NOTSET) -> None:
        super().__init__(name, level)
        self._become()

    def _become(self) -> None:
        """Complete a logger that was made by `logging` as a plain one."""
        self._installed: dict[str, Callable[..., None]] = {}
        self._children: weakref.WeakSet[MetaLogger] = weakref.WeakSet()
        self._cache = _LevelCache(self)

    # The logging methods. Each is a builtin in the instance's `__dict__` while the fast way is open.

    def debug(self, /, *args: Any, **kwargs: Any) -> None:
        """Log a message at level DEBUG."""
        self._dispatch("debug")(*args, **kwargs)

    def info(self, /, *args: Any, **kwargs: Any) -> None:
        """Log a message at level INFO."""
        self._dispatch("info")(*args, **kwargs)

    def warning(self, /, *args: Any, **kwargs: Any) -> None:
        """Log a message at level WARNING."""
        self._dispatch("warning")(*args, **kwargs)

    def error(self, /, *args: Any, **kwargs: Any) -> None:
        """Log a message at level ERROR."""
        self._dispatch("error")(*args, **kwargs)

    def critical(self, /, *args: Any, **kwargs: Any) -> None:
        """Log a message at level CRITICAL."""
        self._dispatch("critical")(*args, **kwargs)

    def fatal(self, /, *args: Any, **kwargs: Any) -> None:
        """Log a message at level CRITICAL."""
        self._dispatch("fatal")(*args, **kwargs)

    def warn(self, /, *args: Any, **kwargs: Any) -> None:
        """Log a message at level WARNING: the old name of `warning`."""
        self.warning(*args, **kwargs)

    def exception(self, /, *args: Any, exc_info: Any = True, **kwargs: Any) -> None:
        """Log a message at level ERROR with the exception that is being handled."""
        self.error(*args, exc_info=exc_info, **kwargs)

    def trade(self, /, *args: Any, **kwargs: Any) -> None:
        """Log a trade event: category `trade`, level INFO, whatever level the logger has.

        It goes to `trades.log` beside the other handlers that take it. Only `logging.disable()` and
        `disabled` suppress it: an audit trail has no quiet mode.
        """
        self._dispatch("trade")(*args, **kwargs)

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

    def bind(self, /, **fields: Any) -> MetaLogger:
        """Return a logger with `fields` in every record; this one stays as it is.

        It follows this logger's level, handlers, filters and name.
        """
        return self._derived(Fields(fields, self._bound))

    def unbind(self, *names: str) -> MetaLogger:
        """Return a logger without the bound fields `names`; those that are not bound are passed over."""
        kept = {name: value for name, value in self._bound_fields().items() if name not in names}
        return self._derived(Fields(kept) if kept else None)

    def _derived(self, bound: Fields | None) -> MetaLogger:
        origin = self._origin or self
        derived = type(origin).__new__(type(origin))
        logging.Filterer.__init__(derived)
        derived.__dict__.update(
            name=origin.name,
            level=logging.NOTSET,
            parent=origin,
            propagate=True,
            handlers=[],
            filters=origin.filters,
            disabled=origin.disabled,
            _bound=bound,
            _origin=origin,
            _is_owned=True,
        )
        derived._become()
        origin._children.add(derived)
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

    def _serve(self, name: str, /, *args: Any, **kwargs: Any) -> None:
        """Serve one call of the method `name` as `logging` does."""
        if name in self._installed and getattr(type(self), name) is not _genuine[name]:
            # The builtin shadowed what somebody has put into the class since.
            self._leave_fast_path()
            getattr(self, name)(*args, **kwargs)
            return
        self._discard_stale(name)
        if _is_patched(name):
            getattr(_Standard, name)(self, *args, **kwargs)
            return
        if name == "log":
            level, args = (args[0], args[1:]) if args else (kwargs.pop("level", None), ())
            if not isinstance(level, int):
                if logging.raiseExceptions:
                    raise TypeError("level must be an integer")
                return
        else:
            level = _LEVELS.get(name, logging.INFO)
        if name == "trade":
            if self.disabled or self.manager.disable >= level:
                return
            if "category" in kwargs:
                kwargs["extra"] = {**_extra_fields(kwargs.get("extra")), "category": kwargs.pop("category")}
            kwargs["category"] = TRADE
        elif not self.isEnabledFor(level):
            return
        message, *rest = args if args else (kwargs.pop("msg", ""),)
        self._log(level, message, tuple(rest), **_without_parameters(kwargs))

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
        """Make the record and pass it on: to the pipeline if nothing else listens, else as `logging`."""
        exception = exception_info(exc_info)
        own, category = _own_fields(_extra_fields(extra), fields)
        channel = self._open_channel() if engine.is_running() else None
        if channel is None:
            self._log_record(level, msg, args, exception, own, category, stack_info, stacklevel)
            return
        arguments = args if isinstance(args, tuple) else (args,)
        level_name = logging.getLevelName(level)
        shown = None if _STANDARD_NAMES.get(level) == level_name else level_name
        caller = stack = None
        if stack_info or engine.needs()[0]:
            file, line, function, stack = self.findCaller(stack_info, stacklevel)
            caller = (file, line, function)
        described = describe_exception(exception)
        if not channel.submit(level, shown, category, msg, arguments, own, described, stack, caller):
            # Stopped meanwhile: the handler starts it again.
            self._log_record(level, msg, args, exception, own, category, stack_info, stacklevel)

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
        fields = FieldMapping(own, self._bound, current_context())
        if _is_patched("_log"):
            extra = extra_of(fields, category)
            _Standard._log(self, level, msg, args, exception, extra, stack_info, stacklevel)
            return
        try:
            file, line, function, stack = self.findCaller(stack_info, stacklevel)
        except ValueError:
            file, line, function, stack = "(unknown file)", 0, "(unknown function)", None
        record = self.makeRecord(self.name, level, file, line, msg, args, exception, function, None, stack)
        if category is not None:
            record.__dict__["category"] = category
        attach_fields(record, fields)
        self.handle(record)

    def callHandlers(self, record: logging.LogRecord) -> None:
        """Pass the record to the handlers on its way, and a copy to the pipeline if that is not on the way.

        With no handler at all on its way the record goes nowhere, as in `logging`.
        """
        super().callHandlers(record)
        handler = self._handler_out_of_reach()
        if handler is not None and record.levelno >= handler.level and super().hasHandlers():
            handler.handle(record)

    def _handler_out_of_reach(self) -> PipelineHandler | None:
        """Return the root's handler if this logger is the library's own and its records don't propagate."""
        if not self._is_owned:
            return None
        logger: logging.Logger = self
        while logger.parent is not None:
            if not logger.propagate:
                handlers = self.manager.root.handlers
                return next((each for each in handlers if isinstance(each, PipelineHandler)), None)
            logger = logger.parent
        return None

    def findCaller(self, stack_info: bool = False, stacklevel: int = 1) -> tuple[str, int, str, str | None]:
        """Return file, line, function and, if asked for, stack of the call outside of logging's own code."""
        frame: FrameType | None = sys._getframe()
        while frame is not None:
            if not _is_internal(frame.f_code.co_filename):
                stacklevel -= 1
                if stacklevel <= 0 or frame.f_back is None:
                    break
            frame = frame.f_back
        if frame is None:
            return "(unknown file)", 0, "(unknown function)", None
        stack = _stack_text(frame) if stack_info else None
        return frame.f_code.co_filename, frame.f_lineno, frame.f_code.co_name, stack

    # The fast way: when it is open, and how it is entered and left.

    def _dispatch(self, name: str) -> Callable[..., None]:
        """Return what serves a call of `name` now."""
        builtin = self._installed.get(name)
        if builtin is None and engine.is_running():
            builtin = self._install(name)
        return partial(self._serve, name) if builtin is None else builtin

    def enter_fast_path(self) -> None:
        """Open the fast way now, so that a method taken before its first call is a builtin."""
        if engine.is_running():
            for name in (*_LEVELS, "log", "trade"):
                if name not in self._installed and self._install(name) is None:
                    return

    def _install(self, name: str) -> Callable[..., None] | None:
        """Put a builtin in place of the method `name`, if it would do the same, and return it."""
        changes = _changes.count
        channel = self._open_channel()
        if channel is None:
            return None
        slow = partial(self._serve, name)
        if name == "log":
            threshold = max(self.getEffectiveLevel(), self.manager.disable + 1)
            builtin = channel.log_method(threshold, slow)
        elif name == "trade":
            builtin = channel.method(logging.INFO, TRADE, slow, self.manager.disable < logging.INFO)
        else:
            level = _LEVELS[name]
            builtin = channel.method(level, None, slow, self.isEnabledFor(level) and engine.wants(level))
        self._installed[name] = builtin
        self.__dict__[name] = builtin
        if changes != _changes.count:
            # Something changed on another thread meanwhile; the next call looks again.
            self._leave_fast_path()
            return None
        return builtin

    def _open_channel(self) -> Channel | None:
        """Return the way into the pipeline, if this logger's records go there and nowhere else."""
        if self._channel is None or not self._channel.is_open():
            if self._channel is not None:
                self._leave_fast_path()
            self._channel = self._new_channel()
        return self._channel

    def _new_channel(self) -> Channel | None:
        origin = self._origin
        if origin is not None and self._is_as_derived(origin):
            channel = origin._open_channel()
            return None if channel is None else channel.derive(self._bound, self.handlers)
        premises = self._premises()
        return None if premises is None else Channel(self.name, self._bound, *premises)

    def _is_as_derived(self, origin: MetaLogger) -> bool:
        """Tell whether nobody has changed this bound logger, so that all depends on its origin."""
        return (
            self.parent is origin
            and self.propagate
            and not self.handlers
            and self.filters is origin.filters
            and _has_own_methods(self)
        )

    def _leave_fast_path(self) -> None:
        """Take the builtins out again, here and in the loggers bound to this one."""
        _changes.count += 1
        attributes = self.__dict__
        for name, builtin in self.__dict__.get("_installed", {}).items():
            if attributes.get(name) is builtin:
                del attributes[name]
        attributes["_installed"] = {}
        channel = attributes.get("_channel")
        if channel is not None:
            # Builtins that somebody took from this logger come back to it with their next call.
            channel.close()
        attributes["_channel"] = None
        for child in tuple(attributes.get("_children", ())):
            # Which also leaves the child's fast way.
            child._cache.clear()

    def _discard_stale(self, name: str) -> None:
        """Forget a builtin of an earlier time that somebody has put back, as the end of a patch does."""
        builtin = self.__dict__.get(name)
        if name not in self._installed and type(getattr(builtin, "__self__", None)) is Method:
            del self.__dict__[name]

    def _premises(self) -> _Premises | None:
        """Return what the fast way depends on: lists that are empty, lists with our handler alone, classes.

        None if something else may listen, filter or replace what `logging` does for this logger.
        """
        if self.disabled or self.filters or logging.getLogRecordFactory() is not logging.LogRecord:
            return None
        if not _is_genuine(self):
            return None
        empty: list[list[Any]] = [self.filters]
        single: list[tuple[list[Any], Any]] = []
        logger: logging.Logger | None = self
        while logger is not None:
            if not _is_observed(logger):
                return None
            if not logger.handlers:
                empty.append(logger.handlers)
            elif len(logger.handlers) == 1 and _takes_everything(logger.handlers[0]):
                single.append((logger.handlers, logger.handlers[0]))
                empty.append(logger.handlers[0].filters)
            else:
                return None
            logger = logger.parent if logger.propagate else None
        return (empty, single, [type(self), PipelineHandler]) if single else None

    def __setattr__(self, name: str, value: Any) -> None:
        # A logger's parent is None until it has been made; before its first call it has no channel.
        is_new = name not in self.__dict__ or (
            name == "parent" and self.parent is None and "_channel" not in self.__dict__
        )
        super().__setattr__(name, value)
        if name in _OVERRIDABLE:
            self._leave_fast_path()
        elif name in _WATCHED_ATTRIBUTES and not is_new:
            # Loggers below may depend on it too; while a logger is being made nobody does.
            if name in ("disabled", "filters"):
                for child in tuple(self._children):
                    setattr(child, name, value)
            leave_fast_paths(self.manager)
            self._leave_fast_path()
            if name in ("level", "parent") and self.manager.root is not None:
                # What `setLevel` does after it, and an assignment alone does not.
                self.manager._clear_cache()  # type: ignore[attr-defined]

    def __delattr__(self, name: str) -> None:
        super().__delattr__(name)
        if name in _WATCHED_ATTRIBUTES:
            self._leave_fast_path()

    def __reduce__(self) -> Any:
        if self._origin is None:
            return super().__reduce__()
        return _rebound, (self.name, self._bound_fields())


class MetaRootLogger(MetaLogger, logging.RootLogger):
    """The root logger, once the library is configured."""

    def __init__(self, level: int) -> None:
        MetaLogger.__init__(self, "root", level)

    def __reduce__(self) -> Any:
        return logging.getLogger, ()


#: `logging.Logger` under a name that a program does not assign to.
_Standard: Final = logging.Logger
_standard: Final = {name: getattr(_Standard, name) for name in _OVERRIDABLE if hasattr(_Standard, name)}
_genuine: Final = {name: getattr(MetaLogger, name) for name in _OVERRIDABLE}


def adopt(logger: logging.Logger) -> MetaLogger:
    """Make an existing logger a `MetaLogger`, in place, so that everybody who holds it gains.

    A logger of somebody's own subclass keeps all of that class's behaviour.
    """
    if isinstance(logger, MetaLogger):
        return logger
    own = type(logger)
    if own is logging.Logger:
        logger.__class__ = MetaLogger
    elif own is logging.RootLogger:
        logger.__class__ = MetaRootLogger
    else:
        logger.__class__ = type(own.__name__, (own, MetaLogger), {"__module__": own.__module__})
    assert isinstance(logger, MetaLogger)
    logger._become()
    return logger


def leave_fast_paths(manager: logging.Manager | None = None) -> None:
    """Let every logger find out anew whether the fast way is open."""
    _changes.count += 1
    manager = manager or logging.root.manager
    for logger in (manager.root, *tuple(manager.loggerDict.values())):
        if isinstance(logger, MetaLogger):
            logger._leave_fast_path()


def _is_genuine(logger: MetaLogger) -> bool:
    """Tell whether no method that the fast way bypasses was overridden, in a class or on the instance."""
    kind = type(logger)
    return (
        _has_own_methods(logger)
        and all(getattr(kind, name) is method for name, method in _genuine.items())
        and not any(map(_is_patched, _standard))
    )


def _is_patched(name: str) -> bool:
    """Tell whether somebody has replaced the method `name` in `logging.Logger`, as tracing tools do."""
    return name in _standard and getattr(_Standard, name) is not _standard[name]


def _has_own_methods(logger: MetaLogger) -> bool:
    """Tell whether nobody has put something else in place of a method on the instance."""
    installed, attributes = logger._installed, logger.__dict__
    return not any(name in attributes and name not in installed for name in _OVERRIDABLE)


def _is_observed(logger: logging.Logger) -> bool:
    """Tell whether changes of the logger's attributes are noticed; plain loggers are adopted for that."""
    if isinstance(logger, MetaLogger):
        return True
    if type(logger) in (logging.Logger, logging.RootLogger):
        adopt(logger)
        return True
    return False


def _takes_everything(handler: logging.Handler) -> bool:
    return type(handler) is PipelineHandler and handler.takes_everything


def _without_parameters(words: dict[str, Any]) -> dict[str, Any]:
    """Return `words` with those that `_log` takes by position moved to `extra`, where they stay fields."""
    taken = words.keys() & _LOG_PARAMETERS
    if taken:
        moved = {name: words.pop(name) for name in tuple(words) if name in taken}
        words["extra"] = {**_extra_fields(words.get("extra")), **moved}
    return words


def _extra_fields(extra: object) -> Mapping[Any, Any]:
    """Return the fields in `extra`; what is no mapping is itself a field of that name."""
    if not extra:
        return {}
    return extra if isinstance(extra, Mapping) else {"extra": extra}


def _own_fields(extra: Mapping[Any, Any], fields: Mapping[str, Any]) -> tuple[dict[Any, Any], str | None]:
    """Return a call's fields, and the category if one of them is one: the keyword, else that of `extra`."""
    own = {**extra, **fields}
    category = own.get("category")
    if not isinstance(category, str):
        return own, None
    if "category" in fields and "category" in extra:
        own["category"] = extra["category"]
    else:
        del own["category"]
    return own, category


def _is_internal(file: str) -> bool:
    """Tell whether frames of `file` are passed over, as `logging` does with its own and those of imports."""
    return file in _SOURCE_FILES or ("importlib" in file and "_bootstrap" in file)


def _stack_text(frame: FrameType) -> str:
    import io
    import traceback

    text = io.StringIO()
    text.write("Stack (most recent call last):\n")
    # Not `format_stack`: programs that shorten stacks patch what `logging` calls.
    traceback.print_stack(frame, file=text)
    return text.getvalue().rstrip("\n")


def _rebound(name: str, fields: dict[str, Any]) -> MetaLogger:
    """Rebuild a bound logger in another process."""
    return adopt(logging.getLogger(name)).bind(**fields)


engine.on_change(leave_fast_paths)

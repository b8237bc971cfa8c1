"""The fast way of a logger into the pipeline: how it enters, and why it leaves.

When a logger's records would reach the pipeline's handler and nothing else, builtins of the native engine are
put into its `__dict__`, where they shadow the methods of the class. These changes close their channel:

- after a change of levels and `logging.disable()`, `logging` clears every logger's `_cache`: the manager does
  so, or the root's `LevelCache` notices;
- attributes pass through `__setattr__`;
- handler and filter lists, which are changed in place, classes, and the record factory are looked at by the
  builtins themselves, at every call.

A change that may concern any logger closes all channels in one step, so it costs the same however many
loggers there are. Each logger notices with its next call, which puts new builtins in.
"""

from __future__ import annotations

import logging
import weakref
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Final, TypeVar

from metaexpert.logger.capture.calls import part_of_logging
from metaexpert.logger.capture.derived import Bound, Followed, Made
from metaexpert.logger.capture.handler import PipelineHandler
from metaexpert.logger.capture.level_changes import (
    LevelCache,
    changes,
    close_all,
    is_instance,
    is_same,
    watch_levels,
)
from metaexpert.logger.capture.replacements import (
    LEVELS,
    LOOKED_UP,
    OVERRIDABLE,
    TRADE,
    has_patches,
    records_are_usual,
)
from metaexpert.logger.process import engine
from metaexpert.logger.shared import native
from metaexpert.logger.shared.native import Channel, Fields, TakenMethod

Function = TypeVar("Function", bound=Callable[..., Any])

_WATCHED_ATTRIBUTES: Final = frozenset(
    (*OVERRIDABLE, "level", "parent", "propagate", "disabled", "handlers", "filters", "name", "manager")
)


_EmptyLists = list[list[Any]]
_SingleLists = list[tuple[list[Any], Any]]
#: Empty lists, lists with the one item they hold, and classes: see `Channel`.
_Premises = tuple[_EmptyLists, _SingleLists, list[type]]


def _members(loggers: weakref.WeakSet[FastPathLogger] | None) -> tuple[FastPathLogger, ...]:
    """Return those who are in the set, to which another thread may be adding some."""
    while loggers:
        try:
            return tuple(loggers)
        except RuntimeError:
            continue
    return ()


def complete(logger: logging.Logger) -> None:
    """Give a logger what a `FastPathLogger` has beyond a plain one, and its own `_log` back."""
    if type(logger.__dict__.get("_log")) is TakenMethod:
        logger.__dict__.pop("_log", None)
    logger.__dict__["_installed"] = {}
    logger.__dict__["_cache"] = LevelCache()


def _empty_list(logger: FastPathLogger) -> list[Any]:
    if logger._channel is not None:
        # Which was made when there was no list to look at.
        logger._leave_fast_path()
    return []


def _nothing_installed(logger: FastPathLogger) -> dict[str, Callable[..., None]]:
    logger._follow_unbound()
    return {}


class FastPathLogger(logging.Logger):
    """A logger whose methods are served by builtins while nothing foreign listens."""

    _unbound: FastPathLogger | None = None
    _channel: Channel | None = None
    #: The methods that the builtins stand in for, those of the class that the package defines.
    _genuine: ClassVar[Mapping[str, Any]] = {}
    #: The loggers bound to this one that have something to give up when it leaves its fast way.
    _children: weakref.WeakSet[FastPathLogger] | None = None

    if TYPE_CHECKING:
        _bound: Fields | None
        _installed: dict[str, Callable[..., None]]
        _cache: dict[int, bool]
    else:
        _bound = Bound()
        # Of bound loggers; others have attributes of these names.
        name = Followed("name")
        level = logging.NOTSET
        parent = Made("parent", lambda logger: logger._unbound)
        propagate = True
        _cache = Made("_cache", lambda logger: logger._unbound._cache)
        disabled = Followed("disabled")
        filters = Followed("filters")
        handlers = Made("handlers", _empty_list)
        _installed = Made("_installed", _nothing_installed)

    def __init__(self, name: str, level: int | str = logging.NOTSET) -> None:
        super().__init__(name, level)
        complete(self)

    if TYPE_CHECKING:

        def _serve(self, name: str, /, *args: Any, **kwargs: Any) -> None:
            """Serve one call of the method `name` the slow way: the subclass does."""

    def _follow_unbound(self) -> None:
        """Register this bound logger, so that it is told when its unbound logger leaves the fast path."""
        unbound = self._unbound
        if unbound is not None:
            children = unbound._children
            if children is None:
                # In one step: two threads may bind the first ones.
                children = unbound.__dict__.setdefault("_children", weakref.WeakSet())
            children.add(self)

    def _dispatch(self, name: str) -> Callable[..., None]:
        """Return what serves a call of `name` now."""
        return self._take(name) or partial(self._serve, name)

    def _take(self, name: str) -> Callable[..., None] | None:
        """Return the builtin in place of the method `name`, put there now if need be; None if it can't be."""
        builtin = self._installed.get(name)
        if builtin is None and native.is_running():
            builtin = self._install(name)
        return builtin

    def enter_fast_path(self) -> None:
        """Open the fast way now, so that a method taken before its first call is a builtin."""
        if native.is_running():
            for name in (*LEVELS, "log", "trade"):
                if name not in self._installed and self._install(name) is None:
                    return

    def _install(self, name: str) -> Callable[..., None] | None:
        """Put a builtin in place of the method `name`, if it would do the same, and return it."""
        count = changes.count
        channel = self._open_channel()
        if channel is None:
            return None
        if self._unbound is not None:
            # Loggers bound later are served as it is.
            self._unbound._take(name)
        slow = partial(self._serve, name)
        threshold = max(self.getEffectiveLevel(), self.manager.disable + 1)
        if name == "log":
            builtin = native.log_builtin(channel, threshold, slow)
        elif name == "trade":
            is_on = self.manager.disable < logging.INFO
            builtin = native.level_builtin(channel, logging.INFO, TRADE, slow, is_on, name)
        else:
            level = LEVELS[name]
            is_on = level >= threshold and (channel.is_listened or engine.wants(level))
            builtin = native.level_builtin(channel, level, None, slow, is_on, name)
        self._installed[name] = builtin
        self.__dict__[name] = builtin
        if count != changes.count:
            # Something changed on another thread meanwhile; the next call looks again.
            self._leave_fast_path()
            return None
        return builtin

    def _open_channel(self) -> Channel | None:
        """Return the way into the pipeline, if this logger's records go there and nowhere else."""
        channel = self._channel
        if channel is None or not channel.is_open():
            if channel is not None:
                self._leave_fast_path()
            channel = self._channel = self._new_channel()
        return channel

    def _new_channel(self) -> Channel | None:
        unbound = self._unbound
        if unbound is not None and self._is_as_derived(unbound):
            channel = unbound._open_channel()
            return None if channel is None else channel.derive(self._bound, self.handlers)
        watch_levels(self.manager)
        premises = self._premises()
        return self._listened_channel() if premises is None else Channel(self.name, self._bound, *premises)

    def _listened_channel(self) -> Channel | None:
        """Return the way of records that foreign handlers get as well; None if only `logging` serves it."""
        if self.disabled or self.filters or self._unbound is not None or not _is_genuine(self, LOOKED_UP):
            return None
        sized: list[tuple[list[Any], int]] = [(self.filters, 0)]
        ours: set[type] = set()
        logger: logging.Logger | None = self
        while logger is not None:
            if not _is_observed(logger):
                return None
            sized.append((logger.handlers, len(logger.handlers)))
            for handler in logger.handlers:
                if is_instance(handler, PipelineHandler):
                    ours.add(type(handler))
                    # Without a filter there the direct way may be open.
                    sized.append((handler.filters, len(handler.filters)))
            logger = logger.parent if logger.propagate else None
        if not ours or not records_are_usual():
            return None
        kinds = [type(self), logging.LogRecord, *ours]
        return Channel.listened_to(self, self.name, self._bound, sized, kinds)

    def _is_as_derived(self, unbound: FastPathLogger) -> bool:
        """Tell whether this bound logger is unchanged, so that everything depends on its unbound logger."""
        return (
            self.parent is unbound
            and self.propagate
            and not self.handlers
            and self.filters is unbound.filters
            and _has_own_methods(self)
        )

    def _leave_fast_path(self) -> None:
        """Take the builtins out again, here and in the loggers bound to this one."""
        changes.count += 1
        attributes = self.__dict__
        children = attributes.get("_children")
        if not children and not attributes.get("_installed") and attributes.get("_channel") is None:
            # Most loggers of a program, at most changes.
            return
        # Another thread may be putting builtins in, or taking them out, at the same time.
        for name, builtin in attributes.get("_installed", {}).copy().items():
            if attributes.get(name) is builtin:
                attributes.pop(name, None)
        attributes["_installed"] = {}
        channel = attributes.get("_channel")
        if channel is not None:
            # Builtins that somebody took from this logger come back to it with their next call.
            channel.close()
            # A bound logger may have its fields from its channel.
            attributes.setdefault("_bound", channel.bound)
        attributes["_channel"] = None
        for child in _members(children):
            child._leave_fast_path()

    def _discard_stale(self, name: str) -> None:
        """Forget a builtin of an earlier time that somebody has put back, as the end of a patch does."""
        builtin = self.__dict__.get(name)
        if name not in self._installed and type(builtin) is TakenMethod:
            self.__dict__.pop(name, None)

    def _premises(self) -> _Premises | None:
        """Return what the fast way depends on: lists that are empty, lists with our handler alone, classes.

        None if something else may listen, filter or replace what `logging` does for this logger.
        """
        if self.disabled or self.filters or logging.getLogRecordFactory() is not logging.LogRecord:
            return None
        if not _is_genuine(self):
            return None
        lists = lists_on_the_way(self, _is_observed)
        if lists is None:
            return None
        empty, single = lists
        kinds = {type(self), *(type(handler) for _, handler in single)}
        return [self.filters, *empty], single, [*kinds]

    def setLevel(self, level: int | str) -> None:
        """Set the level of this logger, a number or a name."""
        self.__dict__["_is_setting_level"] = True
        try:
            super().setLevel(level)
        finally:
            self.__dict__.pop("_is_setting_level", None)

    def __setattr__(self, name: str, value: Any) -> None:
        # A logger's parent is None until it has been made; before its first call it has no channel.
        is_new = self._unbound is None and (
            name not in self.__dict__
            or (name == "parent" and self.parent is None and "_channel" not in self.__dict__)
        )
        inherited = None if is_new or name != "parent" else self.getEffectiveLevel()
        super().__setattr__(name, value)
        if name in OVERRIDABLE:
            self._leave_fast_path()
        elif name in _WATCHED_ATTRIBUTES and not is_new:
            # Loggers below may depend on it too; while a logger is being made nobody does.
            if name in ("disabled", "filters"):
                # What was set last counts, here or there.
                self._follow_unbound()
                for child in _members(self._children):
                    child.__dict__.pop(name, None)
            elif name == "level" or (name == "parent" and inherited != self.getEffectiveLevel()):
                self._forget_levels()
            close_all()
            self._leave_fast_path()

    def _forget_levels(self) -> None:
        """Let all loggers look up again which levels are on; `logging` does so only after `setLevel`."""
        if self._unbound is not None and self._cache is self._unbound._cache:
            # From now on its levels may differ from those of its unbound logger.
            self.__dict__["_cache"] = LevelCache()
        if "_is_setting_level" not in self.__dict__ and self.manager.root is not None:
            self.manager._clear_cache()  # type: ignore[attr-defined]

    def __delattr__(self, name: str) -> None:
        super().__delattr__(name)
        if name in _WATCHED_ATTRIBUTES:
            self._leave_fast_path()


def served(method: Function) -> Function:
    """Return a logging method of a class that the native engine serves where it can, else `method`."""
    name = method.__name__
    part_of_logging(method)
    if name == TRADE:
        return native.method_descriptor(method, logging.INFO, TRADE)
    return native.method_descriptor(method, LEVELS.get(name), None)


def define_genuine(kind: type[FastPathLogger], adopt: Callable[[logging.Logger], object]) -> None:
    """Take the methods of `kind` for those that the builtins stand in for.

    `adopt` makes a logger one of that kind.
    """
    kind._genuine = {name: getattr(kind, name) for name in OVERRIDABLE}
    changes.usual_kind, changes.adopt = kind, adopt


def _is_genuine(logger: FastPathLogger, looked_up: frozenset[str] = frozenset()) -> bool:
    """Tell whether no method that the fast way bypasses was overridden, in a class or on the instance.

    Those `looked_up` in `logging.Logger` are not bypassed.
    """
    kind = type(logger)
    return (
        _has_own_methods(logger)
        and all(getattr(kind, name) is method for name, method in kind._genuine.items())
        and not has_patches(but=looked_up)
    )


def is_genuine_method(kind: type[FastPathLogger], name: str) -> bool:
    """Tell whether `kind` has the method that the builtin `name` stands in for."""
    return getattr(kind, name) is kind._genuine[name]


def _has_own_methods(logger: FastPathLogger) -> bool:
    """Tell whether the instance still has its own methods, none of them replaced."""
    installed, attributes = logger._installed, logger.__dict__
    return not any(name in attributes and name not in installed for name in OVERRIDABLE)


def lists_on_the_way(
    first: logging.Logger, is_observed: Callable[[logging.Logger], bool]
) -> tuple[_EmptyLists, _SingleLists] | None:
    """Return the lists that records of `first` pass, with the handler in those that hold one of ours.

    None if there is another handler on the way, or none at all, or a logger that is not observed.
    """
    empty: _EmptyLists = []
    single: _SingleLists = []
    logger: logging.Logger | None = first
    while logger is not None:
        if not is_observed(logger):
            return None
        if not logger.handlers:
            empty.append(logger.handlers)
        elif len(logger.handlers) == 1 and _takes_everything(logger.handlers[0]):
            single.append((logger.handlers, logger.handlers[0]))
            empty.append(logger.handlers[0].filters)
        else:
            return None
        logger = logger.parent if logger.propagate else None
    return (empty, single) if single else None


def _is_observed(logger: logging.Logger) -> bool:
    """Tell whether changes of the logger's attributes are noticed; plain loggers are adopted for that."""
    if is_instance(logger, FastPathLogger):
        return True
    if type(logger) in (logging.Logger, logging.RootLogger):
        changes.adopt(logger)
        return True
    return False


def _takes_everything(handler: logging.Handler) -> bool:
    return is_same(type(handler), PipelineHandler) and handler.takes_everything  # type: ignore[attr-defined]

"""Changes that close the fast path: those of levels, and others that may concern any logger."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final, TypeGuard, TypeVar

from metaexpert.logger.process import engine
from metaexpert.logger.shared import native

T = TypeVar("T")


def is_earlier(kind: type, of: type) -> bool:
    """Tell whether `kind` is the class `of` as an earlier import of the package has made it."""
    return kind is not of and (kind.__module__, kind.__qualname__) == (of.__module__, of.__qualname__)


def is_same(kind: type, of: type) -> bool:
    """Tell whether `kind` is the class `of`, as this import of the package or an earlier one has made it."""
    return kind is of or is_earlier(kind, of)


def is_instance(value: object, of: type[T]) -> TypeGuard[T]:
    """Tell whether `value` is an instance of the class `of`, as any import of the package has made it.

    Modules of the package may be loaded again one by one, and then have classes of several imports.
    """
    kind = type(value)
    return issubclass(kind, of) or any(is_earlier(base, of) for base in kind.__mro__)


class Changes:
    """Counts whatever may close a fast way. Not a class attribute: setting one costs every class lookup."""

    def __init__(self) -> None:
        self.count = 0
        #: What most loggers are.
        self.usual_kind: type[logging.Logger] = logging.Logger
        #: Makes a logger one of that kind.
        self.adopt: Callable[[logging.Logger], object] = lambda logger: logger


changes: Final[Changes] = native.lasting.setdefault("changes", Changes())


def close_all() -> None:
    """Close the fast ways of all loggers."""
    changes.count += 1
    native.close_channels()


class LevelCache(dict[int, bool]):
    """A logger's `_cache`, which is known to hold something from its first entry on."""

    __slots__ = ()

    def __setitem__(self, level: int, is_enabled: bool) -> None:
        _filled[id(self)] = self
        super().__setitem__(level, is_enabled)

    def clear(self) -> None:
        """Forget all, since a level has changed somewhere."""
        super().clear()
        close_all()


_filled: Final[dict[int, LevelCache]] = native.lasting.setdefault("filled level caches", {})


class _Manager(logging.Manager):
    """The manager of `logging`, once one of its loggers has had a fast way."""

    #: The thread that changes many levels; caches are cleared once for all of them.
    _changing_thread: int | None = None

    def _clear_cache(self) -> None:
        """Have levels looked up again, as `logging` does whenever one was changed."""
        if self._changing_thread == threading.get_ident():
            return
        kind = changes.usual_kind
        with logging._lock:  # type: ignore[attr-defined]
            close_all()
            for cache in _filled.values():
                dict.clear(cache)
            _filled.clear()
            for logger in self.loggerDict.values():
                # Asked first: thousands of these, whose caches are among the filled ones or empty.
                if type(logger) is not kind and isinstance(logger, logging.Logger):
                    logger._cache.clear()  # type: ignore[attr-defined]
            self.root._cache.clear()  # type: ignore[attr-defined]


def watch_levels(manager: logging.Manager) -> None:
    """Have all fast ways closed when a level changes, or `logging.disable()`."""
    root: Any = manager.root
    if root is None:
        return
    if type(manager) is logging.Manager or is_earlier(type(manager), _Manager):
        manager.__class__ = _Manager
    if not is_same(type(root._cache), LevelCache):
        root._cache = LevelCache()


@contextmanager
def changing_levels(manager: logging.Manager) -> Iterator[None]:
    """Have levels looked up again once after the block, not after each `setLevel` of this thread in it."""
    watch_levels(manager)
    if not isinstance(manager, _Manager):
        yield
        return
    manager._changing_thread = threading.get_ident()
    try:
        yield
    finally:
        manager._changing_thread = None
        manager._clear_cache()


engine.on_change(close_all)

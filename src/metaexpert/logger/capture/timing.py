"""Records of how long something took."""

from __future__ import annotations

import functools
import logging
import sys
import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Any, Final, ParamSpec, Self, TypeVar, overload

from metaexpert.logger.capture.calls import part_of_logging
from metaexpert.logger.capture.decoration import inside
from metaexpert.logger.capture.faults import text_of, type_name
from metaexpert.logger.capture.loggers import get_logger
from metaexpert.logger.capture.meta import MetaLogger, adopt
from metaexpert.logger.errors import shown

P = ParamSpec("P")
R = TypeVar("R")

_PACKAGE: Final = "metaexpert"


class timed:  # noqa: N801 - used like a function
    """Record how long a `with` block, or each call of the decorated function, takes.

    The record has `operation`, `duration_ms` (a float), `outcome` (`ok` or `error`, then with `error_type`)
    and `fields`. Its level is INFO, or WARNING if it took longer than `threshold_ms` or ended with an
    exception, which passes on. A generator that is closed before its end has not failed.

    A plain logger of `logging` becomes a `MetaLogger`, as with `get_logger`.
    A decorated function may leave the operation out, which is then its own name; `@timed` alone uses the
    logger of its module, too. Raises TypeError for a first argument that is neither logger nor function, for
    a threshold that is text, and for a block without an operation.
    """

    @overload
    def __new__(cls, function: Callable[P, R], /) -> Callable[P, R]: ...  # type: ignore[misc]
    @overload
    def __new__(
        cls,
        logger: MetaLogger,
        operation: str | None = None,
        threshold_ms: float | None = None,
        **fields: Any,
    ) -> Self: ...
    def __new__(cls, *given: Any, **named: Any) -> Any:
        """Return the timer, or the function that `@timed` decorates."""
        first = given[0] if given else named.get("logger")
        if hasattr(first, "log"):
            return super().__new__(cls)
        if callable(first) and len(given) == 1 and not named:
            return cls(_logger_of(first))(first)
        raise TypeError('timed needs a logger first; write timed(log, "what is timed"), or @timed alone')

    def __init__(
        self,
        logger: MetaLogger,
        operation: str | None = None,
        threshold_ms: float | None = None,
        **fields: Any,
    ) -> None:
        if issubclass(type(threshold_ms), (str, bytes)):  # `isinstance` asks the value what it is
            raise TypeError(f"threshold_ms must be a number of milliseconds, was {shown(threshold_ms)}")
        self._logger = _with_fields(logger)
        self._operation = operation
        self._threshold_ms = threshold_ms
        self._fields = fields
        #: When each block that is open began, and in which task.
        self._started_ns: list[tuple[tuple[int, int], int]] = []

    def __enter__(self) -> Self:
        if self._operation is None:
            raise TypeError('a timed block needs an operation; write timed(log, "what is timed")')
        self._started_ns.append((_task(), time.perf_counter_ns()))
        return self

    @part_of_logging
    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        duration_ms = (time.perf_counter_ns() - self._take_start()) / 1e6
        fields: dict[str, Any] = {"operation": self._operation, "duration_ms": duration_ms}
        if self._threshold_ms is not None:
            fields["threshold_ms"] = self._threshold_ms
        # A generator that is closed, as by a `break`, has not failed.
        failed = kind is not None and not issubclass(kind, GeneratorExit)
        fields["outcome"] = "error" if failed else "ok"
        if failed and kind is not None:
            fields["error_type"] = type_name(kind)
        level = logging.WARNING if failed or self._is_slow(duration_ms) else logging.INFO
        message = f"{text_of(self._operation)} took {duration_ms:.3f} ms"
        self._logger.log(level, message, **(self._fields | fields))

    def _take_start(self) -> int:
        """Return when the block that ends here began: the latest of this task, or otherwise of all."""
        task, started = _task(), self._started_ns
        for at in reversed(range(len(started))):
            if started[at][0] == task:
                return started.pop(at)[1]
        return started.pop()[1]

    def _is_slow(self, duration_ms: float) -> bool:
        try:
            return self._threshold_ms is not None and bool(duration_ms > self._threshold_ms)
        except Exception:  # what can't be compared is no threshold
            return False

    def __call__(self, function: Callable[P, R]) -> Callable[P, R]:
        """Return `function` with each of its calls timed, a generator's from its first step to its last."""
        operation = _name_of(function) if self._operation is None else self._operation
        again = functools.partial(type(self), self._logger, operation, self._threshold_ms, **self._fields)
        return inside(function, again, at_each_step=False)


def _with_fields(logger: Any) -> Any:
    """Return `logger`, which takes fields from now on, as one from `get_logger` does."""
    inner = logger
    while isinstance(inner, logging.LoggerAdapter):
        inner = inner.logger
    if isinstance(inner, logging.Logger):
        adopt(inner)
    return logger


def _name_of(function: Callable[..., Any]) -> str:
    """Return the name of a function as its module knows it: `Strategy.on_bar`."""
    inner = function.func if isinstance(function, functools.partial) else function
    return str(getattr(inner, "__qualname__", type(inner).__qualname__))


def _logger_of(function: Callable[..., Any]) -> MetaLogger:
    inner = function.func if isinstance(function, functools.partial) else function
    return get_logger(getattr(inner, "__module__", None) or _PACKAGE)


def _task() -> tuple[int, int]:
    """Return what tells this task, or thread, from others that time the same thing at the same time."""
    asyncio = sys.modules.get("asyncio")
    try:
        task = None if asyncio is None else asyncio.current_task()
    except RuntimeError:  # no event loop runs here
        task = None
    return threading.get_ident(), id(task)

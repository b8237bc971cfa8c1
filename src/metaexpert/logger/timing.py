"""Records of how long something took."""

from __future__ import annotations

import functools
import inspect
import logging
import time
from collections.abc import Callable
from types import TracebackType
from typing import Any, ParamSpec, Self, TypeVar, cast

from metaexpert.logger.meta import MetaLogger

P = ParamSpec("P")
R = TypeVar("R")


class timed:  # noqa: N801 - used like a function
    """Record how long a `with` block, or each call of the decorated function, takes.

    The record has `operation`, `duration_ms` (a float), `outcome` (`ok` or `error`, then with `error_type`)
    and `fields`. Its level is INFO, and WARNING when it took longer than `threshold_ms` or ended with an
    exception, which goes on its way.
    """

    def __init__(
        self, logger: MetaLogger, operation: str, threshold_ms: float | None = None, **fields: Any
    ) -> None:
        self._logger = logger
        self._operation = operation
        self._threshold_ms = threshold_ms
        self._fields = fields
        self._started_ns: list[int] = []

    def __enter__(self) -> Self:
        self._started_ns.append(time.perf_counter_ns())
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        duration_ms = (time.perf_counter_ns() - self._started_ns.pop()) / 1e6
        slow = self._threshold_ms is not None and duration_ms > self._threshold_ms
        fields: dict[str, Any] = {"operation": self._operation, "duration_ms": duration_ms}
        if self._threshold_ms is not None:
            fields["threshold_ms"] = self._threshold_ms
        fields["outcome"] = "ok" if kind is None else "error"
        if kind is not None:
            fields["error_type"] = kind.__qualname__
        level = logging.WARNING if slow or kind is not None else logging.INFO
        self._logger.log(level, f"{self._operation} took {duration_ms:.3f} ms", **(self._fields | fields))

    def __call__(self, function: Callable[P, R]) -> Callable[P, R]:
        """Return `function` with each of its calls timed."""
        again = functools.partial(
            type(self), self._logger, self._operation, self._threshold_ms, **self._fields
        )
        if inspect.iscoroutinefunction(function):

            @functools.wraps(function)
            async def timed_call_async(*args: P.args, **kwargs: P.kwargs) -> Any:
                with again():
                    return await function(*args, **kwargs)

            return cast("Callable[P, R]", timed_call_async)

        @functools.wraps(function)
        def timed_call(*args: P.args, **kwargs: P.kwargs) -> R:
            with again():
                return function(*args, **kwargs)

        return timed_call

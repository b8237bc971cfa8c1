"""Fields that belong to every record of the current task or thread."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any, Final, ParamSpec, TypeVar, cast

from metaexpert.logger import engine
from metaexpert.logger.engine import Context, Fields

P = ParamSpec("P")
R = TypeVar("R")

_current: Final[ContextVar[Fields]] = ContextVar("metaexpert.logger.context")
engine.set_context_variable(_current)


class log_context(Context):  # noqa: N801 - used like a function
    """Add `fields` to every record made inside a `with` block, or inside the decorated function.

    Contexts nest, the innermost value wins, and a field of a bound logger or of a call wins over all. Each
    thread and each asyncio task has its own; a task starts with a copy of its creator's. Values are captured
    on entry. Functions and coroutine functions can be decorated.
    """

    __slots__ = ()

    def __call__(self, function: Callable[P, R]) -> Callable[P, R]:
        """Return `function` with these fields in every record made while it runs."""
        if inspect.iscoroutinefunction(function):

            @functools.wraps(function)
            async def in_context_async(*args: P.args, **kwargs: P.kwargs) -> Any:
                with type(self)(**self._given()):
                    return await function(*args, **kwargs)

            return cast("Callable[P, R]", in_context_async)

        @functools.wraps(function)
        def in_context(*args: P.args, **kwargs: P.kwargs) -> R:
            with type(self)(**self._given()):
                return function(*args, **kwargs)

        return in_context


def current_context() -> Fields | None:
    """Return the captured fields of all contexts that are open here, or None."""
    return _current.get(None)


def current_fields() -> dict[str, Any]:
    """Return the fields of all contexts that are open here."""
    fields = _current.get(None)
    return {} if fields is None else fields.to_dict()

"""Fields that belong to every record of the current task or thread."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from typing import Any, Final, ParamSpec, TypeVar

from metaexpert.logger.capture.decoration import inside
from metaexpert.logger.shared import native
from metaexpert.logger.shared.native import Context, Fields

P = ParamSpec("P")
R = TypeVar("R")

_current: Final[ContextVar[Fields]] = native.lasting.setdefault(
    "context", ContextVar("metaexpert.logger.context")
)
native.set_context_variable(_current)


class log_context(Context):  # noqa: N801 - used like a function
    """Add `fields` to every record made inside a `with` block, or inside the decorated function.

    Contexts nest, the innermost value wins, and a field of a bound logger or of a call wins over all. Each
    thread and each asyncio task has its own; a task starts with a copy of its creator's. Values are captured
    on entry. Functions, coroutine functions and generator functions of both kinds can be decorated; a
    generator has the fields while it runs, not where it is suspended.

    A block that another task or thread leaves, as when it closes a generator, ends without an exception: what
    is open where it is left stays, and where it was entered the fields are gone as well.
    """

    __slots__ = ()

    def __call__(self, function: Callable[P, R]) -> Callable[P, R]:
        """Return `function` with these fields in every record made while it runs."""
        return inside(function, lambda: type(self)(**self._given()), at_each_step=True)


def current_context() -> Fields | None:
    """Return the captured fields of all contexts that are open here, or None."""
    return native.current_fields()


def current_fields() -> dict[str, Any]:
    """Return the fields of all contexts that are open here."""
    fields = native.current_fields()
    return {} if fields is None else fields.to_dict()

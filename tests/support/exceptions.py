"""Exceptions with tracebacks, and what is said of them."""

import traceback
from collections.abc import Callable
from typing import Any

from metaexpert.logger.capture.faults import describe_exception
from metaexpert.logger.shared.native import usual_exception


def raised(act: Callable[[], object]) -> BaseException:
    """Return the exception that `act` raises."""
    try:
        act()
    except BaseException as error:
        return error
    raise AssertionError("nothing was raised")


def told(error: BaseException) -> str | None:
    """Return the traceback of an exception that is not left to `traceback`."""
    texts = usual_exception(error, error.__traceback__)
    return None if texts is None else texts[2]


def written(error: BaseException) -> str:
    """Return what `traceback` writes."""
    return "".join(traceback.format_exception(error)).rstrip("\n")


def describe(error: BaseException) -> tuple[str, str, str]:
    """Return what a record says of an exception."""
    described = describe_exception((type(error), error, error.__traceback__))
    assert described is not None
    return described


class OrderError(Exception):
    """An error with a name of its own."""


def fail(error: BaseException) -> None:
    """Raise the error."""
    raise error


def caused() -> None:
    """Raise an error with a cause."""
    try:
        fail(ValueError("first"))
    except ValueError as error:
        raise OrderError("second") from error


def deep(levels: int, error: BaseException | None = None) -> None:
    """Fail many calls below."""
    if levels:
        deep(levels - 1, error)
    else:
        fail(ValueError("deep") if error is None else error)


def failing_at(line: int) -> Callable[[], object]:
    """Return a function that fails in this line of this file."""
    scope: dict[str, Any] = {}
    exec(compile("\n" * line + "def program():\n    1 / 0\n", __file__, "exec"), scope)
    program: Callable[[], object] = scope["program"]
    return program

"""What is said about failures: exceptions in records, and calls that were wrong."""

from __future__ import annotations

import logging
import sys
import traceback
from types import TracebackType

#: What `sys.exc_info()` returns while an exception is handled.
ExceptionInfo = tuple[type[BaseException], BaseException, TracebackType | None]


def exception_info(exc_info: object) -> ExceptionInfo | None:
    """Return the exception that `exc_info` stands for, in any of the forms that `logging` takes.

    A tuple that is not what `sys.exc_info()` returns stands for none.
    """
    if not exc_info:
        return None
    if isinstance(exc_info, BaseException):
        return type(exc_info), exc_info, exc_info.__traceback__
    if not isinstance(exc_info, tuple):
        exc_info = sys.exc_info()
    if len(exc_info) != 3 or not isinstance(exc_info[1], BaseException):
        return None
    _, value, trace = exc_info
    return type(value), value, trace if isinstance(trace, TracebackType) else None


def describe_exception(info: ExceptionInfo | None) -> tuple[str, str, str] | None:
    """Return (type, message, stacktrace) of an exception; what its own code refuses becomes a note."""
    if info is None:
        return None
    kind, value, trace = info
    try:
        text = str(value)
    except Exception as problem:
        text = f"<unprintable {kind.__name__}: {type(problem).__name__}>"
    try:
        stacktrace = "".join(traceback.format_exception(kind, value, trace)).rstrip("\n")
    except Exception as problem:
        stacktrace = f"{kind.__name__}: <no traceback: {type(problem).__name__}>"
    return _qualified(kind), text, stacktrace


def report_bad_arguments(problem: BaseException, message: object, arguments: tuple[object, ...]) -> None:
    """Report arguments that do not fit their message on standard error, as `logging` does."""
    if not logging.raiseExceptions or sys.stderr is None:
        return
    try:
        sys.stderr.write("--- Logging error ---\n")
        traceback.print_exception(problem, file=sys.stderr)
        sys.stderr.write("Call stack:\n")
        traceback.print_stack(sys._getframe(1), file=sys.stderr)
        sys.stderr.write(f"Message: {message!r}\nArguments: {arguments!r}\n")
    except Exception:  # a broken stream or `__repr__` must not reach the caller
        return


def _qualified(kind: type[BaseException]) -> str:
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"

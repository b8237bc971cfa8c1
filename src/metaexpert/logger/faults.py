"""What is said about failures: exceptions in records, and calls that were wrong."""

from __future__ import annotations

import logging
import sys
import threading
import traceback
from collections.abc import Iterator
from types import FrameType, TracebackType
from typing import Any, Final, TypeGuard, TypeVar

T = TypeVar("T")

#: What `sys.exc_info()` returns while an exception is handled.
ExceptionInfo = tuple[type[BaseException], BaseException, TracebackType | None]

#: Characters of an exception's text beyond which no record could hold it.
MOST_CHARACTERS: Final = 1 << 20
#: Exceptions whose text is asked for, each while that of the one before is: one that logs itself has an end.
MOST_NESTED: Final = 8


class _Nesting(threading.local):
    """How many exceptions this thread describes at once, and whether there were too many."""

    depth = 0
    is_unwinding = False


_nesting: Final = _Nesting()


def truth(value: object) -> bool | None:
    """Return whether `value` is true; None if it does not say."""
    try:
        return bool(value)
    except Exception:
        return None


def is_a(value: object, kind: type[T]) -> TypeGuard[T]:
    """Tell whether `value` is a `kind`; one that does not even say what it is, is none."""
    try:
        return isinstance(value, kind)
    except Exception:
        return False


def exception_info(exc_info: object) -> ExceptionInfo | None:
    """Return the exception that `exc_info` stands for, in any of the forms that `logging` takes.

    A tuple that is not what `sys.exc_info()` returns stands for none, and so does a value without a truth.
    """
    if is_a(exc_info, BaseException):
        return type(exc_info), exc_info, exc_info.__traceback__
    triple: tuple[object, ...] = ()
    if is_a(exc_info, tuple):
        triple = exc_info
    elif truth(exc_info):
        triple = sys.exc_info()
    if len(triple) != 3 or not is_a(triple[1], BaseException):
        return None
    _, value, trace = triple
    assert isinstance(value, BaseException)
    return type(value), value, trace if isinstance(trace, TracebackType) else None


def describe_exception(info: ExceptionInfo | None) -> tuple[str, str, str] | None:
    """Return (type, message, stacktrace) of an exception; what its own code refuses becomes a note."""
    if info is None:
        return None
    kind, value, trace = info
    value = _with_short_arguments(value)
    if _nesting.depth >= MOST_NESTED or _nesting.is_unwinding:
        # Until the outermost is done: each asks an exception twice, and so would those inside of it.
        _nesting.is_unwinding = True
        return qualified_name(kind), f"<unprintable {type_name(kind)}: RecursionError>", ""
    _nesting.depth += 1
    try:
        text = text_of(value)
        return qualified_name(kind), text, _stacktrace(type(value), value, trace)
    finally:
        _nesting.depth -= 1
        _nesting.is_unwinding &= _nesting.depth > 0


def _with_short_arguments(value: BaseException) -> BaseException:
    """Return what shows the beginning of an exception whose arguments `str()` would write out in full."""
    plain = next(base for base in (KeyError, OSError, BaseException) if isinstance(value, base))
    kind = type(value)
    if kind.__str__ is not plain.__str__ or not any(_length(each) > MOST_CHARACTERS for each in value.args):
        return value
    left = sum(_length(each) for each in value.args)
    text = f"{plain(*map(_beginning, value.args))}… <of {left:,} bytes or members, the rest was cut>"
    names = {"__module__": kind.__module__, "__qualname__": kind.__qualname__, "__str__": lambda _: text}
    short: BaseException = type(kind.__name__, (Exception,), names)()
    short.__dict__.update(getattr(value, "__dict__", {}))
    short.__cause__, short.__context__ = value.__cause__, value.__context__
    short.__suppress_context__ = value.__suppress_context__
    return short


def _length(argument: object) -> int:
    return len(argument) if type(argument) in (bytes, bytearray, list, tuple) else 0  # type: ignore[arg-type]


def _beginning(argument: Any) -> Any:
    left = _length(argument) - MOST_CHARACTERS
    # A part of the record: traceback and causes have a place in it as well.
    return argument if left <= 0 else argument[: 1 << 12]


def text_of(value: object) -> str:
    """Return `str(value)`; what its own code refuses becomes a note."""
    try:
        return str(value)
    except Exception as problem:
        return f"<unprintable {type_name(type(value))}: {type_name(type(problem))}>"


def _stacktrace(kind: type[BaseException], value: BaseException, trace: TracebackType | None) -> str:
    try:
        if not any(map(_is_long, _chain(value))):
            return "".join(traceback.format_exception(kind, value, trace)).rstrip("\n")
    except (
        Exception
    ):  # source lines that can't be encoded, a file whose name can't be, an exception's own code
        pass
    try:
        return _careful_stacktrace(kind, value, trace)
    except Exception as problem:
        return f"{type_name(kind)}: <no traceback: {type_name(type(problem))}>"


def _chain(value: BaseException) -> Iterator[BaseException]:
    """Yield the exceptions that a traceback of `value` shows."""
    seen: set[int] = set()
    waiting: list[BaseException | None] = [value]
    while waiting:
        each = waiting.pop()
        if each is None or id(each) in seen:
            continue
        seen.add(id(each))
        yield each
        waiting += [each.__cause__, each.__context__]
        if isinstance(each, BaseExceptionGroup):
            waiting += each.exceptions


def _is_long(value: BaseException) -> bool:
    notes = getattr(value, "__notes__", ())
    texts = (*value.args, *(notes if isinstance(notes, (list, tuple)) else ()))
    return sum(len(text) for text in texts if isinstance(text, (str, bytes, bytearray))) > MOST_CHARACTERS


def _careful_stacktrace(kind: type[BaseException], value: BaseException, trace: TracebackType | None) -> str:
    """Return what `traceback` would, without marks, and of a very long text its beginning."""
    report = traceback.TracebackException(kind, value, trace, compact=True, lookup_lines=False)
    waiting: list[traceback.TracebackException | None] = [report]
    while waiting:
        each = waiting.pop()
        if each is not None:
            # Its texts would be copied several times.
            for name, text in vars(each).items():
                if isinstance(text, str):
                    setattr(each, name, _shortened(text))
            if isinstance(each.__notes__, list):
                each.__notes__ = [_shortened(note) for note in each.__notes__ if isinstance(note, str)]
            each.stack = _without_marks(each.stack)
            waiting += [each.__cause__, each.__context__, *(each.exceptions or ())]
    return "".join(report.format()).rstrip("\n")


def _without_marks(stack: traceback.StackSummary) -> traceback.StackSummary:
    """Return the stack without the marks, for which lines are encoded, and lines that can't be read."""
    frames = []
    for frame in stack:
        try:
            line = frame.line
        except Exception:  # a file whose name can't be encoded
            line = None
        frames.append(traceback.FrameSummary(frame.filename, frame.lineno, frame.name, line=line or ""))
    return traceback.StackSummary.from_list(frames)


def _shortened(text: str) -> str:
    left = len(text) - MOST_CHARACTERS
    return text if left <= 0 else f"{text[:MOST_CHARACTERS]}… <{left} characters cut>"


def stack_text(frame: FrameType) -> str:
    """Return the stack that ends at `frame`, as `logging` shows it."""
    import io

    text = io.StringIO()
    text.write("Stack (most recent call last):\n")
    try:
        # Not `format_stack`: programs that shorten stacks patch what `logging` calls.
        traceback.print_stack(frame, file=text)
    except Exception:  # as with exceptions
        stack = traceback.StackSummary.extract(traceback.walk_stack(frame), lookup_lines=False)
        text.writelines(_without_marks(traceback.StackSummary.from_list([*reversed(stack)])).format())
    return text.getvalue().rstrip("\n")


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


def type_name(kind: type) -> str:
    """Return a class's name, whatever its metaclass says."""
    name: str = type.__dict__["__name__"].__get__(kind)
    return name


def qualified_name(kind: type) -> str:
    """Return a class's module and name, of a builtin one the name alone."""
    name: str = type.__dict__["__qualname__"].__get__(kind)
    module = type.__getattribute__(kind, "__module__")
    return f"{module}.{name}" if isinstance(module, str) and module != "builtins" else name

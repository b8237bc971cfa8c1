"""Failures in words: exceptions in records, and calls that were wrong."""

from __future__ import annotations

import logging
import sys
import threading
import traceback
from collections.abc import Iterator
from types import FrameType, MemberDescriptorType, TracebackType
from typing import Any, Final, TypeGuard, TypeVar

from metaexpert.logger.shared.native import exception_beginning, usual_exception

T = TypeVar("T")

#: The value of `sys.exc_info()` while an exception is handled.
ExceptionInfo = tuple[type[BaseException], BaseException, TracebackType | None]

#: Characters of an exception's text beyond which no record could hold it.
MOST_CHARACTERS: Final = 1 << 20
#: So much is shown of what an exception's class makes of larger arguments: its traceback has a place as well.
MOST_SHOWN: Final = 1 << 16
#: Exceptions whose text is asked for, each while that of the one before is: one that logs itself has an end.
MOST_NESTED: Final = 8
#: Begins the text of an exception that was raised.
_TRACEBACK: Final = "Traceback (most recent call last):\n"
#: The text that `logging` writes for `exc_info=True` where there is no exception.
_TEXT_OF_NONE: Final = "NoneType: None"
#: Of these a traceback shows more than their text.
_TOLD_IN_FULL: Final = (SyntaxError, ImportError, NameError, AttributeError)


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


#: The value of `sys.exc_info()` where none is handled.
_NO_EXCEPTION: Final = (None, None, None)


def exception_info(exc_info: object) -> ExceptionInfo | None:
    """Return the exception that `exc_info` stands for, in any of the forms that `logging` takes.

    A tuple that is not what `sys.exc_info()` returns stands for none, and so does a value without a truth.
    """
    if is_a(exc_info, BaseException):
        return type(exc_info), exc_info, _traceback_of(exc_info)
    triple: tuple[object, ...] = ()
    if is_a(exc_info, tuple) and issubclass(type(exc_info), tuple):
        # Past what its class has in place of a tuple's own methods.
        triple = tuple.__getitem__(exc_info, slice(None))
    elif truth(exc_info):
        triple = sys.exc_info()
    if len(triple) != 3 or not is_a(triple[1], BaseException):
        return None
    _, value, trace = triple
    assert isinstance(value, BaseException)
    return type(value), value, trace if is_a(trace, TracebackType) else None


def recorded_exc_info(exc_info: Any) -> Any:
    """Return what `logging` has in a record for `exc_info`; None for what it could not use."""
    info = exception_info(exc_info)
    if info is not None:
        return info
    if is_a(exc_info, tuple):
        is_usual = (
            type(exc_info) is tuple and len(exc_info) == 3 and not any(each is not None for each in exc_info)
        )
        return exc_info if is_usual else None
    return {True: _NO_EXCEPTION, False: exc_info, None: None}[truth(exc_info)]


def _own(value: BaseException, name: str) -> Any:
    """Return what every exception has under `name`, past whatever its class has in its place."""
    return BaseException.__dict__[name].__get__(value)


def _traceback_of(value: BaseException) -> TracebackType | None:
    try:
        trace: TracebackType | None = _own(value, "__traceback__")
    except TypeError:  # it says that it is an exception, and is none
        return None
    return trace


def describe_exception(info: ExceptionInfo | None) -> tuple[str, str, str] | None:
    """Return (type, message, stacktrace) of an exception; what its own code refuses becomes a note."""
    if info is None:
        return None
    kind, value, trace = info
    return usual_exception(value, trace) or describe_unusual(kind, value, trace)


def describe_unusual(
    kind: type[BaseException], value: BaseException, trace: TracebackType | None
) -> tuple[str, str, str]:
    """Return (type, message, stacktrace) of an exception that the native engine leaves to `traceback`."""
    try:
        return _described(kind, value, trace)
    except Exception as problem:
        return qualified_name(kind), f"<unprintable {type_name(kind)}: {type_name(type(problem))}>", ""


def described_text(text: object) -> tuple[str, str, str] | None:
    """Return (type, message, stacktrace) of an exception whose text alone is known, as from another process.

    Type and message are empty where the text does not say them; None if there is none.
    """
    if not is_a(text, str) or not text or text == _TEXT_OF_NONE:
        return None
    if len(text) > MOST_CHARACTERS:
        return "", "", text
    _, _, last = text.rpartition(_TRACEBACK)
    # Below the frames, which are indented.
    lines = iter(last.split("\n"))
    line = next((line for line in lines if line and not line[0].isspace()), "")
    kind, _, message = line.partition(": ")
    if not all(part.isidentifier() or part == "<locals>" for part in kind.split(".")):
        return "", "", text
    return kind, "\n".join([message, *lines]), text


def _described(
    kind: type[BaseException], value: BaseException, trace: TracebackType | None
) -> tuple[str, str, str]:
    if _nesting.depth >= MOST_NESTED or _nesting.is_unwinding:
        # Until the outermost is done: each asks an exception twice, and so would those inside of it.
        _nesting.is_unwinding = True
        return qualified_name(kind), f"<unprintable {type_name(kind)}: RecursionError>", ""
    _nesting.depth += 1
    try:
        value = _in_short(value)
        text = _told(value)
        shown = _unprintable(value, text) if isinstance(text, Exception) else text
        return qualified_name(kind), shown, _stacktrace(value, trace)
    finally:
        _nesting.depth -= 1
        _nesting.is_unwinding &= _nesting.depth > 0


def _in_short(value: BaseException) -> BaseException:
    """Return what shows the beginnings of an exception and its causes, if `str()` would write far more."""
    try:
        texts = {id(each): (each, exception_beginning(each, MOST_SHOWN)) for each in _chain(value)}
        if all(beginning is None for _, beginning in texts.values()):
            return value
        stand_ins = {key: _stand_in(each, beginning) for key, (each, beginning) in texts.items()}
        for key, (each, _) in texts.items():
            _link(stand_ins[key], each, stand_ins)
        return stand_ins[id(value)]
    except Exception:  # its class's own code, or an argument's
        return value


def _stand_in(value: BaseException, beginning: str | None) -> BaseException:
    """Return an exception of the same name, with this text or, if None, that of `value`."""
    kind = type(value)
    text = text_of(value) if beginning is None else beginning
    names = {"__module__": _module_of(kind), "__qualname__": _plain_name(kind), "__str__": lambda _: text}
    if isinstance(value, BaseExceptionGroup):
        # No part of it before all are made.
        group = type(type_name(kind), (BaseExceptionGroup,), {**names, "exceptions": ()})
        short: BaseException = group("", [Exception()])
    else:
        base = next((each for each in _TOLD_IN_FULL if issubclass(kind, each)), Exception)
        short = type(type_name(kind), (base,), names)()
        for name, member in vars(base).items():
            if isinstance(member, MemberDescriptorType):
                setattr(short, name, member.__get__(value))
    short.__dict__.update(_own(value, "__dict__"))
    if (notes := getattr(value, "__notes__", None)) is not None:  # of its class
        short.__notes__ = notes
    return short.with_traceback(_traceback_of(value))


def _link(short: BaseException, value: BaseException, stand_ins: dict[int, BaseException]) -> None:
    """Give a stand-in those of its causes and parts."""
    for name in ("__cause__", "__context__"):
        other = _own(value, name)
        setattr(short, name, None if other is None else stand_ins[id(other)])
    short.__suppress_context__ = _own(value, "__suppress_context__")
    if isinstance(value, BaseExceptionGroup):
        parts = tuple(stand_ins[id(each)] for each in value.exceptions)
        type.__setattr__(type(short), "exceptions", parts)


def text_of(value: object) -> str:
    """Return `str(value)`; what its own code refuses becomes a note."""
    text = _told(value)
    return _unprintable(value, text) if isinstance(text, Exception) else text


def _told(value: object) -> str | Exception:
    """Return `str(value)`, or what its own code raises."""
    try:
        return str(value)
    except Exception as problem:
        return problem


def _unprintable(value: object, problem: Exception) -> str:
    return f"<unprintable {type_name(type(value))}: {type_name(type(problem))}>"


def _stacktrace(value: BaseException, trace: TracebackType | None) -> str:
    kind = type(value)
    try:
        if not any(map(_is_long, _chain(value))):
            return "".join(traceback.format_exception(kind, value, trace)).rstrip("\n")
    # Source lines that can't be encoded, a file whose name can't be, an exception's own code.
    except Exception:
        pass
    try:
        return _careful_stacktrace(kind, value, trace)
    except Exception as problem:
        return _frames_alone(kind, value, trace, problem)


def _frames_alone(
    kind: type[BaseException], value: BaseException, trace: TracebackType | None, problem: Exception
) -> str:
    """Return where an exception came from, whose causes or parts cannot be shown because of `problem`."""
    try:
        stack = traceback.StackSummary.extract(traceback.walk_tb(trace), lookup_lines=False)
        frames = "".join(["Traceback (most recent call last):\n", *_without_marks(stack).format()])
    except Exception:
        frames = ""
    text = _shortened(text_of(value))
    return f"{frames}{qualified_name(kind)}: {text}\n<no causes: {type_name(type(problem))}>"


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
        waiting += [_own(each, "__cause__"), _own(each, "__context__")]
        if isinstance(each, BaseExceptionGroup):
            waiting += each.exceptions


def _is_long(value: BaseException) -> bool:
    notes = getattr(value, "__notes__", ())
    texts = (*_own(value, "args"), *(notes if isinstance(notes, (list, tuple)) else ()))
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
    module, name = _module_of(kind), _plain_name(kind)
    return name if module == "builtins" else f"{module}.{name}"


def _module_of(kind: type) -> str:
    """Return the name of a class's module, whatever its metaclass says; that of builtins if it has none."""
    try:
        module = type.__dict__["__module__"].__get__(kind)
    except AttributeError:
        return "builtins"
    return module if is_a(module, str) else "builtins"


def _plain_name(kind: type) -> str:
    name: str = type.__dict__["__qualname__"].__get__(kind)
    return name

"""Tracebacks as `traceback.format_exception` writes them, with each frame's text remembered.

The text of a frame (file, line, function, source line, marks below it) is the same whenever the same
instruction of the same code object fails, so it is made once. A source line that changes on the disk later
stays as it was. The rest is put together here for ordinary exceptions; for unusual ones
`remembered_traceback` returns None, and `traceback` itself is asked.
"""

from __future__ import annotations

import sys
import traceback
from types import CodeType, TracebackType
from typing import Final, NamedTuple

#: Frames whose text is remembered: beyond it, all are forgotten. Some 200 bytes each, and the code object.
MOST_FRAMES: Final = 4096
#: Exceptions in a chain of causes, and frames of one of them, beyond which `traceback` is asked.
MOST_CAUSES: Final = 16
MOST_DEPTH: Final = 256
#: `traceback` sums up more equal lines in a row than these.
_MOST_REPEATED: Final = 3

_HEAD: Final = "Traceback (most recent call last):\n"
_CAUSE: Final = "\nThe above exception was the direct cause of the following exception:\n\n"
_CONTEXT: Final = "\nDuring handling of the above exception, another exception occurred:\n\n"
#: Of these `traceback` says more than their text.
_TOLD_IN_FULL: Final = (SyntaxError, ImportError, NameError, AttributeError, BaseExceptionGroup)


class _Frame(NamedTuple):
    """What a traceback shows of a frame."""

    code: CodeType
    """Kept, so that no other code object gets its address."""
    text: str
    line: str
    """The first line of the text: file, line number and function."""


#: By the code object's address, the instruction and the line.
_frames: Final[dict[tuple[int, int, int | None], _Frame]] = {}

# A program that replaces these wants what its own make of an exception.
_format: Final = traceback.format_exception
_Report: Final = traceback.TracebackException

_module_of = type.__dict__["__module__"].__get__
_qualname_of = type.__dict__["__qualname__"].__get__


def remembered_traceback(value: BaseException, text: str, trace: TracebackType | None) -> str | None:
    """Return what `traceback.format_exception(value)` writes, without its last line break.

    `text` is `str(value)`, which is not asked for again; `trace` takes the place of the exception's own
    traceback. None if `traceback` has to be asked: for an exception with suggestions, notes or parts, for one
    whose class has a metaclass, for a cause that cannot say its text, for many causes or frames, for equal
    lines that it sums up, and where the program limits or replaces what `traceback` does. Raises what reading
    source lines raises, and what an exception's own attributes raise.
    """
    if traceback.format_exception is not _format or traceback.TracebackException is not _Report:
        return None
    if hasattr(sys, "tracebacklimit"):
        return None
    ending = _told(value, text, trace)
    if ending is None:
        return None
    parts = [ending]
    seen = {id(value)}
    while True:
        # Asked as `traceback` asks: a class may have its own answers.
        before, joint = value.__cause__, _CAUSE
        if before is None:
            if value.__suppress_context__ or (before := value.__context__) is None:
                break
            joint = _CONTEXT
        # Some Pythons' `traceback` passes over the causes of an exception that is false.
        if not value or id(before) in seen or len(seen) > MOST_CAUSES:
            return None
        seen.add(id(before))
        told = _told(before, _text_of(before), before.__traceback__)
        if told is None:
            return None
        parts += (joint, told)
        value = before
    parts.reverse()
    return "".join(parts)[:-1]


def _text_of(value: BaseException) -> str | None:
    """Return the text of a cause; None if its own code fails."""
    try:
        return str(value)
    except Exception:
        return None


def _told(value: BaseException, text: str | None, trace: TracebackType | None) -> str | None:
    """Return one exception without its causes; None if it is unusual."""
    kind = type(value)
    if type(kind) is not type or type(text) is not str or issubclass(kind, _TOLD_IN_FULL):
        return None
    if getattr(value, "__notes__", None) is not None:
        return None
    module, name = _module_of(kind), _qualname_of(kind)
    if type(module) is not str:
        return None
    if module not in ("builtins", "__main__"):
        name = f"{module}.{name}"
    ending = f"{name}: {text}\n" if text else f"{name}\n"
    if trace is None:
        return ending
    frames = _frames_text(trace)
    return None if frames is None else f"{_HEAD}{frames}{ending}"


def _frames_text(trace: TracebackType) -> str | None:
    parts, count, last = [], 0, None
    step: TracebackType | None = trace
    while step is not None:
        code = step.tb_frame.f_code
        known = _frames.get((id(code), step.tb_lasti, step.tb_lineno)) or _remember(step, code)
        parts.append(known.text)
        count = count + 1 if known.line == last else 1
        if count > _MOST_REPEATED or len(parts) > MOST_DEPTH:
            return None
        last = known.line
        step = step.tb_next
    return "".join(parts)


def _remember(step: TracebackType, code: CodeType) -> _Frame:
    """Return the text of one frame, and keep it if its source is there to be read."""
    stack = _Report(Exception, Exception(), step, limit=1, compact=True).stack
    text = "".join(stack.format())
    frame = _Frame(code, text, text[: text.find("\n")])
    if stack[0].line:
        if len(_frames) >= MOST_FRAMES:
            _frames.clear()
        _frames[id(code), step.tb_lasti, step.tb_lineno] = frame
    return frame

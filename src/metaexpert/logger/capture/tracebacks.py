"""Tracebacks as `traceback` writes them, frame by frame.

The native engine puts the tracebacks of ordinary exceptions together. It asks here once about each place
that fails, and remembers the answer as long as the source file stays the same.
"""

from __future__ import annotations

import linecache
import traceback
from types import TracebackType
from typing import Any, Final

#: Times that frames are looked at before the lines of their files count as ones that change all the time.
_ATTEMPTS: Final = 3

#: What `linecache` holds under the name of a file; None if that is nothing.
_Held = tuple[Any, ...] | None


def rendered_frames(first: TracebackType, count: int) -> list[tuple[str, int, str, _Held]]:
    """Return of each of the first `count` frames the text, a hash of the place, the file and its lines.

    `traceback` sums up frames with equal places: file, line and function. The lines are what `linecache`
    holds for the file, or empty if they change all the time. Raises what reading them raises.
    """
    for _ in range(_ATTEMPTS):
        before = _held(first, count)
        report = traceback.TracebackException(Exception, Exception(), first, limit=count, compact=True)
        stack = report.stack
        texts = [stack.format_frame_summary(frame) for frame in stack]
        held = _held(first, count)
        if all(held[file] is before[file] for file in held):
            break
    else:
        held = dict.fromkeys(held, ())
    return [
        (text, hash((frame.filename, frame.lineno, frame.name)), frame.filename, held[frame.filename])
        for text, frame in zip(texts, stack, strict=True)
    ]


def _held(step: TracebackType | None, count: int) -> dict[str, _Held]:
    held: dict[str, _Held] = {}
    while step is not None and count:
        file = step.tb_frame.f_code.co_filename
        held[file] = linecache.cache.get(file)
        step, count = step.tb_next, count - 1
    return held

"""Tracebacks as `traceback` writes them, frame by frame.

The native engine puts the tracebacks of ordinary exceptions together. It asks here once about each place
that fails, and remembers the answer as long as the source file stays the same.
"""

from __future__ import annotations

import linecache
import traceback
from types import TracebackType
from typing import Any, Final

#: Times that a frame is looked at before the lines of its file are taken for ones that do not stay the same.
_ATTEMPTS: Final = 3


def rendered_frame(step: TracebackType) -> tuple[str, int, str, tuple[Any, ...] | None]:
    """Return the text of a traceback's first frame, a hash of its place, and its file with its source lines.

    `traceback` sums up frames with equal places: file, line and function. The source lines are what
    `linecache` holds under the file's name: None if it holds nothing, empty if they change all the time.
    Raises what reading them raises.
    """
    file = step.tb_frame.f_code.co_filename
    # As long as nobody else is given a chance, the second time is certain.
    for _ in range(_ATTEMPTS):
        before: tuple[Any, ...] | None = linecache.cache.get(file)
        stack = traceback.TracebackException(Exception, Exception(), step, limit=1, compact=True).stack
        text = "".join(stack.format())
        held: tuple[Any, ...] | None = linecache.cache.get(file)
        if held is before:
            break
    else:
        held = ()
    frame = stack[0]
    return text, hash((frame.filename, frame.lineno, frame.name)), file, held

"""Tracebacks as `traceback` writes them, frame by frame.

The native engine puts the tracebacks of ordinary exceptions together. It asks here once about each place
that fails, and remembers the answer as long as the source file stays the same.
"""

from __future__ import annotations

import traceback
from types import TracebackType


def rendered_frame(step: TracebackType) -> tuple[str, int, str]:
    """Return the text of the first frame of a traceback, a hash of its place, and the file's name.

    `traceback` sums up frames with equal places: file, line and function. Raises what reading source lines
    raises.
    """
    stack = traceback.TracebackException(Exception, Exception(), step, limit=1, compact=True).stack
    frame = stack[0]
    return "".join(stack.format()), hash((frame.filename, frame.lineno, frame.name)), frame.filename

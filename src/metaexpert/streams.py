"""The standard streams of a program, which may be closed, full or without a reader."""

from __future__ import annotations

import os
import sys
from typing import NoReturn, TextIO


def tell(text: str) -> None:
    """Print a line on stderr; a closed or full stderr is ignored."""
    stream = sys.stderr
    if stream is None:
        return
    try:
        print(text, file=stream, flush=True)
    except (OSError, ValueError):
        # What is left in its buffer would fail again, and at the interpreter's end be its exit code.
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115 - lives as long as the process


def end_without_stdout(error: OSError, more: str = "") -> NoReturn:
    """End the process with 1 because stdout took nothing, and say so unless nobody reads on (`| head`)."""
    if not isinstance(error, BrokenPipeError):
        tell(f"error: stdout takes nothing: {error.strerror}{more}")
    # What is left in the buffer would fail again at the interpreter's end.
    if sys.stdout is not None:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    raise SystemExit(1) from None


def is_terminal(stream: TextIO | None) -> bool:
    """Tell whether a standard stream is a terminal; one that was closed at the start is None."""
    return stream is not None and stream.isatty()

"""Descriptors of the library's own, which are never those of the standard streams.

A process that was started with a standard stream closed gives the stream's number to whatever it opens next,
and what is then written to the stream ends up there.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

FIRST_OWN: Final = 3


def above_standard(descriptor: int) -> int:
    """Return a descriptor of the same open file that no standard stream has, in place of `descriptor`.

    It keeps its locks and its position. Raises `OSError` if there is no further descriptor; `descriptor` is
    closed then too.
    """
    if descriptor >= FIRST_OWN:
        return descriptor
    try:
        return fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, FIRST_OWN)
    finally:
        os.close(descriptor)


@contextmanager
def standard_taken() -> Iterator[None]:
    """Keep whatever is opened in the `with` above the standard streams, where that cannot be said of each.

    Streams that are closed lead to nothing meanwhile.
    """
    taken: list[int] = []
    try:
        while not taken or taken[-1] < FIRST_OWN - 1:
            descriptor = os.open(os.devnull, os.O_RDWR | os.O_CLOEXEC)
            if descriptor >= FIRST_OWN:
                os.close(descriptor)
                break
            taken.append(descriptor)
        yield
    finally:
        for descriptor in taken:
            os.close(descriptor)

"""Descriptors of the library's own, which are never those of the standard streams.

A process that was started with a standard stream closed gives the stream's number to whatever it opens next,
and what is then written to the stream ends up there.
"""

from __future__ import annotations

import fcntl
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

_FIRST_OWN: Final = 3


def above_standard(descriptor: int) -> int:
    """Return a descriptor of the same open file that no standard stream has, in place of `descriptor`.

    It keeps its locks and its position. Raises `OSError` if there is no further descriptor; `descriptor` is
    closed then too.
    """
    if descriptor >= _FIRST_OWN:
        return descriptor
    try:
        return fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, _FIRST_OWN)
    finally:
        os.close(descriptor)


@contextmanager
def standard_taken() -> Iterator[None]:
    """Keep whatever is opened in the `with` above the standard streams, where that cannot be said of each.

    Streams that are closed lead to nothing meanwhile.
    """
    taken: list[int] = []
    try:
        while not taken or taken[-1] < _FIRST_OWN - 1:
            descriptor = os.open(os.devnull, os.O_RDWR | os.O_CLOEXEC)
            if descriptor >= _FIRST_OWN:
                os.close(descriptor)
                break
            taken.append(descriptor)
        yield
    finally:
        for descriptor in taken:
            os.close(descriptor)


class Listener(socket.socket):
    """A socket whose connections, and which itself, are above the standard streams."""

    def __init__(self, family: int, kind: int, protocol: int) -> None:
        descriptor = above_standard(socket.socket(family, kind, protocol).detach())
        super().__init__(family, kind, protocol, fileno=descriptor)

    def accept(self) -> tuple[socket.socket, Any]:
        """Return a connection and the address of its other end, as `socket.socket.accept` does."""
        connection, address = super().accept()
        if connection.fileno() >= _FIRST_OWN:
            return connection, address
        timeout = connection.gettimeout()
        moved = socket.socket(fileno=above_standard(connection.detach()))
        moved.settimeout(timeout)
        return moved, address

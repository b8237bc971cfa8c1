"""Opening files that others name: only regular ones, without ever waiting for a process at the other end."""

from __future__ import annotations

import errno
import os
import stat
from typing import Final

from metaexpert.logger.shared.descriptors import above_standard

_KINDS: Final = (
    (stat.S_ISFIFO, "a named pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)


class NotRegularError(OSError):
    """The path is not a regular file; `reason` says what it is."""

    number = errno.EINVAL

    def __init__(self, path: str | os.PathLike[str], kind: str) -> None:
        self.reason = f"must be a file, was {kind}"
        super().__init__(self.number, self.reason, os.fspath(path))


class DirectoryError(NotRegularError, IsADirectoryError):
    """The path is a directory."""

    number = errno.EISDIR


class TooLargeError(OSError):
    """A file has more than `limit_bytes` bytes, as `reason` says."""

    def __init__(self, path: str | os.PathLike[str], limit_bytes: int) -> None:
        self.reason = f"must have at most {limit_bytes:,} bytes"
        super().__init__(errno.EFBIG, self.reason, os.fspath(path))


def open_regular(path: str | os.PathLike[str], *, follow_links: bool = True) -> int:
    """Return a descriptor of the regular file at `path`, to read from.

    Raises `NotRegularError` for a directory, a pipe, a socket or a device, which is not opened: that alone
    can wait for ever, or do something. Raises `OSError` as `os.open` does.
    """
    _check_regular(os.stat(path, follow_symlinks=follow_links), path)
    flags = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY
    descriptor = above_standard(os.open(path, flags if follow_links else flags | os.O_NOFOLLOW))
    try:
        # Somebody may have put another one there since.
        _check_regular(os.fstat(descriptor), path)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


def read_regular(path: str | os.PathLike[str], limit_bytes: int) -> bytes:
    """Return what is in the regular file at `path`.

    Raises `TooLargeError` for one with more than `limit_bytes` bytes, and `OSError` as `open_regular` does.
    """
    with os.fdopen(open_regular(path), "rb") as file:
        # Its size alone does not bound the read, because it may be growing, and files of the system report no
        # size.
        content = file.read(limit_bytes + 1)
    if len(content) > limit_bytes:
        raise TooLargeError(path, limit_bytes)
    return content


def _check_regular(status: os.stat_result, path: str | os.PathLike[str]) -> None:
    if not stat.S_ISREG(status.st_mode):
        if stat.S_ISDIR(status.st_mode):
            raise DirectoryError(path, "a directory")
        kind = next((kind for is_kind, kind in _KINDS if is_kind(status.st_mode)), "a link")
        raise NotRegularError(path, kind)

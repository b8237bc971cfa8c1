"""User classes with large contents, and a measure of what a call with such a value allocates."""

import tracemalloc
from collections.abc import Callable
from typing import Any

SIZE = 20_000_000
#: Bytes that a call may allocate: some times a record's limit, and far less than a copy of the value.
MOST = 8_000_000


class OwnText(str):
    """A text of a program's own class."""

    __slots__ = ()


class OwnBytes(bytes):
    """Bytes of a program's own class."""

    __slots__ = ()


class OwnByteArray(bytearray):
    """An array of bytes of a program's own class."""


class OwnList(list[Any]):
    """A list of a program's own class."""


class OwnTuple(tuple[Any, ...]):
    """A tuple of a program's own class."""

    __slots__ = ()


class OwnDict(dict[Any, Any]):
    """A mapping of a program's own class."""


class OwnSet(set[Any]):
    """A set of a program's own class."""


class Told(list[Any]):
    """A list that says itself what `str()` shows."""

    def __str__(self) -> str:
        return f"{len(self)} members"


class OwnError(Exception):
    """An exception of a program's own class."""


def peak_of(call: Callable[[], object]) -> int:
    """Return the bytes that the call had allocated at most, beyond what there was."""
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        call()
        return tracemalloc.get_traced_memory()[1] - before
    finally:
        tracemalloc.stop()

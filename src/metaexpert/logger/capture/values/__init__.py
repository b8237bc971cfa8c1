"""Values of other packages, in the form that a record has.

The native engine asks for it when it meets such a value. Each module has `simpler`, which gives a value in
terms of simpler ones, or `NotImplemented` where the value's own text says all. Packages are never imported
here, because a program that has a value of theirs has imported them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

#: The text in place of a value that its class keeps out of its own text.
HIDDEN: Final = "<hidden: repr=False>"


class Room:
    """The room that a record still has: members of one container, and bytes."""

    __slots__ = ("bytes", "items")

    def __init__(self, items: int, bytes: int) -> None:
        self.items = items
        self.bytes = bytes

    def rows(self, width: int) -> int:
        """Return how many rows of `width` cells could be written at most: a cell takes four bytes or more."""
        return min(self.items, self.bytes // (4 * max(width, 1)) + 1)


class Elements:
    """The beginning of an array, and how many elements it has altogether."""

    __slots__ = ("count", "items")

    def __init__(self, items: Sequence[Any], count: int) -> None:
        self.items = items
        self.count = count


class Pairs:
    """The first keys and values of an object, where a key may come twice, and how many there are in all."""

    __slots__ = ("count", "items")

    def __init__(self, items: Sequence[tuple[Any, Any]], count: int) -> None:
        self.items = items
        self.count = count


def rows(names: Sequence[Any], columns: Sequence[Sequence[Any]], width: int, count: int) -> Elements:
    """Return a table's rows as objects, of the first of `width` columns and the first of `count` rows."""
    return Elements(
        [Pairs([*zip(names, row, strict=True)], width) for row in zip(*columns, strict=True)], count
    )


def unprintable(owner: object, problem: Exception) -> str:
    """Return what is written in place of a member that cannot be read, as the native engine says it."""
    return f"<unprintable {type(owner).__name__}: {type(problem).__name__}>"

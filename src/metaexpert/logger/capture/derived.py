"""Attributes that a bound logger takes from the logger it came from, or gets when they are asked for.

A bound logger may live for one call, so it begins with no more than its fields and its unbound logger. The
class provides the other attributes, by descriptors; an attribute of the instance itself comes first.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final


class Followed:
    """An attribute that a bound logger has not: the unbound logger's is read each time, until one is set."""

    def __init__(self, name: str) -> None:
        self._name: Final = name

    def __get__(self, logger: Any, owner: type | None = None) -> Any:
        return self if logger is None else getattr(unbound_of(logger, self._name), self._name)


class Made:
    """An attribute that `make` makes for a bound logger when it is asked for."""

    def __init__(self, name: str, make: Callable[[Any], Any]) -> None:
        self._name: Final = name
        self._make: Final = make

    def __get__(self, logger: Any, owner: type | None = None) -> Any:
        if logger is None:
            return self
        unbound_of(logger, self._name)
        made = self._make(logger)
        # In one step: two threads may ask at once.
        return logger.__dict__.setdefault(self._name, made)


class Bound:
    """The fields of a bound logger; None for another one.

    A logger that the native engine has bound has them in its channel, until it gives that up.
    """

    def __get__(self, logger: Any, owner: type | None = None) -> Any:
        if logger is None:
            return self
        channel = logger._channel
        # In one step, and an earlier answer comes first: another thread may take the channel away.
        return logger.__dict__.setdefault("_bound", None if channel is None else channel.bound)


class IsBound:
    """An attribute that is true of a bound logger, and false of another one, until it is set."""

    def __get__(self, logger: Any, owner: type | None = None) -> Any:
        return self if logger is None else logger._unbound is not None


def unbound_of(logger: Any, name: str) -> Any:
    """Return the logger that this one is bound to; AttributeError for `name` if there is none."""
    unbound = logger._unbound
    if unbound is None:
        raise AttributeError(f"{type(logger).__name__!r} object has no attribute {name!r}")
    return unbound

"""Levels by name or number, in one place for every source of a configuration."""

from __future__ import annotations

import logging
from typing import Final

from metaexpert.logger.config.unusable import UnusableValueError
from metaexpert.logger.errors import did_you_mean, shown

#: The highest level that both `logging` and the engine can hold.
MAX_LEVEL: Final = 2**31 - 1


class UnknownLevelError(UnusableValueError):
    """A level that is neither a known name nor a number in range."""


def parse_level(value: object) -> int:
    """Return the number of a level given as a name in any case, a number, or digits.

    Names are those `logging` knows at this moment, with the ones added by `logging.addLevelName`. Raises
    `UnknownLevelError`, a `ValueError`, for anything else: an unknown name, a bool, a number below 0.
    """
    if isinstance(value, str):
        return _parse_name(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise UnknownLevelError(f"must be a level's name or number, was {shown(value)}", _names_advice())
    if not 0 <= value <= MAX_LEVEL:
        raise UnknownLevelError(f"must be a level from 0 to {MAX_LEVEL}, was {value}")
    return int(value)


def canonical_level(value: object) -> str | int:
    """Return a level as configurations show it: its name if it has one, or otherwise its number.

    Raises `UnknownLevelError` as `parse_level` does.
    """
    number = parse_level(value)
    name = logging.getLevelName(number)
    # `getLevelName` answers "Level 15" for a number without a name.
    return name if logging.getLevelNamesMapping().get(name) == number else number


def _parse_name(text: str) -> int:
    name = text.strip()
    known = logging.getLevelNamesMapping()
    if name in known:
        return known[name]
    by_upper = {known_name.upper(): number for known_name, number in known.items()}
    if name.upper() in by_upper:
        return by_upper[name.upper()]
    if name.isascii() and name.isdigit() and len(name) <= len(str(MAX_LEVEL)):
        return parse_level(int(name))
    raise UnknownLevelError(f"unknown level {shown(text)}", did_you_mean(name, known) or _names_advice())


def _names_advice() -> str:
    by_number = sorted(logging.getLevelNamesMapping().items(), key=lambda item: item[1])
    canonical = [name for name, number in by_number if logging.getLevelName(number) == name]
    return f"use one of {', '.join(canonical)}"

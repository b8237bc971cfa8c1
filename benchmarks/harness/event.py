"""The event that every benchmark logs, and the check that a file holds all of them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

MESSAGE: Final = "Order filled"
#: Beside these, each record has its number as `order_id`: two strings, two floats, one int.
FIELDS: Final[Mapping[str, Any]] = {"symbol": "BTCUSDT", "side": "BUY", "price": 50000.5, "qty": 0.1}

Fields = Callable[[dict[str, Any]], Mapping[str, Any]]
"""Finds the event in a parsed line: its fields, and its message as `message`."""
Document = Callable[[bytes], bytes]
"""Finds the JSON on a line."""


class VerificationError(Exception):
    """A file does not hold what was logged."""


@dataclass(frozen=True, slots=True)
class Verified:
    """What was found in a file whose every line was parsed and compared."""

    lines: int
    bytes: int
    lost: int


def whole(line: bytes) -> bytes:
    """Return all of a line, which is JSON."""
    return line


def verify(path: Path, *, records: int, fields: Fields, document: Document = whole) -> Verified:
    """Return what `path` holds after the numbers 0 to `records` - 1 were logged, each once.

    What `document` finds on each line is parsed as strict JSON: UTF-8, one object, no key twice, no NaN.
    `fields` finds the event in it. Raises `VerificationError`, naming the line, for one that is not a record
    that was logged, or that came before; records that are not there are counted as lost.
    """
    seen = bytearray(records)
    lines = size = 0
    with path.open("rb") as file:
        for lines, line in enumerate(file, start=1):
            size += len(line)
            try:
                number = _number(fields(strict(document(line))))
            except (ValueError, KeyError, TypeError) as problem:
                raise VerificationError(f"{path.name}, line {lines}: {problem!r} in {line[:300]!r}") from None
            if not 0 <= number < records or seen[number]:
                raise VerificationError(f"{path.name}, line {lines}: record {number} twice or never logged")
            seen[number] = 1
    return Verified(lines=lines, bytes=size, lost=records - sum(seen))


def strict(line: bytes) -> dict[str, Any]:
    """Return the object on `line` as the strictest reader would; raises `ValueError` for anything else."""
    value = _decode(line.decode("utf-8"))
    if not isinstance(value, dict):
        raise ValueError("not an object")
    return value


def _number(fields: Mapping[str, Any]) -> int:
    for name, value in (("message", MESSAGE), *FIELDS.items()):
        if fields[name] != value or type(fields[name]) is not type(value):
            raise ValueError(f"{name} is {fields[name]!r}, not {value!r}")
    number = fields["order_id"]
    if type(number) is not int:
        raise ValueError(f"order_id is {number!r}, not an int")
    return number


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        raise ValueError("a key occurs twice")
    return result


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


_decode: Final = json.JSONDecoder(object_pairs_hook=_object, parse_constant=_no_constant).decode

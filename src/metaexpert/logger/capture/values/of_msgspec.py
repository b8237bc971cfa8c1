"""Messages of msgspec: structs, those that are still encoded, and MessagePack's extensions."""

from __future__ import annotations

import json
import sys
from decimal import Decimal
from typing import Any

from metaexpert.logger.capture.values import Pairs, Room, declared


def simpler(value: Any, room: Room) -> Any:
    """Return what an encoded message says, an extension as its code and data, and a struct as its fields."""
    msgspec = sys.modules["msgspec"]
    if isinstance(value, msgspec.Raw):
        return _encoded(bytes(memoryview(value)[: room.bytes + 1]), room)
    if isinstance(value, sys.modules["msgspec.msgpack"].Ext):
        return Pairs([("code", value.code), ("data", value.data)], 2)
    return declared.simpler(value, room)


def _encoded(message: bytes, room: Room) -> Any:
    """Return the values of a JSON message; one that is longer than the record, as text; others as bytes."""
    if len(message) > room.bytes:
        return message.decode("utf-8", "replace")
    try:
        return json.loads(message, parse_float=_number, object_pairs_hook=_object)
    except (ValueError, RecursionError):  # MessagePack, or a message that is damaged or too deep
        return message


def _object(pairs: list[tuple[str, Any]]) -> Pairs:
    # A key may come twice.
    return Pairs(pairs, len(pairs))


def _number(digits: str) -> float | Decimal:
    """Return a number as JSON has it, exactly."""
    number = float(digits)
    return number if Decimal(repr(number)) == Decimal(digits) else Decimal(digits)

"""Scalars, arrays and tables of pyarrow."""

from __future__ import annotations

import sys
from typing import Any, Final

from metaexpert.logger.capture.values import Elements, Pairs, Room, rows

_UNITS: Final = {"s": "seconds", "ms": "milliseconds", "us": "microseconds", "ns": "nanoseconds"}
#: Characters of a time in ISO 8601 before its offset.
_TO_MICROSECONDS: Final = 26


def simpler(value: Any, room: Room) -> Any:
    """Return a table as its rows, an array as its scalars, and a scalar as what it holds."""
    arrow = sys.modules["pyarrow"]
    if isinstance(value, arrow.Scalar):
        return _scalar(arrow, value) if value.is_valid else None
    if isinstance(value, (arrow.Array, arrow.ChunkedArray)):
        return Elements(_cells(arrow, value[: room.items]), len(value))
    if isinstance(value, (arrow.Table, arrow.RecordBatch)):
        first = value.slice(0, room.rows(value.num_columns))
        columns = first.columns[: room.items]
        names = value.schema.names[: room.items]
        return rows(names, [_cells(arrow, column) for column in columns], value.num_columns, value.num_rows)
    return NotImplemented


def _cells(arrow: Any, array: Any) -> list[Any]:
    """Return Python's own values, and scalars where Python has none."""
    is_own = arrow.types.is_primitive(array.type) and not _has_nanoseconds(array.type)
    try:
        return list(array.to_pylist()) if is_own else [*array]
    except (ValueError, OverflowError):  # a year that Python does not know
        return [*array]


def _has_nanoseconds(kind: Any) -> bool:
    return getattr(kind, "unit", None) == "ns"


def _scalar(arrow: Any, scalar: Any) -> Any:
    lists = (arrow.ListScalar, arrow.LargeListScalar, arrow.FixedSizeListScalar, arrow.MapScalar)
    if isinstance(scalar, lists):
        return scalar.values
    if isinstance(scalar, arrow.StructScalar):
        names = [field.name for field in scalar.type]
        return Pairs([(name, scalar[at]) for at, name in enumerate(names)], len(names))
    try:
        return _nanoseconds(arrow, scalar) if _has_nanoseconds(scalar.type) else scalar.as_py()
    except (ValueError, OverflowError):  # as above
        return _beyond_python(arrow, scalar)


def _nanoseconds(arrow: Any, scalar: Any) -> str:
    """Return a time or a span as text: Python's own have no nanoseconds."""
    kind = scalar.type
    if not arrow.types.is_timestamp(kind):
        return _beyond_python(arrow, scalar)
    microseconds, rest = divmod(scalar.value, 1000)
    # Arrow's own text cuts the seconds that old offsets have.
    text = (
        arrow.scalar(microseconds, arrow.timestamp("us", kind.tz)).as_py().isoformat(timespec="microseconds")
    )
    time, offset = text[:_TO_MICROSECONDS], text[_TO_MICROSECONDS:]
    return f"{time}{rest:03}{'Z' if offset == '+00:00' else offset}"


def _beyond_python(arrow: Any, scalar: Any) -> str:
    """Return the text of what Python has no value for; a time with a zone in UTC, where Arrow knows it."""
    kind = scalar.type
    if arrow.types.is_duration(kind):
        return f"{scalar.value} {_UNITS[kind.unit]}"
    zone = ""
    if arrow.types.is_timestamp(kind) and kind.tz is not None:
        scalar, zone = scalar.cast(arrow.timestamp(kind.unit)), "Z"
    text = str(scalar.cast(arrow.string()).as_py())
    return text if text.startswith("<") else text.replace(" ", "T") + zone

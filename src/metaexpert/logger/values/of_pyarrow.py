"""Scalars, arrays and tables of pyarrow."""

from __future__ import annotations

import sys
from typing import Any

from metaexpert.logger.values import Elements, Pairs, Room, rows


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
        return [*array.cast(arrow.string()).to_pylist()]


def _has_nanoseconds(kind: Any) -> bool:
    return getattr(kind, "unit", None) == "ns"


def _scalar(arrow: Any, scalar: Any) -> Any:
    lists = (arrow.ListScalar, arrow.LargeListScalar, arrow.FixedSizeListScalar, arrow.MapScalar)
    if isinstance(scalar, lists):
        return scalar.values
    if isinstance(scalar, arrow.StructScalar):
        names = [field.name for field in scalar.type]
        return Pairs([(name, scalar[at]) for at, name in enumerate(names)], len(names))
    if _has_nanoseconds(scalar.type):
        return _nanoseconds(arrow, scalar)
    try:
        return scalar.as_py()
    except (ValueError, OverflowError):  # as above
        return scalar.cast(arrow.string()).as_py()


def _nanoseconds(arrow: Any, scalar: Any) -> str:
    """Return a time or a span as text: Python's own have no nanoseconds."""
    if arrow.types.is_duration(scalar.type):
        return f"{scalar.value} nanoseconds"
    return str(scalar.cast(arrow.string()).as_py()).replace(" ", "T")

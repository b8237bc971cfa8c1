"""Series and frames of polars. Python's own times have no nanoseconds, so those go as text."""

from __future__ import annotations

import sys
from typing import Any

from metaexpert.logger.capture.values import Elements, Room, rows


def simpler(value: Any, room: Room) -> Any:
    """Return a frame as its rows and a series as its elements."""
    polars = sys.modules["polars"]
    if isinstance(value, polars.Series):
        return Elements(_cells(polars, value.head(room.items)), len(value))
    if isinstance(value, polars.DataFrame):
        first = value.head(room.rows(value.width))
        columns = first.get_columns()[: room.items]
        names = [column.name for column in columns]
        return rows(names, [_cells(polars, column) for column in columns], value.width, value.height)
    return NotImplemented


def _cells(polars: Any, series: Any) -> list[Any]:
    kind = series.dtype
    if kind == polars.Time or (kind.is_temporal() and getattr(kind, "time_unit", None) == "ns"):
        return [_in_utc(text) for text in series.dt.to_string("iso:strict")]
    if kind == polars.Struct:
        return _structs(polars, series)
    if kind.is_nested():
        return [*series]
    try:
        return list(series.to_list())
    except (ValueError, OverflowError):  # a year that Python does not know
        return list(series.dt.to_string("iso:strict"))


def _structs(polars: Any, series: Any) -> list[Any]:
    names = [field.name for field in series.dtype.fields]
    columns = [_cells(polars, series.struct.field(name)) for name in names]
    found = rows(names, columns, len(names), len(series)).items
    return [None if is_null else row for row, is_null in zip(found, series.is_null(), strict=True)]


def _in_utc(text: str | None) -> str | None:
    if text is None or not text.endswith("+00:00"):
        return text
    return text.removesuffix("+00:00") + "Z"

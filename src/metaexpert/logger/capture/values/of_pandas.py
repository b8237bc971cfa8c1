"""Columns, indexes and frames of pandas, in full precision and each column with its own type."""

from __future__ import annotations

import sys
from typing import Any

from metaexpert.logger.capture.values import Elements, Pairs, Room, rows


def simpler(value: Any, room: Room) -> Any:
    """Return a frame as its rows, a series as elements or by its labels, and other arrays as elements."""
    pandas = sys.modules["pandas"]
    if isinstance(value, pandas.DataFrame):
        return _frame(pandas, value, room)
    if isinstance(value, pandas.Series):
        return _series(pandas, value, room)
    if isinstance(value, (pandas.Index, pandas.api.extensions.ExtensionArray)):
        return Elements([*value[: room.items]], len(value))
    return NotImplemented


def _is_default(pandas: Any, index: Any) -> bool:
    """Tell whether an index counts its rows from 0, which says nothing."""
    return isinstance(index, pandas.RangeIndex) and (index.start, index.step) == (0, 1)


def _series(pandas: Any, series: Any, room: Room) -> Elements | Pairs:
    cells = [*series.iloc[: room.items]]
    if _is_default(pandas, series.index):
        return Elements(cells, len(series))
    return Pairs([*zip(series.index[: room.items], cells, strict=True)], len(series))


def _frame(pandas: Any, frame: Any, room: Room) -> Elements:
    labels = [] if _is_default(pandas, frame.index) else _levels(frame.index)
    width = len(labels) + frame.shape[1]
    first = frame.iloc[: room.rows(width), : room.items]
    columns = [first.index.get_level_values(at) for at in range(len(labels))]
    # By column: a row of its own would turn integers beside floats into floats.
    columns += [first.iloc[:, at] for at in range(first.shape[1])]
    return rows([*labels, *first.columns], [[*column] for column in columns], width, len(frame))


def _levels(index: Any) -> list[Any]:
    """Return the names of an index's levels, those that have none as `reset_index` names them."""
    if index.nlevels == 1:
        return ["index" if index.name is None else index.name]
    return [f"level_{at}" if name is None else name for at, name in enumerate(index.names)]

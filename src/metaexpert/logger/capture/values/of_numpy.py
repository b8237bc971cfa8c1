"""Arrays of numpy that are more than arrays: tables, matrices, masked ones."""

from __future__ import annotations

import sys
from itertools import islice
from typing import Any

from metaexpert.logger.capture.values import Elements, Pairs, Room, rows


def simpler(value: Any, room: Room) -> Any:
    """Return a row as an object, an array as its elements, and what has no dimension as what it holds."""
    numpy = sys.modules["numpy"]
    if isinstance(value, (numpy.void, numpy.ma.core.mvoid)):
        return _row(numpy, value)
    if not isinstance(value, numpy.ndarray):
        return _polynomial(numpy, value)
    if isinstance(value, numpy.ma.MaskedArray):
        value = _plain_masked(numpy, value)
    elif type(value).__module__.partition(".")[0] == "numpy":
        # A matrix has matrices for rows, and arrays of characters cut blanks.
        value = numpy.asarray(value)
    elif value.ndim == 0:
        return NotImplemented
    if value.ndim == 0:
        return value[()]
    if value.dtype.names is not None and value.ndim == 1 and type(value) is numpy.ndarray:
        return _table(value, room)
    return Elements([*islice(value, room.items)], len(value))


def _polynomial(numpy: Any, value: Any) -> Any:
    """Return what makes a polynomial, whose text rounds its coefficients."""
    if isinstance(value, numpy.poly1d):
        names = ["coefficients"]
    elif "numpy.polynomial" in sys.modules and isinstance(value, _polynomials()):
        names = ["coef", "domain", "window"]
    else:
        return NotImplemented
    return Pairs([(name, getattr(value, name)) for name in names], len(names))


def _polynomials() -> type:
    kind: type = sys.modules["numpy.polynomial._polybase"].ABCPolyBase
    return kind


def _table(array: Any, room: Room) -> Elements:
    names = array.dtype.names
    first = array[: room.rows(len(names))]
    return rows(names, [[*first[name]] for name in names], len(names), len(array))


def _plain_masked(numpy: Any, array: Any) -> Any:
    if array.baseclass is numpy.ndarray:
        return array
    return numpy.ma.array(numpy.asarray(array.data), mask=array.mask)


def _row(numpy: Any, row: Any) -> Any:
    if row.dtype.names is None:
        return row.item()
    mask = numpy.ma.getmask(row) if isinstance(row, numpy.ma.core.mvoid) else numpy.ma.nomask
    return _cells(numpy, numpy.ma.getdata(row), mask)


def _cells(numpy: Any, row: Any, mask: Any) -> Pairs:
    names = row.dtype.names
    if mask is numpy.ma.nomask:
        return Pairs([(name, row[name]) for name in names], len(names))
    return Pairs([(name, _cell(numpy, row[name], mask[name])) for name in names], len(names))


def _cell(numpy: Any, cell: Any, mask: Any) -> Any:
    if mask.dtype.names is not None and mask.ndim == 0:
        return _cells(numpy, cell, mask)
    if mask.ndim > 0:
        return numpy.ma.array(cell, mask=mask)
    return None if mask else cell

"""The records of logs as tables of pyarrow, Polars and pandas, each value exactly."""

from __future__ import annotations

import os
import warnings
from typing import TYPE_CHECKING, Any

from metaexpert.logger.shared.foreign_text import unlogged_warnings
from metaexpert.reader.extras import needed
from metaexpert.reader.report import unreadable
from metaexpert.reader.selection import Selection, Time, surveyed

if TYPE_CHECKING:
    import pandas
    import polars
    import pyarrow

    from metaexpert.logger.shared.native import Columns


def to_arrow(
    directory: str | os.PathLike[str],
    where: str | None = None,
    *,
    since: Time | None = None,
    until: Time | None = None,
    level: str | None = None,
    strict: bool = False,
) -> pyarrow.Table:
    """Return the records of all logs in `directory`, or of the one log at that path, in order of time.

    Which records these are, and what the arguments mean, is as in `metaexpert.reader.read`. `timestamp`,
    `level`, `module`, `message`, `category`, `exception` and `seq` are the first columns, and always there.
    The fields follow as they first came; a field that only the last record has is a column too. Missing
    values and `null` are null.

    A column has the type that holds all of its values exactly. Times are `timestamp[ns, UTC]`, integers
    `int64` or `uint64`, and text where one is beyond 64 bits; decimals are text, as in the log. Numbers are
    `double` where each is one, otherwise text. `exception` and `caller` are structs. Objects and arrays are
    JSON text. A field with values of several types is text: texts as they are, the others as JSON. A
    `timestamp` that is no time is null, and its text is in the column `timestamp_text`.

    Raises ModuleNotFoundError without pyarrow (`metaexpert[query]`), otherwise as `read`.
    """
    pyarrow = needed("pyarrow", "query")
    return pyarrow.table(_columns(directory, where, since, until, level, strict))


def to_polars(
    directory: str | os.PathLike[str],
    where: str | None = None,
    *,
    since: Time | None = None,
    until: Time | None = None,
    level: str | None = None,
    strict: bool = False,
) -> polars.DataFrame:
    """Return the records of logs as a data frame of Polars, with the types of `to_arrow`.

    Raises ModuleNotFoundError without Polars (`metaexpert[polars]`), otherwise as `to_arrow`.
    """
    package = needed("polars", "polars")
    frame: polars.DataFrame = package.DataFrame(_columns(directory, where, since, until, level, strict))
    return frame


def to_pandas(
    directory: str | os.PathLike[str],
    where: str | None = None,
    *,
    since: Time | None = None,
    until: Time | None = None,
    level: str | None = None,
    strict: bool = False,
) -> pandas.DataFrame:
    """Return the records of logs as a data frame of pandas, with the values of `to_arrow`.

    Times are `datetime64[ns, UTC]`. The other columns have types of pandas that know missing values, such as
    `Int64`, so an integer that is missing makes no floats of the others. Structs are dictionaries.

    Raises ModuleNotFoundError without pandas or pyarrow (`metaexpert[pandas]`), otherwise as `to_arrow`.
    """
    pandas, pyarrow = needed("pandas", "pandas"), needed("pyarrow", "pandas")
    types = {
        pyarrow.bool_(): pandas.BooleanDtype(),
        pyarrow.int64(): pandas.Int64Dtype(),
        pyarrow.uint64(): pandas.UInt64Dtype(),
        pyarrow.float64(): pandas.Float64Dtype(),
        pyarrow.string(): pandas.StringDtype(),
    }
    table = pyarrow.table(_columns(directory, where, since, until, level, strict))
    return table.to_pandas(types_mapper=types.get, split_blocks=True, self_destruct=True)


def _columns(directory: str | os.PathLike[str], where: str | None, *given: Any) -> Columns:
    since, until, level, strict = given
    selection = Selection(
        where=() if where is None else (where,), since=since, until=until, level=level, is_strict=strict
    )
    columns = surveyed(directory, selection)
    if problems := list(unreadable(columns.report())):
        if strict:
            raise ValueError(problems[0])
        with unlogged_warnings():
            warnings.warn("; ".join(problems), stacklevel=3)
    return columns

"""Rows of a result: a tuple of named tuples that becomes a data frame where one is wanted."""

from __future__ import annotations

from enum import Enum
from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

if TYPE_CHECKING:
    import pandas
    import polars

T = TypeVar("T", bound=NamedTuple)


class Rows(tuple[T, ...]):
    """A tuple of rows of one kind, oldest first."""

    __slots__ = ()

    def to_dicts(self) -> list[dict[str, Any]]:
        """Return each row as a dictionary, its enumerations by value; the columns are the row's fields."""
        return [{name: _plain(value) for name, value in row._asdict().items()} for row in self]

    def to_polars(self) -> polars.DataFrame:
        """Return the rows as a data frame of Polars; without a row it has no columns.

        Raises ModuleNotFoundError without Polars (`metaexpert[polars]`).
        """
        return frame_of_polars(self.to_dicts())

    def to_pandas(self) -> pandas.DataFrame:
        """Return the rows as a data frame of pandas; without a row it has no columns.

        Raises ModuleNotFoundError without pandas (`metaexpert[pandas]`).
        """
        return frame_of_pandas(self.to_dicts())


def frame_of_polars(rows: list[dict[str, Any]]) -> polars.DataFrame:
    """Return dictionaries as a data frame of Polars; raises ModuleNotFoundError without it."""
    frame: polars.DataFrame = _needed("polars").DataFrame(rows, infer_schema_length=None)
    return frame


def frame_of_pandas(rows: list[dict[str, Any]]) -> pandas.DataFrame:
    """Return dictionaries as a data frame of pandas; raises ModuleNotFoundError without it."""
    frame: pandas.DataFrame = _needed("pandas").DataFrame(rows)
    return frame


def _plain(value: Any) -> Any:
    return value.value if isinstance(value, Enum) else value


def _needed(package: str) -> Any:
    try:
        return import_module(package)
    except ModuleNotFoundError as error:
        if error.name != package:
            raise
        raise ModuleNotFoundError(
            f"this needs {package}, which is not installed: pip install 'metaexpert[{package}]'", name=package
        ) from None

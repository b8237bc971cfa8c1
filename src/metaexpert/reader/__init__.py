"""Reading logs as a whole: all files that belong to one, of whichever process, packed or not."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from metaexpert.reader.counting import Grouping, Statistics, count_by, statistics
    from metaexpert.reader.database import query
    from metaexpert.reader.entries import read
    from metaexpert.reader.files import LogFile, family
    from metaexpert.reader.tables import to_arrow, to_pandas, to_polars

#: Each name and its module, imported at its first use: a command needs one of them.
_HOMES: Final = {
    "Grouping": "counting",
    "LogFile": "files",
    "Statistics": "counting",
    "count_by": "counting",
    "family": "files",
    "query": "database",
    "read": "entries",
    "statistics": "counting",
    "to_arrow": "tables",
    "to_pandas": "tables",
    "to_polars": "tables",
}

__all__ = [
    "Grouping",
    "LogFile",
    "Statistics",
    "count_by",
    "family",
    "query",
    "read",
    "statistics",
    "to_arrow",
    "to_pandas",
    "to_polars",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)

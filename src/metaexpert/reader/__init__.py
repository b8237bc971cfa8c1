"""Reading logs as a whole: all files that belong to one, of whichever process, packed or not."""

from metaexpert.reader.database import query
from metaexpert.reader.entries import read
from metaexpert.reader.files import LogFile, family
from metaexpert.reader.statistics import Grouping, Statistics, count_by, statistics
from metaexpert.reader.tables import to_arrow, to_pandas, to_polars

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

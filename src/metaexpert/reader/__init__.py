"""Reading logs as a whole: all files that belong to one, of whichever process, packed or not."""

from metaexpert.reader.entries import read
from metaexpert.reader.files import LogFile, family
from metaexpert.reader.tables import to_arrow, to_pandas, to_polars

__all__ = ["LogFile", "family", "read", "to_arrow", "to_pandas", "to_polars"]

"""Errors in market data files: the mistake and its place."""

from pathlib import Path
from typing import NamedTuple


class MarketDataError(ValueError):
    """A market data file cannot be used; the message names the file, the place and the remedy."""

    def __init__(
        self, path: Path, problem: str, *, line: int | None = None, column: str | None = None
    ) -> None:
        place = str(path)
        if line is not None:
            place += f", line {line}"
        if column is not None:
            place += f', column "{column}"'
        super().__init__(f"{place}: {problem}")
        self.path = path
        """The file."""
        self.problem = problem
        """The mistake and the remedy."""
        self.line = line
        """Number of the line, from 1, the header counted; None when it is about the whole file."""
        self.column = column
        """Name of the column, as the header writes it; None when it is about the whole line."""

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuild, (self.path, self.problem, self.line, self.column)


def _rebuild(path: Path, problem: str, line: int | None, column: str | None) -> MarketDataError:
    return MarketDataError(path, problem, line=line, column=column)


class Place(NamedTuple):
    """A line of a file."""

    path: Path
    line: int

    def error(self, problem: str, column: str | None = None) -> MarketDataError:
        """Return the error of this line."""
        return MarketDataError(self.path, problem, line=self.line, column=column)


def shown(text: str) -> str:
    """Quote what was found in a file for a message: escaped, and cut when it is long."""
    return repr(text if len(text) <= 40 else text[:40] + "…")

"""Tables of the command line: aligned columns, the same on a terminal and in a pipe."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

_BETWEEN_COLUMNS = "  "


def print_table(columns: Sequence[str], rows: Iterable[Sequence[str]], *, indent: str = "") -> None:
    """Print a heading and the rows on stdout; characters that are not printable are shown as escapes."""
    shown = [[_printable(cell) for cell in row] for row in (columns, *rows)]
    widths = [max(map(len, column)) for column in zip(*shown, strict=True)]
    for row in shown:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        print(indent + _BETWEEN_COLUMNS.join(cells).rstrip())


def _printable(cell: str) -> str:
    return cell if cell.isprintable() else cell.encode("unicode_escape").decode()

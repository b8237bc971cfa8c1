"""Tables of the command line: aligned columns, the same on a terminal and in a pipe."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

_BETWEEN_COLUMNS = "  "
#: What stands in the place of what does not fit.
_CUT = "\u2026"
#: No column is made narrower than this to make others fit.
_LEAST_WIDTH = 8


def print_table(columns: Sequence[str], rows: Iterable[Sequence[str]], *, indent: str = "") -> None:
    """Print a heading and the rows on stdout; characters that are not printable are shown as escapes."""
    shown = [[_printable(cell) for cell in row] for row in (columns, *rows)]
    widths = [max(map(len, column)) for column in zip(*shown, strict=True)]
    for row in shown:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        print(indent + _BETWEEN_COLUMNS.join(cells).rstrip())


def fitting(rows: Sequence[Sequence[str]], width: int) -> list[list[str]]:
    """Return the rows with cells that are cut so that a table of them has `width` characters.

    The widest columns are cut first, none to fewer than 8 characters, so a table of many columns stays wider.
    """
    shown = [[_printable(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*shown, strict=True)]
    room = width - len(_BETWEEN_COLUMNS) * (len(widths) - 1)
    least, most = _LEAST_WIDTH, max(widths, default=0)
    while least < most:
        limit = (least + most + 1) // 2
        if sum(min(each, limit) for each in widths) > room:
            most = limit - 1
        else:
            least = limit
    return [[cell if len(cell) <= least else cell[: least - 1] + _CUT for cell in row] for row in shown]


def _printable(cell: str) -> str:
    return cell if cell.isprintable() else cell.encode("unicode_escape").decode()

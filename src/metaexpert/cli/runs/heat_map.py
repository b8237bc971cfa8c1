"""The heat map of an optimisation: the best value for each pair of values of two parameters."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from metaexpert.cli.tables import print_table

if TYPE_CHECKING:
    from metaexpert.expert.optimise.optimisation import Optimisation

#: More than this is no longer a picture.
MAX_SIDE: Final = 40
_WORST, _BEST = (165, 45, 45), (35, 125, 60)


def print_heat_map(done: Optimisation, down: str, across: str) -> None:
    """Print a heat map on stdout, in colours on a terminal; nothing where it would be no picture."""
    tried = _values(done, down), _values(done, across)
    rows, columns = ([_text(value) for value in values] for values in tried)
    if not (1 < len(rows) <= MAX_SIDE and 1 < len(columns) <= MAX_SIDE):
        return
    cells = [[_best(done, {down: row, across: column}) for column in tried[1]] for row in tried[0]]
    print(f"\n{done.goal.figure}, the {'lowest' if done.goal.minimize else 'highest'} of each pair: ", end="")
    print(f"{down} down, {across} across")
    texts = [["-" if cell is None else f"{cell:.4g}" for cell in row] for row in cells]
    if sys.stdout.isatty():
        _print_coloured(rows, columns, texts, cells, minimize=done.goal.minimize)
    else:
        print_table(
            ["", *columns], [[name, *row] for name, row in zip(rows, texts, strict=True)], indent="  "
        )


def _print_coloured(
    rows: Sequence[str],
    columns: Sequence[str],
    texts: Sequence[Sequence[str]],
    cells: Sequence[Sequence[float | None]],
    *,
    minimize: bool,
) -> None:
    from rich.console import Console
    from rich.text import Text

    known = [cell for row in cells for cell in row if cell is not None]
    low, high = min(known, default=0.0), max(known, default=0.0)
    width = max(map(len, [*columns, *(text for row in texts for text in row)])) + 2
    margin = max(map(len, rows)) + 2
    console = Console(soft_wrap=True, highlight=False)
    console.print(Text(" " * margin + "".join(column.rjust(width) for column in columns), "bold"))
    for name, row, values in zip(rows, texts, cells, strict=True):
        line = Text(name.rjust(margin), "bold")
        for text, value in zip(row, values, strict=True):
            share = None if value is None or high == low else (value - low) / (high - low)
            line.append(text.rjust(width), _style(share if not minimize or share is None else 1 - share))
        console.print(line)


def _style(share: float | None) -> str:
    if share is None:
        return "dim"
    mixed = (round(a + (b - a) * share) for a, b in zip(_WORST, _BEST, strict=True))
    return "white on rgb({},{},{})".format(*mixed)


def _best(done: Optimisation, wanted: dict[str, object]) -> float | None:
    rows = [
        row for row in done.passes if all(row.parameters[name] == value for name, value in wanted.items())
    ]
    values = [row.value for row in rows if row.ok and row.value is not None]
    return (min if done.goal.minimize else max)(values, default=None)


def _values(done: Optimisation, name: str) -> list[Any]:
    """Return the values of a parameter, in order where they have one."""
    values = list(dict.fromkeys(row.parameters[name] for row in done.passes))
    try:
        return sorted(values)
    except TypeError:
        return values


def _text(value: object) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)

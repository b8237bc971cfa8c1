"""Rows of cells, checked and read into columns of numbers; one reader for each kind of data.

A reader takes the usual good row in one comparison. Only when a row fails it, `explain` looks at its cells
one by one for the words to say so; both hold the same rules.
"""

from array import array
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from itertools import pairwise
from math import inf, isfinite, nan
from pathlib import Path

from metaexpert.expert.market_data.files.errors import MarketDataError, shown
from metaexpert.expert.market_data.files.layout import Kind, Layout, is_number
from metaexpert.expert.market_data.files.times import EARLIEST_US, LATEST_US, TimeFormat

_ROLES: dict[Kind, tuple[str, ...]] = {
    "bars": ("open", "high", "low", "close", "volume"),
    "trades": ("price", "quantity"),
    "quotes": ("bid", "ask", "bid_size", "ask_size"),
}
_AMOUNTS = ("volume", "quantity", "bid_size", "ask_size")


@dataclass(slots=True)
class Table:
    """The columns read so far."""

    kind: Kind
    times_us: "array[int]" = field(default_factory=lambda: array("q"))
    """Microseconds since the Unix epoch."""
    values: "tuple[array[float], ...]" = ()
    """Open, high, low, close, volume of bars; price, quantity of trades; bid, ask and sizes of quotes."""

    def __post_init__(self) -> None:
        self.values = tuple(array("d") for _ in _ROLES[self.kind])

    def is_newest_first(self) -> bool:
        """Tell whether no row is later than the one before it, and the last is earlier than the first."""
        times = self.times_us
        return times[-1] < times[0] and all(after <= before for before, after in pairwise(times))

    def reverse(self) -> None:
        """Turn the order of the rows around."""
        self.times_us.reverse()
        for column in self.values:
            column.reverse()


@dataclass(frozen=True, slots=True)
class CellReader:
    """How to turn cells into numbers; both raise ValueError or OverflowError for a cell that is none."""

    time: Callable[[str], int]
    number: Callable[[str], float]


def cell_reader(time_format: TimeFormat, *, is_simple: bool) -> CellReader:
    """Return the quick reader if text `is_simple`, else one that refuses what only Python takes for a number.

    That is underscores (``1_000``) and digits of other scripts.
    """
    if is_simple:
        return CellReader(time_format.parse, float)

    def written_time(cell: str) -> int:
        if "_" in cell or not cell.isascii():
            raise ValueError(cell)
        return time_format.parse(cell)

    return CellReader(written_time, _written_number)


def _written_number(cell: str) -> float:
    if not is_number(cell):
        raise ValueError(cell)
    return float(cell)


def read_rows(rows: Iterable[list[str]], layout: Layout, cells: CellReader, table: Table) -> None:
    """Append rows to the table, up to the first bad one.

    Raises ValueError or OverflowError there; the length of `table.times_us` then tells which row it was.
    """
    _READERS[layout.kind](rows, layout, cells, table)


def _read_bars(rows: Iterable[list[str]], layout: Layout, cells: CellReader, table: Table) -> None:
    width, read_time, number = layout.width, cells.time, cells.number
    at_time, at_open, at_high, at_low, at_close, at_volume = _positions(layout)
    add_time = table.times_us.append
    add_open, add_high, add_low, add_close, add_volume = (column.append for column in table.values)
    for row in rows:
        if len(row) != width:
            raise ValueError
        time_us = read_time(row[at_time])
        open_, high, low = number(row[at_open]), number(row[at_high]), number(row[at_low])
        close, volume = number(row[at_close]), number(row[at_volume])
        # NaN fails every comparison.
        if not (
            0.0 < low <= open_ <= high < inf
            and low <= close <= high
            and 0.0 <= volume < inf
            and EARLIEST_US <= time_us < LATEST_US
        ):
            raise ValueError
        add_time(time_us)
        add_open(open_)
        add_high(high)
        add_low(low)
        add_close(close)
        add_volume(volume)


def _read_trades(rows: Iterable[list[str]], layout: Layout, cells: CellReader, table: Table) -> None:
    width, read_time, number = layout.width, cells.time, cells.number
    at_time, at_price, at_quantity = _positions(layout)
    add_time = table.times_us.append
    add_price, add_quantity = (column.append for column in table.values)
    for row in rows:
        if len(row) != width:
            raise ValueError
        time_us = read_time(row[at_time])
        price, quantity = number(row[at_price]), number(row[at_quantity])
        if not (0.0 < price < inf and 0.0 <= quantity < inf and EARLIEST_US <= time_us < LATEST_US):
            raise ValueError
        add_time(time_us)
        add_price(price)
        add_quantity(quantity)


def _read_quotes(rows: Iterable[list[str]], layout: Layout, cells: CellReader, table: Table) -> None:
    width, read_time, number = layout.width, cells.time, cells.number
    at_time, at_bid, at_ask, at_bid_size, at_ask_size = _positions(layout)
    add_time = table.times_us.append
    add_bid, add_ask, add_bid_size, add_ask_size = (column.append for column in table.values)
    for row in rows:
        if len(row) != width:
            raise ValueError
        time_us = read_time(row[at_time])
        bid, ask = number(row[at_bid]), number(row[at_ask])
        bid_size = number(row[at_bid_size]) if at_bid_size >= 0 else 0.0
        ask_size = number(row[at_ask_size]) if at_ask_size >= 0 else 0.0
        if not (
            0.0 < bid <= ask < inf
            and 0.0 <= bid_size < inf
            and 0.0 <= ask_size < inf
            and EARLIEST_US <= time_us < LATEST_US
        ):
            raise ValueError
        add_time(time_us)
        add_bid(bid)
        add_ask(ask)
        add_bid_size(bid_size if at_bid_size >= 0 else nan)
        add_ask_size(ask_size if at_ask_size >= 0 else nan)


_READERS: dict[Kind, Callable[[Iterable[list[str]], Layout, CellReader, Table], None]] = {
    "bars": _read_bars,
    "trades": _read_trades,
    "quotes": _read_quotes,
}


def _positions(layout: Layout) -> tuple[int, ...]:
    """Return where time and the values are, -1 for a column that is not there."""
    return tuple(layout.columns.get(role, -1) for role in ("time", *_ROLES[layout.kind]))


def explain(
    path: Path, line: int, row: list[str], layout: Layout, time_format: TimeFormat | None
) -> MarketDataError:
    """Say what is wrong with a row that a reader refused."""
    if len(row) != layout.width:
        reference = "the header" if layout.has_header else "the first line"
        cells = "1 cell" if len(row) == 1 else f"{len(row)} cells"
        problem = f"has {cells} where {reference} has {layout.width}; correct or remove the line"
        return MarketDataError(path, problem, line=line)
    problem = _time_problem(row[layout.columns["time"]], time_format)
    if problem:
        return MarketDataError(path, problem, line=line, column=layout.names["time"])
    values: dict[str, float] = {}
    for role in _ROLES[layout.kind]:
        if role not in layout.columns:
            continue
        cell = row[layout.columns[role]]
        problem = _number_problem(role, cell)
        if problem:
            return MarketDataError(path, problem, line=line, column=layout.names[role])
        values[role] = float(cell)
    role, problem = _relation_problem(layout.kind, values)
    return MarketDataError(path, problem, line=line, column=layout.names[role])


def _time_problem(cell: str, time_format: TimeFormat | None) -> str:
    if not cell.strip():
        return "is empty where a time belongs; fill the cell or remove the line"
    if time_format is None:
        return (
            f"found {shown(cell)} where a time from 1980 to 2100 belongs; write it as text such as "
            f"2021-01-08 00:00:00, or as seconds, milliseconds, microseconds or nanoseconds since 1970"
        )
    try:
        time_us = cell_reader(time_format, is_simple=False).time(cell)
    except (ValueError, OverflowError):
        return f"found {shown(cell)} where {time_format.name} belongs, as in the first row; correct the cell"
    if EARLIEST_US <= time_us < LATEST_US:
        return ""
    return f"found {shown(cell)}, as {time_format.name} a time outside 1980 to 2100; use one notation"


def _number_problem(role: str, cell: str) -> str:
    if not cell.strip():
        return "is empty where a number belongs; fill the cell or remove the line"
    try:
        value = float(cell)
    except ValueError:
        value = nan
    else:
        if not isfinite(value):
            return f"found {shown(cell)} where a finite number belongs; correct the cell or remove the line"
    if not is_number(cell):
        return f"found {shown(cell)} where a number belongs; correct the cell or remove the line"
    if role in _AMOUNTS:
        return f"found {shown(cell)}, an amount is 0 or more; correct the cell" if value < 0 else ""
    return (
        f"found {shown(cell)}, a price is more than 0; correct the cell or remove the line"
        if value <= 0
        else ""
    )


def _relation_problem(kind: Kind, values: dict[str, float]) -> tuple[str, str]:
    if kind == "quotes":
        bid, ask = values["bid"], values["ask"]
        return "bid", f"bid {bid} is above ask {ask}; correct or remove the line"
    low, high = values["low"], values["high"]
    if high < low:
        return "high", f"high {high} is below low {low}; correct the line"
    role = "open" if not low <= values["open"] <= high else "close"
    return role, f"{role} {values[role]} is outside low {low} to high {high}; correct the line"

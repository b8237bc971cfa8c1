"""The layout of a market data file: its kind of data and its columns, recognised from its first line."""

import csv
import re
from collections.abc import Sequence
from typing import Literal, NamedTuple

from metaexpert.expert.market_data.files.errors import Place, shown
from metaexpert.expert.market_data.files.refusals import refuse_by_header
from metaexpert.expert.model.symbols import normalise

Kind = Literal["bars", "trades", "quotes"]

_TIME = (
    # A bar's opening time goes before a column that may be its end.
    "open_time",
    "opentime",
    "start",
    "start_time",
    "period_start",
    "timestamp",
    "datetime",
    "time",
    "date",
    "unix",
    "ts",
    "transaction_time",
    "transact_time",
    "trade_time",
    "event_time",
)
_VOLUME = ("volume", "vol", "v", "base_volume", "volume_base", "base_vol")
_QUANTITY = ("quantity", "qty", "size", "amount", "volume", "vol", "base_qty")
_ALIASES: dict[Kind, dict[str, tuple[str, ...]]] = {
    "bars": {
        "time": _TIME,
        "open": ("open", "o", "open_price"),
        "high": ("high", "h", "high_price"),
        "low": ("low", "l", "low_price"),
        "close": ("close", "c", "close_price"),
        "volume": _VOLUME,
    },
    "quotes": {
        "time": _TIME,
        "bid": ("bid", "bid_price", "best_bid", "best_bid_price"),
        "ask": ("ask", "ask_price", "best_ask", "best_ask_price"),
        "bid_size": (
            "bid_size",
            "bid_qty",
            "bid_quantity",
            "bid_amount",
            "bid_volume",
            "best_bid_qty",
            "best_bid_size",
        ),
        "ask_size": (
            "ask_size",
            "ask_qty",
            "ask_quantity",
            "ask_amount",
            "ask_volume",
            "best_ask_qty",
            "best_ask_size",
        ),
    },
    "trades": {"time": _TIME, "price": ("price", "last", "trade_price", "last_price"), "quantity": _QUANTITY},
}
_SYMBOL = ("symbol", "pair", "instrument", "instrument_name", "instrument_id", "inst_id", "instid", "ticker")
# `confirm` is 0 for a bar that was not finished when the file was made.
_OPTIONAL = ("symbol", "confirm", "bid_size", "ask_size")
# The columns that make a table one of this kind; the kinds are tried in this order.
_TELLING: dict[Kind, tuple[str, ...]] = {
    "bars": ("open", "high", "low", "close"),
    "quotes": ("bid", "ask"),
    "trades": ("price",),
}

_NUMBER = re.compile(r"\s*[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?\s*")
_KNOWN = (
    "bars (time, open, high, low, close, volume), trades (time, price, quantity) or quotes (time, bid, ask, "
    "and their sizes) with a header, or exchange klines without one"
)


class Layout(NamedTuple):
    """The columns of a file."""

    kind: Kind
    delimiter: str
    width: int
    """Cells in every row."""
    columns: dict[str, int]
    """Role, such as ``open`` or ``quantity``, to position from 0."""
    names: dict[str, str]
    """Role to the column's name: the header's own spelling, or the role where there is no header."""
    has_header: bool


def is_title(line: str) -> bool:
    """Tell whether a line above the header is no part of the table: a comment, or the address of a site."""
    return line.lstrip('"').lower().startswith(("#", "http://", "https://"))


def recognise_layout(place: Place, lines: Sequence[str], pair: str | None) -> Layout:
    """Read the first of `lines`, at `place`: a header, or a row of one of the exchanges' tables.

    `pair`, such as BTCUSDT, says which of two volumes is the base currency's, unless the row below the header
    has a symbol. Raises MarketDataError when it is neither, or when the header lacks a column or has one
    twice.
    """
    line = lines[0]
    delimiter = "\t" if "\t" in line else ";" if ";" in line else ","
    try:
        rows = [split_row(each, delimiter) for each in lines[:2]]
    except ValueError as error:
        raise place.error(str(error)) from error
    if any(is_number(cell) for cell in rows[0]):
        return _without_header(place, delimiter, rows[0])
    return _from_header(place, delimiter, rows, pair)


def split_row(line: str, delimiter: str) -> list[str]:
    """Cut one line into cells; raises ValueError when a quoted cell is not closed."""
    if '"' not in line:
        return line.split(delimiter)
    try:
        return next(csv.reader([line], delimiter=delimiter, strict=True))
    except csv.Error as error:
        raise ValueError(f"a quoted cell is malformed ({error}); correct the quotes") from error


def is_number(cell: str) -> bool:
    """Tell whether `cell` is a decimal number, written out in ASCII digits."""
    return _NUMBER.fullmatch(cell) is not None


def _without_header(place: Place, delimiter: str, cells: list[str]) -> Layout:
    kind, columns = _exchange_table(cells)
    if kind is None:
        raise place.error(
            f"unknown format: no header, and {len(cells)} cells are no table of an exchange; "
            f"give a file of {_KNOWN}, or add a header line"
        )
    return Layout(kind, delimiter, len(cells), columns, {role: role for role in columns}, False)


def _exchange_table(cells: list[str]) -> tuple[Kind | None, dict[str, int]]:
    """Tell which of the exchanges' tables has such a row."""
    width = len(cells)
    flags = [index for index, cell in enumerate(cells) if cell.strip().lower() in ("true", "false")]
    # Trades end in flags: buyer is maker and, from some exchanges, best match.
    if flags in ([5], [5, 6]) and width == flags[-1] + 1:
        return "trades", {"time": 4, "price": 1, "quantity": 2}
    if flags in ([6], [6, 7]) and width == flags[-1] + 1:
        return "trades", {"time": 5, "price": 1, "quantity": 2}
    if width in (6, 12):
        return "bars", {"time": 0, "open": 1, "high": 2, "low": 3, "close": 4, "volume": 5}
    return None, {}


def _from_header(place: Place, delimiter: str, rows: list[list[str]], pair: str | None) -> Layout:
    cells = rows[0]
    spelled = [_normalised(cell) for cell in cells]
    refuse_by_header(place, spelled)
    kind = next((kind for kind in _TELLING if _has_all(kind, spelled)), None)
    if kind is None:
        raise place.error(
            f"unknown format: {shown(delimiter.join(cells))} is no header of {_KNOWN}; rename the columns"
        )
    columns: dict[str, int] = {}
    # The symbol first: it tells two volumes apart.
    for role, aliases in (("symbol", _SYMBOL), ("confirm", ("confirm",)), *_ALIASES[kind].items()):
        position = _position(place, spelled, cells, aliases)
        if position is None and role == "volume":
            position = _base_volume(spelled, _pair_of(rows[1:], columns.get("symbol")) or pair)
        if position is not None:
            columns[role] = position
        elif role not in _OPTIONAL:
            known = ", ".join(aliases[:4])
            raise place.error(f"{kind} need a {role} column, the header has none; name it {known}")
    _refuse_split_time(place, spelled, cells, columns["time"])
    names = {role: cells[position].strip() for role, position in columns.items()}
    return Layout(kind, delimiter, len(cells), columns, names, True)


def _pair_of(rows: list[list[str]], position: int | None) -> str | None:
    """Return the symbol in the first of `rows`, None where it has none."""
    if position is None or not rows or position >= len(rows[0]):
        return None
    return normalise(rows[0][position])


def _base_volume(spelled: list[str], pair: str | None) -> int | None:
    """Return which of the volumes that name a currency, ``Volume BTC`` or ``Volume USDT``, is the base's."""
    found = [
        (len(currency), position)
        for position, name in enumerate(spelled)
        if (currency := name.removeprefix("volume_").upper()) != name.upper()
        and pair is not None
        and pair != currency
        and pair.startswith(currency)
    ]
    return max(found)[1] if found else None


def _has_all(kind: Kind, spelled: list[str]) -> bool:
    return all(any(alias in spelled for alias in _ALIASES[kind][role]) for role in _TELLING[kind])


def _position(place: Place, spelled: list[str], cells: list[str], aliases: tuple[str, ...]) -> int | None:
    alias = next((alias for alias in aliases if alias in spelled), None)
    if alias is None:
        return None
    position = spelled.index(alias)
    if spelled.count(alias) > 1:
        problem = "is there more than once; keep one of them"
        raise place.error(problem, cells[position].strip())
    return position


def _refuse_split_time(place: Place, spelled: list[str], cells: list[str], position: int) -> None:
    # The hours in one column and the days in another would be read as the wrong day, or as no time at all.
    if spelled[position] == "time" and "date" in spelled:
        problem = (
            'and "date" split the time over two columns; join them into one, such as 2021-01-08 00:00:00'
        )
        raise place.error(problem, cells[position].strip())


def _normalised(name: str) -> str:
    return re.sub(r"[\s\-]+", "_", name.strip().strip("<>").lower())

"""Files that look like a market's data and are none: each is refused with what it is."""

from __future__ import annotations

from collections.abc import Sequence
from operator import eq
from pathlib import Path
from typing import Final

from metaexpert.expert.market_data.files.errors import MarketDataError, Place

#: Columns by which the header of such a file is known, and what it has.
_TELLING: Final[tuple[tuple[frozenset[str], str], ...]] = (
    (frozenset({"is_snapshot", "side", "price"}), "changes of an order book (Tardis incremental_book_L2)"),
    (frozenset({"update_type", "side", "price"}), "changes of an order book (Binance T_DEPTH)"),
    (frozenset({"percentage", "depth", "notional"}), "sums of an order book by distance (Binance bookDepth)"),
    (frozenset({"sum_open_interest"}), "open interest and ratios of traders (Binance metrics)"),
    (frozenset({"original_quantity", "order_status"}), "liquidations (Binance liquidationSnapshot)"),
    (frozenset({"funding_interval_hours", "last_funding_rate"}), "funding rates (Binance fundingRate)"),
    (frozenset({"rtype", "publisher_id"}), "records of Databento, whose prices may be integers x 1e9"),
)
#: Cells in a row of an exchange's klines.
KLINE_COLUMNS: Final = 12


def refuse_by_header(place: Place, spelled: Sequence[str]) -> None:
    """Raise MarketDataError for a header of what is neither bars, trades nor quotes."""
    names = frozenset(spelled)
    for telling, what in _TELLING:
        if telling <= names:
            remedy = "give bars, trades or quotes"
            if "last_funding_rate" in telling:
                remedy += ", and these to --funding"
            if "rtype" in telling:
                remedy = (
                    "export them with decimal prices and columns named time, open, high, low, close, volume"
                )
            raise place.error(f"has {what}, not what was traded; {remedy}")


def refuse_unfinished(first: Place, column: str, rows: Sequence[Sequence[str]], position: int) -> None:
    """Raise MarketDataError for a bar that says it is not finished: `confirm` is 0."""
    for index, row in enumerate(rows):
        if row[position].strip() in ("0", "false"):
            problem = "is 0: the bar was not finished when the file was made; leave the line out"
            raise Place(first.path, first.line + index).error(problem, column)


def refuse_untraded(path: Path, values: Sequence[Sequence[float]]) -> None:
    """Raise MarketDataError for klines whose prices move although nothing was traded in any of them.

    `values` are the columns open, high, low, close and volume. Binance's mark price, index price and premium
    index klines have the header of its klines, and no volume.
    """
    _, highs, lows, _, volumes = values
    if any(volumes) or all(map(eq, highs, lows)):
        return
    raise MarketDataError(
        path,
        "has klines with moving prices and no volume at all: a mark price, an index or a premium, at which "
        "nothing is traded; give the klines of the market",
    )

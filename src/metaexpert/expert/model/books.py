"""Order books: the resting orders of a market.

A named tuple: as cheap to build as a tuple, immutable, and comparable by value.
"""

from datetime import datetime
from typing import NamedTuple

from metaexpert.expert.model.ticks import Tick


class OrderBook(NamedTuple):
    """The resting orders on both sides; each level is ``(price, size)``, the best price first."""

    symbol: str
    """Trading pair without separator, such as ``BTCUSDT``."""
    time: datetime
    """When the book looked like this, in UTC, to the microsecond."""
    bids: tuple[tuple[float, float], ...]
    """Buyers, highest price first; a size is NaN when the source did not say it."""
    asks: tuple[tuple[float, float], ...]
    """Sellers, lowest price first; a size is NaN when the source did not say it."""


class Quote(NamedTuple):
    """A new best bid and ask: as a tick, and as the order book that it is the top of."""

    tick: Tick
    book: OrderBook

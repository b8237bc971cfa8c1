"""The market events that a strategy sees.

They are named tuples: as cheap to build as a tuple, immutable, and comparable by value.
"""

from datetime import datetime
from typing import NamedTuple


class Bar(NamedTuple):
    """One price bar, complete: nothing in it changes any more."""

    symbol: str
    """Trading pair without separator, such as ``BTCUSDT``."""
    timeframe: str
    """Length of the bar as text, such as ``5m`` (see `Timeframe`)."""
    time: datetime
    """When the bar opened, in UTC."""
    open: float
    """Price of the first trade, in quote currency."""
    high: float
    """Highest price, in quote currency."""
    low: float
    """Lowest price, in quote currency."""
    close: float
    """Price of the last trade, in quote currency."""
    volume: float
    """Amount traded, in the unit of the data's source (base currency at most exchanges)."""


class Tick(NamedTuple):
    """One change of the market: a trade, or a new best bid and ask.

    What the source did not say is NaN, never a guess: a trade has no `bid` and `ask`, a quote has no `last`.
    """

    symbol: str
    """Trading pair without separator, such as ``BTCUSDT``."""
    time: datetime
    """When it happened, in UTC, to the microsecond."""
    bid: float
    """Best price to sell at, in quote currency; NaN for a trade."""
    ask: float
    """Best price to buy at, in quote currency; NaN for a trade."""
    last: float
    """Price of the trade, in quote currency; NaN for a quote."""
    volume: float
    """Amount of the trade, in the unit of the data's source; 0 for a quote."""


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

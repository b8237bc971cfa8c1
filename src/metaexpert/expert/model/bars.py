"""Bars: what a market did in a stretch of time.

A named tuple: as cheap to build as a tuple, immutable, and comparable by value.
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

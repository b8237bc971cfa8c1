"""Ticks: single changes of a market.

A named tuple: as cheap to build as a tuple, immutable, and comparable by value.
"""

from datetime import datetime
from typing import NamedTuple


class Tick(NamedTuple):
    """One change of the market: a trade, or a new best bid and ask.

    A value that the source did not give is NaN, never a guess: a trade has no `bid` and `ask`, a quote has no
    `last`.
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

"""The expert host: `MetaExpert`, the events a strategy sees, and the simulated market it trades in."""

from metaexpert.expert.entities import (
    Account,
    Order,
    OrderStatus,
    OrderType,
    Position,
    Side,
    TradeRequest,
    TradeResult,
)
from metaexpert.expert.errors import ArgumentError, ExpertError, NotRunningError
from metaexpert.expert.host import MetaExpert
from metaexpert.expert.market_data import Bar, MarketDataError, OrderBook, Tick

__all__ = [
    "Account",
    "ArgumentError",
    "Bar",
    "ExpertError",
    "MarketDataError",
    "MetaExpert",
    "NotRunningError",
    "Order",
    "OrderBook",
    "OrderStatus",
    "OrderType",
    "Position",
    "Side",
    "Tick",
    "TradeRequest",
    "TradeResult",
]

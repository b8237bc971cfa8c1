"""The expert host: `MetaExpert`, the events a strategy sees, and the simulated market it trades in.

A folder for each part, the upper importing the lower alone: `host` (the object a strategy file builds),
`run` (one run of it), `handlers` (the strategy's functions) and `broker` (the market it trades in),
`settings` (what the user asks for), `market_data`. Beside them what they share: `entities`, the `journal`
of everything that happens, `indicators`, the `metrics`, and `errors`.
"""

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
from metaexpert.expert.host.meta_expert import MetaExpert
from metaexpert.expert.market_data import Bar, MarketDataError, OrderBook, Tick
from metaexpert.expert.metrics import ExpertMetrics, Latency

__all__ = [
    "Account",
    "ArgumentError",
    "Bar",
    "ExpertError",
    "ExpertMetrics",
    "Latency",
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

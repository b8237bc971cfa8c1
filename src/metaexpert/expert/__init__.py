"""The expert host: `MetaExpert`, the events a strategy sees, and the simulated market it trades in.

A folder for each part, the upper importing the lower alone: `host` (the object a strategy file builds),
`run` (one run of it), `handlers` (the strategy's functions) and `venue` (where its orders go), `risk` (its
limits), `settings` (what the user asks for), `market_data`, `model` (bars, orders, positions). Beside them
what they share: the `journal` of everything that happens, `indicators`, the `metrics`, and `errors`.
"""

from metaexpert.expert.errors import ArgumentError, ExpertError, NotRunningError
from metaexpert.expert.host.meta_expert import MetaExpert
from metaexpert.expert.market_data import Bar, MarketDataError, OrderBook, Tick
from metaexpert.expert.metrics import ExpertMetrics, Latency
from metaexpert.expert.model.accounts import Account
from metaexpert.expert.model.orders import Order, OrderStatus, OrderType, Side
from metaexpert.expert.model.positions import Position
from metaexpert.expert.model.requests import TradeRequest, TradeResult

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

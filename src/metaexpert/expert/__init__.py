"""The expert host: `MetaExpert`, the events a strategy sees, and the simulated market it trades in.

A folder for each part, the upper importing the lower alone: `host` (the object a strategy file builds),
`run` (one run of it), `event_handlers` (the strategy's functions) and `venue` (where its orders go), `risk`
(its limits), `settings` (what the user asks for), `market_data`, `model` (bars, orders, positions),
`analysis` (the figures of a run), and on top `optimise` (many runs). Beside
them what they share: the `journal` of everything that happens, `indicators`, the `metrics`, the names and
levels of its `loggers`, and `errors`.

Names are loaded at first use: a command that asks for an expert's defaults needs no host.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from metaexpert.expert.analysis.trades import Trade
    from metaexpert.expert.errors import ArgumentError, ExpertError, NotRunningError
    from metaexpert.expert.host.meta_expert import MetaExpert
    from metaexpert.expert.market_data import Bar, MarketDataError, OrderBook, Tick
    from metaexpert.expert.metrics import ExpertMetrics, Latency
    from metaexpert.expert.model.accounts import Account
    from metaexpert.expert.model.orders import Order, OrderStatus, OrderType, Side
    from metaexpert.expert.model.positions import Position
    from metaexpert.expert.model.requests import TradeRequest, TradeResult
    from metaexpert.expert.run.result import RunResult

_HOMES: Final = {
    "Account": "model.accounts",
    "ArgumentError": "errors",
    "Bar": "market_data",
    "ExpertError": "errors",
    "ExpertMetrics": "metrics",
    "Latency": "metrics",
    "MarketDataError": "market_data",
    "MetaExpert": "host.meta_expert",
    "NotRunningError": "errors",
    "Order": "model.orders",
    "OrderBook": "market_data",
    "OrderStatus": "model.orders",
    "OrderType": "model.orders",
    "Position": "model.positions",
    "RunResult": "run.result",
    "Side": "model.orders",
    "Tick": "market_data",
    "Trade": "analysis.trades",
    "TradeRequest": "model.requests",
    "TradeResult": "model.requests",
}

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
    "RunResult",
    "Side",
    "Tick",
    "Trade",
    "TradeRequest",
    "TradeResult",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)

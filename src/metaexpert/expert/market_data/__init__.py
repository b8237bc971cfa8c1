"""Market data: the events a strategy sees, where they come from, and longer bars built of shorter ones."""

from metaexpert.expert.market_data.aggregate import BarAggregator
from metaexpert.expert.market_data.errors import MarketDataError
from metaexpert.expert.market_data.events import Bar, OrderBook, Tick
from metaexpert.expert.market_data.generate import generate_bars
from metaexpert.expert.market_data.load import MarketData, load
from metaexpert.expert.market_data.spacing import Gap
from metaexpert.expert.market_data.timeframe import Timeframe

__all__ = [
    "Bar",
    "BarAggregator",
    "Gap",
    "MarketData",
    "MarketDataError",
    "OrderBook",
    "Tick",
    "Timeframe",
    "generate_bars",
    "load",
]

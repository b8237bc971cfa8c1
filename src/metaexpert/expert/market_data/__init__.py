"""Market data: the events a strategy sees, where they come from, and longer bars built of shorter ones."""

from metaexpert.expert.market_data.aggregate import BarAggregator
from metaexpert.expert.market_data.files.errors import MarketDataError
from metaexpert.expert.market_data.files.load import MarketData, load
from metaexpert.expert.market_data.files.spacing import Gap
from metaexpert.expert.market_data.generated import generate_bars
from metaexpert.expert.model.bars import Bar
from metaexpert.expert.model.books import OrderBook
from metaexpert.expert.model.ticks import Tick
from metaexpert.expert.model.timeframes import Timeframe

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

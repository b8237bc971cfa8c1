"""One step of the market, as the broker sees it: a bar, a trade or a quote, brought to one shape."""

from __future__ import annotations

import math
from typing import NamedTuple

from metaexpert.expert.model.bars import Bar
from metaexpert.expert.model.ticks import Tick


class MarketMove(NamedTuple):
    """Where prices opened and how far they went; `bid` is what a seller gets, `ask` what a buyer pays.

    For a bar both are the bar's own prices, because it does not tell the spread (`spread_pct` is None).
    """

    open_bid: float
    open_ask: float
    high_bid: float
    low_bid: float
    high_ask: float
    low_ask: float
    close: float
    spread_pct: float | None = None


def move_of_bar(bar: Bar) -> MarketMove:
    """Return the step of a bar; an open outside its own range, as some sources have, widens the range."""
    high, low = max(bar.high, bar.open), min(bar.low, bar.open)
    return MarketMove(bar.open, bar.open, high, low, high, low, bar.close)


def move_of_tick(tick: Tick, bid: float = math.nan, ask: float = math.nan) -> MarketMove | None:
    """Return the step of a trade or a quote, or None when it holds no price at all.

    `bid` and `ask` are the last quote known, which counts when the tick is a trade and brings none itself.
    """
    bid = bid if math.isnan(tick.bid) else tick.bid
    ask = ask if math.isnan(tick.ask) else tick.ask
    quoted = not (math.isnan(bid) or math.isnan(ask))
    if quoted:
        last = (bid + ask) / 2 if math.isnan(tick.last) else tick.last
        return MarketMove(bid, ask, bid, bid, ask, ask, last, (ask - bid) / ((ask + bid) / 2) * 100)
    if math.isnan(tick.last):
        return None
    return MarketMove(*(tick.last,) * 7)

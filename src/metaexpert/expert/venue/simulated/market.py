"""One step of the market, as matching sees it: a bar, a trade or a quote, brought to one shape."""

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

    @property
    def is_point(self) -> bool:
        """Whether prices do not move in it: a trade, a quote, the open of a bar."""
        return self.high_bid == self.low_bid and self.high_ask == self.low_ask

    def at_open(self) -> MarketMove:
        """Return its first moment."""
        bid, ask = self.open_bid, self.open_ask
        return MarketMove(bid, ask, bid, bid, ask, ask, self.close, self.spread_pct)

    def after(self, price: float) -> MarketMove:
        """Return what is left of a straight way once it has come to `price`; a point stays what it is."""
        return self if self.is_point else straight(price, self.close)

    def paths(self) -> tuple[tuple[float, ...], tuple[float, ...]]:
        """Return the two ways of a bar from its open to its close; that to the nearer extreme first is first.

        A bar tells its extremes, not their order. Between two points of a way prices go straight.
        """
        opened, high, low, close = self.open_bid, self.high_bid, self.low_bid, self.close
        up, down = (opened, high, low, close), (opened, low, high, close)
        return (up, down) if high - opened < opened - low else (down, up)


def straight(start: float, end: float) -> MarketMove:
    """Return the step of prices that go straight from `start` to `end`."""
    high, low = (start, end) if start > end else (end, start)
    return MarketMove(start, start, high, low, high, low, end)


def move_of_bar(bar: Bar) -> MarketMove:
    """Return the step of a bar; an open outside its own range, as some sources have, widens the range."""
    _, _, _, opened, high, low, close, _ = bar
    # Not `max` and `min`: this runs for each bar of a backtest.
    high = max(high, opened)
    low = min(low, opened)
    return MarketMove(opened, opened, high, low, high, low, close)


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


class TickMoves:
    """Turns ticks into steps of the market, and remembers the last quote for the trades after it."""

    def __init__(self) -> None:
        self._bid = self._ask = math.nan

    def of(self, tick: Tick) -> MarketMove | None:
        """Return the step of the next tick, or None when it holds no price at all."""
        if not math.isnan(tick.bid):
            self._bid, self._ask = tick.bid, tick.ask
        return move_of_tick(tick, self._bid, self._ask)

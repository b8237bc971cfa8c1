"""Matching: orders and protective stops against each step of the market.

What happens in a bar, in this order:

1. market orders decided before it fill at its open, first come first served
2. whatever the open has passed fills at the open: stops, targets and liquidations of positions, waiting limit
   and stop orders; first what the market has passed by the most
3. prices go from the open to both extremes and to the close, and meet what waits on their way, price by
   price. A bar does not tell which extreme came first, so both ways are tried, and the one that leaves the
   lower equity is taken (see `MarketMove.paths`)
4. trailing and breakeven stops follow the best price. They count from the next step on, or at once where the
   close lies beyond them, because prices have come through them for certain

A trade or a quote is a step in which prices do not move, so there only the first two happen, and the last.
At one price exits come first, then what only reduces, then entries; among equals the oldest.
"""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from datetime import datetime
from itertools import pairwise
from typing import Final

from metaexpert.expert.model.orders import Order, OrderNumbers, OrderType, Side
from metaexpert.expert.model.positions import Position
from metaexpert.expert.risk.stops import follow
from metaexpert.expert.settings.strategy import StrategySettings
from metaexpert.expert.venue.protocol import PositionUpdate, VenueEvent
from metaexpert.expert.venue.simulated import exits
from metaexpert.expert.venue.simulated.account import AccountBook, Ruin
from metaexpert.expert.venue.simulated.execution import Execution, MarketRules
from metaexpert.expert.venue.simulated.market import MarketMove, straight
from metaexpert.expert.venue.simulated.touches import Touch, touches_of

#: Two equities that differ by less than this share are the same.
SAME_EQUITY: Final = 1e-11


class MatchingEngine:
    """Holds the orders that wait and fills them; says by `tell` what became of them."""

    def __init__(
        self,
        book: AccountBook,
        settings: StrategySettings,
        rules: MarketRules,
        numbers: OrderNumbers,
        tell: Callable[[VenueEvent], None],
    ) -> None:
        """`numbers` is asked for the number of each order that the matching makes itself: exits."""
        self.book = book
        self._settings = settings
        self._rules = rules
        self._tell = tell
        self._numbers = numbers
        self._execution = Execution(book, settings, rules, numbers, tell)
        self._follows = settings.trailing_stop_pct is not None or settings.breakeven_pct is not None

    # -- orders ---------------------------------------------------------------------------------------

    def accept(self, order: Order, time: datetime) -> None:
        """Take an order; it can fill from the next step on."""
        self._execution.accept(order, time)

    def cancel(self, order: Order, reason: str, detail: str = "") -> None:
        """Take an order back."""
        self._execution.cancel(order, reason, detail)

    def close_all(self, price: float, reason: str, time: datetime) -> None:
        """Close every position at the market, at once."""
        self._execution.time = time
        for position in self.book.positions:
            self._execution.close(position, price, reason, OrderType.MARKET)

    # -- a step of the market -------------------------------------------------------------------------

    def fill_at_open(self, move: MarketMove, time: datetime) -> None:
        """Fill what the open of a step fills: market orders that wait, then whatever the open has passed."""
        self._execution.time = time
        for order in [o for o in self.book.working.values() if o.order_type is OrderType.MARKET]:
            if order.order_id in self.book.working:
                self.book.mark((move.open_bid + move.open_ask) / 2)
                self._execution.fill(order, move.open_ask if order.side is Side.BUY else move.open_bid)
        self._go(move.at_open(), at_open=True)

    def fill_inside(self, move: MarketMove, time: datetime) -> None:
        """Apply the rest of a step: what prices meet on their way, trailing stops, valuation."""
        self._execution.time = time
        if (self.book.working or self.book.positions) and not move.is_point:
            self._play(move)
        if self._follows:
            for position in self.book.positions:
                self._follow(position)
        for order in self.book.working.values():
            # It did not trade on arrival, so it rests in the book.
            order.maker = order.order_type is OrderType.LIMIT
        self.book.end_step(move.close)

    # -- inside a step --------------------------------------------------------------------------------

    def _play(self, move: MarketMove) -> None:
        """Let prices go their way through a bar."""
        first, second = move.paths()
        opened, extreme, other, _ = first
        there = touches_of(self.book, straight(opened, extreme), self._rules)
        back = touches_of(self.book, straight(opened, other), self._rules)
        trails = self._trails_inside(move)
        if not (there or back or trails):
            for position in self.book.positions:
                _note_best(position, move)
            return
        entries = any(touch.is_entry for touch in there + back)
        if entries or trails or (there and back):
            usual, other_way = self._outcome(first), self._outcome(second)
            # The last digits of a sum are no difference.
            if other_way < usual - SAME_EQUITY * abs(usual):
                first = second
        self._walk(first)

    def _outcome(self, path: tuple[float, ...]) -> float:
        """Return the equity at the close if prices went this way."""
        # With numbers of its own an exit could have the number of an order that waits.
        numbers = copy(self._numbers)
        rehearsal = MatchingEngine(self.book.copy(), self._settings, self._rules, numbers, _unheard)
        rehearsal._execution.time = self._execution.time
        rehearsal._walk(path)
        close = path[-1]
        return rehearsal.book.equity_at(close, close)

    def _walk(self, path: tuple[float, ...]) -> None:
        for start, end in pairwise(path):
            self._go(straight(start, end))
            if self._follows:
                self._trail(end, close=path[-1])

    def _go(self, move: MarketMove, *, at_open: bool = False) -> None:
        """Take a straight way of prices, and do what they meet, one after the other."""
        while touches := touches_of(self.book, move, self._rules, at_open=at_open):
            touch = min(touches, key=Touch.order_of_events)
            self.book.mark(touch.price)
            self._act(touch)
            move = move.after(touch.price)
        for position in self.book.positions:
            _note_best(position, move)

    def _act(self, touch: Touch) -> None:
        cause, price = touch.cause, touch.price
        if isinstance(cause, Order):
            self._execution.fill(cause, price, maker=touch.rests_at_price)
        elif isinstance(cause, Ruin):
            for order in list(self.book.working.values()):
                self.cancel(order, "liquidation", "the account is liquidated")
            for position in self.book.positions:
                price = cause.bid if position.side is Side.BUY else cause.ask
                self._execution.close(position, price, "liquidation", OrderType.LIQUIDATION)
        else:
            position, found = cause
            if found.order_type is OrderType.LIQUIDATION:
                # Beyond the bankruptcy price the exchange's fund pays: an isolated loss ends with the margin.
                bound = exits.bankruptcy_price(position, self.book.contract)
                if bound is not None and (price - bound) * position.side.sign < 0:
                    price = bound
            self._execution.close(position, price, found.reason, found.order_type, maker=touch.rests_at_price)

    # -- stops that follow ----------------------------------------------------------------------------

    def _trails_inside(self, move: MarketMove) -> bool:
        """Tell whether the close is beyond where a stop moves in this bar."""
        if not self._follows:
            return False
        for position in self.book.positions:
            best = move.high_bid if position.side is Side.BUY else move.low_ask
            is_reached = (best - position.best_price) * position.side.sign >= 0
            if is_reached and self._leaves_behind(position, best, move.close):
                return True
        return False

    def _trail(self, price: float, *, close: float) -> None:
        """Move the stops at a turn of prices, where the close is beyond them."""
        for position in self.book.positions:
            if position.best_price == price and self._leaves_behind(position, price, close):
                self._follow(position)

    def _leaves_behind(self, position: Position, best: float, close: float) -> bool:
        """Tell whether a best price moves the stop to where the close is beyond it."""
        probe = copy(position)
        if not follow(probe, self._settings, best) or probe.stop_loss is None:
            return False
        return exits.passed(close, probe.stop_loss, down=position.side is Side.BUY)

    def _follow(self, position: Position) -> None:
        if follow(position, self._settings, position.best_price):
            self._tell(PositionUpdate(copy(position), position.stop_reason))


def _note_best(position: Position, move: MarketMove) -> None:
    if position.side is Side.BUY:
        position.best_price = max(position.best_price, move.high_bid)
    else:
        position.best_price = min(position.best_price, move.low_ask)


def _unheard(_event: VenueEvent) -> None:
    """Take no notice."""

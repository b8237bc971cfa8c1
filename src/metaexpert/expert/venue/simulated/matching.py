"""Matching: orders and protective stops against each step of the market.

What happens in a step, in this order:

1. market orders decided before it fill at its open, first come first served
2. stops, liquidations and take profits of open positions; where both sides of a position were touched,
   the worse one (see `exits`)
3. waiting limit and stop orders; a position opened by one can be stopped in the same step, but not take
   its profit
4. trailing and breakeven stops follow the step's best price; they count from the next step on

A limit order fills at its price, as a maker, without slippage; everything else pays the taker fee, and
market and stop orders fill `slippage_pct` worse than their price. Orders fill whole, because the data do not
tell how much was on offer; in parts only where they meet several positions.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from copy import copy
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from metaexpert.expert.model.contracts import money
from metaexpert.expert.model.fills import Fill
from metaexpert.expert.model.orders import Order, OrderNumbers, OrderStatus, OrderType, Side
from metaexpert.expert.model.positions import Position
from metaexpert.expert.risk.stops import follow, initial_stops
from metaexpert.expert.settings.strategy import StrategySettings
from metaexpert.expert.venue.protocol import AccountUpdate, OrderUpdate, PositionUpdate, VenueEvent
from metaexpert.expert.venue.simulated import exits
from metaexpert.expert.venue.simulated.account import AccountBook
from metaexpert.expert.venue.simulated.fees import FeeSchedule
from metaexpert.expert.venue.simulated.market import MarketMove

#: A price is rounded to so many decimals, one below 1 to so many digits: some coins cost 1e-8.
PRICE_DECIMALS: Final = 8
PRICE_DIGITS: Final = 9


@dataclass(frozen=True, slots=True)
class MarketRules:
    """How orders are filled at a market, and what ends a position there."""

    fees: FeeSchedule
    isolated: bool
    """Whether each position has a margin of its own; otherwise the whole account answers for all."""
    liquidates: bool
    """Whether positions without margin are closed by force; False for spot."""


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
        self._numbers = numbers
        self._tell = tell
        self._fills = 0
        self._time: datetime | None = None
        self._opened_inside: set[int] = set()

    # -- orders ---------------------------------------------------------------------------------------

    def accept(self, order: Order, time: datetime) -> None:
        """Take an order; it can fill from the next step on."""
        order.venue_id, order.answered_at = f"simulated-{order.order_id}", time
        self.book.working[order.order_id] = order
        self._tell(OrderUpdate(copy(order)))

    def cancel(self, order: Order, reason: str, detail: str = "") -> None:
        """Take an order back."""
        self._end(order, OrderStatus.CANCELLED, reason, detail)

    def _reject(self, order: Order, reason: str, detail: str) -> None:
        """Refuse an order that cannot be filled."""
        self._end(order, OrderStatus.REJECTED, reason, detail)

    def _end(self, order: Order, status: OrderStatus, reason: str, detail: str) -> None:
        self.book.working.pop(order.order_id, None)
        order.status, order.reason, order.detail = status, reason, detail
        self._tell(OrderUpdate(copy(order)))

    # -- a step of the market -------------------------------------------------------------------------

    def fill_at_open(self, move: MarketMove, time: datetime) -> None:
        """Fill the market orders that wait, at the open of a step."""
        self._time = time
        if not self.book.working:
            return
        self.book.mark((move.open_bid + move.open_ask) / 2)
        for order in [o for o in self.book.working.values() if o.order_type is OrderType.MARKET]:
            if order.order_id in self.book.working:
                self._fill(order, move.open_ask if order.side is Side.BUY else move.open_bid)

    def fill_inside(self, move: MarketMove, time: datetime) -> None:
        """Apply the rest of a step: protective exits, waiting orders, trailing stops, valuation."""
        self._time = time
        self._opened_inside.clear()
        if self.book.positions:
            self._run_exits(move)
        if self.book.working:
            self._fill_triggered(move)
        for position in self.book.positions:
            self._follow(position, move)
        self.book.end_step(move.close)

    def close_at(
        self, position: Position, price: float, reason: str, order_type: OrderType, time: datetime
    ) -> None:
        """Close a position at once; slippage is added to the price of a market or stop order."""
        self._time = time
        order = Order(
            order_id=self._numbers.take(),
            symbol=position.symbol,
            side=position.side.opposite,
            order_type=order_type,
            qty=position.qty,
            created_at=time,
            price=None if order_type is OrderType.MARKET else price,
            reason=reason,
            reduce_only=True,
            position_id=position.position_id,
        )
        order.maker = order_type is OrderType.TAKE_PROFIT
        self.accept(order, time)
        self._fill(order, price)

    # -- inside a step --------------------------------------------------------------------------------

    def _run_exits(self, move: MarketMove) -> None:
        if not self._rules.liquidates or self._rules.isolated:
            for position in self.book.positions:
                self._exit_if_hit(position, move)
            return
        for side in (Side.BUY, Side.SELL):
            self._run_cross_exits(move, side)

    def _exit_if_hit(self, position: Position, move: MarketMove) -> None:
        liquidation = None
        if self._rules.liquidates and self._rules.isolated:
            liquidation = exits.isolated_liquidation_price(position, self.book.contract)
        inside = position.position_id in self._opened_inside
        found = exits.protective_exit(position, move, liquidation, opened_inside=inside)
        if found is None:
            return
        price = found.price
        if found.order_type is OrderType.LIQUIDATION and self._rules.isolated:
            # Beyond the bankruptcy price the exchange's fund pays: an isolated loss ends with the margin.
            bound = exits.bankruptcy_price(position, self.book.contract)
            if bound is not None and (price - bound) * position.side.sign < 0:
                price = bound
        self.close_at(position, price, found.reason, found.order_type, self._now())

    def _run_cross_exits(self, move: MarketMove, side: Side) -> None:
        """Exit the positions of one side, nearest stop first; liquidate all where the equity is gone."""
        while True:
            ruin = self.book.cross_liquidation_price(move, down=side is Side.BUY)
            stops = sorted(
                (p for p in self.book.of_side(side) if p.stop_loss is not None),
                key=lambda p: -(p.stop_loss or 0.0) * p.side.sign,
            )
            before = len(self.book.positions)
            for position in stops:
                if ruin is None or ((position.stop_loss or 0.0) - ruin) * side.sign >= 0:
                    self._exit_if_hit(position, move)
                if len(self.book.positions) < before:
                    break
            else:
                break
        if ruin is not None:
            for position in self.book.positions:
                self.close_at(position, ruin, "liquidation", OrderType.LIQUIDATION, self._now())
            return
        for position in list(self.book.of_side(side)):
            self._exit_if_hit(position, move)

    def _fill_triggered(self, move: MarketMove) -> None:
        for order in list(self.book.working.values()):
            if order.order_id not in self.book.working or order.order_type is OrderType.MARKET:
                continue
            price = exits.trigger_price(order, move)
            opened = move.open_ask if order.side is Side.BUY else move.open_bid
            if order.order_type is OrderType.LIMIT and price != opened:
                # It did not trade on arrival, so it rests in the book.
                order.maker = True
            if price is None:
                continue
            for position in self._fill(order, price):
                self._opened_inside.add(position.position_id)
                self._exit_if_hit(position, move)

    def _follow(self, position: Position, move: MarketMove) -> None:
        long = position.side is Side.BUY
        best = move.high_bid if long else move.low_ask
        if position.position_id in self._opened_inside:
            best = move.close
        if follow(position, self._settings, best):
            self._tell(PositionUpdate(copy(position), position.stop_reason))

    # -- fills ----------------------------------------------------------------------------------------

    def _fill(self, order: Order, price: float) -> list[Position]:
        """Fill an order whole; returns the positions it opened. An exit without a position is cancelled."""
        price = self._price_paid(order, price)
        if order.reduce_only:
            self._fill_exit(order, price)
            return []
        parts, rest = self._parts(order, self._opposing(order) if self.book.netting else [])
        self._reduce(order, parts, price, whole=rest <= 0)
        return self._fill_entry(order, rest, price) if rest > 0 else []

    def _price_paid(self, order: Order, price: float) -> float:
        if order.order_type in (OrderType.MARKET, OrderType.STOP):
            price *= 1 + order.side.sign * self._settings.slippage_pct / 100
        return rounded_price(price)

    def _opposing(self, order: Order) -> list[Position]:
        return list(self.book.of_side(order.side.opposite))

    def _parts(self, order: Order, reduced: list[Position]) -> tuple[list[tuple[Position, float]], float]:
        """Share an order's quantity out among positions that it reduces; return the parts and the rest."""
        parts, rest = [], order.qty
        for position in reduced:
            if rest > 0:
                used = min(rest, position.qty)
                parts.append((position, used))
                rest = self.book.contract.rounded_qty(rest - used)
        return parts, rest

    def _fill_exit(self, order: Order, price: float) -> None:
        held = self.book.position(order.position_id)
        targets = self._opposing(order) if order.position_id is None else [held] if held else []
        if not targets:
            self.cancel(order, "position_closed", "there is no position left to reduce")
            return
        # What is beyond the positions lapses: the order is done with their last part.
        self._reduce(order, self._parts(order, targets)[0], price, whole=True)

    def _reduce(
        self, order: Order, parts: list[tuple[Position, float]], price: float, *, whole: bool
    ) -> None:
        """Fill an order part by part; `whole` says that nothing of it is left after the last."""
        for left, (position, qty) in zip(range(len(parts) - 1, -1, -1), parts, strict=True):
            self._execute(order, position, qty, price, whole=whole and left == 0)

    def _fill_entry(self, order: Order, qty: float, price: float) -> list[Position]:
        fee = self._fee(order, qty, price)
        needed = money(self.book.required_margin(qty, price) + fee)
        if needed > self.book.free_margin:
            detail = (
                f"needs {needed:.8g} {self.book.contract.currency}, only {self.book.free_margin:.8g} is free"
            )
            # What was filled before, closing the other side, stands.
            refuse = self._reject if order.fill_price is None else self.cancel
            refuse(order, "insufficient_margin", detail)
            return []
        held = next(self.book.of_side(order.side), None) if self.book.netting else None
        if held is not None:
            _take_stops(order, held)
            self._execute(order, held, qty, price)
            return []
        stop, target = initial_stops(self._settings, order.side, price)
        order.stop_loss = stop if order.stop_loss is None else order.stop_loss
        order.take_profit = target if order.take_profit is None else order.take_profit
        return [self._execute(order, None, qty, price)]

    def _fee(self, order: Order, qty: float, price: float) -> float:
        rate = self._rules.fees.maker_pct if order.maker else self._rules.fees.taker_pct
        return money(self.book.contract.notional(qty, price) * rate / 100)

    def _execute(
        self, order: Order, position: Position | None, qty: float, price: float, *, whole: bool = True
    ) -> Position:
        """Fill a quantity of an order against a position, or for a new one; returns the position.

        `whole` says that nothing of the order is left.
        """
        fill = self._fill_of(order, position, qty, price)
        held = self.book.enter(fill, stop_loss=order.stop_loss, take_profit=order.take_profit)
        self._count(order, fill)
        order.status = OrderStatus.FILLED if whole else OrderStatus.PARTIALLY_FILLED
        self._tell(OrderUpdate(copy(order), fill, self.book.ledger.balance))
        self._tell(PositionUpdate(copy(held), order.reason, opened=position is None))
        if not held.is_open:
            for bound in [o for o in self.book.working.values() if o.position_id == held.position_id]:
                self.cancel(bound, "position_closed", "the position it would reduce is closed")
        self._tell(AccountUpdate(self.book.account()))
        return held

    def _fill_of(self, order: Order, position: Position | None, qty: float, price: float) -> Fill:
        """Make the one value that a fill is."""
        reduces = position is not None and position.side is not order.side
        self._fills += 1
        return Fill(
            fill_id=f"simulated-{self._fills}",
            order_id=order.order_id,
            position_id=self.book.next_position_id if position is None else position.position_id,
            symbol=order.symbol,
            side=order.side,
            position_side=order.side.opposite if reduces else order.side,
            qty=qty,
            price=price,
            notional=money(self.book.contract.notional(qty, price)),
            fee=self._fee(order, qty, price),
            realized_pnl=self.book.profit(position, qty, price) if position is not None and reduces else 0.0,
            currency=self.book.contract.currency,
            maker=order.maker,
            time=self._now(),
        )

    def _count(self, order: Order, fill: Fill) -> None:
        """Bring an order up to date with a fill of it."""
        contract, before = self.book.contract, order.filled_qty
        order.average_price = (
            fill.price
            if order.average_price is None
            else contract.average_price(before, order.average_price, fill.qty, fill.price)
        )
        order.filled_qty = contract.rounded_qty(before + fill.qty)
        order.filled_at, order.fill_price, order.position_id = fill.time, fill.price, fill.position_id
        order.fee = money(order.fee + fill.fee)
        order.realized_pnl = money(order.realized_pnl + fill.realized_pnl)
        self.book.working.pop(order.order_id, None)

    def _now(self) -> datetime:
        if self._time is None:
            raise RuntimeError("the matching has no time before its first step")
        return self._time


def rounded_price(price: float) -> float:
    """Return a price without the digits that arithmetic adds."""
    if price <= 0:
        return round(price, PRICE_DECIMALS)
    return round(price, max(PRICE_DECIMALS, PRICE_DIGITS - 1 - math.floor(math.log10(price))))


def _take_stops(order: Order, position: Position) -> None:
    """Put the stop and target of an order that adds to `position` in force; what it does not name stays."""
    if order.stop_loss is not None:
        position.stop_loss, position.stop_reason = order.stop_loss, "stop_loss"
    if order.take_profit is not None:
        position.take_profit = order.take_profit

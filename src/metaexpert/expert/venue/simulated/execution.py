"""Executions: what the fill of an order does to the books, and what is told of it.

A limit order that fills at its own price is a maker, without slippage; everything else pays the taker fee,
and market and stop orders fill `slippage_pct` worse than their price. Orders fill whole, because the data do
not tell how much was on offer; in parts only where they meet several positions.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from copy import copy
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from metaexpert.expert.model.contracts import ceil_to_step, floor_to_step, money
from metaexpert.expert.model.fills import Fill
from metaexpert.expert.model.orders import Order, OrderNumbers, OrderStatus, OrderType, Side
from metaexpert.expert.model.positions import Position
from metaexpert.expert.risk.stops import follow, initial_stops
from metaexpert.expert.settings.strategy import StrategySettings
from metaexpert.expert.venue.protocol import AccountUpdate, OrderUpdate, PositionUpdate, VenueEvent
from metaexpert.expert.venue.simulated.account import AccountBook
from metaexpert.expert.venue.simulated.fees import FeeSchedule

#: A price is rounded to so many decimals, one below 1 to so many digits: some coins cost 1e-8.
PRICE_DECIMALS: Final = 8
PRICE_DIGITS: Final = 12
#: Amounts are rounded to 8 decimals; what an order needs may be so much more than its parts.
ROUNDING: Final = 2e-8


@dataclass(frozen=True, slots=True)
class MarketRules:
    """How orders are filled at a market, and what ends a position there."""

    fees: FeeSchedule
    isolated: bool
    """Whether each position has a margin of its own; otherwise the whole account answers for all."""
    liquidates: bool
    """Whether positions without margin are closed by force; False for spot."""


class Execution:
    """Fills orders in the books of one account; says by `tell` what became of them."""

    def __init__(
        self,
        book: AccountBook,
        settings: StrategySettings,
        rules: MarketRules,
        numbers: OrderNumbers,
        tell: Callable[[VenueEvent], None],
    ) -> None:
        """`numbers` is asked for the number of each order that the venue makes itself: exits."""
        self.book = book
        self.time: datetime | None = None
        """The time of the step of the market in hand."""
        self._settings = settings
        self._rules = rules
        self._numbers = numbers
        self._tell = tell
        self._fills = 0

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

    def close(
        self, position: Position, price: float, reason: str, order_type: OrderType, *, maker: bool = False
    ) -> None:
        """Close a position at once; slippage is added to the price of a market or stop order."""
        time = self._now()
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
        self.accept(order, time)
        self.fill(order, price, maker=maker)

    # -- fills ----------------------------------------------------------------------------------------

    def fill(self, order: Order, price: float, *, maker: bool = False) -> None:
        """Fill an order whole, at the market's `price`. An exit without a position is cancelled."""
        order.maker = maker
        price = self._price_paid(order, price)
        if order.reduce_only:
            self._fill_exit(order, price)
            return
        parts, rest = self._parts(order, self._opposing(order) if self.book.netting else [])
        self._reduce(order, parts, price, whole=rest <= 0)
        if rest > 0:
            self._fill_entry(order, rest, price)

    def _price_paid(self, order: Order, price: float) -> float:
        if order.order_type in (OrderType.MARKET, OrderType.STOP):
            price *= 1 + order.side.sign * self._settings.slippage_pct / 100
        tick = self.book.contract.rules.tick_size
        if tick is None or order.order_type in (OrderType.LIMIT, OrderType.LIQUIDATION):
            return rounded_price(price)
        # Between two ticks nothing trades; the next one is the worse.
        return ceil_to_step(price, tick) if order.side is Side.BUY else floor_to_step(price, tick)

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

    def _fill_entry(self, order: Order, qty: float, price: float) -> None:
        needed, free = self._needed(order, qty, price), self.book.free_margin
        if needed > free > 0 and order.cut_to_fit:
            wanted, qty = qty, self.book.contract.rounded_qty(qty * max(0.0, free - ROUNDING) / needed)
            order.qty = self.book.contract.rounded_qty(order.qty - wanted + qty)
            order.detail = f"cut from {wanted:.8g}, because {free:.8g} {self.book.contract.currency} is free"
        if qty <= 0 or self._needed(order, qty, price) > free:
            detail = f"needs {needed:.8g} {self.book.contract.currency}, only {free:.8g} is free"
            # What was filled before, closing the other side, stands.
            refuse = self._reject if order.fill_price is None else self.cancel
            refuse(order, "insufficient_margin", detail)
            return
        held = next(self.book.of_side(order.side), None) if self.book.netting else None
        if held is not None:
            _take_stops(order, held)
            self._execute(order, held, qty, price)
            return
        stop, target = initial_stops(self._settings, order.side, price)
        order.stop_loss = stop if order.stop_loss is None else order.stop_loss
        order.take_profit = target if order.take_profit is None else order.take_profit
        self._execute(order, None, qty, price)

    def _needed(self, order: Order, qty: float, price: float) -> float:
        """Return what an entry takes: its margin and its fee."""
        return money(self.book.required_margin(qty, price) + self._fee(order, qty, price))

    def _fee_of(self, order: Order, position: Position | None, qty: float, price: float) -> float:
        if position is not None and order.order_type is OrderType.LIQUIDATION:
            return self.book.liquidation_fee(position, price, isolated=self._rules.isolated)
        return self._fee(order, qty, price)

    def _fee(self, order: Order, qty: float, price: float) -> float:
        rate = self._rules.fees.maker_pct if order.maker else self._rules.fees.taker_pct
        return money(self.book.contract.notional(qty, price) * rate / 100)

    def _execute(
        self, order: Order, position: Position | None, qty: float, price: float, *, whole: bool = True
    ) -> None:
        """Fill a quantity of an order against a position, or for a new one.

        `whole` says that nothing of the order is left.
        """
        fill = self._fill_of(order, position, qty, price)
        held = self.book.enter(fill, stop_loss=order.stop_loss, take_profit=order.take_profit)
        if position is None:
            # A trailing stop without an activation is in force from the entry on.
            follow(held, self._settings, fill.price)
        self._count(order, fill)
        order.status = OrderStatus.FILLED if whole else OrderStatus.PARTIALLY_FILLED
        self._tell(OrderUpdate(copy(order), fill, self.book.ledger.balance))
        self._tell(PositionUpdate(copy(held), order.reason, opened=position is None))
        if not held.is_open:
            self._cancel_exits_of(held)
        self._tell(AccountUpdate(self.book.account()))

    def _cancel_exits_of(self, closed: Position) -> None:
        """Cancel the orders that have nothing to reduce any more, because a position is closed."""
        left = any(self.book.of_side(closed.side))
        for order in list(self.book.working.values()):
            ends = order.reduce_only and order.position_id is None and order.side is not closed.side
            if order.position_id == closed.position_id or (ends and not left):
                self.cancel(order, "position_closed", "the position it would reduce is closed")

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
            fee=self._fee_of(order, position, qty, price),
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
        order.fill_qty, order.fill_fee = fill.qty, fill.fee
        order.fee = money(order.fee + fill.fee)
        order.realized_pnl = money(order.realized_pnl + fill.realized_pnl)
        self.book.working.pop(order.order_id, None)

    def _now(self) -> datetime:
        if self.time is None:
            raise RuntimeError("the matching has no time before its first step")
        return self.time


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

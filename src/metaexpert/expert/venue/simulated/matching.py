"""The simulated exchange: matches orders and protective stops against each step of the market.

What happens in a step, in this order:

1. market orders decided before it fill at its open, first come first served
2. stops, liquidations and take profits of open positions; where both sides of a position were touched,
   the worse one (see `exits`)
3. waiting limit and stop orders; a position opened by one can be stopped in the same step, but not take
   its profit
4. trailing and breakeven stops follow the step's best price; they count from the next step on

A limit order fills at its price, as a maker, without slippage; everything else pays the taker fee, and
market and stop orders fill `slippage_pct` worse than their price. Orders fill whole: the data does not
tell how much was on offer.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from copy import copy
from datetime import datetime
from typing import Final

from metaexpert.expert.journal import Journal
from metaexpert.expert.model.contracts import money
from metaexpert.expert.model.orders import Order, OrderStatus, OrderType, Side
from metaexpert.expert.model.positions import Position
from metaexpert.expert.model.requests import Notice
from metaexpert.expert.settings.strategy import StrategySettings
from metaexpert.expert.venue.simulated import exits
from metaexpert.expert.venue.simulated.account import AccountBook, Booking
from metaexpert.expert.venue.simulated.fees import FeeSchedule
from metaexpert.expert.venue.simulated.market import MarketMove

#: A price is rounded to so many decimals, one below 1 to so many digits: some coins cost 1e-8.
PRICE_DECIMALS: Final = 8
PRICE_DIGITS: Final = 9


class Exchange:
    """Holds the orders that wait and fills them; tells the journal, and by `notify` the strategy."""

    def __init__(
        self,
        book: AccountBook,
        settings: StrategySettings,
        fees: FeeSchedule,
        journal: Journal,
        notify: Callable[[Notice], None],
        *,
        isolated: bool,
        netting: bool,
        liquidates: bool,
    ) -> None:
        """`netting` merges all fills of a symbol into one position; `liquidates` is off for spot."""
        self.book = book
        self.working: dict[int, Order] = {}
        self.peak_equity = book.ledger.initial_capital
        self._settings = settings
        self._fees = fees
        self._journal = journal
        self._notify = notify
        self._isolated = isolated
        self.netting = netting
        self._liquidates = liquidates
        self._next_order_id = 1
        self._clock: datetime | None = None
        self._opened_inside: set[int] = set()

    # -- orders ---------------------------------------------------------------------------------------

    def new_order_id(self) -> int:
        """Return the next order id, from 1 up."""
        order_id = self._next_order_id
        self._next_order_id += 1
        return order_id

    def continue_from(self, order_id: int) -> None:
        """Number new orders from `order_id` on, after those of an earlier run."""
        self._next_order_id = max(self._next_order_id, order_id)

    @property
    def next_order_id(self) -> int:
        """The id that the next order will get."""
        return self._next_order_id

    def accept(self, order: Order) -> None:
        """Take an order; it can fill from the next step on."""
        self.working[order.order_id] = order
        self.book.ledger.orders += 1
        self._journal.order_created(order)
        self._tell("on_order", copy(order))

    def cancel(self, order: Order, reason: str, detail: str = "") -> None:
        """Take an order back."""
        self.working.pop(order.order_id, None)
        order.status, order.reason, order.detail = OrderStatus.CANCELLED, reason, detail
        self.book.ledger.cancelled += 1
        self._journal.order_cancelled(order)
        self._tell("on_order", copy(order))

    def reject(self, order: Order, reason: str, detail: str) -> None:
        """Refuse an order, one that comes in or one that cannot be filled."""
        self.working.pop(order.order_id, None)
        order.status, order.reason, order.detail = OrderStatus.REJECTED, reason, detail
        ledger = self.book.ledger
        ledger.rejected += 1
        ledger.rejections[reason] = ledger.rejections.get(reason, 0) + 1
        self._journal.order_rejected(order)
        self._tell("on_order", copy(order))

    # -- a step of the market -------------------------------------------------------------------------

    def fill_at_open(self, move: MarketMove, time: datetime) -> None:
        """Fill the market orders that wait, at the open of a step."""
        self._clock = time
        if not self.working:
            return
        self.book.mark((move.open_bid + move.open_ask) / 2)
        for order in [o for o in self.working.values() if o.order_type is OrderType.MARKET]:
            if order.order_id in self.working:
                self._fill(order, move.open_ask if order.side is Side.BUY else move.open_bid)

    def fill_inside(self, move: MarketMove, time: datetime) -> None:
        """Apply the rest of a step: protective exits, waiting orders, trailing stops, valuation."""
        self._clock = time
        self._opened_inside.clear()
        if self.book.positions:
            self._run_exits(move)
        if self.working:
            self._fill_triggered(move)
        for position in self.book.positions:
            self._follow(position, move)
        self.book.mark(move.close)

    def close_at(
        self, position: Position, price: float, reason: str, order_type: OrderType, time: datetime
    ) -> None:
        """Close a position at once; slippage is added to the price of a market or stop order."""
        self._clock = time
        order = Order(
            order_id=self.new_order_id(),
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
        self.accept(order)
        self._fill(order, price)

    # -- inside a step --------------------------------------------------------------------------------

    def _run_exits(self, move: MarketMove) -> None:
        if not self._liquidates or self._isolated:
            for position in self.book.positions:
                self._exit_if_hit(position, move)
            return
        for side in (Side.BUY, Side.SELL):
            self._run_cross_exits(move, side)

    def _exit_if_hit(self, position: Position, move: MarketMove, liquidation: float | None = None) -> None:
        if self._liquidates and self._isolated:
            liquidation = exits.isolated_liquidation_price(position, self.book.contract)
        inside = position.position_id in self._opened_inside
        found = exits.protective_exit(position, move, liquidation, opened_inside=inside)
        if found is None:
            return
        price = found.price
        if found.order_type is OrderType.LIQUIDATION and self._isolated:
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
        for order in list(self.working.values()):
            if order.order_id not in self.working or order.order_type is OrderType.MARKET:
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
        if exits.follow(position, self._settings, best):
            self._journal.position_changed(position, position.stop_reason)
            self._tell("on_position", copy(position))

    # -- fills ----------------------------------------------------------------------------------------

    def _fill(self, order: Order, price: float) -> list[Position]:
        """Fill an order whole; returns the positions it opened. An exit without a position is cancelled."""
        price = self._price_paid(order, price)
        if order.reduce_only:
            self._fill_exit(order, price)
            return []
        closing = self._opposing(order) if self.netting else []
        rest = order.qty
        for position in closing:
            if rest > 0:
                rest = self.book.contract.rounded_qty(rest - self._settle(order, position, rest, price))
        if rest <= 0:
            return []
        return self._fill_entry(order, rest, price)

    def _price_paid(self, order: Order, price: float) -> float:
        if order.order_type in (OrderType.MARKET, OrderType.STOP):
            price *= 1 + order.side.sign * self._settings.slippage_pct / 100
        return rounded_price(price)

    def _opposing(self, order: Order) -> list[Position]:
        return list(self.book.of_side(order.side.opposite))

    def _fill_exit(self, order: Order, price: float) -> None:
        held = self.book.position(order.position_id)
        targets = self._opposing(order) if order.position_id is None else [held] if held else []
        if not targets:
            self.cancel(order, "position_closed", "there is no position left to reduce")
            return
        rest = order.qty
        for position in targets:
            if rest > 0:
                rest = self.book.contract.rounded_qty(rest - self._settle(order, position, rest, price))

    def _fill_entry(self, order: Order, qty: float, price: float) -> list[Position]:
        fee = self._fee(order, qty, price)
        needed = money(self.book.required_margin(qty, price) + fee)
        if needed > self.book.free_margin:
            detail = f"needs {needed:.8g} {self.book.contract.currency}, free are {self.book.free_margin:.8g}"
            # What was filled before, closing the other side, stands.
            refuse = self.reject if order.fill_price is None else self.cancel
            refuse(order, "insufficient_margin", detail)
            return []
        held = next(self.book.of_side(order.side), None) if self.netting else None
        if held is not None:
            _take_stops(order, held)
            self._filled(order, self.book.add(held, qty, price, fee), price)
            return []
        stop, target = exits.initial_stops(self._settings, order.side, price)
        order.stop_loss = stop if order.stop_loss is None else order.stop_loss
        order.take_profit = target if order.take_profit is None else order.take_profit
        booking = self.book.open(order, qty, price, fee, self._now())
        self._filled(order, booking, price)
        return [booking.position]

    def _settle(self, order: Order, position: Position, qty: float, price: float) -> float:
        """Reduce a position by an order; returns the quantity used."""
        used = min(qty, position.qty)
        booking = self.book.reduce(position, used, price, self._fee(order, used, price), self._now())
        self._filled(order, booking, price)
        return used

    def _fee(self, order: Order, qty: float, price: float) -> float:
        rate = self._fees.maker_pct if order.maker else self._fees.taker_pct
        return money(self.book.contract.notional(qty, price) * rate / 100)

    def _filled(self, order: Order, booking: Booking, price: float) -> None:
        """Record a fill and tell the strategy: order, position, account, in this order."""
        self.working.pop(order.order_id, None)
        position, book = booking.position, self.book
        book.ledger.fills += 1
        order.status, order.filled_at, order.fill_price = OrderStatus.FILLED, self._now(), price
        order.position_id = position.position_id
        order.fee = money(order.fee + booking.fee)
        order.realized_pnl = money(order.realized_pnl + booking.realized_pnl)
        self._journal.order_filled(
            order,
            {
                "position_side": position.side.value,
                "price": price,
                "qty": booking.qty,
                "notional": money(book.contract.notional(booking.qty, price)),
                "liquidity": "maker" if order.maker else "taker",
                "fee": booking.fee,
                "realized_pnl": booking.realized_pnl,
                "balance": book.ledger.balance,
                "currency": book.contract.currency,
            },
        )
        self._tell("on_order", copy(order))
        self._record_position(booking, price, order.reason)
        account = book.account(self.peak_equity)
        self._journal.account_updated(account)
        self._tell("on_account", account)

    def _record_position(self, booking: Booking, price: float, reason: str) -> None:
        position = booking.position
        if booking.opened:
            self._journal.position_opened(position)
        elif booking.closed:
            net_pnl = money(position.realized_pnl - position.fees)
            self._journal.position_closed(position, price, reason, net_pnl)
        else:
            self._journal.position_changed(position, reason)
        self._tell("on_position", copy(position))
        if booking.closed:
            for order in [o for o in self.working.values() if o.position_id == position.position_id]:
                self.cancel(order, "position_closed", "the position it would reduce is closed")

    def _tell(self, event: str, *arguments: object) -> None:
        self._notify(Notice(event, arguments))

    def _now(self) -> datetime:
        if self._clock is None:
            raise RuntimeError("the exchange has no time before its first step")
        return self._clock


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

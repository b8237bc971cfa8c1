"""The trading desk: a strategy's requests on their way to a venue, past the strategy's own limits."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import copy
from datetime import datetime
from typing import Any

from metaexpert.expert.errors import ArgumentError
from metaexpert.expert.journal import Journal
from metaexpert.expert.model.bars import Bar
from metaexpert.expert.model.orders import Order, OrderNumbers, OrderStatus, OrderType, Side
from metaexpert.expert.model.positions import Position
from metaexpert.expert.model.requests import Entry, Exits, TradeRequest, TradeResult, Unset
from metaexpert.expert.risk.loss_limits import MAX_DRAWDOWN, LossLimits
from metaexpert.expert.risk.order_checks import OrderChecks
from metaexpert.expert.risk.refusal import Refusal
from metaexpert.expert.risk.stops import bad_stops
from metaexpert.expert.run.answers import Answers
from metaexpert.expert.run.clock import Clock
from metaexpert.expert.run.recorder import Recorder
from metaexpert.expert.settings.arguments import choice, number
from metaexpert.expert.settings.strategy import StrategySettings
from metaexpert.expert.venue.protocol import OrderUpdate, Venue, VenueState


class Desk:
    """Checks what a strategy asks for, sends it to a venue, and takes the venue's answers.

    A request that is refused, for whatever reason, is an order with status REJECTED and a record, not an
    exception; an argument that makes no sense (a side that does not exist, a negative size) raises
    `ArgumentError`.
    """

    def __init__(
        self,
        venue: Venue,
        strategy: StrategySettings,
        symbol: str,
        *,
        clock: Clock,
        numbers: OrderNumbers,
        journal: Journal,
        recent_bars: Callable[[int], Sequence[Bar]],
        spot: bool,
        client: str = "",
    ) -> None:
        """`recent_bars(n)` returns up to n closed bars of the strategy's timeframe, oldest first.

        `client` begins the names that orders get at the venue, where they must be unlike any other run's.
        """
        self.venue = venue
        self._view = venue.view
        self.answers = Answers(journal, Recorder(self._view.contract_of))
        self._strategy = strategy
        self._symbol = symbol
        self._clock = clock
        self._numbers = numbers
        self._client = client
        self._contract = self._view.contract_of(symbol)
        self._checks = OrderChecks(self._view, strategy, symbol, recent_bars, spot=spot)
        self.limits = LossLimits(strategy, self._view.equity)

    # -- requests -------------------------------------------------------------------------------------

    def enter(self, entry: Entry, symbol: str | None = None) -> Order:
        """Order an entry; returns the order, REJECTED with its reason when it is refused."""
        side = Side(choice("side", entry.side, ("BUY", "SELL"), upper=True))
        kind = OrderType(choice("order_type", entry.order_type, ("MARKET", "LIMIT", "STOP"), upper=True))
        qty = None if entry.qty is None else number("size", entry.qty, above=0)
        price = _checked_price(kind, entry.price)
        order = self._new_order(
            symbol or self._symbol,
            side,
            kind,
            qty or 0.0,
            price=price,
            reduce_only=entry.reduce_only,
            stop_loss=_optional_price("stop_loss", entry.stop_loss),
            take_profit=_optional_price("take_profit", entry.take_profit),
            comment=entry.comment,
        )
        self._checks.halted = self.limits.halted(self._clock.now)
        refusal = (
            self._checks.exit_refusal(order) if entry.reduce_only else self._checks.entry_refusal(order, qty)
        )
        action = "open_position" if kind is OrderType.MARKET else "open_order"
        request = TradeRequest(action, order.symbol, side.value, kind.value, order.qty, price)
        if refusal is not None:
            return self._refuse(order, request, refusal)
        return self._submit(order, request)

    def close(
        self, side: str | None = None, qty: float | None = None, position_id: int | None = None
    ) -> list[Order]:
        """Order the close of the longs ("BUY"), the shorts ("SELL"), one position, or everything.

        `qty` closes part of each. A position that is being closed already is left alone. Returns the orders,
        none when there is nothing to close.
        """
        wanted = None if side is None else Side(choice("side", side, ("BUY", "SELL"), upper=True))
        part = None if qty is None else number("size", qty, above=0)
        chosen = [
            position
            for position in self._chosen(wanted, position_id)
            if position.position_id not in self._checks.closing()
        ]
        if chosen and part is not None and self._contract.rounded_qty(part) <= 0:
            request = TradeRequest("close_position", self._symbol, wanted and wanted.value, qty=part)
            self._answer(request, Refusal("size_too_small", f"{part:.8g} is less than the smallest step"))
            return []
        orders = [self._request_close(position, part, "strategy") for position in chosen]
        if not orders:
            request = TradeRequest("close_position", self._symbol, wanted and wanted.value, qty=part)
            self._answer(request, Refusal("no_position", "there is no such position to close"))
        return orders

    def modify(self, side: str | None, exits: Exits, position_id: int | None = None) -> bool:
        """Give `exits` to positions; returns whether any was changed.

        A level on the wrong side of the last price is refused, because it would trigger at once.
        """
        wanted = None if side is None else Side(choice("side", side, ("BUY", "SELL"), upper=True))
        exits = Exits(_price("stop_loss", exits.stop_loss), _price("take_profit", exits.take_profit))
        chosen = self._chosen(wanted, position_id)
        request = TradeRequest(
            "modify_position", self._symbol, wanted and wanted.value, position_id=position_id
        )
        if not chosen:
            self._answer(request, Refusal("no_position", "there is no such position to modify"))
        changed = [self._modify_one(position, exits, request) for position in chosen]
        return True in changed

    def cancel(self, order_id: int) -> bool:
        """Take back an order that waits; returns False if there is none of this id, or a limit forces it."""
        request = TradeRequest("cancel_order", self._symbol, order_id=order_id)
        order = self._view.order(order_id)
        if order is None:
            self._answer(request, Refusal("no_order", f"no order {order_id} waits to be filled"), order_id)
            return False
        if self._is_forced(order):
            detail = f"order {order_id} closes a position for good"
            self._answer(request, Refusal(MAX_DRAWDOWN, detail), order_id)
            return False
        self.answers.expect_cancelled(order_id, request)
        self.venue.cancel(order_id, "strategy")
        self.take_answers()
        return True

    def take_answers(self) -> None:
        """Take what the venue has answered so far."""
        self.answers.take(self.venue.take_events())

    # -- limits ---------------------------------------------------------------------------------------

    def watch_losses(self, moment: datetime) -> Refusal | None:
        """Look at the account after a step of the market; return a loss limit passed just now, or None.

        `moment` is the last of the step, whose day the loss counts to. A limit cancels the entries that wait;
        that of the drawdown closes everything.
        """
        quote_per_unit = self._quote_per_unit() if self.limits.has_daily else 1.0
        passed = self.limits.update(moment, self._view.equity, quote_per_unit)
        if passed is not None:
            if self.limits.halted(self._clock.now):
                self._cancel_waiting(passed, entries_only=True)
            if passed.reason == MAX_DRAWDOWN:
                self._close_all(passed)
        return passed

    def close_out(self, reason: str) -> None:
        """Cancel what waits and close what is open at the last price, because no further price will come."""
        self._cancel_waiting(Refusal(reason, "no data is left to fill it"), entries_only=False)
        self.venue.close_out(reason)
        self.take_answers()
        self.watch_losses(self._clock.now)

    def _quote_per_unit(self) -> float:
        return self._contract.to_quote(1.0, self._view.price_of(self._symbol) or 0.0)

    def _cancel_waiting(self, why: Refusal, *, entries_only: bool) -> None:
        for order in [o for o in self._view.waiting if not (entries_only and o.reduce_only)]:
            kept = self._checks.reduced(order) if entries_only else 0.0
            self.venue.cancel(order.order_id, *why)
            if kept > 0 and why.reason != MAX_DRAWDOWN:
                self._keep_reducing(order, kept)
        self.take_answers()

    def _keep_reducing(self, order: Order, qty: float) -> None:
        """Order again what an entry that is taken back would have reduced."""
        again = self._new_order(
            order.symbol,
            order.side,
            order.order_type,
            self._contract.rounded_qty(qty),
            price=order.price,
            reduce_only=True,
            comment=order.comment,
        )
        self._submit(again, TradeRequest("open_order", again.symbol, again.side, again.order_type, again.qty))

    def _close_all(self, limit: Refusal) -> None:
        closing = self._checks.closing()
        for position in self._view.positions:
            if position.position_id not in closing:
                self._request_close(position, None, limit.reason)

    def _is_forced(self, order: Order) -> bool:
        """Tell whether the drawdown limit needs an order, also one that the strategy had asked for itself."""
        limit = self.limits.halted(self._clock.now)
        is_close = order.reduce_only and order.order_type is OrderType.MARKET
        return is_close and limit is not None and limit.reason == MAX_DRAWDOWN

    # -- carrying out ---------------------------------------------------------------------------------

    def _new_order(self, symbol: str, side: Side, kind: OrderType, qty: float, **more: Any) -> Order:
        number = self._numbers.take()
        return Order(
            number, symbol, side, kind, qty, self._clock.now, client_id=f"{self._client}{number}", **more
        )

    def _submit(self, order: Order, request: TradeRequest) -> Order:
        """Send an order; returns it as far as the venue has answered."""
        order.submitted_at = self._clock.now
        followed = self.answers.follow(order, request)
        self.venue.submit(order)
        self.take_answers()
        return copy(followed.order)

    def _refuse(self, order: Order, request: TradeRequest, refusal: Refusal) -> Order:
        """Reject an order that never gets to the venue."""
        order.status, order.reason, order.detail = OrderStatus.REJECTED, *refusal
        self.answers.follow(order, request)
        self.answers.take([OrderUpdate(copy(order))])
        return order

    def _request_close(self, position: Position, qty: float | None, reason: str) -> Order:
        order = self._new_order(
            position.symbol,
            position.side.opposite,
            OrderType.MARKET,
            self._contract.rounded_qty(min(qty or position.qty, position.qty)),
            reason=reason,
            reduce_only=True,
            position_id=position.position_id,
        )
        request = TradeRequest(
            "close_position",
            order.symbol,
            position.side.value,
            "MARKET",
            order.qty,
            position_id=position.position_id,
        )
        return self._submit(order, request)

    def _modify_one(self, position: Position, exits: Exits, request: TradeRequest) -> bool:
        stop, target = exits.stop_loss, exits.take_profit
        new_stop = position.stop_loss if isinstance(stop, Unset) else stop
        new_target = position.take_profit if isinstance(target, Unset) else target
        probe = copy(position)
        probe.stop_loss, probe.take_profit = new_stop, new_target
        refusal = bad_stops(probe, self._view.price_of(position.symbol) or position.entry_price)
        self._answer(request, refusal, position_id=position.position_id)
        if refusal is not None or (new_stop, new_target) == (position.stop_loss, position.take_profit):
            return False
        self.venue.amend(position.position_id, stop_loss=new_stop, take_profit=new_target)
        self.take_answers()
        return True

    def _chosen(self, side: Side | None, position_id: int | None) -> list[Position]:
        return [
            position
            for position in self._view.positions
            if side in (None, position.side) and position_id in (None, position.position_id)
        ]

    def _answer(
        self,
        request: TradeRequest,
        refusal: Refusal | None,
        order_id: int | None = None,
        position_id: int | None = None,
    ) -> None:
        reason, detail = refusal or ("", "")
        self.answers.answer(request, TradeResult(refusal is None, order_id, position_id, reason, detail))

    # -- state ----------------------------------------------------------------------------------------

    def restore(self, state: VenueState) -> None:
        """Go on with the account of an earlier run; losses count from here."""
        self.venue.restore(state)
        self.answers.adopt(state.orders)
        for position in state.positions:
            self.answers.recorder.adopt(position)
        self.limits = LossLimits(self._strategy, self._view.equity)


def _checked_price(kind: OrderType, price: float | None) -> float | None:
    if kind is OrderType.MARKET:
        if price is not None:
            raise ArgumentError("price is not for a MARKET order; use order_type LIMIT or STOP")
        return None
    if price is None:
        raise ArgumentError(f"price is required for a {kind} order")
    return number("price", price, above=0)


def _optional_price(name: str, value: float | None) -> float | None:
    return None if value is None else number(name, value, above=0)


def _price(name: str, value: float | Unset | None) -> float | Unset | None:
    return value if isinstance(value, Unset) else _optional_price(name, value)

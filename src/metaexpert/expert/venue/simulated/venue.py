"""The simulated broker: takes a strategy's requests, checks them, and moves the account with the market."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import copy
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from metaexpert.expert.errors import ArgumentError
from metaexpert.expert.journal import Journal
from metaexpert.expert.model.accounts import Account
from metaexpert.expert.model.bars import Bar
from metaexpert.expert.model.contracts import contract_for
from metaexpert.expert.model.orders import Order, OrderType, Side
from metaexpert.expert.model.positions import Position
from metaexpert.expert.model.requests import Notice, TradeRequest, TradeResult
from metaexpert.expert.risk.entry_rules import Refusal
from metaexpert.expert.risk.loss_limits import MAX_DRAWDOWN, LossLimits
from metaexpert.expert.settings.arguments import choice, number
from metaexpert.expert.settings.expert import ExpertSettings
from metaexpert.expert.settings.strategy import StrategySettings
from metaexpert.expert.venue.simulated.account import AccountBook
from metaexpert.expert.venue.simulated.fees import FeeSchedule
from metaexpert.expert.venue.simulated.market import MarketMove
from metaexpert.expert.venue.simulated.matching import Exchange
from metaexpert.expert.venue.simulated.order_checks import OrderChecks, bad_stops


class Unset:
    """The type of `UNSET`."""

    def __repr__(self) -> str:
        return "UNSET"


UNSET: Final = Unset()
"""Stands for "leave as it is", where None means "remove"."""


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry as the strategy asks for it; without `qty` the size is that of `on_init`."""

    side: str
    order_type: str = "MARKET"
    qty: float | None = None
    price: float | None = None
    stop_loss: float | None = None
    take_profit: float | None = None
    reduce_only: bool = False
    comment: str = ""


class SimulatedBroker:
    """An account that trades one symbol on market data; the strategy's requests come in, notices go out.

    A request that is refused, for whatever reason, is an order with status REJECTED and a record, not an
    exception; an argument that makes no sense (a side that does not exist, a negative size) raises
    `ArgumentError`.
    """

    def __init__(
        self,
        expert: ExpertSettings,
        strategy: StrategySettings,
        symbol: str,
        *,
        capital: float,
        first_price: float,
        fees: FeeSchedule,
        journal: Journal,
        recent_bars: Callable[[int], Sequence[Bar]],
    ) -> None:
        """`capital` is in quote currency; an inverse account holds the coins it buys at `first_price`."""
        self._spot = expert.market_type == "spot"
        self._strategy = strategy
        self._symbol = symbol
        self._journal = journal
        self._contract = contract_for(expert.market_type, expert.contract_type, symbol)
        leverage = 1 if self._spot else strategy.leverage
        self.book = AccountBook(
            self._contract, self._contract.from_quote(capital, first_price), leverage=leverage
        )
        self.notices: list[Notice] = []
        self.exchange = Exchange(
            self.book,
            strategy,
            fees,
            journal,
            self.notices.append,
            isolated=expert.margin_mode == "isolated",
            netting=self._spot or expert.position_mode == "oneway",
            liquidates=not self._spot,
        )
        self.limits = LossLimits(strategy, self.book.equity)
        self._checks = OrderChecks(self.exchange, strategy, symbol, recent_bars, spot=self._spot)
        self._time: datetime | None = None

    # -- what a strategy can see ----------------------------------------------------------------------

    @property
    def account(self) -> Account:
        """The account at the last price."""
        return self.book.account(self.limits.peak_equity)

    @property
    def positions(self) -> tuple[Position, ...]:
        """Copies of the open positions, oldest first."""
        return tuple(copy(position) for position in self.book.positions)

    @property
    def orders(self) -> tuple[Order, ...]:
        """Copies of the orders that wait to be filled, oldest first."""
        return tuple(copy(order) for order in self.exchange.working.values())

    # -- the market moves -----------------------------------------------------------------------------

    @property
    def has_waiting_orders(self) -> bool:
        """Whether any order could fill at the next step."""
        return bool(self.exchange.working)

    def open_step(self, move: MarketMove, opened: datetime) -> None:
        """Begin a step of the market at its opening time: market orders fill."""
        self._time = opened
        self.exchange.fill_at_open(move, opened)

    def finish_step(self, move: MarketMove, opened: datetime, closed: datetime) -> Refusal | None:
        """Apply the rest of the step as of its closing time; return a loss limit passed just now, or None."""
        exchange, book = self.exchange, self.book
        self._time, self._checks.spread_pct = closed, move.spread_pct
        exchange.fill_inside(move, closed)
        passed = self.limits.update(opened, book.equity, self._contract.to_quote(1.0, move.close))
        exchange.peak_equity = self.limits.peak_equity
        if passed is not None and self.limits.halted(closed):
            self._cancel_entries(passed)
        if passed is not None and passed.reason == MAX_DRAWDOWN:
            self._close_all(passed)
        return passed

    def liquidate_at_end(self, time: datetime, reason: str) -> None:
        """Cancel what waits and close what is open at the last price, because no further price will come."""
        for order in list(self.exchange.working.values()):
            self.exchange.cancel(order, reason, "no data is left to fill it")
        price = self.book.mark_price
        if price is not None:
            for position in self.book.positions:
                self.exchange.close_at(position, price, reason, OrderType.MARKET, time)
            self.limits.update(time, self.book.equity, self._contract.to_quote(1.0, price))

    def _cancel_entries(self, limit: Refusal) -> None:
        for order in [o for o in self.exchange.working.values() if not o.reduce_only]:
            self.exchange.cancel(order, limit.reason, limit.detail)

    def _close_all(self, limit: Refusal) -> None:
        closing = self._checks.closing()
        for position in self.book.positions:
            if position.position_id not in closing:
                self._request_close(position, None, limit.reason)

    # -- requests -------------------------------------------------------------------------------------

    def enter(self, entry: Entry, symbol: str | None = None) -> Order:
        """Order an entry; returns the order, REJECTED with its reason when it is refused."""
        side = Side(choice("side", entry.side, ("BUY", "SELL"), upper=True))
        kind = OrderType(choice("order_type", entry.order_type, ("MARKET", "LIMIT", "STOP"), upper=True))
        qty = None if entry.qty is None else number("size", entry.qty, above=0)
        price = self._checked_price(kind, entry.price)
        order = Order(
            order_id=self.exchange.new_order_id(),
            symbol=symbol or self._symbol,
            side=side,
            order_type=kind,
            qty=qty or 0.0,
            created_at=self._now(),
            price=price,
            reduce_only=entry.reduce_only,
            stop_loss=_optional_price("stop_loss", entry.stop_loss),
            take_profit=_optional_price("take_profit", entry.take_profit),
            comment=entry.comment,
        )
        self._checks.halted = self.limits.halted(self._now())
        refusal = (
            self._checks.exit_refusal(order) if entry.reduce_only else self._checks.entry_refusal(order, qty)
        )
        action = "open_position" if kind is OrderType.MARKET else "open_order"
        request = TradeRequest(action, order.symbol, side.value, kind.value, order.qty, price)
        if refusal is not None:
            self.exchange.reject(order, *refusal)
        else:
            self.exchange.accept(order)
        self._answer(request, order.order_id, refusal)
        return copy(order)

    def close(
        self, side: str | None = None, qty: float | None = None, position_id: int | None = None
    ) -> list[Order]:
        """Order the close of the longs ("BUY"), the shorts ("SELL"), one position, or everything.

        `qty` closes part of each. A position that is being closed already is left alone. Returns the orders,
        none when there is nothing to close.
        """
        wanted = None if side is None else Side(choice("side", side, ("BUY", "SELL"), upper=True))
        part = None if qty is None else number("size", qty, above=0)
        orders = [
            self._request_close(position, part, "strategy")
            for position in self.book.positions
            if (wanted is None or position.side is wanted)
            and (position_id is None or position.position_id == position_id)
            and position.position_id not in self._checks.closing()
        ]
        if not orders:
            request = TradeRequest("close_position", self._symbol, wanted and wanted.value, qty=part)
            self._answer(request, None, Refusal("no_position", "there is no such position to close"))
        return [copy(order) for order in orders]

    def modify(
        self,
        side: str | None = None,
        *,
        stop_loss: float | Unset | None = UNSET,
        take_profit: float | Unset | None = UNSET,
        position_id: int | None = None,
    ) -> bool:
        """Set or remove (None) the stop loss and take profit of positions; returns whether any was changed.

        A level on the wrong side of the last price is refused, because it would trigger at once.
        """
        wanted = None if side is None else Side(choice("side", side, ("BUY", "SELL"), upper=True))
        stop = stop_loss if isinstance(stop_loss, Unset) else _optional_price("stop_loss", stop_loss)
        target = (
            take_profit if isinstance(take_profit, Unset) else _optional_price("take_profit", take_profit)
        )
        chosen = [
            position
            for position in self.book.positions
            if (wanted is None or position.side is wanted)
            and (position_id is None or position.position_id == position_id)
        ]
        request = TradeRequest(
            "modify_position", self._symbol, wanted and wanted.value, position_id=position_id
        )
        if not chosen:
            self._answer(request, None, Refusal("no_position", "there is no such position to modify"))
        changed = [self._modify_one(position, stop, target, request) for position in chosen]
        return True in changed

    def cancel(self, order_id: int, reason: str = "strategy") -> bool:
        """Take back an order that waits; returns False if there is none of this id, or a limit forces it."""
        order = self.exchange.working.get(order_id)
        request = TradeRequest("cancel_order", self._symbol, order_id=order_id)
        if order is None:
            self._answer(request, order_id, Refusal("no_order", f"no order {order_id} waits to be filled"))
            return False
        if self._is_forced(order):
            detail = f"order {order_id} closes a position for good"
            self._answer(request, order_id, Refusal(MAX_DRAWDOWN, detail))
            return False
        self.exchange.cancel(order, reason)
        self._answer(request, order_id, None)
        return True

    def _is_forced(self, order: Order) -> bool:
        """Tell whether the drawdown limit needs an order, also one that the strategy had asked for itself."""
        limit = self.limits.halted(self._now())
        is_close = order.reduce_only and order.order_type is OrderType.MARKET
        return is_close and limit is not None and limit.reason == MAX_DRAWDOWN

    # -- carrying out ---------------------------------------------------------------------------------

    def _request_close(self, position: Position, qty: float | None, reason: str) -> Order:
        order = Order(
            order_id=self.exchange.new_order_id(),
            symbol=position.symbol,
            side=position.side.opposite,
            order_type=OrderType.MARKET,
            qty=self._contract.rounded_qty(min(qty or position.qty, position.qty)),
            created_at=self._now(),
            reason=reason,
            reduce_only=True,
            position_id=position.position_id,
        )
        self.exchange.accept(order)
        request = TradeRequest(
            "close_position",
            order.symbol,
            position.side.value,
            "MARKET",
            order.qty,
            position_id=position.position_id,
        )
        self._answer(request, order.order_id, None, position.position_id)
        return order

    def _modify_one(
        self,
        position: Position,
        stop: float | Unset | None,
        target: float | Unset | None,
        request: TradeRequest,
    ) -> bool:
        new_stop = position.stop_loss if isinstance(stop, Unset) else stop
        new_target = position.take_profit if isinstance(target, Unset) else target
        probe = copy(position)
        probe.stop_loss, probe.take_profit = new_stop, new_target
        refusal = bad_stops(probe, self.book.mark_price or position.entry_price)
        self._answer(request, None, refusal, position.position_id)
        if refusal is not None or (new_stop, new_target) == (position.stop_loss, position.take_profit):
            return False
        if new_stop != position.stop_loss:
            position.stop_reason = "stop_loss"
        position.stop_loss, position.take_profit = new_stop, new_target
        self._journal.position_changed(position, "strategy")
        self.notices.append(Notice("on_position", (copy(position),)))
        return True

    def _answer(
        self,
        request: TradeRequest,
        order_id: int | None,
        refusal: Refusal | None,
        position_id: int | None = None,
    ) -> None:
        reason, detail = refusal or ("", "")
        result = TradeResult(refusal is None, order_id, position_id, reason, detail)
        self.notices.append(Notice("on_transaction", (request, result)))

    def _checked_price(self, kind: OrderType, price: float | None) -> float | None:
        if kind is OrderType.MARKET:
            if price is not None:
                raise ArgumentError("price is not for a MARKET order; use order_type LIMIT or STOP")
            return None
        if price is None:
            raise ArgumentError(f"price is required for a {kind} order")
        return number("price", price, above=0)

    def set_time(self, time: datetime) -> None:
        """Set the simulated time of requests made before the first step, or between two steps."""
        self._time = time

    def restore(
        self, balance: float, positions: list[Position], orders: list[Order], next_order_id: int
    ) -> None:
        """Continue the account of an earlier run."""
        self.book.restore(balance, positions)
        for order in orders:
            self.exchange.working[order.order_id] = copy(order)
        self.exchange.continue_from(next_order_id)
        self.limits = LossLimits(self._strategy, self.book.equity)
        self.exchange.peak_equity = self.limits.peak_equity

    def _now(self) -> datetime:
        if self._time is None:
            raise RuntimeError("the broker has no time yet; set_time comes first")
        return self._time


def _optional_price(name: str, value: float | None) -> float | None:
    return None if value is None else number(name, value, above=0)

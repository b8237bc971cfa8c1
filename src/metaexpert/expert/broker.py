"""The simulated broker: takes a strategy's requests, checks them, and moves the account with the market."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import copy
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from metaexpert.expert import exits
from metaexpert.expert.account_book import AccountBook
from metaexpert.expert.arguments import choice, number
from metaexpert.expert.contract import contract_for
from metaexpert.expert.entities import (
    Account,
    Notice,
    Order,
    OrderType,
    Position,
    Side,
    TradeRequest,
    TradeResult,
)
from metaexpert.expert.entry_rules import EntryRules, EntryView, Refusal
from metaexpert.expert.errors import ArgumentError
from metaexpert.expert.fees import FeeSchedule
from metaexpert.expert.journal import Journal
from metaexpert.expert.loss_limits import LossLimits
from metaexpert.expert.market import MarketMove
from metaexpert.expert.market_data import Bar
from metaexpert.expert.matching import Exchange
from metaexpert.expert.settings import ExpertSettings, StrategySettings
from metaexpert.expert.sizing import Sizing, entry_size


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
        self._rules = EntryRules(strategy, self._contract, recent_bars)
        self.limits = LossLimits(strategy, self.book.equity)
        self._time: datetime | None = None
        self._spread_pct: float | None = None

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
        self._time, self._spread_pct = closed, move.spread_pct
        exchange.fill_inside(move, closed)
        passed = self.limits.update(opened, book.equity, self._contract.to_quote(1.0, move.close))
        exchange.peak_equity = self.limits.peak_equity
        if passed is not None and passed.reason == "max_drawdown_pct":
            self._abandon(passed)
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

    def _abandon(self, limit: Refusal) -> None:
        for order in [o for o in self.exchange.working.values() if not o.reduce_only]:
            self.exchange.cancel(order, limit.reason, limit.detail)
        for position in self.book.positions:
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
        refusal = self._exit_refusal(order) if entry.reduce_only else self._entry_refusal(order, qty)
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
            and position.position_id not in self._closing()
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
        """Take back an order that waits; returns False when there is none of this id."""
        order = self.exchange.working.get(order_id)
        request = TradeRequest("cancel_order", self._symbol, order_id=order_id)
        if order is None:
            self._answer(request, order_id, Refusal("no_order", f"no order {order_id} waits to be filled"))
            return False
        self.exchange.cancel(order, reason)
        self._answer(request, order_id, None)
        return True

    # -- checks ---------------------------------------------------------------------------------------

    def _entry_refusal(self, order: Order, asked_qty: float | None) -> Refusal | None:
        """Return why an entry is refused; one that is not gets its size."""
        if order.symbol != self._symbol:
            return Refusal("unknown_symbol", f"this run has market data of {self._symbol} alone")
        price = order.price or self.book.mark_price
        if price is None:
            return Refusal("no_price", "no market data has arrived yet")
        if self._spot and order.side is Side.SELL:
            return Refusal(
                "spot_short", 'a spot account cannot go short; sell what it holds by close_position("BUY")'
            )
        if (refusal := self._rules.refusal(self._view(order, price))) or (
            refusal := _bad_stops(order, price)
        ):
            return refusal
        stop = order.stop_loss or exits.initial_stops(self._strategy, order.side, price)[0]
        size = entry_size(
            self._strategy,
            self._contract,
            Sizing(price, self.book.equity, stop, self._held_qty(order.side)),
            asked_qty,
        )
        if size.reason:
            return Refusal(size.reason, size.detail)
        order.qty = size.qty
        return self._margin_refusal(order, price)

    def _margin_refusal(self, order: Order, price: float) -> Refusal | None:
        closing = self._closing()
        released = sum(p.margin for p in self.book.positions if p.position_id in closing)
        free = self.book.free_margin + released
        needed = self.book.required_margin(order.qty, price)
        if needed <= free or self._reduces(order):
            return None
        currency = self._contract.currency
        return Refusal("insufficient_margin", f"needs {needed:.8g} {currency}, free are {free:.8g}")

    def _exit_refusal(self, order: Order) -> Refusal | None:
        held = sum(position.qty for position in self.book.of_side(order.side.opposite))
        if held <= 0:
            return Refusal(
                "no_position", f"reduce_only, and there is no position that a {order.side} reduces"
            )
        order.qty = self._contract.rounded_qty(min(order.qty or held, held))
        return None

    def _view(self, order: Order, price: float) -> EntryView:
        closing, positions = self._closing(), self.book.positions
        staying = sum(p.entries for p in positions if p.position_id not in closing)
        waiting = sum(1 for o in self.exchange.working.values() if not o.reduce_only)
        taken = 0 if self._reduces(order) else staying + waiting
        return EntryView(self._now(), order.side, price, self._spread_pct, taken, taken, self.limits.halted)

    def _reduces(self, order: Order) -> bool:
        """Whether an order makes the net position smaller instead of opening one."""
        netting = self._spot or self.exchange.netting
        return netting and any(True for _ in self.book.of_side(order.side.opposite))

    def _held_qty(self, side: Side) -> float:
        if not self.exchange.netting:
            return 0.0
        return sum(position.qty for position in self.book.of_side(side))

    def _closing(self) -> set[int]:
        """Return the ids of positions that a waiting market order closes whole."""
        return {
            order.position_id
            for order in self.exchange.working.values()
            if order.reduce_only
            and order.order_type is OrderType.MARKET
            and order.position_id is not None
            and (held := self.book.position(order.position_id)) is not None
            and order.qty >= held.qty
        }

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
        refusal = _bad_stops(probe, self.book.mark_price or position.entry_price)
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


def _bad_stops(held: Order | Position, price: float) -> Refusal | None:
    """Refuse a stop or target on the wrong side of the price."""
    sign = held.side.sign
    if held.stop_loss is not None and (price - held.stop_loss) * sign <= 0:
        return Refusal("bad_stop_loss", f"stop_loss {held.stop_loss:g} is on the wrong side of {price:g}")
    if held.take_profit is not None and (held.take_profit - price) * sign <= 0:
        return Refusal(
            "bad_take_profit", f"take_profit {held.take_profit:g} is on the wrong side of {price:g}"
        )
    return None

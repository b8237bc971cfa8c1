"""Checks of an order before it is sent, and its size."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from metaexpert.expert.model.bars import Bar
from metaexpert.expert.model.orders import Order, OrderType, Side
from metaexpert.expert.risk.account_view import AccountView
from metaexpert.expert.risk.entry_rules import EntryRules, EntryView
from metaexpert.expert.risk.refusal import Refusal
from metaexpert.expert.risk.sizing import MONEY_SIZES, Sizing, entry_size
from metaexpert.expert.risk.stops import bad_stops, initial_stops
from metaexpert.expert.risk.venue_rules import bring_on_ticks, note_cut, too_small
from metaexpert.expert.settings.strategy import StrategySettings

#: Amounts are rounded to 8 decimals; what an order needs may be so much more than its parts.
ROUNDING: Final = 2e-8


class OrderChecks:
    """Checks orders against the account, the market and the strategy's own limits.

    Positions that a waiting market order closes count as closed, so that a strategy can reverse in one bar.
    """

    def __init__(
        self,
        account: AccountView,
        strategy: StrategySettings,
        symbol: str,
        recent_bars: Callable[[int], Sequence[Bar]],
        *,
        spot: bool,
    ) -> None:
        """`recent_bars(n)` returns up to n closed bars of the strategy's timeframe, oldest first."""
        self.halted: Refusal | None = None
        """A loss limit that is in force."""
        self._account = account
        self._contract = account.contract_of(symbol)
        self._strategy = strategy
        self._symbol = symbol
        self._rules = EntryRules(strategy, self._contract, recent_bars)
        self._spot = spot

    def entry_refusal(self, order: Order, asked_qty: float | None) -> Refusal | None:
        """Return why an entry is refused; one that is not gets its size."""
        if order.symbol != self._symbol:
            return Refusal("unknown_symbol", f"this run has market data of {self._symbol} alone")
        bring_on_ticks(order, self._contract)
        price = order.price or self._account.price_of(order.symbol)
        if price is None:
            return Refusal("no_price", "no market data has arrived yet")
        if self._spot and order.side is Side.SELL:
            return Refusal(
                "spot_short", 'a spot account cannot go short; sell what it holds by close_position("BUY")'
            )
        refusal = self._rules.refusal(self._view(order, price))
        if refusal is not None and (held := self._reducible(order)) > 0:
            # No filter and no limit holds back what makes a position smaller.
            order.reduce_only, order.stop_loss, order.take_profit = True, None, None
            if (unsized := self._sized(order, price, asked_qty)) is None:
                self._cut_to(order, held, refusal)
            return unsized
        if refusal is not None or (refusal := bad_stops(order, price)):
            return refusal
        return (
            self._sized(order, price, asked_qty)
            or self._margin_refusal(order, price)
            or too_small(order, price, self._contract)
        )

    def _sized(self, order: Order, price: float, asked_qty: float | None) -> Refusal | None:
        """Give an entry its size; returns why it can have none."""
        stop = order.stop_loss or initial_stops(self._strategy, order.side, price)[0]
        size = entry_size(
            self._strategy,
            self._contract,
            Sizing(price, self._account.equity, stop, self._held_qty(order)),
            asked_qty,
        )
        if size.reason:
            return Refusal(size.reason, size.detail)
        order.qty = size.qty
        note_cut(order, asked_qty, self._contract)
        order.cut_to_fit = asked_qty is None and self._strategy.size_type in MONEY_SIZES
        return None

    def _cut_to(self, order: Order, held: float, refusal: Refusal) -> None:
        if order.qty > held:
            order.qty = self._contract.rounded_qty(held)
            order.detail = f"only what it reduces: {refusal.detail}"

    def _margin_refusal(self, order: Order, price: float) -> Refusal | None:
        if self._reducible(order) > 0:
            return None
        free, fees = self._free_after_closes()
        # What the fees take of a size that fits without them, it leaves.
        if order.cut_to_fit and self._account.required_margin(order.qty, price) <= free + fees:
            self._cut_to_cost(order, price, free)
        needed = self._account.required_margin(order.qty, price)
        if needed <= free and order.qty > 0:
            return None
        currency = self._contract.currency
        return Refusal("insufficient_margin", f"needs {needed:.8g} {currency}, only {free:.8g} is free")

    def _free_after_closes(self) -> tuple[float, float]:
        """Return the free margin once the closes that wait have filled at the last price, and their fees."""
        account, closing = self._account, self.closing()
        free, fees, won = account.free_margin, 0.0, 0.0
        for position in account.positions:
            if position.position_id in closing:
                free += position.margin
                worth = self._contract.notional(position.qty, position.last_price)
                fees += worth * account.taker_fee_pct / 100
                won += position.unrealized_pnl
        # A profit is free once it is realized; a loss is counted before.
        unrealized = account.unrealized_pnl
        return (free + min(won, unrealized) - min(0.0, unrealized) - fees, fees) if closing else (free, 0.0)

    def _cut_to_cost(self, order: Order, price: float, free: float) -> None:
        """Cut a size so that the money is enough for its fee and slippage, too."""
        slippage = 0.0 if order.order_type is OrderType.LIMIT else self._strategy.slippage_pct
        paid = price * (1 + order.side.sign * slippage / 100)
        cost = self._account.required_margin(order.qty, paid)
        cost += self._contract.notional(order.qty, paid) * self._account.taker_fee_pct / 100
        if cost > free:
            order.qty = self._contract.rounded_qty(order.qty * max(0.0, free - ROUNDING) / cost)

    def exit_refusal(self, order: Order) -> Refusal | None:
        """Return why an order that only reduces is refused; one that is not is cut to what is held."""
        held = sum(position.qty for position in self._account.held(order.symbol, order.side.opposite))
        if held <= 0:
            return Refusal(
                "no_position", f"reduce_only, and there is no position that a {order.side} reduces"
            )
        bring_on_ticks(order, self._contract)
        asked = min(order.qty or held, held)
        order.qty = self._contract.rounded_qty(asked)
        if order.qty <= 0:
            return Refusal("size_too_small", f"{asked:.8g} is less than the smallest step")
        note_cut(order, asked, self._contract)
        return None

    def _view(self, order: Order, price: float) -> EntryView:
        total = each = 0
        if self._reducible(order) <= 0:
            total, each = self._taken(), self._taken(order.symbol)
        spread_pct = self._account.spread_pct_of(order.symbol)
        return EntryView(order.created_at, order.side, price, spread_pct, total, each, self.halted)

    def _taken(self, symbol: str | None = None) -> int:
        """Return how many positions there are or will be: those that stay, and the entries that wait."""
        closing = self.closing()
        staying = sum(
            position.entries
            for position in self._account.positions
            if position.position_id not in closing and symbol in (None, position.symbol)
        )
        waiting = (o for o in self._account.waiting if not o.reduce_only and symbol in (None, o.symbol))
        return staying + sum(1 for _ in waiting)

    def _reducible(self, order: Order) -> float:
        """Return the quantity by which an order can make the net position smaller, before it opens one."""
        if not self._account.netting:
            return 0.0
        closing = self.closing()
        against = self._account.held(order.symbol, order.side.opposite)
        return sum(p.qty for p in against if p.position_id not in closing)

    def _held_qty(self, order: Order) -> float:
        """Return what an entry adds to; below zero is what it first reduces."""
        if not self._account.netting:
            return 0.0
        return sum(p.qty for p in self._account.held(order.symbol, order.side)) - self._reducible(order)

    def reduced(self, order: Order) -> float:
        """Return how much of an order that waits makes a position smaller."""
        return min(order.qty, self._reducible(order))

    def closing(self) -> set[int]:
        """Return the ids of positions that a waiting market order closes whole."""
        return {
            order.position_id
            for order in self._account.waiting
            if order.reduce_only
            and order.order_type is OrderType.MARKET
            and order.position_id is not None
            and (held := self._account.position(order.position_id)) is not None
            and order.qty >= held.qty
        }

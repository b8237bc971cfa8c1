"""Checks of an order before it is sent, and its size."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from metaexpert.expert.model.bars import Bar
from metaexpert.expert.model.orders import Order, OrderType, Side
from metaexpert.expert.risk.account_view import AccountView
from metaexpert.expert.risk.entry_rules import EntryRules, EntryView
from metaexpert.expert.risk.refusal import Refusal
from metaexpert.expert.risk.sizing import Sizing, entry_size
from metaexpert.expert.risk.stops import bad_stops, initial_stops
from metaexpert.expert.settings.strategy import StrategySettings


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
        price = order.price or self._account.price_of(order.symbol)
        if price is None:
            return Refusal("no_price", "no market data has arrived yet")
        if self._spot and order.side is Side.SELL:
            return Refusal(
                "spot_short", 'a spot account cannot go short; sell what it holds by close_position("BUY")'
            )
        if (refusal := self._rules.refusal(self._view(order, price))) or (refusal := bad_stops(order, price)):
            return refusal
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
        return self._margin_refusal(order, price)

    def _margin_refusal(self, order: Order, price: float) -> Refusal | None:
        closing = self.closing()
        released = sum(p.margin for p in self._account.positions if p.position_id in closing)
        free = self._account.free_margin + released
        needed = self._account.required_margin(order.qty, price)
        if needed <= free or self._reduces(order):
            return None
        currency = self._contract.currency
        return Refusal("insufficient_margin", f"needs {needed:.8g} {currency}, only {free:.8g} is free")

    def exit_refusal(self, order: Order) -> Refusal | None:
        """Return why an order that only reduces is refused; one that is not is cut to what is held."""
        held = sum(position.qty for position in self._account.held(order.symbol, order.side.opposite))
        if held <= 0:
            return Refusal(
                "no_position", f"reduce_only, and there is no position that a {order.side} reduces"
            )
        order.qty = self._contract.rounded_qty(min(order.qty or held, held))
        return None

    def _view(self, order: Order, price: float) -> EntryView:
        total = each = 0
        if not self._reduces(order):
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

    def _reduces(self, order: Order) -> bool:
        """Whether an order makes the net position smaller instead of opening one."""
        if not self._account.netting:
            return False
        closing = self.closing()
        return any(
            p.position_id not in closing for p in self._account.held(order.symbol, order.side.opposite)
        )

    def _held_qty(self, order: Order) -> float:
        if not self._account.netting:
            return 0.0
        return sum(position.qty for position in self._account.held(order.symbol, order.side))

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

"""What the figures of a run are made of: its closed trades, its orders, and one equity per UTC day.

Memory grows with trades, orders and days, not with bars or ticks.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final

from metaexpert.expert.analysis.trades import OrderRow, PositionRow, Trade
from metaexpert.expert.model.contracts import Contract, LinearContract
from metaexpert.expert.model.fills import Fill
from metaexpert.expert.model.orders import Order
from metaexpert.expert.model.positions import Position

_DAY: Final = timedelta(days=1)


@dataclass(slots=True)
class _Legs:
    """The fills of one direction of a trade, added up."""

    count: int = 0
    qty: float = 0.0
    price: float = 0.0
    """Their mean, weighted by quantity."""
    notional: float = 0.0

    def add(self, fill: Fill, contract: Contract) -> None:
        """Add a fill."""
        self.price = (
            contract.average_price(self.qty, self.price, fill.qty, fill.price) if self.qty else fill.price
        )
        self.qty += fill.qty
        self.notional += fill.notional
        self.count += 1


@dataclass(slots=True)
class OpenTrade:
    """A trade that is not closed yet."""

    opened_at: datetime
    bar: int
    """How many bars had closed before."""
    sign: int
    entries: _Legs
    exits: _Legs
    lowest: float
    highest: float


class Recorder:
    """Follows the positions, orders and days of one run."""

    def __init__(self, contract_of: Callable[[str], Contract] = lambda symbol: LinearContract("")) -> None:
        """`contract_of` returns the arithmetic of a symbol, by which prices are averaged."""
        self.trades: list[Trade] = []
        self.orders: list[OrderRow] = []
        self.open: dict[int, OpenTrade] = {}
        """The trades that are not closed, by the number of their position."""
        self.days: list[tuple[date, float]] = []
        """The days that are over, each with the equity at its end."""
        self.day_ends = datetime.min.replace(tzinfo=UTC)
        """The end of the day that goes on."""
        self.moments: list[tuple[datetime, float]] | None = None
        """The equity after each step of the market, where that is wanted."""
        self.turnover = 0.0
        """The worth of all fills, in the account's currency."""
        self.bars = 0
        """How many bars have closed; the loop counts them."""
        self._contract_of = contract_of
        self._held = timedelta(0)
        self._held_since: datetime | None = None

    # -- days -----------------------------------------------------------------------------------------

    def begin(self, now: datetime, *, by_bar: bool = False) -> None:
        """The run begins; this is its first day. With `by_bar` the equity after each step is kept."""
        self.day_ends = _midnight(now) + _DAY
        self.moments = [] if by_bar else None

    def end_days(self, until: datetime, equity: float) -> None:
        """The day is over, and so are those up to the one in which `until` is; their last equity is this.

        A moment at midnight belongs to the day before it.
        """
        while self.day_ends < until:
            self.days.append((_day_before(self.day_ends), equity))
            self.day_ends += _DAY

    def finish(self, now: datetime, equity: float) -> None:
        """The run is over; its last day ends with this equity."""
        self.days.append((_day_before(self.day_ends), equity))
        if self._held_since is not None:
            self._held += now - self._held_since
            self._held_since = now

    @property
    def held(self) -> timedelta:
        """How long at least one position was open."""
        return self._held

    # -- orders and positions -------------------------------------------------------------------------

    def order_over(self, order: Order) -> None:
        """Keep an order that was filled or cancelled."""
        self.orders.append(order_row(order))

    def filled(self, fill: Fill) -> None:
        """Add a fill to the trade of its position."""
        self.turnover += fill.notional
        trade = self.open.get(fill.position_id)
        if trade is None:
            trade = self._begin(fill.position_id, fill.time, fill.position_side.sign, fill.price)
        legs = trade.entries if fill.side is fill.position_side else trade.exits
        legs.add(fill, self._contract_of(fill.symbol))
        trade.lowest, trade.highest = min(trade.lowest, fill.price), max(trade.highest, fill.price)

    def adopt(self, position: Position) -> None:
        """Follow a position that an earlier run left open; its extremes count from here."""
        trade = self._begin(
            position.position_id, position.opened_at, position.side.sign, position.entry_price
        )
        trade.entries = _Legs(position.entries, position.qty, position.entry_price)
        trade.entries.notional = self._contract_of(position.symbol).notional(
            position.qty, position.entry_price
        )

    def closed(self, position: Position, reason: str) -> None:
        """Keep the trade of a position of which nothing is left."""
        trade = self.open.pop(position.position_id, None)
        at = position.closed_at or position.opened_at
        if trade is not None:
            self.trades.append(self._trade(trade, position, at, reason))
        if not self.open and self._held_since is not None:
            self._held += at - self._held_since
            self._held_since = None

    def _begin(self, number: int, time: datetime, sign: int, price: float) -> OpenTrade:
        if not self.open:
            self._held_since = time
        trade = self.open[number] = OpenTrade(time, self.bars, sign, _Legs(), _Legs(), price, price)
        return trade

    def _trade(self, trade: OpenTrade, position: Position, at: datetime, reason: str) -> Trade:
        entry, invested = trade.entries.price, trade.entries.notional
        low, high = ((price / entry - 1) * 100 * trade.sign for price in (trade.lowest, trade.highest))
        return Trade(
            position_id=position.position_id,
            symbol=position.symbol,
            side=position.side,
            qty=self._contract_of(position.symbol).rounded_qty(trade.entries.qty),
            entry_time=trade.opened_at,
            exit_time=at,
            entry_price=entry,
            exit_price=trade.exits.price,
            entries=trade.entries.count,
            exits=trade.exits.count,
            gross_pnl=position.realized_pnl,
            fees=position.fees,
            funding=position.funding,
            net_pnl=position.net_pnl,
            return_pct=round(position.net_pnl / invested * 100, 8) + 0.0 if invested else None,
            mae_pct=round(min(low, high, 0.0), 8) + 0.0,
            mfe_pct=round(max(low, high, 0.0), 8) + 0.0,
            bars=self.bars - trade.bar,
            reason=reason,
        )

    # -- prices ---------------------------------------------------------------------------------------

    def saw_bar(self, closed: datetime, high: float, low: float, close: float) -> None:
        """Widen the range of the open trades by a bar; of one that was opened inside it by its close alone.

        The order of prices inside a bar is not known, so neither is what came after such an entry.
        """
        for trade in self.open.values():
            bottom, top = (close, close) if trade.opened_at == closed else (low, high)
            trade.lowest, trade.highest = min(trade.lowest, bottom), max(trade.highest, top)

    def saw_price(self, price: float) -> None:
        """Widen the range of the open trades by a price."""
        for trade in self.open.values():
            trade.lowest, trade.highest = min(trade.lowest, price), max(trade.highest, price)


def order_row(order: Order) -> OrderRow:
    """Return an order as results have it."""
    return OrderRow(
        order_id=order.order_id,
        symbol=order.symbol,
        side=order.side,
        order_type=order.order_type,
        qty=order.qty,
        price=order.price,
        status=order.status,
        created_at=order.created_at,
        filled_at=order.filled_at,
        filled_qty=order.filled_qty,
        average_price=order.average_price,
        fee=order.fee,
        realized_pnl=order.realized_pnl,
        reduce_only=order.reduce_only,
        position_id=order.position_id,
        reason=order.reason,
        comment=order.comment,
    )


def position_row(position: Position) -> PositionRow:
    """Return a position as results have it."""
    return PositionRow(
        position_id=position.position_id,
        symbol=position.symbol,
        side=position.side,
        qty=position.qty,
        opened_at=position.opened_at,
        entry_price=position.entry_price,
        last_price=position.last_price,
        unrealized_pnl=position.unrealized_pnl,
        realized_pnl=position.realized_pnl,
        fees=position.fees,
        stop_loss=position.stop_loss,
        take_profit=position.take_profit,
    )


def _midnight(time: datetime) -> datetime:
    return time.replace(hour=0, minute=0, second=0, microsecond=0)


def _day_before(midnight: datetime) -> date:
    return (midnight - _DAY).date()

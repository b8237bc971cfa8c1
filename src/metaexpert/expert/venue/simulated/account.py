"""The books of a simulated account: positions, margin, and the ledger every fill is entered in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from metaexpert.expert.model.accounts import Account, Ledger
from metaexpert.expert.model.contracts import Contract, money
from metaexpert.expert.model.orders import Order, Side
from metaexpert.expert.model.positions import Position
from metaexpert.expert.venue.simulated.exits import MAINTENANCE_MARGIN_PCT
from metaexpert.expert.venue.simulated.market import MarketMove


@dataclass(frozen=True, slots=True)
class Booking:
    """What one fill did to one position."""

    position: Position
    qty: float
    realized_pnl: float
    fee: float
    opened: bool = False
    closed: bool = False


class AccountBook:
    """Positions and money of one account and one symbol; it records nothing and decides nothing.

    Amounts are in the settlement currency, rounded to 8 decimals when booked, so that
    balance = initial capital + sum of realized_pnl - sum of fees.
    """

    def __init__(self, contract: Contract, capital: float, *, leverage: int) -> None:
        """`capital` is in settlement currency; `leverage` 1 for spot."""
        self.contract = contract
        self.leverage = leverage
        self.ledger = Ledger(initial_capital=money(capital), balance=money(capital))
        self.mark_price: float | None = None
        self._positions: dict[int, Position] = {}
        self._next_position_id = 1

    @property
    def positions(self) -> tuple[Position, ...]:
        """Open positions, oldest first; the live objects."""
        return tuple(self._positions.values())

    def position(self, position_id: int | None) -> Position | None:
        """Return an open position by its id."""
        return None if position_id is None else self._positions.get(position_id)

    def of_side(self, side: Side) -> Iterator[Position]:
        """Yield the open longs (BUY) or shorts (SELL), oldest first."""
        return (position for position in self.positions if position.side is side)

    def equity_at(self, bid: float, ask: float) -> float:
        """Return the equity if longs were worth `bid` and shorts `ask`."""
        open_pnl = (self._pnl(p, bid if p.side is Side.BUY else ask) for p in self._positions.values())
        return self.ledger.balance + sum(open_pnl)

    @property
    def equity(self) -> float:
        """Balance plus unrealized profit at the last price."""
        if not self._positions or self.mark_price is None:
            return self.ledger.balance
        return money(self.equity_at(self.mark_price, self.mark_price))

    @property
    def margin_used(self) -> float:
        """Margin of all open positions."""
        return money(sum(position.margin for position in self._positions.values()))

    @property
    def free_margin(self) -> float:
        """What new positions may use; unrealized profit does not count, unrealized loss does."""
        return money(min(self.ledger.balance, self.equity) - self.margin_used)

    def maintenance_margin(self, price: float) -> float:
        """Return the least equity that the open positions need at a price."""
        worth = sum(self.contract.notional(p.qty, price) for p in self._positions.values())
        return worth * MAINTENANCE_MARGIN_PCT / 100

    def required_margin(self, qty: float, price: float) -> float:
        """Return the margin of a new position."""
        return money(self.contract.notional(qty, price) / self.leverage)

    def mark(self, price: float) -> None:
        """Value the open positions at a price."""
        self.mark_price = price
        for position in self._positions.values():
            position.last_price = price
            position.unrealized_pnl = money(self._pnl(position, price))

    def open(self, order: Order, qty: float, price: float, fee: float, time: datetime) -> Booking:
        """Enter the fill of an entry that starts a new position."""
        position = Position(
            position_id=self._next_position_id,
            symbol=order.symbol,
            side=order.side,
            qty=qty,
            entry_price=price,
            opened_at=time,
            leverage=self.leverage,
            margin=self.required_margin(qty, price),
            stop_loss=order.stop_loss,
            take_profit=order.take_profit,
            best_price=price,
            fees=fee,
            last_price=price,
        )
        self._next_position_id += 1
        self._positions[position.position_id] = position
        self._book(0.0, fee)
        return Booking(position, qty, 0.0, fee, opened=True)

    def add(self, position: Position, qty: float, price: float, fee: float) -> Booking:
        """Enter the fill of an entry that enlarges a position."""
        position.entry_price = self.contract.average_price(position.qty, position.entry_price, qty, price)
        position.qty = self.contract.rounded_qty(position.qty + qty)
        position.margin = money(position.margin + self.required_margin(qty, price))
        position.entries += 1
        position.fees = money(position.fees + fee)
        self._book(0.0, fee)
        return Booking(position, qty, 0.0, fee)

    def reduce(self, position: Position, qty: float, price: float, fee: float, time: datetime) -> Booking:
        """Enter the fill of an exit; a position of which nothing is left is closed."""
        qty = min(qty, position.qty)
        pnl = money(self.contract.pnl(position.side.sign, position.entry_price, price, qty))
        rest = self.contract.rounded_qty(position.qty - qty)
        position.margin = money(position.margin * rest / position.qty)
        position.qty = rest
        position.fees = money(position.fees + fee)
        position.realized_pnl = money(position.realized_pnl + pnl)
        position.last_price, position.unrealized_pnl = price, money(self._pnl(position, price))
        self._book(pnl, fee)
        if rest > 0:
            return Booking(position, qty, pnl, fee)
        position.closed_at = time
        del self._positions[position.position_id]
        self._score(money(position.realized_pnl - position.fees))
        return Booking(position, qty, pnl, fee, closed=True)

    def _score(self, net_pnl: float) -> None:
        ledger = self.ledger
        ledger.closed_trades += 1
        if net_pnl > 0:
            ledger.winning_trades += 1
            ledger.gross_profit = money(ledger.gross_profit + net_pnl)
        else:
            ledger.losing_trades += 1
            ledger.gross_loss = money(ledger.gross_loss - net_pnl)

    def _book(self, realized_pnl: float, fee: float) -> None:
        ledger = self.ledger
        ledger.realized_pnl = money(ledger.realized_pnl + realized_pnl)
        ledger.fees = money(ledger.fees + fee)
        ledger.balance = money(ledger.balance + realized_pnl - fee)

    def _pnl(self, position: Position, price: float) -> float:
        return self.contract.pnl(position.side.sign, position.entry_price, price, position.qty)

    def account(self, peak_equity: float) -> Account:
        """Return the account as it stands."""
        equity = self.equity
        peak = max(peak_equity, equity)
        return Account(
            currency=self.contract.currency,
            initial_capital=self.ledger.initial_capital,
            balance=self.ledger.balance,
            equity=equity,
            margin_used=self.margin_used,
            free_margin=self.free_margin,
            realized_pnl=self.ledger.realized_pnl,
            fees=self.ledger.fees,
            peak_equity=peak,
            drawdown_pct=round((1 - equity / peak) * 100, 6) if peak > 0 else 0.0,
        )

    def restore(self, balance: float, positions: list[Position]) -> None:
        """Take over the balance and the open positions of an earlier run; profit counts from here."""
        self.ledger = Ledger(initial_capital=money(balance), balance=money(balance))
        self._positions = {position.position_id: replace(position) for position in positions}
        self._next_position_id = max(self._positions, default=0) + 1
        if positions:
            self.mark(positions[-1].last_price or positions[-1].entry_price)

    def cross_liquidation_price(self, move: MarketMove, *, down: bool) -> float | None:
        """Return where on the way from the open to the step's low (or high) the whole account is liquidated.

        That is where the equity meets the maintenance margin of all positions; None when it does not.
        Found by bisection, because an inverse account's equity is not linear in the price.
        """
        start, end = (move.open_bid, move.low_bid) if down else (move.open_ask, move.high_ask)
        if not self._positions or not self._is_ruined(end):
            return None
        if self._is_ruined(start):
            return start
        safe, ruined = start, end
        while abs(ruined - safe) > 1e-9 * start:
            middle = (safe + ruined) / 2
            if middle in (safe, ruined):
                break
            safe, ruined = (safe, middle) if self._is_ruined(middle) else (middle, ruined)
        return ruined

    def _is_ruined(self, price: float) -> bool:
        return self.equity_at(price, price) <= self.maintenance_margin(price)

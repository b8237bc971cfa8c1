"""The books of a simulated account: positions, orders that wait, margin, and the money."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from copy import copy
from dataclasses import dataclass, replace
from typing import NamedTuple

from metaexpert.expert.model.accounts import Account
from metaexpert.expert.model.contracts import Contract, money
from metaexpert.expert.model.fills import Fill
from metaexpert.expert.model.orders import Order, Side
from metaexpert.expert.model.positions import Position
from metaexpert.expert.venue.simulated.market import MarketMove


@dataclass(slots=True)
class Ledger:
    """Running totals of an account, in its currency; every booking is rounded to 8 decimals."""

    initial_capital: float
    balance: float
    realized_pnl: float = 0.0
    fees: float = 0.0
    funding: float = 0.0


class Ruin(NamedTuple):
    """Where an account whose positions share one margin comes to its end: what each side is closed at."""

    bid: float
    ask: float


class AccountBook:
    """Positions, waiting orders and money of one account and one symbol; it records and decides nothing.

    Amounts are in the settlement currency, rounded to 8 decimals when booked, so that
    balance = initial capital + sum of realized_pnl - sum of fees + sum of funding.
    """

    def __init__(
        self,
        contract: Contract,
        capital: float,
        *,
        leverage: int,
        symbol: str,
        netting: bool = False,
        taker_fee_pct: float = 0.0,
    ) -> None:
        """`capital` is in settlement currency; `leverage` 1 for spot; `netting` makes one position of all."""
        self.taker_fee_pct = taker_fee_pct
        self.contract = contract
        self.leverage = leverage
        self.symbol = symbol
        self.netting = netting
        self.ledger = Ledger(initial_capital=money(capital), balance=money(capital))
        self.working: dict[int, Order] = {}
        """The orders that wait to be filled, by number, oldest first."""
        self.mark_price: float | None = None
        self.spread_pct: float | None = None
        self.peak_equity = self.ledger.balance
        """The highest equity at the end of a step of the market."""
        self._equity: float | None = None
        self._positions: dict[int, Position] = {}
        self._next_position_id = 1

    # -- questions ------------------------------------------------------------------------------------

    @property
    def positions(self) -> tuple[Position, ...]:
        """Open positions, oldest first; the live objects."""
        return tuple(self._positions.values())

    @property
    def is_open(self) -> bool:
        """Whether there is an open position."""
        return bool(self._positions)

    @property
    def waiting(self) -> Collection[Order]:
        """The orders that wait to be filled, oldest first; the live objects."""
        return self.working.values()

    @property
    def next_position_id(self) -> int:
        """The number that the next new position gets."""
        return self._next_position_id

    def contract_of(self, symbol: str) -> Contract:
        """Return the arithmetic of the account's one contract."""
        return self.contract

    def price_of(self, symbol: str) -> float | None:
        """Return the last price of the account's symbol; None before the first, and for any other symbol."""
        return self.mark_price if symbol == self.symbol else None

    def spread_pct_of(self, symbol: str) -> float | None:
        """Return the last spread in percent of the price, None where it is not known."""
        return self.spread_pct if symbol == self.symbol else None

    def position(self, position_id: int | None) -> Position | None:
        """Return an open position by its id."""
        return None if position_id is None else self._positions.get(position_id)

    def order(self, order_id: int) -> Order | None:
        """Return an order that waits by its number."""
        return self.working.get(order_id)

    def held(self, symbol: str, side: Side) -> Iterator[Position]:
        """Yield the open longs (BUY) or shorts (SELL) of a symbol, oldest first."""
        return (p for p in self.positions if p.side is side and p.symbol == symbol)

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
        if self._equity is None:
            self._equity = money(self.equity_at(self.mark_price, self.mark_price))
        return self._equity

    @property
    def unrealized_pnl(self) -> float:
        """What the open positions have won (or lost) at the last price."""
        return money(self.equity - self.ledger.balance)

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
        return sum(self.contract.maintenance(p.qty, price) for p in self._positions.values())

    def required_margin(self, qty: float, price: float) -> float:
        """Return the margin of a new position."""
        return money(self.contract.notional(qty, price) / self.leverage)

    def profit(self, position: Position, qty: float, price: float) -> float:
        """Return what closing a quantity of a position at a price makes, before fees."""
        return money(self.contract.pnl(position.side.sign, position.entry_price, price, qty))

    # -- what changes the books -----------------------------------------------------------------------

    def mark(self, price: float) -> None:
        """Value the open positions at a price."""
        self.mark_price = price
        self._equity = None
        for position in self._positions.values():
            position.last_price = price
            position.unrealized_pnl = money(self._pnl(position, price))

    def end_step(self, price: float) -> None:
        """Value the open positions at the last price of a step of the market, and take note of the equity."""
        if self._positions:
            self.mark(price)
            equity = self.equity
        else:
            self.mark_price, equity = price, self.ledger.balance
        self.peak_equity = max(self.peak_equity, equity)

    def enter(self, fill: Fill, *, stop_loss: float | None, take_profit: float | None) -> Position:
        """Book a fill, and return the position that it opened, enlarged or reduced; the live object.

        A new position gets the stop and the target. One of which nothing is left is closed.
        """
        position = self._positions.get(fill.position_id)
        if position is None:
            position = self._open(fill, stop_loss, take_profit)
        elif position.side is fill.side:
            self._add(position, fill)
        else:
            self._reduce(position, fill)
        self._book(fill.realized_pnl, fill.fee)
        return position

    def _open(self, fill: Fill, stop_loss: float | None, take_profit: float | None) -> Position:
        position = Position(
            position_id=fill.position_id,
            symbol=fill.symbol,
            side=fill.side,
            qty=fill.qty,
            entry_price=fill.price,
            opened_at=fill.time,
            leverage=self.leverage,
            margin=self.required_margin(fill.qty, fill.price),
            stop_loss=stop_loss,
            take_profit=take_profit,
            best_price=fill.price,
            fees=fill.fee,
            last_price=fill.price,
        )
        self._next_position_id = fill.position_id + 1
        self._positions[position.position_id] = position
        return position

    def _add(self, position: Position, fill: Fill) -> None:
        qty, price = fill.qty, fill.price
        position.entry_price = self.contract.average_price(position.qty, position.entry_price, qty, price)
        position.qty = self.contract.rounded_qty(position.qty + qty)
        position.margin = money(position.margin + self.required_margin(qty, price))
        position.entries += 1
        position.fees = money(position.fees + fill.fee)

    def _reduce(self, position: Position, fill: Fill) -> None:
        rest = self.contract.rounded_qty(position.qty - fill.qty)
        position.margin = money(position.margin * rest / position.qty)
        position.qty = rest
        position.fees = money(position.fees + fill.fee)
        position.realized_pnl = money(position.realized_pnl + fill.realized_pnl)
        position.last_price, position.unrealized_pnl = fill.price, money(self._pnl(position, fill.price))
        if rest <= 0:
            position.closed_at = fill.time
            del self._positions[position.position_id]

    def pay_funding(self, position: Position, rate: float, price: float) -> float:
        """Book a funding payment of a position valued at a price; returns what it received."""
        amount = money(-position.side.sign * self.contract.notional(position.qty, price) * rate)
        position.funding = money(position.funding + amount)
        self.ledger.funding = money(self.ledger.funding + amount)
        self.ledger.balance = money(self.ledger.balance + amount)
        self._equity = None
        return amount

    def _book(self, realized_pnl: float, fee: float) -> None:
        ledger = self.ledger
        self._equity = None
        ledger.realized_pnl = money(ledger.realized_pnl + realized_pnl)
        ledger.fees = money(ledger.fees + fee)
        ledger.balance = money(ledger.balance + realized_pnl - fee)

    def _pnl(self, position: Position, price: float) -> float:
        return self.contract.pnl(position.side.sign, position.entry_price, price, position.qty)

    def account(self) -> Account:
        """Return the account as it stands."""
        equity = self.equity
        peak = max(self.peak_equity, equity)
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
            funding=self.ledger.funding,
        )

    def restore(self, balance: float, positions: Sequence[Position]) -> None:
        """Take over the balance and the open positions of an earlier run; profit counts from here."""
        self.ledger = Ledger(initial_capital=money(balance), balance=money(balance))
        self._positions = {position.position_id: replace(position) for position in positions}
        self._next_position_id = max(self._positions, default=0) + 1
        self._equity = None
        if positions:
            self.mark(positions[-1].last_price or positions[-1].entry_price)
        self.peak_equity = self.equity

    # -- the end of an account ------------------------------------------------------------------------

    def ruin(self, move: MarketMove) -> Ruin | None:
        """Return where on a straight way of prices the whole account is liquidated, None if nowhere.

        That is where the equity meets the maintenance margin of all positions. An account that a gap has left
        with less than nothing loses all that it has and no more, because the exchange's fund pays the rest.
        """
        end = move.open_bid if move.is_point else move.close
        end_ask = move.open_ask if move.is_point else move.close
        if not self._positions or not self._is_ruined(end, end_ask):
            return None
        if not self._is_ruined(move.open_bid, move.open_ask):
            price = _crossing(move.open_bid, end, lambda p: self._is_ruined(p, p))
            return Ruin(price, price)
        before = self.mark_price
        if self.equity_at(move.open_bid, move.open_ask) >= 0 or before is None:
            return Ruin(move.open_bid, move.open_ask)
        price = _crossing(before, move.open_bid, lambda p: self.equity_at(p, p) <= 0)
        return Ruin(price, price)

    def _is_ruined(self, bid: float, ask: float) -> bool:
        return self.equity_at(bid, ask) <= self.maintenance_margin((bid + ask) / 2)

    def liquidation_fee(self, position: Position, price: float, *, isolated: bool) -> float:
        """Return what the exchange keeps of a position that it liquidates: the margin that is left."""
        if isolated:
            return max(0.0, money(position.margin + self.profit(position, position.qty, price)))
        kept = self.contract.maintenance(position.qty, price)
        return max(0.0, money(min(kept, self.equity_at(price, price))))

    def copy(self) -> AccountBook:
        """Return books that are worth the same, in which one can try out what would happen."""
        other = AccountBook(
            self.contract, 0.0, leverage=self.leverage, symbol=self.symbol, netting=self.netting
        )
        other.ledger = replace(self.ledger)
        other.working = {number: copy(order) for number, order in self.working.items()}
        other.mark_price, other.spread_pct = self.mark_price, self.spread_pct
        other._positions = {number: copy(position) for number, position in self._positions.items()}
        other._next_position_id = self._next_position_id
        return other


def _crossing(start: float, end: float, holds: Callable[[float], bool]) -> float:
    """Return the first price from `start` to `end` at which `holds` is true, which it is at `end`.

    Found by bisection, because an inverse account's equity is not linear in the price.
    """
    before, after = start, end
    while abs(after - before) > 1e-9 * abs(start):
        middle = (before + after) / 2
        if middle in (before, after):
            break
        before, after = (before, middle) if holds(middle) else (middle, after)
    return after

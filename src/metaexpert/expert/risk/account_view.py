"""The account as the checks of an order see it."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Protocol

from metaexpert.expert.model.contracts import Contract
from metaexpert.expert.model.orders import Order, Side
from metaexpert.expert.model.positions import Position


class AccountView(Protocol):
    """A read-only view of the account and the market, as the venue has them at this moment.

    Positions and orders are the live objects, not copies, so a reader must not change them. Amounts are in
    the account's currency.
    """

    @property
    def netting(self) -> bool:
        """Whether all fills of a symbol make one position; otherwise longs and shorts stand side by side."""

    @property
    def equity(self) -> float:
        """Balance plus unrealized profit at the last price."""

    @property
    def free_margin(self) -> float:
        """What new positions may use."""

    @property
    def unrealized_pnl(self) -> float:
        """What the open positions have won (or lost) at the last price."""

    @property
    def taker_fee_pct(self) -> float:
        """The fee of an order that trades at once, in percent of its worth."""

    @property
    def positions(self) -> tuple[Position, ...]:
        """The open positions of all symbols, oldest first."""

    @property
    def waiting(self) -> Collection[Order]:
        """The orders of all symbols that wait to be filled, oldest first."""

    def contract_of(self, symbol: str) -> Contract:
        """Return the arithmetic of a symbol's contract."""

    def price_of(self, symbol: str) -> float | None:
        """Return the last price of a symbol, None before the first."""

    def spread_pct_of(self, symbol: str) -> float | None:
        """Return the last spread of a symbol in percent of its price; None where the data do not tell it."""

    def held(self, symbol: str, side: Side) -> Iterable[Position]:
        """Return the open longs (BUY) or shorts (SELL) of a symbol, oldest first."""

    def position(self, position_id: int | None) -> Position | None:
        """Return an open position by its id, None if there is none."""

    def order(self, order_id: int) -> Order | None:
        """Return an order that waits by its number, None if there is none."""

    def required_margin(self, qty: float, price: float) -> float:
        """Return the margin that a new position of this size takes."""

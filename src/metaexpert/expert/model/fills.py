"""Fills: single executions of orders."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from metaexpert.expert.model.orders import Side


@dataclass(frozen=True, slots=True)
class Fill:
    """One execution of an order, made once by the venue.

    The same value goes to the account, the journal and the strategy in turn. `qty` is in base coins, or in
    contracts of one quote unit for inverse; `notional`, `fee` and `realized_pnl` are in `currency`.
    """

    fill_id: str
    """The venue's name for it, by which one that is told twice is known."""
    order_id: int
    position_id: int
    """The position that it opens, enlarges or reduces."""
    symbol: str
    side: Side
    position_side: Side
    qty: float
    price: float
    notional: float
    fee: float
    realized_pnl: float
    currency: str
    """The account's currency."""
    maker: bool
    """Whether the order rested in the book, so that the lower fee is due."""
    time: datetime

"""Positions: what a strategy holds."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import datetime
from operator import attrgetter
from typing import Final

from metaexpert.expert.model.contracts import money
from metaexpert.expert.model.orders import Side


@dataclass(slots=True)
class Position:
    """A position; a strategy gets copies, and changes it by `expert.modify_position`.

    Prices are in quote currency, `margin`, `fees` and `realized_pnl` in the account's currency.
    """

    position_id: int
    symbol: str
    side: Side
    qty: float
    entry_price: float
    opened_at: datetime
    leverage: int
    margin: float
    stop_loss: float | None = None
    take_profit: float | None = None
    stop_reason: str = "stop_loss"
    """What moved the stop to where it is: stop_loss, breakeven or trailing_stop."""
    best_price: float = 0.0
    """The most favourable price since the entry; trailing and breakeven go by it."""
    entries: int = 1
    fees: float = 0.0
    realized_pnl: float = 0.0
    funding: float = 0.0
    """Funding payments so far, positive where they were received."""
    last_price: float = 0.0
    unrealized_pnl: float = 0.0
    closed_at: datetime | None = None

    def __copy__(self) -> Position:
        return Position(*_values_of(self))

    @property
    def is_open(self) -> bool:
        """Whether anything of it is left."""
        return self.closed_at is None

    @property
    def net_pnl(self) -> float:
        """Its realized profit, less all its fees, with its funding payments."""
        return money(self.realized_pnl - self.fees + self.funding)


_values_of: Final = attrgetter(*(field.name for field in fields(Position)))

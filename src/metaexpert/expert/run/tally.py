"""The counts of a run's trades, for its figures."""

from __future__ import annotations

from dataclasses import dataclass, field

from metaexpert.expert.model.contracts import money
from metaexpert.expert.model.orders import Order
from metaexpert.expert.model.positions import Position


@dataclass(slots=True)
class Tally:
    """Counts of orders, fills and closed positions; money is in the account's currency, 8 decimals."""

    orders: int = 0
    """Orders that the venue took, those that it made itself among them."""
    fills: int = 0
    cancelled: int = 0
    rejected: int = 0
    rejections: dict[str, int] = field(default_factory=dict)
    """How many orders were rejected, by reason."""
    closed_trades: int = 0
    winning_trades: int = 0
    losing_trades: int = 0
    gross_profit: float = 0.0
    gross_loss: float = 0.0

    def count_rejected(self, order: Order) -> None:
        """Count an order that was rejected."""
        self.rejected += 1
        self.rejections[order.reason] = self.rejections.get(order.reason, 0) + 1

    def count_closed(self, position: Position) -> None:
        """Count a position that was closed: won or lost after its fees, or neither where it made nothing."""
        self.closed_trades += 1
        net_pnl = position.net_pnl
        if net_pnl > 0:
            self.winning_trades += 1
            self.gross_profit = money(self.gross_profit + net_pnl)
        elif net_pnl < 0:
            self.losing_trades += 1
            self.gross_loss = money(self.gross_loss - net_pnl)

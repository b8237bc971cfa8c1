"""Orders: their sides, types, and the states of their lives."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Side(StrEnum):
    """Direction of an order; of a position, that of the order that opened it (BUY is a long)."""

    BUY = "BUY"
    SELL = "SELL"

    @property
    def sign(self) -> int:
        """1 for BUY, -1 for SELL."""
        return 1 if self is Side.BUY else -1

    @property
    def opposite(self) -> Side:
        """The side that closes a position of this one."""
        return Side.SELL if self is Side.BUY else Side.BUY


class OrderType(StrEnum):
    """How an order finds its price."""

    MARKET = "MARKET"
    LIMIT = "LIMIT"
    STOP = "STOP"
    TAKE_PROFIT = "TAKE_PROFIT"
    LIQUIDATION = "LIQUIDATION"


class OrderStatus(StrEnum):
    """Where an order is in its life; the last three are final."""

    NEW = "NEW"
    FILLED = "FILLED"
    CANCELLED = "CANCELLED"
    REJECTED = "REJECTED"


@dataclass(slots=True)
class Order:
    """An order, as it was when the strategy was told of it; changing it changes nothing.

    `qty` is in base coins (contracts of one quote unit for inverse), `price` the limit or trigger price and
    None for a market order, `fee` and `realized_pnl` in the account's currency.
    """

    order_id: int
    symbol: str
    side: Side
    order_type: OrderType
    qty: float
    created_at: datetime
    price: float | None = None
    status: OrderStatus = OrderStatus.NEW
    reason: str = "strategy"
    """Why it was made or, once rejected or cancelled, why that happened."""
    detail: str = ""
    reduce_only: bool = False
    position_id: int | None = None
    stop_loss: float | None = None
    take_profit: float | None = None
    maker: bool = False
    comment: str = ""
    filled_at: datetime | None = None
    fill_price: float | None = None
    fee: float = 0.0
    realized_pnl: float = 0.0

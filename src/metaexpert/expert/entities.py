"""What a strategy trades with: orders, positions, the account, and the answers to its requests."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any


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
    last_price: float = 0.0
    unrealized_pnl: float = 0.0
    closed_at: datetime | None = None

    @property
    def is_open(self) -> bool:
        """Whether anything of it is left."""
        return self.closed_at is None


@dataclass(frozen=True, slots=True)
class Account:
    """The account at one moment, in `currency`: quote currency, or the base coin for inverse contracts."""

    currency: str
    initial_capital: float
    balance: float
    """Initial capital, plus realized profit, minus fees."""
    equity: float
    """Balance plus the unrealized profit of open positions."""
    margin_used: float
    free_margin: float
    realized_pnl: float
    fees: float
    peak_equity: float
    drawdown_pct: float
    """Fall of the equity from its peak, in percent."""


@dataclass(frozen=True, slots=True)
class TradeRequest:
    """What the strategy asked the broker for."""

    action: str
    """open_position, close_position, modify_position, open_order or cancel_order."""
    symbol: str
    side: str | None = None
    order_type: str | None = None
    qty: float | None = None
    price: float | None = None
    position_id: int | None = None
    order_id: int | None = None


@dataclass(frozen=True, slots=True)
class TradeResult:
    """What the broker answered: accepted or not, and why not."""

    accepted: bool
    order_id: int | None = None
    position_id: int | None = None
    reason: str = ""
    detail: str = ""


@dataclass(slots=True)
class Ledger:
    """Running totals of an account, in its currency; every booking is rounded to 8 decimals."""

    initial_capital: float
    balance: float
    realized_pnl: float = 0.0
    fees: float = 0.0
    gross_profit: float = 0.0
    gross_loss: float = 0.0
    winning_trades: int = 0
    losing_trades: int = 0
    closed_trades: int = 0
    orders: int = 0
    fills: int = 0
    cancelled: int = 0
    rejected: int = 0
    rejections: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Notice:
    """Something that happened at the broker, waiting to be told to the strategy's handlers."""

    event: str
    """on_order, on_position, on_account or on_transaction."""
    arguments: tuple[Any, ...]

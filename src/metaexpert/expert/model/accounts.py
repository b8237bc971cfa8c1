"""Accounts: the money of a strategy, at one moment and as running totals."""

from __future__ import annotations

from dataclasses import dataclass, field


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

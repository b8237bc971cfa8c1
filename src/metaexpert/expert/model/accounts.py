"""Accounts: the money of a strategy at one moment."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Account:
    """The account at one moment, in `currency`: quote currency, or the base coin for inverse contracts."""

    currency: str
    initial_capital: float
    balance: float
    """Initial capital, plus realized profit, minus fees, plus funding payments."""
    equity: float
    """Balance plus the unrealized profit of open positions."""
    margin_used: float
    free_margin: float
    realized_pnl: float
    fees: float
    peak_equity: float
    drawdown_pct: float
    """Fall of the equity from its peak, in percent."""
    funding: float = 0.0
    """Funding payments so far, positive where they were received."""

"""The figures of closed trades: single ones, all of them, by month and by symbol.

A closed trade is one position, from the fill that opened it to the fill that left nothing of it. Money is in
the account's currency, and a trade is won if it made a profit after fees and funding. A figure that is
undefined is None.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from metaexpert.expert.analysis.daily import EquityDay
from metaexpert.expert.model.contracts import money
from metaexpert.expert.model.orders import OrderStatus, OrderType, Side


class Trade(NamedTuple):
    """One closed trade."""

    position_id: int
    symbol: str
    side: Side
    """BUY for a long."""
    qty: float
    """All that was entered, in base coins, or in contracts for inverse."""
    entry_time: datetime
    """Time of the first entry."""
    exit_time: datetime
    """Time of the last exit."""
    entry_price: float
    """Mean of the entries, weighted by quantity."""
    exit_price: float
    """Mean of the exits, weighted by quantity."""
    entries: int
    """How many fills entered."""
    exits: int
    """How many fills reduced or closed."""
    gross_pnl: float
    """Profit of the prices alone, before fees and funding."""
    fees: float
    funding: float
    """Funding payments, positive where they were received; 0 where the run has none."""
    net_pnl: float
    """`gross_pnl` - `fees` + `funding`."""
    return_pct: float | None
    """`net_pnl` in percent of the worth of all entries; margin and leverage do not count."""
    mae_pct: float
    """Maximum adverse excursion: the worst price while it was open, in percent from `entry_price`; 0 or
    less."""
    mfe_pct: float
    """Maximum favourable excursion: the best price while it was open, in percent from `entry_price`; 0 or
    more."""
    bars: int
    """Bars from the one of the first entry to the one of the last exit; 0 within one bar."""
    reason: str
    """Why it was closed: strategy, stop_loss, take_profit, trailing_stop, liquidation, end_of_data, ..."""


class OrderRow(NamedTuple):
    """One order that the venue took, as it ended; or as it stands, if it still waits."""

    order_id: int
    symbol: str
    side: Side
    order_type: OrderType
    qty: float
    price: float | None
    """Limit or trigger price; None for a market order."""
    status: OrderStatus
    created_at: datetime
    filled_at: datetime | None
    """Time of the last fill."""
    filled_qty: float
    average_price: float | None
    fee: float
    realized_pnl: float
    reduce_only: bool
    position_id: int | None
    reason: str
    """Why it was made or, once cancelled, why that happened."""
    comment: str


class PositionRow(NamedTuple):
    """One position that is open at the end of a run."""

    position_id: int
    symbol: str
    side: Side
    qty: float
    opened_at: datetime
    entry_price: float
    last_price: float
    unrealized_pnl: float
    realized_pnl: float
    fees: float
    stop_loss: float | None
    take_profit: float | None


def trade_figures(trades: Sequence[Trade]) -> dict[str, float | None]:
    """Return the figures of closed trades, by their names in a result.

    - `expectancy`: mean net profit per trade
    - `payoff_ratio`: mean net profit of won trades / mean net loss of lost ones
    - `best_trade`, `worst_trade`: largest and smallest net profit
    - `mean_trade_bars`: mean length of a trade in bars
    """
    profits = [trade.net_pnl for trade in trades]
    won = [profit for profit in profits if profit > 0]
    lost = [-profit for profit in profits if profit < 0]
    loss = math.fsum(lost)
    payoff = math.fsum(won) / len(won) / (loss / len(lost)) if won and lost else None
    return {
        "expectancy": money(math.fsum(profits) / len(profits)) if profits else None,
        "payoff_ratio": None if payoff is None or not math.isfinite(payoff) else round(payoff, 6),
        "best_trade": max(profits, default=None),
        "worst_trade": min(profits, default=None),
        "mean_trade_bars": round(sum(each.bars for each in trades) / len(trades), 4) if trades else None,
    }


class MonthRow(NamedTuple):
    """One calendar month (UTC) of a run."""

    month: str
    """Such as 2024-01."""
    return_pct: float | None
    """Change of the equity since the end of the month before, or since the start; None on nothing."""
    equity: float
    """Equity at its end."""
    trades: int
    """Trades that were closed in it; profit and fees are theirs."""
    net_pnl: float
    fees: float


class SymbolRow(NamedTuple):
    """The closed trades of one symbol."""

    symbol: str
    trades: int
    win_rate_pct: float
    profit_factor: float | None
    net_pnl: float
    fees: float
    funding: float
    best_trade: float
    worst_trade: float


def by_month(capital: float, days: Iterable[EquityDay], trades: Sequence[Trade]) -> list[MonthRow]:
    """Return the months of a run in order, those without a trade among them."""
    ends = {f"{row.day:%Y-%m}": row.equity for row in days}
    closed: dict[str, list[Trade]] = {month: [] for month in ends}
    for trade in trades:
        closed.setdefault(f"{trade.exit_time:%Y-%m}", []).append(trade)
    rows, before = [], capital
    for month, equity in ends.items():
        change = round((equity / before - 1) * 100, 8) + 0.0 if before > 0 else None
        rows.append(MonthRow(month, change, equity, len(closed[month]), *_sums(closed[month])))
        before = equity
    return rows


def by_symbol(trades: Sequence[Trade]) -> list[SymbolRow]:
    """Return one row for each symbol that was traded, in alphabetical order."""
    groups: dict[str, list[Trade]] = {}
    for trade in trades:
        groups.setdefault(trade.symbol, []).append(trade)
    return [_of_symbol(symbol, group) for symbol, group in sorted(groups.items())]


def profit_factor(profits: Iterable[float]) -> float | None:
    """Return the sum of profits over the sum of losses; None without a loss."""
    values = list(profits)
    loss = -math.fsum(value for value in values if value < 0)
    factor = math.fsum(value for value in values if value > 0) / loss if loss > 0 else math.inf
    return round(factor, 6) if math.isfinite(factor) else None


def _of_symbol(symbol: str, trades: Sequence[Trade]) -> SymbolRow:
    profits = [trade.net_pnl for trade in trades]
    won = sum(profit > 0 for profit in profits)
    net_pnl, fees = _sums(trades)
    return SymbolRow(
        symbol,
        trades=len(trades),
        win_rate_pct=round(won / len(trades) * 100, 4),
        profit_factor=profit_factor(profits),
        net_pnl=net_pnl,
        fees=fees,
        funding=money(math.fsum(trade.funding for trade in trades)),
        best_trade=max(profits),
        worst_trade=min(profits),
    )


def _sums(trades: Iterable[Trade]) -> tuple[float, float]:
    """Return the net profit and the fees of trades."""
    closed = list(trades)
    return (
        money(math.fsum(trade.net_pnl for trade in closed)),
        money(math.fsum(trade.fees for trade in closed)),
    )

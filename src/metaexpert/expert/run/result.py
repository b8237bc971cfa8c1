"""The result of a run."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from datetime import date, datetime, timedelta
from typing import Any, Final

from metaexpert.expert.analysis.daily import (
    EquityDay,
    EquityMoment,
    daily_figures,
    equity_days,
    equity_moments,
)
from metaexpert.expert.analysis.rows import Rows
from metaexpert.expert.analysis.trades import (
    MonthRow,
    OrderRow,
    PositionRow,
    SymbolRow,
    Trade,
    by_month,
    by_symbol,
    trade_figures,
)
from metaexpert.expert.model.accounts import Account
from metaexpert.expert.model.contracts import money
from metaexpert.expert.run.recorder import Recorder
from metaexpert.expert.run.tally import Tally

#: The fields of a result that are lists of rows.
LISTS: Final = (
    "equity",
    "equity_by_bar",
    "by_month",
    "by_symbol",
    "closed_trades",
    "order_list",
    "positions",
)


@dataclass(frozen=True, slots=True)
class RunResult:
    """The figures of a run; money is in `currency` and agrees with the sums over its records (`session_id`).

    `final_balance` = `initial_capital` + `realized_pnl` - `fees` + `funding`, which are the sums over the
    "order.filled" and "funding.paid" records. Trades are closed positions, counted as won or lost after their
    fees.

    A figure that is undefined is None, never infinite. Figures with `365d` in their names are annual: of the
    equity at the end of each UTC day, the starting capital before them and days without a trade among them,
    with 365 days per year and a risk-free rate of 0. `metaexpert.expert.analysis.daily` has their formulas
    and sources, and so has docs/metrics.md.
    """

    session_id: str
    mode: str
    strategy_name: str
    symbol: str
    timeframe: str
    source: str
    start: datetime
    end: datetime
    stop_reason: str
    error: str | None
    """What stopped the run, when that was an error."""
    bars: int
    events: int
    orders: int
    fills: int
    cancelled: int
    rejected: int
    rejections: dict[str, int]
    trades: int
    winning_trades: int
    losing_trades: int
    win_rate_pct: float | None
    profit_factor: float | None
    """Net profit of the winning trades over net loss of the others; None without a loss."""
    currency: str
    initial_capital: float
    realized_pnl: float
    fees: float
    net_profit: float
    """Realized profit, less fees, with funding payments."""
    final_balance: float
    final_equity: float
    return_pct: float
    max_drawdown_pct: float
    """Largest fall of the equity from its peak, in percent, by the closes of the data."""
    open_positions: int
    handler_errors: int
    criterion: float | None
    """The number that `on_backtest` returned; None also for NaN and infinity, which JSON does not have."""
    duration_s: float
    funding: float = 0.0
    """Funding payments, positive where they were received."""
    days: int = 0
    """UTC days from the first market event to the last."""
    cagr_365d_pct: float | None = None
    """Compound annual growth rate: (final equity / initial capital) ^ (365 / days) - 1."""
    volatility_365d_pct: float | None = None
    """Sample standard deviation of the daily returns x sqrt(365)."""
    sharpe_365d: float | None = None
    """Mean daily return / their sample standard deviation x sqrt(365)."""
    sortino_365d: float | None = None
    """Mean daily return / root mean square of the negative ones, over all days, x sqrt(365)."""
    calmar_365d: float | None = None
    """`cagr_365d_pct` / `max_drawdown_daily_pct`."""
    max_drawdown_daily_pct: float | None = None
    """Largest fall of the daily equity from its peak; `max_drawdown_pct` goes by each bar or tick."""
    max_drawdown_days: int = 0
    """Days from the peak before that fall to the day that reached it again, or to the end."""
    longest_drawdown_days: int = 0
    """The longest time between a peak of the daily equity and the day that reached it again, or the end."""
    ulcer_index_pct: float | None = None
    """Root mean square of the days' drawdowns."""
    best_day_pct: float | None = None
    worst_day_pct: float | None = None
    exposure_pct: float | None = None
    """Part of the time of the data in which at least one position was open."""
    turnover: float | None = None
    """Worth of all fills / mean daily equity."""
    expectancy: float | None = None
    """Mean net profit per trade."""
    payoff_ratio: float | None = None
    """Mean net profit of the won trades / mean net loss of the lost ones."""
    best_trade: float | None = None
    """Largest net profit of a trade."""
    worst_trade: float | None = None
    """Smallest net profit of a trade."""
    mean_trade_bars: float | None = None
    """Mean length of a trade in bars."""
    equity: Rows[EquityDay] = field(default_factory=Rows, repr=False)
    """The account at the end of each UTC day."""
    equity_by_bar: Rows[EquityMoment] = field(default_factory=Rows, repr=False)
    """The account after each bar or tick, where `run` was asked for it."""
    by_month: Rows[MonthRow] = field(default_factory=Rows, repr=False)
    by_symbol: Rows[SymbolRow] = field(default_factory=Rows, repr=False)
    closed_trades: Rows[Trade] = field(default_factory=Rows, repr=False)
    order_list: Rows[OrderRow] = field(default_factory=Rows, repr=False)
    """The orders that the venue took, by number."""
    positions: Rows[PositionRow] = field(default_factory=Rows, repr=False)
    """The positions that are still open."""

    @property
    def ok(self) -> bool:
        """Whether the run came to an end of its own."""
        return self.stop_reason not in ("error", "init_failed", "interrupted", "terminated")

    def to_dict(self, *, lists: bool = False) -> dict[str, Any]:
        """Return the figures as plain values, times in RFC 3339; the lists too, if they are asked for."""
        names = [each.name for each in fields(self) if each.name not in LISTS]
        plain = {name: getattr(self, name) for name in names}
        plain |= {"start": _rfc3339(self.start), "end": _rfc3339(self.end)}
        if lists:
            plain |= {name: list(map(_plain_row, getattr(self, name).to_dicts())) for name in LISTS}
        return plain


def _plain_row(row: dict[str, Any]) -> dict[str, Any]:
    return {name: _plain_value(value) for name, value in row.items()}


def _rfc3339(time: datetime) -> str:
    return time.isoformat().replace("+00:00", "Z")


def _plain_value(value: Any) -> Any:
    if isinstance(value, datetime):
        return _rfc3339(value)
    return value.isoformat() if isinstance(value, date) else value


def counted_figures(tally: Tally) -> dict[str, Any]:
    """Return the fields of `RunResult` that were counted."""
    trades = tally.closed_trades
    return {
        "orders": tally.orders,
        "fills": tally.fills,
        "cancelled": tally.cancelled,
        "rejected": tally.rejected,
        "rejections": dict(sorted(tally.rejections.items(), key=lambda item: -item[1])),
        "trades": trades,
        "winning_trades": tally.winning_trades,
        "losing_trades": tally.losing_trades,
        "win_rate_pct": round(tally.winning_trades / trades * 100, 4) if trades else None,
        "profit_factor": round(tally.gross_profit / tally.gross_loss, 6) if tally.gross_loss else None,
    }


def money_figures(account: Account) -> dict[str, Any]:
    """Return the fields of `RunResult` that the account tells."""
    capital = account.initial_capital
    return {
        "currency": account.currency,
        "initial_capital": capital,
        "realized_pnl": account.realized_pnl,
        "fees": account.fees,
        "funding": account.funding,
        "net_profit": money(account.realized_pnl - account.fees + account.funding),
        "final_balance": account.balance,
        "final_equity": account.equity,
        "return_pct": round((account.equity / capital - 1) * 100, 6) if capital else 0.0,
    }


def recorded_figures(
    recorder: Recorder,
    account: Account,
    *,
    span: timedelta,
    orders: Iterable[OrderRow],
    positions: Iterable[PositionRow],
) -> dict[str, Any]:
    """Return the fields of `RunResult` that were recorded in `span`; `orders` are those that still wait."""
    capital = account.initial_capital
    days = equity_days(capital, recorder.days)
    equities = [row.equity for row in days]
    mean = math.fsum(equities) / len(equities) if equities else 0.0
    return {
        **daily_figures([capital, *equities]),
        **trade_figures(recorder.trades),
        "exposure_pct": round(recorder.held / span * 100, 6) if span else None,
        "turnover": round(recorder.turnover / mean, 6) if mean > 0 else None,
        "equity": Rows(days),
        "equity_by_bar": Rows(equity_moments(capital, recorder.moments or ())),
        "by_month": Rows(by_month(capital, days, recorder.trades)),
        "by_symbol": Rows(by_symbol(recorder.trades)),
        "closed_trades": Rows(recorder.trades),
        "order_list": Rows(sorted([*recorder.orders, *orders])),
        "positions": Rows(positions),
    }

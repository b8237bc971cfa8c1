"""The result of a run."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from metaexpert.expert.model.accounts import Account
from metaexpert.expert.run.tally import Tally


@dataclass(frozen=True, slots=True)
class RunResult:
    """The figures of a run; money is in `currency` and agrees with the sums over its records (`session_id`).

    `final_balance` = `initial_capital` + `realized_pnl` - `fees`, where the last two are the sums over the
    "order.filled" records. Trades are closed positions, counted as won or lost after their fees.
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

    @property
    def ok(self) -> bool:
        """Whether the run came to an end of its own."""
        return self.stop_reason not in ("error", "init_failed", "interrupted", "terminated")

    def to_dict(self) -> dict[str, Any]:
        """Return the figures as plain values, times in RFC 3339."""
        return asdict(self) | {"start": _rfc3339(self.start), "end": _rfc3339(self.end)}


def _rfc3339(time: datetime) -> str:
    return time.isoformat().replace("+00:00", "Z")


def trade_figures(tally: Tally) -> dict[str, Any]:
    """Return the fields of `RunResult` that were counted."""
    decided = tally.winning_trades + tally.losing_trades
    return {
        "orders": tally.orders,
        "fills": tally.fills,
        "cancelled": tally.cancelled,
        "rejected": tally.rejected,
        "rejections": dict(sorted(tally.rejections.items(), key=lambda item: -item[1])),
        "trades": tally.closed_trades,
        "winning_trades": tally.winning_trades,
        "losing_trades": tally.losing_trades,
        "win_rate_pct": round(tally.winning_trades / decided * 100, 4) if decided else None,
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
        "net_profit": round(account.realized_pnl - account.fees, 8) + 0.0,
        "final_balance": account.balance,
        "final_equity": account.equity,
        "return_pct": round((account.equity / capital - 1) * 100, 6) if capital else 0.0,
    }

"""The view of an expert's records: what people need not read in each line of `console` and `text`."""

from __future__ import annotations

from typing import Final

from metaexpert.expert.loggers import EXPERT_LOGGER, MARKET_LOGGER, TRADE_LOGGER
from metaexpert.logger.views import View

#: The record of a run's start has the constant fields as its own, so each run shows them once. A timeframe is
#: constant where a run has only one: `run` then puts it before the simulated time. What is left out was said
#: before, or follows from the rest.
RECORD_VIEW: Final = View(
    time="sim_time",
    constant=("strategy_id", "strategy_name", "mode", "session_id", "symbol"),
    constant_before_time=("timeframe",),
    loggers=(TRADE_LOGGER, EXPERT_LOGGER, MARKET_LOGGER),
    event_field="event_name",
    left_out={
        "order.filled": ("order_type", "position_side", "notional", "liquidity", "currency"),
        "position.opened": ("margin",),
        "position.changed": ("margin",),
        "position.closed": ("opened_at",),
        "account.updated": ("margin_used", "currency"),
        "expert.stopped": (
            "source",
            "start",
            "end",
            "events",
            "fills",
            "cancelled",
            "rejections",
            "winning_trades",
            "losing_trades",
            "profit_factor",
            "initial_capital",
            "realized_pnl",
            "fees",
            "funding",
            "final_balance",
            "final_equity",
            "criterion",
            "duration_s",
            "days",
            "cagr_365d_pct",
            "volatility_365d_pct",
            "sharpe_365d",
            "sortino_365d",
            "calmar_365d",
            "max_drawdown_daily_pct",
            "max_drawdown_days",
            "longest_drawdown_days",
            "ulcer_index_pct",
            "best_day_pct",
            "worst_day_pct",
            "exposure_pct",
            "turnover",
            "expectancy",
            "payoff_ratio",
            "best_trade",
            "worst_trade",
            "mean_trade_bars",
        ),
    },
    kept={"bar.closed": ("timeframe",)},
)

"""The limits and filters an entry must pass; exits are never held back by any of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from metaexpert.expert.indicators import sma, true_ranges
from metaexpert.expert.model.bars import Bar
from metaexpert.expert.model.contracts import Contract
from metaexpert.expert.model.orders import Side
from metaexpert.expert.risk.refusal import Refusal
from metaexpert.expert.settings.strategy import StrategySettings

TREND_PERIOD: Final = 50
"""Bars in the moving average of the trend filter."""
VOLATILITY_PERIOD: Final = 14
"""Bars in the current average true range of the volatility filter."""
VOLATILITY_BASE_PERIOD: Final = 50
"""Bars in the average true range that the current one is compared to."""
FILTER_BARS: Final = max(TREND_PERIOD, VOLATILITY_BASE_PERIOD) + 1
"""How many bars of the strategy's timeframe the filters look back on."""

_WEEKDAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


@dataclass(frozen=True, slots=True)
class EntryView:
    """The facts that the rules look at when the strategy asks for an entry."""

    time: datetime
    side: Side
    price: float
    spread_pct: float | None
    open_positions: int
    """Open positions that are not about to be closed, and entry orders that wait."""
    open_positions_of_symbol: int
    halted: Refusal | None
    """A loss limit that is in force."""


class EntryRules:
    """Checks entries against the limits of `on_init`; the first rule that fails is the reason.

    - trade_hours and allowed_days go by UTC; days are ISO weekdays, Monday 1 to Sunday 7
    - max_spread_pct applies where the data has bid and ask
    - min_volume is the worth of the last bar's volume in quote currency
    - trend_filter: BUY only above the 50-bar average of closes, SELL only below it
    - volatility_filter: not while the 14-bar average true range is over twice (or the factor given) its
      50-bar average
    Both filters refuse while there are too few bars to tell.
    """

    def __init__(
        self, settings: StrategySettings, contract: Contract, recent_bars: Callable[[int], Sequence[Bar]]
    ) -> None:
        """`recent_bars(n)` returns up to n closed bars of the strategy's timeframe, oldest first."""
        self._settings = settings
        self._contract = contract
        self._recent_bars = recent_bars
        self._rules = (
            self._loss_limits,
            self._hours,
            self._days,
            self._counts,
            self._spread,
            self._bar_filters,
        )

    def refusal(self, view: EntryView) -> Refusal | None:
        """Return why an entry is refused, or None when it may go ahead."""
        for rule in self._rules:
            if (found := rule(view)) is not None:
                return found
        return None

    def _loss_limits(self, view: EntryView) -> Refusal | None:
        return view.halted

    def _hours(self, view: EntryView) -> Refusal | None:
        hours = self._settings.trade_hours
        if hours is None or view.time.hour in hours:
            return None
        allowed = ", ".join(map(str, sorted(hours)))
        return Refusal("trade_hours", f"hour {view.time.hour} UTC is not among {allowed}")

    def _days(self, view: EntryView) -> Refusal | None:
        days = self._settings.allowed_days
        if days is None or view.time.isoweekday() in days:
            return None
        return Refusal("allowed_days", f"{_WEEKDAYS[view.time.weekday()]} is not an allowed day")

    def _counts(self, view: EntryView) -> Refusal | None:
        total, each = self._settings.max_open_positions, self._settings.max_positions_per_symbol
        if total is not None and view.open_positions >= total:
            return Refusal("max_open_positions", f"{view.open_positions} of {total} positions are taken")
        if each is not None and view.open_positions_of_symbol >= each:
            return Refusal(
                "max_positions_per_symbol", f"{view.open_positions_of_symbol} of {each} positions are taken"
            )
        return None

    def _spread(self, view: EntryView) -> Refusal | None:
        limit = self._settings.max_spread_pct
        if limit is None or view.spread_pct is None or view.spread_pct <= limit:
            return None
        return Refusal("max_spread_pct", f"the spread is {view.spread_pct:.4g} %, over {limit:g} %")

    def _bar_filters(self, view: EntryView) -> Refusal | None:
        settings = self._settings
        if settings.min_volume is None and settings.volatility_factor is None and not settings.trend_filter:
            return None
        bars = self._recent_bars(FILTER_BARS)
        return self._volume(bars) or self._volatility(bars) or self._trend(bars, view.side)

    def _volume(self, bars: Sequence[Bar]) -> Refusal | None:
        minimum = self._settings.min_volume
        if minimum is None:
            return None
        if not bars:
            return Refusal("min_volume", "no bar has closed yet")
        worth = self._contract.volume_value(bars[-1].volume, bars[-1].close)
        if worth >= minimum:
            return None
        return Refusal("min_volume", f"the last bar traded {worth:.0f} of quote currency, under {minimum:g}")

    def _volatility(self, bars: Sequence[Bar]) -> Refusal | None:
        factor = self._settings.volatility_factor
        if factor is None:
            return None
        ranges = true_ranges(bars)
        usual, current = sma(ranges, VOLATILITY_BASE_PERIOD), sma(ranges, VOLATILITY_PERIOD)
        if usual is None or current is None:
            return Refusal("volatility_filter", f"needs {VOLATILITY_BASE_PERIOD + 1} bars, has {len(bars)}")
        if current <= factor * usual:
            return None
        return Refusal(
            "volatility_filter", f"average true range {current:.6g} is over {factor:g} x {usual:.6g}"
        )

    def _trend(self, bars: Sequence[Bar], side: Side) -> Refusal | None:
        if not self._settings.trend_filter:
            return None
        average = sma([bar.close for bar in bars], TREND_PERIOD)
        if average is None:
            return Refusal("trend_filter", f"needs {TREND_PERIOD} bars, has {len(bars)}")
        if (bars[-1].close - average) * side.sign > 0:
            return None
        return Refusal(
            "trend_filter", f"close {bars[-1].close:g} against the {TREND_PERIOD}-bar average {average:.6g}"
        )

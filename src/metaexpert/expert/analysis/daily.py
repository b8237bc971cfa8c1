"""The figures of a daily equity curve.

All of them go by one series: the equity at the end of each UTC day, from the day of the first market event to
that of the last one. Days without a trade or without data are in it, with the equity of the day before. The
starting capital stands before the first day, so the first day has a return and losses from the beginning are
drawdowns. Markets of coins never close, so a year has 365 days. The risk-free rate is 0.

A figure that is undefined is None: a ratio without a denominator, a spread of fewer than two returns, a
return on nothing, and what is too large for a float.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Final, NamedTuple

DAYS_PER_YEAR: Final = 365
_DECIMALS: Final = 8
_DAY: Final = timedelta(days=1)
#: Returns that differ by less than this part of the largest are equal: what is left is binary rounding.
_ROUNDING: Final = 1e-12


class EquityDay(NamedTuple):
    """The account at the end of one UTC day."""

    day: date
    equity: float
    """Balance and unrealized profit, in the account's currency."""
    return_pct: float | None
    """Change since the end of the day before, in percent; None on nothing."""
    drawdown_pct: float | None
    """Fall from the highest equity so far, the starting capital included, in percent."""


class EquityMoment(NamedTuple):
    """The account after one bar or tick."""

    time: datetime
    equity: float
    """Balance and unrealized profit, in the account's currency."""
    drawdown_pct: float | None
    """Fall from the highest equity so far, the starting capital included, in percent."""


class Drawdown(NamedTuple):
    """The deepest fall of an equity curve, and the longest time below a peak."""

    max_pct: float | None
    """Depth of the deepest, in percent of its peak."""
    days: int
    """Days from the peak before the deepest to the day that reached it again, or to the last day."""
    longest_days: int
    """The same of the longest, which need not be the deepest."""


def equity_days(capital: float, closes: Sequence[tuple[date, float]]) -> list[EquityDay]:
    """Return one row for each day from the first to the last of `closes`, which are in order, each day once.

    A day that `closes` skips has the equity of the day before it.
    """
    rows: list[EquityDay] = []
    before = peak = capital
    for day, equity in closes:
        while rows and rows[-1].day + _DAY < day:
            rows.append(_row(rows[-1].day + _DAY, before, before, peak))
        peak = max(peak, equity)
        rows.append(_row(day, equity, before, peak))
        before = equity
    return rows


def equity_moments(capital: float, moments: Iterable[tuple[datetime, float]]) -> Iterator[EquityMoment]:
    """Yield one row for each of `moments`, which are in order."""
    peak = capital
    for time, equity in moments:
        peak = max(peak, equity)
        yield EquityMoment(time, equity, _finite(_fall(equity, peak) * 100))


def _row(day: date, equity: float, before: float, peak: float) -> EquityDay:
    change = None if before <= 0 else _finite((equity / before - 1) * 100)
    return EquityDay(day, equity, change, _finite(_fall(equity, peak) * 100))


def daily_returns(equities: Sequence[float]) -> list[float] | None:
    """Return the fractions by which each equity differs from the one before it; None if one is of nothing."""
    if any(before <= 0 for before in equities[:-1]):
        return None
    return [after / before - 1 for before, after in pairwise(equities)]


def cagr_365d_pct(equities: Sequence[float]) -> float | None:
    """Return the compound annual growth rate in percent: (last / first) ^ (365 / days) - 1.

    `equities` begin with the starting capital, so n + 1 of them span n days. As empyrical's `cagr` with an
    annualization of 365.
    """
    days = len(equities) - 1
    if days < 1 or equities[0] <= 0 or equities[-1] < 0:
        return None
    try:
        return _finite(((equities[-1] / equities[0]) ** (DAYS_PER_YEAR / days) - 1) * 100)
    except OverflowError:
        return None


def volatility_365d_pct(returns: Sequence[float]) -> float | None:
    """Return the annual volatility in percent: the sample standard deviation (n - 1) x sqrt(365) x 100."""
    deviation = _deviation(returns)
    return None if deviation is None else _finite(deviation * math.sqrt(DAYS_PER_YEAR) * 100)


def sharpe_365d(returns: Sequence[float]) -> float | None:
    """Return the annual Sharpe ratio: mean / sample standard deviation (n - 1) x sqrt(365).

    Source: W. F. Sharpe, "The Sharpe Ratio", Journal of Portfolio Management 21 (1994), with a risk-free rate
    of 0.
    """
    deviation = _deviation(returns)
    if not deviation:
        return None
    return _finite(_mean(returns) / deviation * math.sqrt(DAYS_PER_YEAR))


def sortino_365d(returns: Sequence[float]) -> float | None:
    """Return the annual Sortino ratio: mean / downside deviation x sqrt(365).

    The downside deviation is the root of the mean square of min(return, 0), over all days. Source:
    F. A. Sortino and L. N. Price, "Performance Measurement in a Downside Risk Framework", Journal of
    Investing 3 (1994), with a target of 0.
    """
    if len(returns) < 2:
        return None
    losses = [min(each, 0.0) for each in returns]
    downside = math.sqrt(_mean([each * each for each in losses]))
    return _finite(_mean(returns) / downside * math.sqrt(DAYS_PER_YEAR)) if downside else None


def drawdown(equities: Sequence[float]) -> Drawdown:
    """Return the deepest and the longest fall of equities that begin with the starting capital.

    A fall lasts from the day of its peak to the first day that reaches the peak again.
    """
    falls = list(_falls(equities))
    deepest = max(falls, key=lambda fall: fall[0], default=(0.0, 0))
    return Drawdown(_finite(deepest[0] * 100), deepest[1], max((days for _, days in falls), default=0))


def _falls(equities: Sequence[float]) -> Iterator[tuple[float, int]]:
    """Yield depth, as a fraction of the peak, and length in days of each fall; the last may go on."""
    depth, peak_at = 0.0, 0
    for at, equity in enumerate(equities):
        if equity < equities[peak_at]:
            depth = max(depth, _fall(equity, equities[peak_at]))
            continue
        if depth:
            yield depth, at - peak_at
        depth, peak_at = 0.0, at
    if depth:
        yield depth, len(equities) - 1 - peak_at


def calmar_365d(cagr_pct: float | None, max_drawdown_pct: float | None) -> float | None:
    """Return the Calmar ratio over the whole run: CAGR / maximum drawdown, both daily.

    Source: T. W. Young, "Calmar Ratio: A Smoother Tool", Futures 20 (1991), which takes the last 36 months.
    """
    return None if cagr_pct is None or not max_drawdown_pct else _finite(cagr_pct / max_drawdown_pct)


def ulcer_index_pct(equities: Sequence[float]) -> float | None:
    """Return the Ulcer index in percent: the root of the mean square of the days' drawdowns.

    `equities` begin with the starting capital, which is no day. Source: P. G. Martin and B. B. McCann, "The
    Investor's Guide to Fidelity Funds" (1989). quantstats divides by n - 1.
    """
    if len(equities) < 2:
        return None
    peak = equities[0]
    squares = []
    for equity in equities[1:]:
        peak = max(peak, equity)
        fall_pct = _fall(equity, peak) * 100
        squares.append(fall_pct * fall_pct)
    return _finite(math.sqrt(_mean(squares)))


def daily_figures(equities: Sequence[float]) -> dict[str, float | int | None]:
    """Return all figures of equities that begin with the starting capital, by their names in a result."""
    returns = daily_returns(equities)
    falls = drawdown(equities)
    cagr = cagr_365d_pct(equities)
    return {
        "days": len(equities) - 1,
        "cagr_365d_pct": cagr,
        "volatility_365d_pct": None if returns is None else volatility_365d_pct(returns),
        "sharpe_365d": None if returns is None else sharpe_365d(returns),
        "sortino_365d": None if returns is None else sortino_365d(returns),
        "calmar_365d": calmar_365d(cagr, falls.max_pct),
        "max_drawdown_daily_pct": falls.max_pct,
        "max_drawdown_days": falls.days,
        "longest_drawdown_days": falls.longest_days,
        "ulcer_index_pct": ulcer_index_pct(equities),
        "best_day_pct": _finite(max(returns) * 100) if returns else None,
        "worst_day_pct": _finite(min(returns) * 100) if returns else None,
    }


def _fall(equity: float, peak: float) -> float:
    return (peak - equity) / peak if peak > 0 else 0.0


def _mean(values: Sequence[float]) -> float:
    """Return the mean; NaN where the sum is beyond all floats."""
    try:
        return math.fsum(values) / len(values)
    except (OverflowError, ValueError):
        return math.nan


def _deviation(returns: Sequence[float]) -> float | None:
    """Return the sample standard deviation; 0 where all that differs is rounding, None for fewer than two."""
    if len(returns) < 2:
        return None
    mean = _mean(returns)
    apart = [each - mean for each in returns]
    deviation = math.sqrt(_mean([each * each for each in apart]) * len(returns) / (len(returns) - 1))
    return 0.0 if deviation <= _ROUNDING * max(1.0, *map(abs, returns)) else deviation


def _finite(value: float) -> float | None:
    """Return a number as results have it; None for what JSON does not have."""
    return round(value, _DECIMALS) + 0.0 if math.isfinite(value) else None

"""Indicators over sequences of prices, newest last; None while there is too little data."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from metaexpert.expert.model.bars import Bar


def sma(values: Sequence[float], period: int) -> float | None:
    """Return the simple moving average of the last `period` values; a period under 1 is a ValueError."""
    _check_period(period)
    if len(values) < period:
        return None
    return sum(values[-period:]) / period


def ema(values: Sequence[float], period: int) -> float | None:
    """Return the exponential moving average of all values, factor 2 / (period + 1), seeded by an SMA.

    Raises ValueError for a period under 1.
    """
    _check_period(period)
    if len(values) < period:
        return None
    average = sum(values[:period]) / period
    factor = 2 / (period + 1)
    for value in values[period:]:
        average += factor * (value - average)
    return average


def true_ranges(bars: Sequence[Bar]) -> list[float]:
    """Return Wilder's true range of each bar but the first, which has no close before it."""
    return [max(bar.high, before.close) - min(bar.low, before.close) for before, bar in pairwise(bars)]


def atr(bars: Sequence[Bar], period: int = 14) -> float | None:
    """Return the average true range: the mean of the last `period` true ranges.

    Raises ValueError for a period under 1.
    """
    _check_period(period)
    ranges = true_ranges(bars[-(period + 1) :])
    return sum(ranges) / period if len(ranges) == period else None


def _check_period(period: int) -> None:
    if period < 1:
        raise ValueError(f"period must be at least 1, was {period}")

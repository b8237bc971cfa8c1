"""Limits that stop a strategy which loses too much: when they come into force, and when they end."""

from datetime import timedelta

import pytest

from metaexpert.expert.risk.loss_limits import LossLimits
from metaexpert.expert.settings.strategy import StrategySettings
from support.expert_harness import START

HOUR = timedelta(hours=1)


def test_daily_loss_ends_with_the_day():
    """Lost 1,000 since midnight: halted until the next UTC day begins."""
    limits = LossLimits(StrategySettings(daily_loss_limit=1_000.0), 10_000.0)
    assert limits.update(START, 9_500.0, 1.0) is None
    passed = limits.update(START + HOUR, 9_000.0, 1.0)
    assert passed is not None
    assert passed.reason == "daily_loss_limit"
    assert limits.update(START + 2 * HOUR, 8_900.0, 1.0) is None
    assert limits.halted(START + 2 * HOUR) is not None
    limits.update(START + 24 * HOUR, 8_500.0, 1.0)
    assert limits.halted(START + 24 * HOUR) is None


def test_daily_loss_ends_at_midnight_whatever_the_bar():
    """A daily bar closes at 00:00 of the next day, whose entries are asked for before it has prices."""
    limits = LossLimits(StrategySettings(daily_loss_limit=1_000.0), 10_000.0)
    assert limits.update(START, 8_000.0, 1.0) is not None
    assert limits.halted(START + 24 * HOUR - timedelta(microseconds=1)) is not None
    assert limits.halted(START + 24 * HOUR) is None


def test_day_starts_with_what_the_day_before_left():
    """A gap at midnight counts to the new day."""
    limits = LossLimits(StrategySettings(daily_loss_limit=1_000.0), 10_000.0)
    limits.update(START, 10_000.0, 1.0)
    assert limits.update(START + 24 * HOUR, 8_999.0, 1.0) is not None


def test_daily_loss_of_an_inverse_account_is_counted_in_quote_currency():
    """0.03 BTC at 40,000 are 1,200 USD."""
    limits = LossLimits(StrategySettings(daily_loss_limit=1_000.0), 1.0)
    assert limits.update(START, 0.98, 40_000.0) is None
    assert limits.update(START + HOUR, 0.97, 40_000.0) is not None


def test_drawdown_is_measured_from_the_peak():
    """From a peak of 12,000, 9,600 is 20 % down; the largest fall stays on record."""
    limits = LossLimits(StrategySettings(max_drawdown_pct=0.2), 10_000.0)
    assert limits.update(START, 12_000.0, 1.0) is None
    assert limits.update(START, 9_601.0, 1.0) is None
    assert limits.update(START, 9_600.0, 1.0) is not None
    limits.update(START, 15_000.0, 1.0)
    assert limits.halted(START + 2 * HOUR) is not None
    assert limits.max_drawdown == pytest.approx(0.2)

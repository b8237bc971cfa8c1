"""Stops at the entry, and as they follow the price."""

from datetime import UTC, datetime

import pytest

from metaexpert.expert.model.orders import Side
from metaexpert.expert.model.positions import Position
from metaexpert.expert.risk.stops import follow, initial_stops
from metaexpert.expert.settings.strategy import StrategySettings

NOW = datetime(2024, 1, 1, tzinfo=UTC)


def held(side=Side.BUY, entry=100.0, stop=None, target=None, leverage=10):
    """A position of one unit."""
    return Position(1, "BTCUSDT", side, 1.0, entry, NOW, leverage, 10.0, stop, target, best_price=entry)


def test_initial_stops_are_percentages_of_the_entry():
    """2 % and 4 % of 200 are 196 and 208 for a long, 204 and 192 for a short."""
    settings = StrategySettings(stop_loss_pct=2.0, take_profit_pct=4.0)
    assert initial_stops(settings, Side.BUY, 200.0) == (196.0, 208.0)
    assert initial_stops(settings, Side.SELL, 200.0) == (204.0, 192.0)
    assert initial_stops(StrategySettings(take_profit_pct=150.0), Side.SELL, 200.0) == (None, None)


def test_trailing_stop_starts_at_its_activation_and_never_goes_back():
    """1 % behind the best price from 2 % profit on: no move at 101, 101.97 at 103, no way back."""
    settings = StrategySettings(trailing_stop_pct=1.0, trailing_activation_pct=2.0)
    position = held(stop=98.0)
    assert not follow(position, settings, 101.0)
    assert position.stop_loss == 98.0
    assert follow(position, settings, 103.0)
    assert position.stop_loss == pytest.approx(101.97)
    assert not follow(position, settings, 102.0)
    assert position.stop_loss == pytest.approx(101.97)
    assert position.stop_reason == "trailing_stop"


def test_short_trails_downwards():
    """A short's stop follows 1 % above the lowest price."""
    settings = StrategySettings(trailing_stop_pct=1.0)
    position = held(Side.SELL, stop=102.0)
    assert follow(position, settings, 95.0)
    assert position.stop_loss == pytest.approx(95.95)


def test_breakeven_moves_the_stop_to_the_entry_once():
    """At 1.5 % profit the stop is at the entry price; more profit does not move it further."""
    settings = StrategySettings(breakeven_pct=1.5)
    position = held(stop=98.0)
    assert follow(position, settings, 101.5)
    assert (position.stop_loss, position.stop_reason) == (100.0, "breakeven")
    assert not follow(position, settings, 105.0)

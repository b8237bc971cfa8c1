"""Limits and filters of entries: each refuses what it should, and nothing else."""

from datetime import timedelta

import pytest

from metaexpert.expert.model.contracts import InverseContract, LinearContract
from metaexpert.expert.model.orders import Side
from metaexpert.expert.risk.entry_rules import EntryRules, EntryView
from metaexpert.expert.risk.refusal import Refusal
from metaexpert.expert.settings.strategy import StrategySettings
from support.expert_harness import START, bar

HOUR = timedelta(hours=1)


def refusal(settings, bars=(), *, contract=None, **seen):
    """Return the reason why an entry with a given view is refused, or None."""
    rules = EntryRules(settings, contract or LinearContract("USDT"), lambda count: bars[-count:])
    view = EntryView(
        **{
            "time": START,
            "side": Side.BUY,
            "price": 100.0,
            "spread_pct": None,
            "open_positions": 0,
            "open_positions_of_symbol": 0,
            "halted": None,
        }
        | seen
    )
    found = rules.refusal(view)
    return found and found.reason


def rising(count, step=1.0):
    """Bars of a price that rises by a step a minute."""
    return [bar(i, 100 + i * step, 101 + i * step, 99 + i * step) for i in range(count)]


def test_no_limit_refuses_nothing():
    """Settings without limits let every entry pass."""
    assert refusal(StrategySettings()) is None


@pytest.mark.parametrize(("hour", "expected"), [(9, None), (8, "trade_hours"), (23, "trade_hours")])
def test_trade_hours_are_utc_hours(hour, expected):
    """An entry decided at 08:00 is outside the hours {9}."""
    assert refusal(StrategySettings(trade_hours=frozenset({9})), time=START + hour * HOUR) == expected


@pytest.mark.parametrize(
    ("day", "expected"), [(0, None), (4, None), (5, "allowed_days"), (6, "allowed_days")]
)
def test_allowed_days_are_iso_weekdays(day, expected):
    """Days 1 to 5 are Monday to Friday; 2024-01-01 was a Monday."""
    settings = StrategySettings(allowed_days=frozenset({1, 2, 3, 4, 5}))
    assert refusal(settings, time=START + timedelta(days=day)) == expected


def test_position_limits():
    """The limit over all symbols and that for each are told apart."""
    settings = StrategySettings(max_open_positions=3, max_positions_per_symbol=2)
    assert refusal(settings, open_positions=2, open_positions_of_symbol=1) is None
    assert refusal(settings, open_positions=3, open_positions_of_symbol=1) == "max_open_positions"
    assert refusal(settings, open_positions=2, open_positions_of_symbol=2) == "max_positions_per_symbol"


def test_spread_counts_only_where_it_is_known():
    """Bars have no spread; a quote of over 0.1 % is refused."""
    settings = StrategySettings(max_spread_pct=0.1)
    assert refusal(settings, spread_pct=None) is None
    assert refusal(settings, spread_pct=0.1) is None
    assert refusal(settings, spread_pct=0.11) == "max_spread_pct"


def test_volume_is_worth_in_quote_currency():
    """10 coins at 100 are 1,000; 10 contracts of an inverse market are 10."""
    settings = StrategySettings(min_volume=500.0)
    assert refusal(settings, [bar(0, 100.0, volume=10)]) is None
    assert refusal(settings, [bar(0, 100.0, volume=4)]) == "min_volume"
    assert refusal(settings, [bar(0, 100.0, volume=10)], contract=InverseContract("BTC")) == "min_volume"
    assert refusal(settings, []) == "min_volume"


def test_trend_filter_allows_entries_with_the_trend_alone():
    """In a rising market BUY passes and SELL does not; with 49 bars neither does."""
    settings = StrategySettings(trend_filter=True)
    assert refusal(settings, rising(60)) is None
    assert refusal(settings, rising(60), side=Side.SELL) == "trend_filter"
    assert refusal(settings, rising(60, -1.0), side=Side.SELL) is None
    assert refusal(settings, rising(49)) == "trend_filter"


def test_volatility_filter_refuses_wild_markets():
    """14 bars with a range of 20 after quiet ones with a range of 2 are over twice the usual."""
    settings = StrategySettings(volatility_factor=2.0)
    quiet = [bar(i, 100, 101, 99) for i in range(60)]
    wild = quiet + [bar(60 + i, 100, 110, 90) for i in range(14)]
    assert refusal(settings, quiet) is None
    assert refusal(settings, wild) == "volatility_filter"
    assert refusal(settings, quiet[:50]) == "volatility_filter"


def test_loss_limit_in_force_refuses_first():
    """A halted account refuses before any other rule is looked at."""
    halted = Refusal("daily_loss_limit", "lost")
    assert refusal(StrategySettings(trade_hours=frozenset({9})), halted=halted) == "daily_loss_limit"

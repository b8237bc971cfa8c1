"""Arguments of `on_init`: what is taken, and how a bad one is refused."""

from datetime import timedelta

import pytest

from metaexpert.expert import ArgumentError, MetaExpert


@pytest.fixture
def expert(fresh_logging):
    """An expert in a directory of its own."""
    return MetaExpert(exchange="binance", log_to_console=False)


@pytest.mark.parametrize(
    ("argument", "value", "said"),
    [
        ("leverage", 201, "at most 200"),
        ("leverage", 1.5, "whole number"),
        ("max_drawdown_pct", 20, "fraction of the peak equity"),
        ("stop_loss_pct", -1, "at least 0"),
        ("stop_loss_pct", float("nan"), "finite"),
        ("trade_hours", {9, 24}, "at most 23"),
        ("trade_hours", "9", "set of whole numbers"),
        ("allowed_days", {8}, "at most 7"),
        ("timeframe", "1M", "months"),
        ("timeframe", "soon", "not understood"),
        ("symbol", "", "not empty"),
        ("symbol", 5, "BTCUSDT"),
        ("lookback_time", "long", "duration"),
        ("size_type", "risky", "risk_based"),
        ("max_open_positions", 1.5, "whole number"),
    ],
)
def test_bad_on_init_argument_is_refused(expert, argument, value, said):
    """on_init checks its arguments when the file is executed, before any run."""
    more = {"size_value": 1.0} if argument == "size_type" else {}
    with pytest.raises(ArgumentError) as caught:
        expert.on_init(**{argument: value}, **more)
    assert argument in str(caught.value)
    assert said in str(caught.value)


def test_size_type_without_size_value_is_refused(expert):
    """`size_type="fixed_base"` alone would leave the size of orders to a default."""
    with pytest.raises(ArgumentError, match="size_value is missing"):
        expert.on_init(size_type="fixed_base")


@pytest.mark.parametrize("off", [None, 0])
def test_none_and_zero_switch_limits_off(expert, off):
    """A limit of None or 0 does not hold anything back."""
    limits = ("max_drawdown_pct", "daily_loss_limit", "stop_loss_pct", "max_open_positions", "min_volume")
    expert.on_init(**dict.fromkeys(limits, off))(lambda: None)
    assert [getattr(expert._strategy, name) for name in limits] == [None] * len(limits)


def test_sunday_is_0_and_7(expert):
    """Both conventions for Sunday are understood."""
    expert.on_init(allowed_days={0, 1})(lambda: None)
    assert expert._strategy.allowed_days == {7, 1}


def test_symbols_are_spelled_one_way(expert):
    """`BTC/USDT` and `btcusdt` are the same symbol, and a set of symbols has a stable order."""
    expert.on_init(symbol={"eth-usdt", "BTC/USDT", "btcusdt"})(lambda: None)
    assert expert._strategy.symbols == ("BTCUSDT", "ETHUSDT")


def test_lookback_time_is_a_duration(fresh_logging):
    """Text, seconds and timedeltas are taken."""
    for value in ("2d", 172_800, timedelta(days=2)):
        other = MetaExpert(exchange="binance", log_to_console=False)
        other.on_init(lookback_time=value)(lambda: None)
        assert other._strategy.lookback_time == timedelta(days=2)

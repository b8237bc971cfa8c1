"""Arguments of `MetaExpert` and `on_init`: what is taken, and how a bad one is refused."""

from datetime import UTC, datetime, timedelta

import pytest
from expert_harness import account_settings

from metaexpert.expert import ArgumentError
from metaexpert.expert import arguments as check
from metaexpert.expert.host import MetaExpert
from metaexpert.expert.registration import Registrar


@pytest.fixture
def expert(fresh_logging):
    """An expert in a directory of its own."""
    return MetaExpert(exchange="binance", log_to_console=False)


@pytest.mark.parametrize(
    ("argument", "value", "said"),
    [
        ("exchange", "binnance", 'did you mean "binance"'),
        ("exchange", "kraken", "binance, bitget, bybit, kucoin, okx"),
        ("market_type", "future", 'did you mean "futures"'),
        ("contract_type", "linaer", 'did you mean "linear"'),
        ("margin_mode", "crossed", "cross, isolated"),
        ("position_mode", "one_way", 'did you mean "oneway"'),
        ("log_level", "INF0", 'did you mean "INFO"'),
        ("log_to_console", "yes", "True or False"),
        ("rate_limit", 0, "at least 1"),
        ("rate_limit", True, "must be a number"),
        ("testnet", 1, "True or False"),
        ("base_url", "api.binance.com", "https://host"),
        ("proxy", {"ftp": "x"}, '"http" and "https"'),
        ("state_file", "", "not empty"),
    ],
)
def test_bad_argument_is_named_with_what_is_allowed(argument, value, said):
    """The message begins with the argument's name and tells what would be right."""
    with pytest.raises(ArgumentError) as caught:
        account_settings(**{argument: value})
    assert str(caught.value).startswith(argument)
    assert said in str(caught.value)


def test_proxy_password_is_not_shown():
    """A malformed proxy address may hold a password, so the message leaves it out."""
    with pytest.raises(ArgumentError) as caught:
        account_settings(proxy={"http": "user:hunter2@host"})
    assert "hunter2" not in str(caught.value)


def test_credentials_are_not_in_the_representation():
    """Printing the settings or the expert never prints a key."""
    settings = account_settings(api_key="k3y", api_secret="s3cret")
    assert "k3y" not in repr(settings)
    assert "s3cret" not in repr(settings)


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


def test_decorators_work_with_and_without_parentheses(expert):
    """With and without parentheses a decorator registers the function and returns it."""

    def handler(*_):
        return None

    assert expert.on_tick(handler) is handler
    assert expert.on_tick()(handler) is handler
    assert expert.on_bar(handler) is handler
    assert expert.on_bar("15m")(handler) is handler
    assert expert.on_timer(1.0)(handler) is handler
    assert expert.on_init(handler) is handler
    assert [len(expert.handlers.of(event)) for event in ("on_tick", "on_bar", "on_timer", "on_init")] == [
        2,
        2,
        1,
        1,
    ]
    assert isinstance(expert.on_deinit, Registrar)


def test_timer_without_interval_is_refused(expert):
    """`@expert.on_timer` without parentheses has no interval to go by."""
    with pytest.raises(ArgumentError, match="interval"):
        expert.on_timer(lambda: None)


def test_bare_end_date_includes_the_day():
    """A range given by two dates includes both of them."""
    assert check.moment("end", "2024-01-31", end=True) == datetime(2024, 2, 1, tzinfo=UTC)
    assert check.moment("start", "2024-01-31") == datetime(2024, 1, 31, tzinfo=UTC)
    assert check.moment("end", "2024-01-31T12:00", end=True) == datetime(2024, 1, 31, 12, tzinfo=UTC)
    assert check.moment("end", "2024-01-31T12:00+02:00") == datetime(2024, 1, 31, 10, tzinfo=UTC)


def test_lookback_time_is_a_duration(fresh_logging):
    """Text, seconds and timedeltas are taken."""
    for value in ("2d", 172_800, timedelta(days=2)):
        other = MetaExpert(exchange="binance", log_to_console=False)
        other.on_init(lookback_time=value)(lambda: None)
        assert other._strategy.lookback_time == timedelta(days=2)

"""Facts about arguments that there are not: the error names the one meant, or where it belongs."""

from __future__ import annotations

import inspect
from typing import Any

import pytest

from metaexpert.expert import ArgumentError, MetaExpert
from metaexpert.expert.settings import guesses

OF_THE_EXPERT = [
    ("level", "use log_level of MetaExpert(...)"),
    ("default_level", "use log_level of MetaExpert(...)"),
    ("log_levl", 'did you mean "log_level"?'),
    ("filename", "use log_file of MetaExpert(...)"),
    ("console", "use log_to_console of MetaExpert(...)"),
    ("log_dir", "set log_file_path in metaexpert.toml"),
    ("log_file_path", "set log_file_path in metaexpert.toml"),
    ("handlers", "set handlers in metaexpert.toml"),
    ("format", "set handlers.console.format or handlers.file.format in metaexpert.toml"),
    ("retention", "set handlers.file.backup_count or handlers.file.max_age_days in metaexpert.toml"),
    ("record_bar", 'did you mean "record_bars"?'),
    ("passphrase", 'did you mean "api_passphrase"?'),
    ("leverage", "it is an argument of @expert.on_init(...)"),
    ("mode", "it is an argument of expert.run(...)"),
]
OF_ON_INIT = [
    ("stop_loss", 'did you mean "stop_loss_pct"?'),
    ("symbols", 'did you mean "symbol"?'),
    ("sl", 'did you mean "stop_loss_pct"?'),
    ("size", 'did you mean "size_value"?'),
    ("tf", 'did you mean "timeframe"?'),
    ("capital", "it is initial_capital of expert.run(...)"),
    ("log_level", "it is an argument of MetaExpert(...)"),
    ("initial_capital", "it is an argument of expert.run(...)"),
    ("level", "use log_level of MetaExpert(...)"),
]


@pytest.mark.parametrize(("name", "advice"), OF_THE_EXPERT)
def test_a_guessed_argument_of_the_expert_is_refused_with_the_one_meant(name: str, advice: str) -> None:
    """Logging is not configured by a call that is refused."""
    unknown: dict[str, Any] = {name: "x"}
    with pytest.raises(ArgumentError) as caught:
        MetaExpert("binance", **unknown)
    assert str(caught.value) == f'MetaExpert(...) has no argument "{name}"; {advice}'


@pytest.mark.parametrize(("name", "advice"), OF_ON_INIT)
def test_a_guessed_argument_of_on_init_is_refused_with_the_one_meant(
    name: str, advice: str, fresh_logging: object
) -> None:
    """So it is with the strategy's settings."""
    expert = MetaExpert("binance", log_to_console=False)
    unknown: dict[str, Any] = {name: "x"}
    with pytest.raises(ArgumentError) as caught:
        expert.on_init(**unknown)
    assert str(caught.value) == f'@expert.on_init(...) has no argument "{name}"; {advice}'


OF_CALLS = [
    ("run", "capital", 'did you mean "initial_capital"?'),
    ("run", "balance", 'did you mean "initial_capital"?'),
    ("run", "from_date", 'did you mean "backtest_start"?'),
    ("run", "endDate", 'did you mean "backtest_end"?'),
    ("run", "csv", 'did you mean "data"?'),
    ("run", "commission", 'did you mean "fee_pct"?'),
    ("run", "timeframe", "it is an argument of @expert.on_init(...)"),
    ("run", "log_level", "it is an argument of MetaExpert(...)"),
    ("open_position", "sl", 'did you mean "stop_loss"?'),
    ("open_position", "tp", 'did you mean "take_profit"?'),
    ("open_position", "quantity", 'did you mean "size"?'),
    ("open_position", "amount", 'did you mean "size"?'),
    ("open_position", "Volume", 'did you mean "size"?'),
    ("open_position", "price", "it is an argument of expert.open_order(...)"),
    ("open_position", "type", "it is order_type of expert.open_order(...)"),
    ("open_position", "leverage", "it is an argument of @expert.on_init(...)"),
    ("open_order", "limit_price", 'did you mean "price"?'),
    ("open_order", "type", 'did you mean "order_type"?'),
    ("close_position", "qty", 'did you mean "size"?'),
    ("close_position", "id", 'did you mean "position_id"?'),
    ("close_all_positions", "symbol", "it is an argument of expert.open_position(...)"),
    ("modify_position", "sl", 'did you mean "stop_loss"?'),
    ("cancel_order", "ticket", 'did you mean "order_id"?'),
    ("position", "direction", 'did you mean "side"?'),
    ("history", "bars", 'did you mean "count"?'),
    ("history", "tf", 'did you mean "timeframe"?'),
    ("cancel_all_orders", "zzz", "it takes none"),
]
OF_DECORATORS = [
    ("on_timer", "seconds", '@expert.on_timer(...) has no argument "seconds"; did you mean "interval"?'),
    ("on_bar", "interval", '@expert.on_bar(...) has no argument "interval"; did you mean "timeframe"?'),
    (
        "on_tick",
        "interval",
        '@expert.on_tick has no argument "interval"; it is an argument of @expert.on_timer(...)',
    ),
]


@pytest.mark.parametrize(("call", "name", "advice"), OF_CALLS)
def test_a_guessed_argument_of_a_call_is_refused_with_the_one_meant(
    call: str, name: str, advice: str, fresh_logging: object
) -> None:
    """The name is refused before anything else is asked, as whether a run is going on."""
    expert = MetaExpert("binance", log_to_console=False)
    with pytest.raises(TypeError) as caught:
        getattr(expert, call)(**{name: 1})
    assert isinstance(caught.value, ArgumentError)
    assert str(caught.value) == f'expert.{call}(...) has no argument "{name}"; {advice}'


@pytest.mark.parametrize(("decorator", "name", "refusal"), OF_DECORATORS)
def test_a_guessed_argument_of_a_decorator_is_refused(
    decorator: str, name: str, refusal: str, fresh_logging: object
) -> None:
    """Those that take no arguments say who does."""
    expert = MetaExpert("binance", log_to_console=False)
    with pytest.raises(ArgumentError) as caught:
        getattr(expert, decorator)(**{name: 1})
    assert str(caught.value) == refusal


def test_every_synonym_is_an_argument_of_some_call() -> None:
    """The table names nothing that there is not."""
    calls = [MetaExpert, MetaExpert.on_init, MetaExpert.on_bar, MetaExpert.on_timer]
    calls += [getattr(MetaExpert, call) for call, _, _ in OF_CALLS]
    known = {name for call in calls for name in inspect.signature(call).parameters}
    assert {name for names in guesses.SYNONYMS.values() for name in names} <= known


def test_a_name_that_nobody_guesses_gets_the_known_ones() -> None:
    """It is a `TypeError` as in any other call."""
    unknown: dict[str, Any] = {"zzz": 1}
    with pytest.raises(TypeError, match=r'no argument "zzz"; known are exchange, api_key, .*, log_level, '):
        MetaExpert("binance", **unknown)


def test_the_signatures_stay() -> None:
    """`help()` and editors show the arguments."""
    assert "record_bars" in inspect.signature(MetaExpert).parameters
    assert list(inspect.signature(MetaExpert.stop).parameters) == ["self", "reason"]
    assert "stop_loss_pct" in inspect.signature(MetaExpert.on_init).parameters

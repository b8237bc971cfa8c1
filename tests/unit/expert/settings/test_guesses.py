"""Facts about arguments that there are not: the error names the one meant, or where it belongs."""

from __future__ import annotations

import inspect
from typing import Any

import pytest

from metaexpert.expert import ArgumentError, MetaExpert

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


def test_a_name_that_nobody_guesses_gets_the_known_ones() -> None:
    """It is a `TypeError` as in any other call."""
    unknown: dict[str, Any] = {"zzz": 1}
    with pytest.raises(TypeError, match=r'no argument "zzz"; known are exchange, api_key, .*, log_level, '):
        MetaExpert("binance", **unknown)


def test_the_signatures_stay() -> None:
    """`help()` and editors show the arguments."""
    assert "record_bars" in inspect.signature(MetaExpert).parameters
    assert "stop_loss_pct" in inspect.signature(MetaExpert.on_init).parameters

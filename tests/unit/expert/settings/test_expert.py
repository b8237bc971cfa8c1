"""Arguments of `MetaExpert`: what is taken, and how a bad one is refused."""

import pytest

from metaexpert.expert import ArgumentError
from support.expert_harness import account_settings


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

"""Symbols of trading pairs."""

import copy
import pickle

import pytest

from metaexpert.expert.model.contracts import InverseContract, LinearContract, contract_for
from metaexpert.expert.model.symbols import normalise, split


@pytest.mark.parametrize(
    "text", ["BTC/USDT", "BTC/USDT:USDT", "btc-usdt", "BTC_USDT", "BTCUSDT", " btc usdt "]
)
def test_a_pair_has_one_spelling(text: str) -> None:
    """Separators, case and the settlement currency are left out."""
    assert normalise(text) == "BTCUSDT"


@pytest.mark.parametrize(
    ("symbol", "parts"),
    [
        ("BTCUSDT", ("BTC", "USDT")),
        ("ETHBTC", ("ETH", "BTC")),
        ("BTCUSD", ("BTC", "USD")),
        ("XYZ", ("XYZ", "quote")),
        ("USDT", ("USDT", "quote")),
    ],
)
def test_a_symbol_splits_into_base_and_quote(symbol: str, parts: tuple[str, str]) -> None:
    """Where nothing else tells it, the quote is the longest known currency at the end."""
    assert split(symbol) == split(normalise(symbol)) == parts


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("DOT-USD", ("DOT", "USD")),
        ("dot/usd:usd", ("DOT", "USD")),
        ("DO_TUSD", ("DO", "TUSD")),
        ("HOTUSD", ("HO", "TUSD")),
        ("BTC-USDT-SWAP", ("BTCUSDTSWAP", "quote")),
        ("BTC-PERP", ("BTCPERP", "quote")),
    ],
)
def test_a_separator_tells_the_quote(text: str, parts: tuple[str, str]) -> None:
    """DOT in USD is not DO in TUSD; without a separator nobody can tell."""
    symbol = normalise(text)
    assert split(symbol) == parts
    assert split(normalise(symbol)) == split(copy.deepcopy(symbol)) == parts
    assert split(pickle.loads(pickle.dumps(symbol))) == parts
    assert type(str(symbol)) is str


def test_money_is_in_the_quote_that_was_told() -> None:
    """An inverse contract's money is the coin."""
    assert contract_for("spot", "linear", normalise("DOT-USD")) == LinearContract("USD")
    assert contract_for("futures", "inverse", normalise("DOT-USD")) == InverseContract("DOT")

from pathlib import Path

import pytest

from metaexpert.expert.market_data.files.symbols import symbol_from_file_name


@pytest.mark.parametrize(
    ("name", "symbol"),
    [
        ("btcusdt_klines_5m_2020-07.csv", "BTCUSDT"),
        ("bnbusdt_klines_1h_2024-07.csv.gz", "BNBUSDT"),
        ("BTCUSDT-1m-2024-01.csv", "BTCUSDT"),
        ("Binance_BTCUSDT_1h.csv", "BTCUSDT"),
        ("candles_binance_BTC-USDT_1h.csv", "BTCUSDT"),
        ("kraken_eth_btc.csv", "ETHBTC"),
        ("1000SHIBUSDT.csv", "1000SHIBUSDT"),
        ("BTC-USDT-SWAP-1m.csv", "BTCUSDT"),
        ("eth_btc trades.csv", "ETHBTC"),
        ("ethusd.csv", "ETHUSD"),
        ("solusdc_quotes.csv", "SOLUSDC"),
    ],
)
def test_a_file_name_tells_its_pair(name: str, symbol: str) -> None:
    """The pair is found wherever it stands in the name, joined or in two pieces; directories do not count."""
    assert symbol_from_file_name(Path("ethusdt") / name) == symbol


@pytest.mark.parametrize(
    "name", ["btc_perp_1m_2022-01.csv", "data.csv", "usdt.csv", "steth_1h.csv", "2021_usd.csv", "ü.csv"]
)
def test_a_file_name_without_a_pair_tells_none(name: str) -> None:
    """A coin, a currency or a year alone is no pair, and nothing is guessed."""
    assert symbol_from_file_name(Path("btcusdt") / name) is None

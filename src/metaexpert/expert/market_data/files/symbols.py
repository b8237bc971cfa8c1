"""The symbol in a file's name."""

import re
from pathlib import Path

from metaexpert.expert.model.symbols import SEPARATOR, Symbol

_STABLE_AND_FIAT = ("USDT", "USDC", "FDUSD", "BUSD", "TUSD", "USD", "EUR", "GBP")
_QUOTES = (*_STABLE_AND_FIAT, "BTC", "ETH", "BNB")
# Names of files begin with them, and no coin has one.
_EXCHANGES = (
    *("BINANCE", "BYBIT", "OKX", "BITGET", "MEXC", "GATE", "GATEIO", "KRAKEN", "COINBASE", "KUCOIN"),
    *("HTX", "HUOBI", "BITMEX", "DERIBIT", "BITFINEX", "BITSTAMP", "GEMINI", "POLONIEX", "BITTREX", "PHEMEX"),
)
_BASE = rf"(?!(?:{'|'.join(_EXCHANGES)})$)(?=[A-Z0-9]*[A-Z])[A-Z0-9]{{2,12}}"
# Alone, "steth" is a coin, no pair: without a separator only stable coins and fiat money are quotes.
_JOINED = re.compile(rf"{_BASE}?(?:{'|'.join(_STABLE_AND_FIAT)})")


def symbol_from_file_name(path: Path) -> Symbol | None:
    """Return the trading pair in a file's name, or None when it names none.

    The name is cut at everything but letters and digits. The first piece that ends in a quote currency
    (``btcusdt_klines_5m``, ``Binance_BTCUSDT_1h``), or the first two pieces of which the second is one
    (``BTC-USDT-SWAP-1m``, ``eth_btc``), is the pair. A name such as ``btc_perp_1m`` names a coin but no pair.
    """
    pieces = [piece for piece in SEPARATOR.split(path.name.upper()) if piece]
    for index, piece in enumerate(pieces):
        following = pieces[index + 1] if index + 1 < len(pieces) else ""
        if following in _QUOTES and piece != following and re.fullmatch(_BASE, piece):
            return Symbol(piece + following, following)
        if _JOINED.fullmatch(piece):
            return Symbol(piece)
    return None

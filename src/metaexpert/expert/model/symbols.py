"""Symbols of trading pairs, in their one spelling."""

from __future__ import annotations

import re
from typing import Final

#: Where one is the end of another, the longer comes first.
QUOTE_CURRENCIES: Final = (
    *("FDUSD", "USDT", "USDC", "BUSD", "TUSD", "USD", "DAI", "EUR", "GBP", "BTC", "ETH", "BNB"),
)
SEPARATOR: Final = re.compile(r"[^A-Za-z0-9]+")


class Symbol(str):
    """A symbol without separators that knows what they said: ``DOT-USD`` is DOT in USD, not DO in TUSD.

    Events and records have plain texts, which `str(symbol)` gives.
    """

    __slots__ = ("quote",)

    quote: str | None
    """The quote currency that was written apart; None where nothing told it."""

    def __new__(cls, letters: str, quote: str | None = None) -> Symbol:
        """Return `letters` as they are, with the quote that they end in."""
        made = super().__new__(cls, letters)
        made.quote = quote
        return made

    def __reduce__(self) -> tuple[type[Symbol], tuple[str, str | None]]:
        """Have a copy know the same."""
        return Symbol, (str(self), self.quote)


def normalise(text: str) -> Symbol:
    """Return a pair as events spell it: ``BTC/USDT``, ``btc-usdt`` and ``BTC/USDT:USDT`` are ``BTCUSDT``."""
    # Behind the colon is the currency in which a contract is settled.
    pieces = [piece for piece in SEPARATOR.split(text.split(":", 1)[0].upper()) if piece]
    is_pair = len(pieces) == 2 and pieces[1] in QUOTE_CURRENCIES
    known = getattr(text, "quote", None)
    return Symbol("".join(pieces), pieces[1] if is_pair else known)


def split(symbol: str) -> tuple[str, str]:
    """Return base and quote of a symbol; an unknown quote is called "quote".

    Where nothing told the quote, it is the longest known currency at the symbol's end.
    """
    told = getattr(symbol, "quote", None)
    for quote in QUOTE_CURRENCIES if told is None else (told,):
        if symbol.endswith(quote) and len(symbol) > len(quote):
            return str(symbol[: -len(quote)]), quote
    return str(symbol), "quote"

"""Words that commands and reports share."""

from __future__ import annotations

from typing import Final

#: The advice where there is no market data yet.
SAMPLE_DATA: Final = "a CSV to begin with: metaexpert demo --save-data BTCUSDT-1m.csv"


def counted(count: int, noun: str) -> str:
    """Return a number with its noun: "1 event handler call", "1,200 event handler calls", always in s."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"

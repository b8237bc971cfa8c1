"""A strategy file and data for tests of optimisations, small enough for many passes."""

from __future__ import annotations

from pathlib import Path

from metaexpert.expert.market_data import generate_bars

STRATEGY = """
import os
import random
import sys
import time
from pathlib import Path

from metaexpert import MetaExpert

EVERY = 10
FAULT = "none"
LUCK = random.random()

expert = MetaExpert(exchange="binance", persist_state=False)


@expert.on_init(symbol="BTCUSDT", timeframe="1m", size_type="percent_equity", size_value=10.0)
def init():
    if FAULT == "refuses":
        return False
    if FAULT == "exits":
        sys.exit("enough")
    if FAULT == "dies":
        os._exit(3)
    print("nobody reads this")


@expert.on_bar
def bar(rates):
    if FAULT == "slow":
        Path("slow").touch()
        time.sleep(0.01)
    if FAULT == "raises":
        raise ValueError(f"no bars today, {rates.time:%H:%M}")
    if rates.time.minute % EVERY == 0:
        expert.close_position()
        expert.open_position("BUY" if rates.close > rates.open else "SELL")
    expert.logger.info("Seen")


@expert.on_backtest
def score():
    return LUCK + EVERY


@expert.on_backtest_pass
def passed():
    with open("passes.txt", "a") as file:
        print(EVERY, file=file)


if FAULT == "broken":
    raise RuntimeError("cannot be imported")
if __name__ == "__main__":
    expert.run(mode="backtest")
"""


def write_strategy(folder: Path) -> Path:
    """Write the strategy file; returns its path."""
    path = folder / "s.py"
    path.write_text(STRATEGY, encoding="utf-8")
    return path


def write_data(folder: Path, minutes: int = 3 * 1440) -> Path:
    """Write generated bars of one minute each; returns the file's path."""
    path = folder / "BTCUSDT-1m.csv"
    rows = (
        f"{bar.time.isoformat()},{bar.open},{bar.high},{bar.low},{bar.close},{bar.volume}"
        for bar in generate_bars(seed=7, count=minutes)
    )
    path.write_text("\n".join(["time,open,high,low,close,volume", *rows]), encoding="utf-8")
    return path

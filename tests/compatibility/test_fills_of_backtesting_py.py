"""Fills beside those of backtesting.py, trade for trade, where the rules are the same.

The same are entries at the next open with a stop and a target, in a position at a time, without fees. What
differs is in the guide to backtesting.
"""

import random

import pytest

from metaexpert.expert import MetaExpert
from metaexpert.expert.market_data import generate_bars
from metaexpert.expert.market_data.feed import feed_of_bars
from support.expert_harness import run

backtesting = pytest.importorskip("backtesting")
pandas = pytest.importorskip("pandas")

COUNT = 5_000


def plan(seed):
    """Return what to do at the close of each bar, if nothing is open: a side, a stop and a target in percent.

    Nothing at the first one, which the other program does not show to a strategy.
    """
    choose = random.Random(seed)
    return [None] + [
        (choose.choice(["BUY", "SELL"]), choose.choice([0.3, 0.5, 1.0]), choose.choice([0.3, 0.6, 1.2]))
        if choose.random() < 0.2
        else None
        for _ in range(COUNT)
    ]


def trades_of_backtesting_py(bars, plans):
    """Return the trades of the other program: side, entry and exit."""

    class Planned(backtesting.Strategy):
        def init(self):
            pass

        def next(self):
            asked = plans[len(self.data) - 1]
            if asked is None or self.position or self.orders:
                return
            side, stop, target = asked
            price, sign = self.data.Close[-1], 1 if side == "BUY" else -1
            levels = {"sl": price * (1 - sign * stop / 100), "tp": price * (1 + sign * target / 100)}
            (self.buy if sign > 0 else self.sell)(size=1, **levels)

    data = pandas.DataFrame(
        [(b.open, b.high, b.low, b.close, b.volume) for b in bars],
        index=pandas.DatetimeIndex([b.time for b in bars]).tz_localize(None),
        columns=["Open", "High", "Low", "Close", "Volume"],
    )
    test = backtesting.Backtest(data, Planned, cash=1e9, commission=0.0, finalize_trades=False)
    done = test.run()._trades
    rows = zip(done.Size, done.EntryPrice, done.ExitPrice, strict=True)
    return [("BUY" if size > 0 else "SELL", entry, leave) for size, entry, leave in rows]


def trades_of_ours(bars, plans):
    """Return our trades."""
    expert = MetaExpert(exchange="binance", log_to_console=False, persist_state=False)
    expert.on_init(timeframe="1m", size_type="fixed_base", size_value=1.0, leverage=1)(lambda: None)
    seen = []

    @expert.on_bar
    def decide(rates):
        seen.append(rates)
        asked = plans[len(seen) - 1]
        if asked is None or expert.positions or expert.orders:
            return
        side, stop, target = asked
        sign = 1 if side == "BUY" else -1
        expert.open_position(
            side,
            stop_loss=rates.close * (1 - sign * stop / 100),
            take_profit=rates.close * (1 + sign * target / 100),
        )

    result = run(expert, feed_of_bars(bars, "test"), fee_pct=0.0, initial_capital=1e9)
    return [
        (trade.side.value, trade.entry_price, trade.exit_price)
        for trade in result.closed_trades
        if trade.reason != "end_of_data"
    ]


@pytest.mark.filterwarnings("ignore:Some trades remain open")
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_trades_are_those_of_backtesting_py(fresh_logging, seed):
    """Same sides, entries and exits, in the same order."""
    bars, plans = generate_bars(seed=seed, count=COUNT), plan(seed)
    theirs, ours = trades_of_backtesting_py(bars, plans), trades_of_ours(bars, plans)
    assert len(ours) > 100
    assert ours == [(side, pytest.approx(entry), pytest.approx(leave)) for side, entry, leave in theirs]

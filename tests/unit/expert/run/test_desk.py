"""The limit of a day's loss, for bars of every length."""

import numpy as np
import pytest

from metaexpert.expert import MetaExpert
from metaexpert.expert.market_data.feed import feed_of_bars
from support.expert_harness import bar, run

HOUR = 60


@pytest.fixture
def expert(fresh_logging):
    """An expert that logs into a directory of the test's own, and keeps no state."""
    return MetaExpert(exchange="binance", log_to_console=False, persist_state=False)


def entries(expert, timeframe, bars):
    """Ask for an entry at each close; return the time of each, and whether it was taken."""
    asked = []
    expert.on_init(timeframe=timeframe, size_type="fixed_base", size_value=1.0, daily_loss_limit=5.0)(
        lambda: None
    )

    @expert.on_bar
    def decide(rates):
        order = expert.open_position("BUY")
        asked.append((f"{expert.time:%d %H:%M}", order.status == "NEW"))

    run(expert, feed_of_bars(bars, "test"))
    return asked


@pytest.mark.parametrize(
    ("timeframe", "bars", "asked"),
    [
        (  # the bar from 22:00 to 02:00 loses 10, and its end is in the second day
            "4h",
            [(18, 100, 100), (22, 100, 90), (26, 90, 90), (42, 90, 90), (46, 90, 90), (50, 90, 90)],
            [("01 22:00", True), ("02 02:00", False), ("02 06:00", False), ("02 22:00", False)],
        ),
        (  # the last bar of a day loses 10, and the day is over with it
            "4h",
            [(16, 100, 100), (20, 100, 90), (24, 90, 90)],
            [("01 20:00", True), ("02 00:00", True), ("02 04:00", True)],
        ),
        ("1d", [(0, 100, 100), (24, 100, 90), (48, 90, 80)], [("02 00:00", True), ("03 00:00", True)]),
        ("1d", [(16, 100, 100), (40, 100, 90), (64, 90, 80)], [("02 16:00", True), ("03 16:00", False)]),
        ("1w", [(0, 100, 100), (168, 100, 90), (336, 90, 80)], [("08 00:00", True), ("15 00:00", True)]),
    ],
)
def test_the_loss_of_a_bar_counts_to_the_day_in_which_it_ends(expert, timeframe, bars, asked):
    """The day before midnight, for a bar that ends there: the limit ends with its day."""
    made = [bar(hour * HOUR, opened, close=close, timeframe=timeframe) for hour, opened, close in bars]
    assert entries(expert, timeframe, made)[: len(asked)] == asked


@pytest.mark.parametrize("kind", [np.float32, np.int64])
def test_a_criterion_may_be_a_number_of_numpy(expert, kind):
    """What `on_backtest` computes with it is a number."""
    expert.on_init(timeframe="1m")(lambda: None)
    expert.on_backtest(lambda: kind(7))
    assert run(expert, feed_of_bars([bar(0, 100.0)], "test")).criterion == 7.0

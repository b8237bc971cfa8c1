"""Indicators, worked out by hand, and the history they look at."""

import pytest
from expert_harness import bar

from metaexpert.expert import ArgumentError
from metaexpert.expert.history import BarHistory
from metaexpert.expert.indicators import atr, ema, sma


def test_sma_is_the_mean_of_the_last_values():
    """The last two of 1, 2, 3, 6 average 4.5; five of four values are too many."""
    assert sma([1, 2, 3, 6], 2) == 4.5
    assert sma([1, 2, 3, 6], 5) is None


def test_ema_starts_with_an_sma():
    """Period 3 over 1, 2, 3, 7: starts at 2, then 2 + 0.5 x 5."""
    assert ema([1, 2, 3, 7], 3) == 4.5
    assert ema([1, 2], 3) is None


def test_atr_counts_gaps():
    """A bar from 108 to 112 after a close of 100 has a true range of 12."""
    bars = [bar(0, 100), bar(1, 110, 112, 108, 110), bar(2, 110, 111, 107, 108)]
    assert atr(bars, 2) == (12 + 4) / 2
    assert atr(bars, 3) is None


@pytest.mark.parametrize("indicator", [sma, ema])
def test_period_below_one_is_refused(indicator):
    """A period of 0 has no meaning."""
    with pytest.raises(ValueError, match="at least 1"):
        indicator([1.0], 0)


def test_history_keeps_the_latest_bars():
    """Of five bars a history of three has the last three, oldest first, and knows that five closed."""
    history = BarHistory({"1m": 3})
    for minute in range(5):
        history.add(bar(minute, 100 + minute))
    assert [each.open for each in history.last("1m")] == [102, 103, 104]
    assert [each.open for each in history.last("1m", 2)] == [103, 104]
    assert history.last("1m", 0) == []
    assert len(history.last("1m", 99)) == 3
    assert history.closed("1m") == 5


@pytest.mark.parametrize(
    ("timeframe", "count", "said"), [("5m", 1, "there is one of 1m"), ("1m", -1, "from 0")]
)
def test_history_refuses_what_it_does_not_keep(timeframe, count, said):
    """An unknown timeframe and a negative count are errors that say what there is."""
    with pytest.raises(ArgumentError, match=said):
        BarHistory({"1m": 3}).last(timeframe, count)

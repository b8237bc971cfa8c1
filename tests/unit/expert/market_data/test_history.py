"""The bars a strategy may look back on."""

import pytest

from metaexpert.expert import ArgumentError
from metaexpert.expert.market_data.history import BarHistory
from support.expert_harness import bar


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

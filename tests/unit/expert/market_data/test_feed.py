"""The feed of a run: one file, or data in memory."""

import pytest

from metaexpert.expert import Bar, ExpertError
from metaexpert.expert.market_data.feed import feed_of_bars
from metaexpert.expert.model.books import Quote
from metaexpert.expert.model.timeframes import Timeframe
from support.expert_harness import minutes, quotes


def test_bars_are_events_of_one_instrument():
    """Each bar is an event, in order of time."""
    feed = minutes(3)
    assert [type(event) for event in feed.events()] == [Bar] * 3
    assert feed.instruments == (("BTCUSDT", Timeframe(60)),)
    assert len(feed) == 3


def test_a_quote_has_its_tick_and_its_book():
    """The two are one event."""
    feed = quotes(100, 105)
    assert list(feed.events()) == [
        Quote(tick, book) for tick, book in zip(feed.ticks, feed.books, strict=True)
    ]
    assert feed.instruments == (("BTCUSDT", None),)


def test_no_bars_are_no_feed():
    """A run needs a first price."""
    with pytest.raises(ExpertError, match="at least one bar"):
        feed_of_bars([], "nothing")

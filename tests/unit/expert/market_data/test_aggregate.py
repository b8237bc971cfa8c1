from datetime import UTC, datetime, timedelta
from math import fsum, nan

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from metaexpert.expert.market_data import Bar, BarAggregator, Tick, Timeframe, generate_bars

# A busy machine is no failure.
UNTIMED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
TEN = datetime(2024, 1, 1, 10, tzinfo=UTC)


def bar(minute: int, price: float = 100.0, *, volume: float = 1.0, timeframe: str = "1m") -> Bar:
    """Give the bar that opens so many minutes after ten."""
    time = TEN + timedelta(minutes=minute)
    return Bar("BTCUSDT", timeframe, time, price, price + 2, price - 2, price + 1, volume)


def tick(seconds: float, last: float = 100.0, volume: float = 1.0) -> Tick:
    """Give a trade so many seconds after ten."""
    return Tick("BTCUSDT", TEN + timedelta(seconds=seconds), nan, nan, last, volume)


def test_an_hour_is_complete_with_its_last_minute() -> None:
    """The 1h bar comes with the 59th minute, not with the next hour, and is made of all 60."""
    hours = BarAggregator("BTCUSDT", "1h")
    for minute in range(59):
        assert hours.add_bar(bar(minute, 100.0 + minute)) == ()
    assert hours.add_bar(bar(59, 50.0)) == (Bar("BTCUSDT", "1h", TEN, 100.0, 160.0, 48.0, 51.0, 60.0),)
    assert hours.partial is None


def test_data_from_the_middle_of_an_hour_still_ends_with_it() -> None:
    """The first bar of a file that starts at 10:45 is the 10:00 bar, made of 15 minutes."""
    hours = BarAggregator("BTCUSDT", "1h")
    completed = [done for minute in range(45, 60) for done in hours.add_bar(bar(minute))]
    assert [(each.time, each.volume) for each in completed] == [(TEN, 15.0)]


def test_a_hole_over_the_end_hands_out_what_there_was() -> None:
    """After a hole the unfinished hour comes with the first bar after it, before that bar's own hour."""
    hours = BarAggregator("BTCUSDT", "1h")
    hours.add_bar(bar(10, 7.0))
    (unfinished,) = hours.add_bar(bar(75))
    assert (unfinished.time, unfinished.open, unfinished.volume) == (TEN, 7.0, 1.0)
    assert hours.partial is not None
    assert hours.partial.time == TEN + timedelta(hours=1)


def test_a_hole_up_to_a_last_minute_completes_two_bars_at_once() -> None:
    """A bar may end an unfinished hour and fill its own: neither waits for later data."""
    hours = BarAggregator("BTCUSDT", "1h")
    hours.add_bar(bar(10))
    both = hours.add_bar(bar(179))
    assert [each.time for each in both] == [TEN, TEN + timedelta(hours=2)]


def test_the_same_timeframe_passes_through() -> None:
    """An aggregator for the source's own timeframe gives each bar back at once."""
    minutes = BarAggregator("BTCUSDT", "1m")
    assert minutes.add_bar(bar(3)) == (bar(3),)


def test_days_make_a_week_from_monday() -> None:
    """1 January 2024 was a Monday: its week is complete on the 7th."""
    weeks = BarAggregator("BTCUSDT", "1w")
    monday = datetime(2024, 1, 1, tzinfo=UTC)
    days = [Bar("BTCUSDT", "1d", monday + timedelta(days=day), 1.0, 2.0, 1.0, 1.5, 1.0) for day in range(7)]
    assert [weeks.add_bar(day) for day in days[:6]] == [()] * 6
    assert weeks.add_bar(days[6]) == (Bar("BTCUSDT", "1w", monday, 1.0, 2.0, 1.0, 1.5, 7.0),)


@pytest.mark.parametrize(("source", "target"), [("5m", "1m"), ("2m", "5m"), ("1h", "90m"), ("4h", "6h")])
def test_a_timeframe_that_is_no_multiple_is_refused(source: str, target: str) -> None:
    """The error names both timeframes, and nothing is taken."""
    aggregator = BarAggregator("BTCUSDT", target)
    with pytest.raises(ValueError, match=f"{target} bars cannot be built from {source} bars"):
        aggregator.add_bar(bar(0, timeframe=source))
    assert aggregator.partial is None


def test_a_bar_across_the_boundary_is_refused() -> None:
    """A 1h bar that opens at half past belongs to no 2h bar as a whole."""
    two_hours = BarAggregator("BTCUSDT", "2h")
    two_hours.add_bar(bar(30, timeframe="1h"))
    with pytest.raises(ValueError, match="reaches past"):
        two_hours.add_bar(bar(90, timeframe="1h"))
    assert two_hours.parts == 1


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        (bar(5), "by time"),
        (bar(4), "by time"),
        (bar(6)._replace(symbol="ETHUSDT"), "was given ETHUSDT"),
        (bar(6, timeframe="5m"), "one aggregator per source"),
    ],
)
def test_a_bar_that_does_not_follow_is_refused(wrong: Bar, reason: str) -> None:
    """Twice, backwards, another symbol or timeframe: an error, and the unfinished bar is as before."""
    hours = BarAggregator("BTCUSDT", "1h")
    hours.add_bar(bar(5))
    before = hours.partial
    with pytest.raises(ValueError, match=reason):
        hours.add_bar(wrong)
    assert hours.partial == before
    assert hours.add_bar(bar(6)) == ()
    assert hours.parts == 2


def test_ticks_make_a_bar_when_the_next_period_begins() -> None:
    """Trades of one minute become its bar at the first trade of another; a quiet minute has none."""
    minutes = BarAggregator("BTCUSDT", "1m")
    for seconds, last in ((0, 10.0), (20, 12.0), (59.9, 9.0)):
        assert minutes.add_tick(tick(seconds, last)) == ()
    assert minutes.add_tick(tick(185, 11.0)) == (Bar("BTCUSDT", "1m", TEN, 10.0, 12.0, 9.0, 9.0, 3.0),)
    assert minutes.flush() == Bar("BTCUSDT", "1m", TEN + timedelta(minutes=3), 11.0, 11.0, 11.0, 11.0, 1.0)
    assert minutes.flush() is None


def test_quotes_make_bars_of_the_middle_price() -> None:
    """A tick without a last price counts with the middle of bid and ask, and without volume."""
    minutes = BarAggregator("BTCUSDT", "1m")
    minutes.add_tick(Tick("BTCUSDT", TEN, 99.0, 101.0, nan, 0.0))
    assert minutes.partial == Bar("BTCUSDT", "1m", TEN, 100.0, 100.0, 100.0, 100.0, 0.0)


def test_bad_ticks_are_refused() -> None:
    """No price, an earlier time, another symbol are errors; a tick at the same time as the last is fine."""
    minutes = BarAggregator("BTCUSDT", "1m")
    minutes.add_tick(tick(5))
    with pytest.raises(ValueError, match="neither a last price"):
        minutes.add_tick(tick(6, nan))
    with pytest.raises(ValueError, match="sort by time"):
        minutes.add_tick(tick(4))
    with pytest.raises(ValueError, match="was given ETHUSDT"):
        minutes.add_tick(tick(6)._replace(symbol="ETHUSDT"))
    minutes.add_tick(tick(5))
    assert minutes.parts == 2


def test_bars_and_ticks_do_not_mix() -> None:
    """One aggregator has one source."""
    of_bars, of_ticks = BarAggregator("BTCUSDT", "1h"), BarAggregator("BTCUSDT", "1h")
    of_bars.add_bar(bar(0))
    of_ticks.add_tick(tick(0))
    with pytest.raises(ValueError, match="builds from 1m bars"):
        of_bars.add_tick(tick(90))
    with pytest.raises(ValueError, match="builds from ticks"):
        of_ticks.add_bar(bar(1))


def test_a_clock_can_end_a_quiet_period() -> None:
    """`close_until` gives the bar once its end has come, not before, and late data for it is refused."""
    minutes = BarAggregator("BTCUSDT", "1m")
    minutes.add_tick(tick(5))
    assert minutes.close_until(TEN + timedelta(seconds=59)) == ()
    assert [each.time for each in minutes.close_until(TEN + timedelta(seconds=60))] == [TEN]
    assert minutes.close_until(TEN + timedelta(seconds=60)) == ()
    with pytest.raises(ValueError, match="was handed out"):
        minutes.add_tick(tick(30))
    assert minutes.add_tick(tick(60)) == ()


@UNTIMED
@given(
    seed=st.integers(0, 1000),
    target=st.sampled_from(["1m", "3m", "15m", "1h", "4h", "1d"]),
    start=st.integers(0, 3000),
    kept=st.lists(st.booleans(), min_size=1, max_size=400),
)
def test_longer_bars_are_their_parts(seed: int, target: str, start: int, kept: list[bool]) -> None:
    """Whatever is missing: every part is in exactly one bar, with its high, low, open, close and volume."""
    bars = generate_bars(seed=seed, count=len(kept), start=TEN + timedelta(minutes=start))
    parts = [each for each, keep in zip(bars, kept, strict=True) if keep]
    aggregator = BarAggregator("BTCUSDT", target)
    longer = [done for part in parts for done in aggregator.add_bar(part)]
    rest = aggregator.flush()
    longer += [rest] if rest else []
    timeframe = Timeframe.parse(target)
    assert [each.time for each in longer] == sorted({timeframe.floor(part.time) for part in parts})
    for each in longer:
        inside = [part for part in parts if each.time <= part.time < each.time + timeframe.delta]
        assert (each.open, each.close) == (inside[0].open, inside[-1].close)
        assert each.high == max(part.high for part in inside)
        assert each.low == min(part.low for part in inside)
        assert each.volume == pytest.approx(fsum(part.volume for part in inside), rel=1e-12)
        assert (each.symbol, each.timeframe) == ("BTCUSDT", str(timeframe))

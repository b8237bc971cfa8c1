from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from metaexpert.expert.market_data import Timeframe

# A busy machine is no failure.
UNTIMED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1s", 1),
        ("1m", 60),
        ("5m", 300),
        ("15m", 900),
        ("30m", 1800),
        ("1h", 3600),
        ("4h", 14400),
        ("1d", 86400),
        ("1w", 604800),
        ("1H", 3600),
        (" 1D ", 86400),
    ],
)
def test_a_timeframe_is_read_from_count_and_unit(text: str, seconds: int) -> None:
    """Each unit has its length in seconds, and only the minute depends on case."""
    assert Timeframe.parse(text).seconds == seconds


@UNTIMED
@given(st.integers(1, 366 * 86_400))
def test_every_timeframe_survives_text(seconds: int) -> None:
    """Writing a timeframe and reading it back gives an equal one."""
    timeframe = Timeframe(seconds)
    assert Timeframe.parse(str(timeframe)) == timeframe


def test_equal_lengths_are_equal_however_written() -> None:
    """60m is 1h, and is written so."""
    assert Timeframe.parse("60m") == Timeframe.parse("1h")
    assert str(Timeframe.parse("60m")) == "1h"
    assert str(Timeframe.parse("90m")) == "90m"
    assert Timeframe.parse(Timeframe(60)) == Timeframe(60)


@pytest.mark.parametrize(
    "text", ["", "m", "1", "0m", "-1m", "1.5h", "1x", "H1", "1 m m", "९m", "99999999d", "1e3s"]
)
def test_what_is_no_timeframe_is_refused(text: str) -> None:
    """The error quotes what was given."""
    with pytest.raises(ValueError, match="timeframe") as caught:
        Timeframe.parse(text)
    assert repr(text) in str(caught.value)


@pytest.mark.parametrize("text", ["1M", "3M", "1Mo"])
def test_calendar_months_are_refused_with_the_reason(text: str) -> None:
    """A capital M is never taken for minutes."""
    with pytest.raises(ValueError, match="calendar months have no fixed length"):
        Timeframe.parse(text)


def test_lengths_without_sense_are_refused() -> None:
    """Zero, more than a year, and anything but an int are no lengths."""
    for seconds in (0, -60, 367 * 86_400):
        with pytest.raises(ValueError, match="366 days"):
            Timeframe(seconds)
    for seconds in (60.0, True, "60"):
        with pytest.raises(TypeError, match="whole number"):
            Timeframe(seconds)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "opened"),
    [
        ("1m", datetime(2022, 1, 6, 13, 59, tzinfo=UTC)),
        ("15m", datetime(2022, 1, 6, 13, 45, tzinfo=UTC)),
        ("1h", datetime(2022, 1, 6, 13, tzinfo=UTC)),
        ("4h", datetime(2022, 1, 6, 12, tzinfo=UTC)),
        ("1d", datetime(2022, 1, 6, tzinfo=UTC)),
        ("1w", datetime(2022, 1, 3, tzinfo=UTC)),
    ],
)
def test_a_bar_opens_on_the_grid_of_exchanges(text: str, opened: datetime) -> None:
    """Bars count from midnight UTC, weeks from Monday; the opening floors to itself."""
    timeframe = Timeframe.parse(text)
    assert timeframe.floor(datetime(2022, 1, 6, 13, 59, 59, 999_999, tzinfo=UTC)) == opened
    assert timeframe.floor(opened) == opened


def test_floor_gives_utc_whatever_the_zone() -> None:
    """A time of another zone is floored in UTC."""
    tokyo = timezone(timedelta(hours=9))
    opened = Timeframe.parse("1d").floor(datetime(2022, 1, 6, 8, tzinfo=tokyo))
    assert opened == datetime(2022, 1, 5, tzinfo=UTC)
    assert opened.tzinfo is UTC


def test_floor_refuses_a_time_without_zone() -> None:
    """Nobody guesses a zone."""
    with pytest.raises(ValueError, match="no time zone"):
        Timeframe.parse("1h").floor(datetime(2022, 1, 6))


@UNTIMED
@given(
    st.integers(1, 366 * 86_400),
    st.datetimes(datetime(1980, 1, 1), datetime(2099, 1, 1), timezones=st.just(UTC)),
)
def test_a_time_lies_in_its_bar(seconds: int, time: datetime) -> None:
    """The bar that `floor` names contains the time, and floors to itself."""
    timeframe = Timeframe(seconds)
    opened = timeframe.floor(time)
    assert opened <= time < opened + timeframe.delta
    assert timeframe.floor(opened) == opened

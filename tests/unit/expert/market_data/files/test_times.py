from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from metaexpert.expert.market_data.files.times import recognise_time, to_datetime

# A busy machine is no failure.
UNTIMED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MOMENTS = st.datetimes(datetime(1980, 1, 1), datetime(2099, 12, 31), timezones=st.just(UTC))


def read(cell: str) -> datetime:
    """Read one cell in the notation it is recognised as."""
    time_format = recognise_time(cell)
    assert time_format is not None
    return to_datetime(time_format.parse(cell))


@pytest.mark.parametrize(
    "cell",
    [
        "1610064000.278",
        "1610064000278",
        "1610064000278000",
        "1610064000278000000",
        "1.610064000278e9",
        "2021-01-08T00:00:00.278000+00:00",
        "2021-01-08T00:00:00.278Z",
        "2021-01-08 00:00:00.278",
        "2021-01-08 00:00:00.278 UTC",
        "2021-01-08T01:00:00.278+01:00",
        " 2021-01-08 00:00:00.278 ",
    ],
)
def test_every_notation_gives_the_same_moment(cell: str) -> None:
    """Seconds to nanoseconds, and ISO text with or without zone, are one moment; without zone it is UTC."""
    assert read(cell) == datetime(2021, 1, 8, 0, 0, 0, 278_000, tzinfo=UTC)


@UNTIMED
@given(MOMENTS)
def test_no_microsecond_is_lost(moment: datetime) -> None:
    """A moment survives every notation that can hold it, exactly."""
    microseconds = (moment - EPOCH) // timedelta(microseconds=1)
    assert read(str(microseconds)) == moment
    assert read(str(microseconds * 1000 + 999)) == moment
    assert read(f"{microseconds // 1_000_000}.{microseconds % 1_000_000:06d}") == moment
    assert read(f"{microseconds // 1_000}.{microseconds % 1_000:03d}") == moment
    assert read(moment.isoformat()) == moment
    assert read(moment.replace(tzinfo=None).isoformat(" ")) == moment


def test_a_date_alone_is_its_midnight() -> None:
    """Daily files often have no hours."""
    assert read("2021-01-08") == datetime(2021, 1, 8, tzinfo=UTC)


@pytest.mark.parametrize(
    "cell",
    [
        "",
        "abc",
        "0",
        "42",
        "20210108",
        "202101080000",
        "20210108000000",
        "-1610064000",
        "nan",
        "inf",
        "1e400",
        "1_610_064_000",
        "١٦١٠٠٦٤٠٠٠",
        "2021-13-01",
        "2021-02-29 00:00:00",
        "2021-01-08x00:00:00",
        "08/01/2021",
        "1979-12-31",
        "2100-01-01",
        "9999-12-31",
    ],
)
def test_what_is_no_time_of_a_market_is_not_recognised(cell: str) -> None:
    """Junk, dates written as numbers, and years before 1980 or after 2099 are nobody's market data."""
    assert recognise_time(cell) is None

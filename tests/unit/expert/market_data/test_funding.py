"""Funding rates: when they are due, and files of them."""

from datetime import UTC, datetime, timedelta

import pytest

from metaexpert.expert import ExpertError
from metaexpert.expert.market_data.funding import ConstantRate, Funding, funding_of_file

DAY = datetime(2024, 1, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)


def test_a_constant_rate_is_due_every_eight_hours():
    """After the first moment, and until the second or at it; 0.01 % is 0.0001."""
    found = ConstantRate(0.01).between(DAY, DAY + 24 * HOUR)
    assert found == [Funding(DAY + hours * HOUR, 0.0001) for hours in (8, 16, 24)]
    assert ConstantRate(0.01).between(DAY + 8 * HOUR, DAY + 15 * HOUR) == []
    assert ConstantRate(0.01).between(DAY + 15 * HOUR, DAY + 16 * HOUR)[0].time == DAY + 16 * HOUR


@pytest.mark.parametrize(
    "text",
    [
        "calc_time,funding_interval_hours,last_funding_rate\n1704067200000,8,0.0001\n1704096000000,8,-0.0002\n",
        "fundingTime,symbol,fundingRate\n1704096000000,BTCUSDT,-0.0002\n1704067200000,BTCUSDT,0.0001\n",
        "\ufefftime,rate\n2024-01-01 00:00:00,0.0001\n\n2024-01-01 08:00:00,-0.0002\n",
        "timestamp,fundingRate\n2024-01-01T00:00:00Z,1e-4\n2024-01-01T08:00:00Z,-2e-4\n",
    ],
)
def test_files_of_exchanges_are_known_by_their_columns(tmp_path, text):
    """Whatever the order of their rows."""
    path = tmp_path / "funding.csv"
    path.write_text(text, encoding="utf-8")
    found = funding_of_file(str(path)).between(DAY - HOUR, DAY + 8 * HOUR)
    assert list(found) == [Funding(DAY, 0.0001), Funding(DAY + 8 * HOUR, -0.0002)]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "line 1: funding rates need a header"),
        ("open,close\n1,2\n", "line 1: funding rates need a header"),
        ("time,rate\n", "has no funding rates under its header"),
        (
            "time,rate\nsoon,0.1\n2024-01-01,2\n2024-01-02\n2024-01-03,nan\n",
            "line 2: 'soon' is no time; line 3: '2' is no rate between -1 and 1; line 4 has 1 columns; "
            "line 5: 'nan' is no rate",
        ),
        ("time,rate\n2024-01-01,0.1\n2024-01-01,0.2\n", "line 3: 2024-01-01 00:00:00+00:00 has two rates"),
    ],
)
def test_bad_files_are_refused_with_all_their_problems(tmp_path, text, said):
    """Each with its line."""
    path = tmp_path / "funding.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ExpertError) as raised:
        funding_of_file(str(path))
    assert said in str(raised.value)


def test_a_missing_file_is_named(tmp_path):
    """With the reason."""
    with pytest.raises(ExpertError, match="No such file"):
        funding_of_file(str(tmp_path / "nowhere.csv"))

"""Checks of single arguments."""

from datetime import UTC, datetime

from metaexpert.expert.settings import arguments as check


def test_bare_end_date_includes_the_day():
    """A range given by two dates includes both of them."""
    assert check.moment("end", "2024-01-31", end=True) == datetime(2024, 2, 1, tzinfo=UTC)
    assert check.moment("start", "2024-01-31") == datetime(2024, 1, 31, tzinfo=UTC)
    assert check.moment("end", "2024-01-31T12:00", end=True) == datetime(2024, 1, 31, 12, tzinfo=UTC)
    assert check.moment("end", "2024-01-31T12:00+02:00") == datetime(2024, 1, 31, 10, tzinfo=UTC)

"""Checks of single arguments."""

from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest

from metaexpert.expert import ArgumentError
from metaexpert.expert.settings import arguments as check


def test_bare_end_date_includes_the_day():
    """A range given by two dates includes both of them."""
    assert check.moment("end", "2024-01-31", end=True) == datetime(2024, 2, 1, tzinfo=UTC)
    assert check.moment("start", "2024-01-31") == datetime(2024, 1, 31, tzinfo=UTC)
    assert check.moment("end", "2024-01-31T12:00", end=True) == datetime(2024, 1, 31, 12, tzinfo=UTC)
    assert check.moment("end", "2024-01-31T12:00+02:00") == datetime(2024, 1, 31, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    "value", [2, 2.0, Decimal("2.0"), Fraction(4, 2), np.int64(2), np.uint8(2), np.float32(2), np.float64(2)]
)
def test_all_common_kinds_of_numbers_are_numbers(value):
    """What comes of them is a plain float, so that money is counted in one kind."""
    for found in (check.number("size", value), check.limit("size", value)):
        assert type(found) is float
        assert found == 2.0
    assert check.whole("size", value, minimum=0) == 2


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (True, "must be a number"),
        (np.bool_(True), "must be a number"),
        ("2", "must be a number"),
        (2 + 0j, "must be a number"),
        (10**400, "must be a finite number"),
        (Fraction(10**400), "must be a finite number"),
        (Decimal("NaN"), "must be a finite number"),
        (Decimal("sNaN"), "must be a finite number"),
        (Decimal("Infinity"), "must be a finite number"),
        (np.float64("nan"), "must be a finite number"),
    ],
)
def test_what_is_no_finite_number_is_an_error(value, said):
    """It names the argument."""
    with pytest.raises(ArgumentError, match=f"size {said}"):
        check.number("size", value)


def test_a_set_may_hold_integers_of_numpy():
    """Hours that were computed, or one of them alone."""
    assert check.number_set("trade_hours", np.array([9, 10]), minimum=0, maximum=23) == {9, 10}
    assert check.number_set("trade_hours", np.int64(9), minimum=0, maximum=23) == {9}

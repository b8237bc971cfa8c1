"""Facts about the time by which a call returns."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from metaexpert.logger.process.deadline import Deadline


@pytest.mark.parametrize("timeout", [None, float("inf"), 1e300, 10**400], ids=repr)
def test_more_than_a_lock_can_wait_is_for_ever(timeout: Any) -> None:
    """There is no end, but for what is wanted at most."""
    assert Deadline(timeout).left() is None
    assert Deadline(timeout).left(2.0) == 2.0


@pytest.mark.parametrize(
    "timeout",
    [0, False, -1, float("nan"), float("-inf"), -(10**400), "soon", b"", [], object(), 1j],
    ids=repr,
)
def test_what_is_below_0_or_no_number_is_no_time(timeout: Any) -> None:
    """Nothing is left of it from the beginning, and nothing raises."""
    assert Deadline(timeout).left() == 0.0
    assert Deadline(timeout).left(2.0) == 0.0


@pytest.mark.parametrize("timeout", [60, 60.0, Decimal(60), "60"], ids=repr)
def test_what_is_left_is_at_most_what_was_given(timeout: Any) -> None:
    """It grows less, and is bounded by what is wanted at most."""
    deadline = Deadline(timeout)
    first = deadline.left()
    second = deadline.left()
    assert first is not None
    assert second is not None
    assert 60 >= first >= second > 0
    assert deadline.left(1.5) == 1.5

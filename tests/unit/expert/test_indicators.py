"""Indicators, worked out by hand."""

import pytest

from metaexpert.expert.indicators import atr, ema, sma
from support.expert_harness import bar


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

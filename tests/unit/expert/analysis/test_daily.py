"""Figures of a daily equity curve, beside numbers that were computed by hand."""

import json
import math
from datetime import date

import pytest

from metaexpert.expert.analysis.daily import daily_figures, daily_returns, drawdown, equity_days

#: 100 grows to 110, falls to 99 and 88, stays, and ends at 121.
CURVE = [100.0, 110.0, 99.0, 88.0, 88.0, 121.0]
RETURNS = [0.1, -0.1, -1 / 9, 0.0, 0.375]


def test_figures_of_a_small_curve():
    """Every figure of five days, from its formula."""
    mean = sum(RETURNS) / 5
    deviation = math.sqrt(sum((each - mean) ** 2 for each in RETURNS) / 4)
    downside = math.sqrt((0.1**2 + (1 / 9) ** 2) / 5)
    cagr = (1.21 ** (365 / 5) - 1) * 100
    assert daily_figures(CURVE) == {
        "days": 5,
        "cagr_365d_pct": pytest.approx(cagr),
        "volatility_365d_pct": pytest.approx(deviation * math.sqrt(365) * 100),
        "sharpe_365d": pytest.approx(mean / deviation * math.sqrt(365)),
        "sortino_365d": pytest.approx(mean / downside * math.sqrt(365)),
        "calmar_365d": pytest.approx(cagr / 20),
        "max_drawdown_daily_pct": pytest.approx(20),
        "max_drawdown_days": 4,
        "longest_drawdown_days": 4,
        "ulcer_index_pct": pytest.approx(math.sqrt((10**2 + 20**2 + 20**2) / 5)),
        "best_day_pct": pytest.approx(37.5),
        "worst_day_pct": pytest.approx(-100 / 9),
    }


def test_a_loss_from_the_start_is_a_drawdown():
    """The starting capital is the first peak, also if the first day ends below it."""
    assert drawdown([100.0, 90.0, 95.0]) == (10.0, 2, 2)


def test_the_deepest_fall_need_not_be_the_longest():
    """10 % for four days, then 20 % for two."""
    assert drawdown([100, 90, 99, 99, 100, 80, 110]) == (20.0, 2, 4)


def test_of_equal_falls_the_first_counts():
    """Two falls of 10 %, of two days and of three."""
    assert drawdown([100, 90, 100, 90, 90, 100]) == (10.0, 2, 3)


@pytest.mark.parametrize("curve", [[100.0], [100.0, 101.0]], ids=["no day", "one day"])
def test_a_spread_needs_two_days(curve):
    """Less than two returns have no deviation."""
    figures = daily_figures(curve)
    assert [figures[name] for name in ("volatility_365d_pct", "sharpe_365d", "sortino_365d")] == [None] * 3


def test_two_days_are_enough_for_a_spread():
    """One day up, one down: the least that has a deviation, and a downside."""
    figures = daily_figures([100.0, 110.0, 99.0])
    assert figures["volatility_365d_pct"] == pytest.approx(math.sqrt(0.02) * math.sqrt(365) * 100)
    assert (figures["sharpe_365d"], figures["sortino_365d"]) == (0.0, 0.0)


def test_one_day_has_a_growth_rate():
    """1 % in a day is 1.01 ^ 365; an account of less than one coin grows like any other."""
    assert daily_figures([0.5, 0.505])["cagr_365d_pct"] == pytest.approx((1.01**365 - 1) * 100)
    assert daily_figures([0.5])["cagr_365d_pct"] is None


def test_an_account_that_begins_with_nothing_has_no_figures():
    """Neither growth nor falls, and nothing raises."""
    figures = daily_figures([0.0, 0.0, -1.0])
    assert (figures["cagr_365d_pct"], figures["sharpe_365d"]) == (None, None)
    assert (figures["max_drawdown_daily_pct"], figures["ulcer_index_pct"]) == (0.0, 0.0)


def test_nothing_is_not_negative():
    """A zero has no sign in JSON."""
    figures = daily_figures([100.0, 100.0 - 1e-12])
    assert "-0.0" not in json.dumps(figures)


def test_one_day_has_an_ulcer_index():
    """Its own fall."""
    assert daily_figures([100.0, 90.0])["ulcer_index_pct"] == pytest.approx(10.0)
    assert daily_figures([100.0])["ulcer_index_pct"] is None


def test_figures_have_eight_decimals():
    """What binary rounding adds is not shown."""
    assert daily_figures([3.0, 4.0])["best_day_pct"] == 33.33333333


def test_a_return_on_nothing_is_undefined():
    """An account without money may get some back, from a position that was open."""
    rows = equity_days(100.0, [(date(2024, 1, 1), 0.0), (date(2024, 1, 2), 5.0)])
    assert [row.return_pct for row in rows] == [-100.0, None]


@pytest.mark.parametrize("growth", [1.0, 1.01, 0.99])
def test_equal_returns_have_no_ratios_of_their_spread(growth):
    """What binary rounding leaves of a deviation is no denominator: the ratio would be enormous."""
    figures = daily_figures([100 * growth**day for day in range(30)])
    assert (figures["volatility_365d_pct"], figures["sharpe_365d"]) == (0.0, None)


def test_without_a_losing_day_there_is_no_downside():
    """Sortino and Calmar would divide by zero."""
    figures = daily_figures([100.0, 101.0, 103.0])
    assert (figures["sortino_365d"], figures["calmar_365d"], figures["max_drawdown_days"]) == (None, None, 0)


def test_an_account_that_lost_all_has_no_returns():
    """Nothing has no percentage, but the fall is known."""
    figures = daily_figures([100.0, 50.0, 0.0, 0.0])
    assert daily_returns([100.0, 0.0, 0.0]) is None
    assert (figures["sharpe_365d"], figures["best_day_pct"]) == (None, None)
    assert (figures["cagr_365d_pct"], figures["max_drawdown_daily_pct"]) == (-100.0, 100.0)


def test_an_account_in_debt_has_no_growth_rate():
    """A negative number has no real root."""
    assert daily_figures([100.0, -20.0])["cagr_365d_pct"] is None


def test_growth_that_no_float_holds_is_undefined():
    """A thousandfold in one day is beyond all floats in a year."""
    assert daily_figures([1.0, 1_000.0])["cagr_365d_pct"] is None


def test_days_without_an_entry_keep_the_equity():
    """A hole of two days in the data is two days with a return of 0."""
    rows = equity_days(100.0, [(date(2024, 2, 28), 110.0), (date(2024, 3, 2), 99.0)])
    assert [(row.day.isoformat(), row.equity, row.return_pct, row.drawdown_pct) for row in rows] == [
        ("2024-02-28", 110.0, 10.0, 0.0),
        ("2024-02-29", 110.0, 0.0, 0.0),
        ("2024-03-01", 110.0, 0.0, 0.0),
        ("2024-03-02", 99.0, -10.0, 10.0),
    ]

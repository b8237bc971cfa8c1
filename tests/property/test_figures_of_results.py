"""Properties of the figures of a result, for any equity and any trades."""

import json
import math
from datetime import UTC, date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from metaexpert.expert.analysis.daily import daily_figures, equity_days
from metaexpert.expert.analysis.trades import Trade, by_month, by_symbol, profit_factor, trade_figures
from metaexpert.expert.model.orders import Side

ANY_MONEY = st.floats(allow_nan=False, allow_infinity=False)
WEALTH = st.floats(min_value=100.0, max_value=1e5)
PROFITS = st.floats(min_value=-1e290, max_value=1e290)


@given(st.lists(ANY_MONEY, min_size=1, max_size=30))
def test_no_equity_makes_a_figure_that_json_does_not_have(curve):
    """Debts, ruin, tiny and enormous accounts: each figure is finite or None, and nothing raises."""
    json.dumps(daily_figures(curve), allow_nan=False)


@given(st.lists(PROFITS, max_size=20))
def test_no_profits_make_a_figure_that_json_does_not_have(profits):
    """Tiny, enormous and zero."""
    trades = [a_trade(profit, at) for at, profit in enumerate(profits)]
    figures = [trade_figures(trades), profit_factor(profits), by_symbol(trades), by_month(1.0, [], trades)]
    json.dumps(figures, allow_nan=False, default=str)


@given(st.lists(WEALTH, min_size=2, max_size=40), st.floats(min_value=0.01, max_value=100))
def test_figures_do_not_depend_on_the_size_of_the_account(curve, factor):
    """Ten times the money with ten times the trades is the same strategy."""
    once, scaled = daily_figures(curve), daily_figures([equity * factor for equity in curve])
    for name, value in once.items():
        if value is None or scaled[name] is None:
            # A spread that is all rounding may be one on one side alone.
            continue
        assert math.isclose(value, scaled[name], rel_tol=1e-5, abs_tol=1e-5), name


@given(st.lists(WEALTH, min_size=2, max_size=40))
def test_bounds(curve):
    """A drawdown is within 0 and 100 %, the Ulcer index within it, and lengths within the days."""
    figures = daily_figures(curve)
    assert 0 <= figures["ulcer_index_pct"] <= figures["max_drawdown_daily_pct"] + 1e-6 <= 100 + 1e-6
    assert 0 <= figures["max_drawdown_days"] <= figures["longest_drawdown_days"] <= figures["days"]
    assert figures["worst_day_pct"] <= figures["best_day_pct"]


@given(st.lists(st.tuples(st.integers(0, 60), WEALTH), max_size=20, unique_by=lambda day: day[0]))
def test_days_are_without_holes_and_compound_to_the_end(closes):
    """Each day from the first to the last is there once, and the returns lead from the capital to the end."""
    start = date(2024, 1, 1)
    rows = equity_days(500.0, [(start + timedelta(days=day), equity) for day, equity in sorted(closes)])
    assert [row.day for row in rows] == [rows[0].day + timedelta(days=at) for at in range(len(rows))]
    grown = math.prod(1 + row.return_pct / 100 for row in rows)
    assert not rows or math.isclose(500.0 * grown, rows[-1].equity, rel_tol=1e-6)


def a_trade(net_pnl, number):
    """A trade of one of two symbols, in one of three months."""
    at = datetime(2024, 1 + number % 3, 1, tzinfo=UTC)
    return Trade(
        number, "AB"[number % 2], Side.BUY, 1.0, at, at, 1.0, 1.0, 1, 1, net_pnl, 0.0, 0.0, net_pnl, None,
        0.0, 0.0, 0, "strategy",
    )  # fmt: skip

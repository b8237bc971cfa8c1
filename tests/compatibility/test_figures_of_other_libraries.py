"""The figures of a result beside those of the libraries that people compare them with.

Each library gets the same series: daily returns, 365 days per year, no risk-free rate. What differs by
definition is asserted as well, because docs/metrics.md tells of it.
"""

import importlib
import math
import random

import pytest

from metaexpert.expert.analysis.daily import daily_figures, daily_returns

pytestmark = [pytest.mark.filterwarnings("ignore"), pytest.mark.timeout(300)]


def a_curve(seed, days=400):
    """An account that wanders for `days` days, some of them without a change."""
    chance = random.Random(seed)
    equities = [10_000.0]
    for _ in range(days):
        equities.append(equities[-1] * (1 + (0.0 if chance.random() < 0.2 else chance.gauss(0.0005, 0.02))))
    return equities


CURVES = [pytest.param(a_curve(seed), id=f"seed {seed}") for seed in (1, 2, 3)]


def library(name):
    """Import a library, whatever it warns of; skip where it is missing."""
    pytest.importorskip(name, reason=f"{name} is not installed; `.ci/run drop-in` brings it")
    return importlib.import_module(name)


def returns_of(equities):
    """The daily returns as a series of pandas."""
    pandas = library("pandas")
    returns = daily_returns(equities)
    return pandas.Series(returns, index=pandas.date_range("2024-01-01", periods=len(returns), freq="D"))


@pytest.mark.parametrize("equities", CURVES)
def test_empyrical(equities):
    """Every figure that both have is the same."""
    empyrical, returns, ours = library("empyrical"), returns_of(equities), daily_figures(equities)
    year = {"annualization": 365}
    theirs = {
        "cagr_365d_pct": empyrical.cagr(returns, **year) * 100,
        "volatility_365d_pct": empyrical.annual_volatility(returns, **year) * 100,
        "sharpe_365d": empyrical.sharpe_ratio(returns, **year),
        "sortino_365d": empyrical.sortino_ratio(returns, **year),
        "calmar_365d": empyrical.calmar_ratio(returns, **year),
        "max_drawdown_daily_pct": -empyrical.max_drawdown(returns) * 100,
    }
    assert {name: ours[name] for name in theirs} == pytest.approx(theirs, rel=1e-6)


@pytest.mark.parametrize("equities", CURVES)
def test_vectorbt(equities):
    """Every figure that both have is the same, with `year_freq="365 days"`."""
    library("vectorbt")
    ours = daily_figures(equities)
    theirs = returns_of(equities).vbt.returns(freq="1D", year_freq="365 days")
    expected = {
        "cagr_365d_pct": theirs.annualized() * 100,
        "volatility_365d_pct": theirs.annualized_volatility() * 100,
        "sharpe_365d": theirs.sharpe_ratio(),
        "sortino_365d": theirs.sortino_ratio(),
        "calmar_365d": theirs.calmar_ratio(),
        "max_drawdown_daily_pct": -theirs.max_drawdown() * 100,
    }
    assert {name: ours[name] for name in expected} == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("equities", CURVES)
def test_quantstats(equities):
    """With `periods=365` its ratios are the same; its Ulcer index divides by one day less."""
    stats, returns, ours = library("quantstats.stats"), returns_of(equities), daily_figures(equities)
    theirs = {
        "cagr_365d_pct": stats.cagr(returns, periods=365) * 100,
        "volatility_365d_pct": stats.volatility(returns, periods=365) * 100,
        "sharpe_365d": stats.sharpe(returns, periods=365),
        "sortino_365d": stats.sortino(returns, periods=365),
        "calmar_365d": stats.calmar(returns, periods=365),
        "max_drawdown_daily_pct": -stats.max_drawdown(returns) * 100,
        "ulcer_index_pct": stats.ulcer_index(returns) * 100 * math.sqrt(399 / 400),
    }
    assert {name: ours[name] for name in theirs} == pytest.approx(theirs, rel=1e-6)

"""Figures of closed trades: all of them, by month, by symbol."""

from datetime import UTC, date, datetime

import pytest

from metaexpert.expert.analysis.daily import equity_days
from metaexpert.expert.analysis.rows import Rows
from metaexpert.expert.analysis.trades import Trade, by_month, by_symbol, profit_factor, trade_figures
from metaexpert.expert.model.orders import Side


def a_trade(net_pnl, *, symbol="BTCUSDT", month=1, fees=1.0, bars=3):
    """A trade that was closed on the third of a month."""
    at = datetime(2024, month, 3, tzinfo=UTC)
    return Trade(
        1, symbol, Side.BUY, 1.0, at, at, 100.0, 100.0, 1, 1, net_pnl + fees, fees, 0.0, net_pnl, net_pnl,
        0.0, 0.0, bars, "strategy",
    )  # fmt: skip


def test_figures_of_three_trades():
    """Two won 30 together, one lost 10."""
    assert trade_figures([a_trade(20.0), a_trade(-10.0, bars=6), a_trade(10.0)]) == {
        "expectancy": pytest.approx(20 / 3),
        "payoff_ratio": 1.5,
        "best_trade": 20.0,
        "worst_trade": -10.0,
        "mean_trade_bars": 4.0,
    }


def test_a_trade_that_ends_at_zero_is_neither_won_nor_lost():
    """It is a trade, so it counts for the win rate: 0.5 won against a mean of 0.25 lost, one of three won."""
    trades = [a_trade(0.5), a_trade(0.0, bars=4), a_trade(-0.25)]
    figures = trade_figures(trades)
    assert (figures["payoff_ratio"], figures["mean_trade_bars"]) == (2.0, 3.3333)
    (row,) = by_symbol(trades)
    assert (row.win_rate_pct, row.profit_factor, row.best_trade, row.worst_trade) == (
        33.3333,
        2.0,
        0.5,
        -0.25,
    )


def test_ratios_have_six_decimals():
    """What binary rounding adds is not shown."""
    assert trade_figures([a_trade(1.0), a_trade(-3.0)])["payoff_ratio"] == 0.333333
    assert profit_factor([1.0, -3.0]) == 0.333333


def test_a_month_after_nothing_has_no_return():
    """An account of half a coin has one."""
    days = equity_days(0.5, [(date(2024, 1, 3), 0.0), (date(2024, 2, 3), 0.3)])
    assert [row.return_pct for row in by_month(0.5, days, [])] == [-100.0, None]
    days = equity_days(3.0, [(date(2024, 1, 3), 4.0)])
    assert by_month(3.0, days, [])[0].return_pct == 33.33333333


@pytest.mark.parametrize("profits", [[], [5.0], [-5.0], [0.0], [5.0, 0.0]])
def test_payoff_needs_profit_and_loss(profits):
    """Without one of them it is undefined, not infinite."""
    assert trade_figures([a_trade(each) for each in profits])["payoff_ratio"] is None


def test_profit_factor_without_a_loss_is_undefined():
    """Neither infinite nor a crash."""
    assert profit_factor([1.0, 2.0]) is None
    assert profit_factor([]) is None
    assert profit_factor([3.0, -2.0]) == 1.5


def test_a_month_without_a_trade_is_there():
    """January won, February did nothing, March lost; each month's return is of what the last one left."""
    days = equity_days(100.0, [(date(2024, 1, 3), 110.0), (date(2024, 3, 3), 99.0)])
    rows = by_month(100.0, days, [a_trade(10.0), a_trade(-11.0, month=3)])
    assert [(row.month, row.return_pct, row.trades, row.net_pnl, row.fees) for row in rows] == [
        ("2024-01", 10.0, 1, 10.0, 1.0),
        ("2024-02", 0.0, 0, 0.0, 0.0),
        ("2024-03", -10.0, 1, -11.0, 1.0),
    ]


def test_symbols_are_apart():
    """Each symbol has figures of its own trades."""
    rows = by_symbol([a_trade(4.0, symbol="ETHUSDT"), a_trade(-2.0, symbol="ETHUSDT"), a_trade(1.0)])
    assert [(row.symbol, row.trades, row.win_rate_pct, row.profit_factor) for row in rows] == [
        ("BTCUSDT", 1, 100.0, None),
        ("ETHUSDT", 2, 50.0, 2.0),
    ]


def test_rows_become_data_frames():
    """Enumerations are their values, times stay times."""
    rows = Rows([a_trade(4.0), a_trade(-2.0)])
    pandas = pytest.importorskip("pandas")
    frame = rows.to_pandas()
    assert list(frame.columns) == list(Trade._fields)
    assert list(frame["side"]) == ["BUY", "BUY"]
    assert frame["exit_time"].iloc[0] == pandas.Timestamp("2024-01-03", tz="UTC")
    assert Rows().to_pandas().empty


def test_rows_become_polars_frames():
    """The same in Polars, None as null."""
    polars = pytest.importorskip("polars")
    frame = Rows([a_trade(4.0)._replace(return_pct=None), a_trade(-2.0)]).to_polars()
    assert frame["return_pct"].to_list() == [None, -2.0]
    assert frame.schema["exit_time"] == polars.Datetime("us", "UTC")
    assert frame["side"].to_list() == ["BUY", "BUY"]


def test_a_missing_package_names_its_extra(monkeypatch):
    """The error says what to install."""
    monkeypatch.setitem(__import__("sys").modules, "polars", None)
    with pytest.raises(ModuleNotFoundError, match=r"metaexpert\[polars\]"):
        Rows().to_polars()

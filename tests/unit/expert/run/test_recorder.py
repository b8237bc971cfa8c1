"""What a result knows of a run: its trades, orders, positions and days."""

import json
from datetime import UTC, date, datetime, timedelta

import pytest

from metaexpert.expert import MetaExpert
from metaexpert.expert.market_data.feed import feed_of_bars
from support.expert_harness import MINUTE, START, bar, minutes, quotes, run


@pytest.fixture
def expert(fresh_logging):
    """An expert without leverage that logs into a directory of the test's own, and keeps no state."""
    return MetaExpert(exchange="binance", log_to_console=False, persist_state=False)


def at_bars(expert, actions, **settings):
    """Let an expert of one coin per entry do something at the close of given bars."""
    expert.on_init(timeframe="1m", **({"size_type": "fixed_base", "size_value": 1.0} | settings))(
        lambda: None
    )
    seen = []

    @expert.on_bar
    def act(rates):
        seen.append(rates)
        if action := actions.get(len(seen) - 1):
            action()


def test_a_trade_from_entry_to_exit(expert):
    """It enters at the open of the second bar, sees 95 to 112, and exits at the open of the fourth."""
    bars = [bar(0, 100), bar(1, 100, 110, 95, 105), bar(2, 105, 112, 104, 108), bar(3, 108, 150, 50, 108)]
    at_bars(expert, {0: lambda: expert.open_position("BUY"), 2: lambda: expert.close_position("BUY")})
    result = run(expert, feed_of_bars(bars, "test"), fee_pct=0.1)
    (trade,) = result.closed_trades
    assert (trade.side, trade.qty, trade.entry_price, trade.exit_price) == ("BUY", 1.0, 100.0, 108.0)
    assert (trade.entry_time, trade.exit_time) == (START + MINUTE, START + 3 * MINUTE)
    assert (trade.gross_pnl, trade.fees, trade.net_pnl) == (8.0, 0.208, 7.792)
    assert (trade.return_pct, trade.mae_pct, trade.mfe_pct) == (7.792, -5.0, 12.0)
    assert (trade.bars, trade.entries, trade.exits, trade.reason) == (2, 1, 1, "strategy")
    assert trade.funding == 0.0


def test_excursions_of_a_short_are_its_own(expert):
    """A rise is adverse, a fall favourable."""
    bars = [bar(0, 100), bar(1, 100, 110, 95, 100), bar(2, 100)]
    at_bars(expert, {0: lambda: expert.open_position("SELL")})
    (trade,) = run(expert, feed_of_bars(bars, "test")).closed_trades
    assert (trade.mae_pct, trade.mfe_pct, trade.reason) == (-10.0, 5.0, "end_of_data")


def test_an_entry_inside_a_bar_sees_its_close_alone(expert):
    """What came before a limit was reached is not the trade's: its bar's high of 120 was perhaps before."""
    bars = [bar(0, 100), bar(1, 100, 120, 90, 96), bar(2, 96, 97, 94, 96)]
    at_bars(expert, {0: lambda: expert.open_order("BUY", order_type="LIMIT", price=95.0)})
    (trade,) = run(expert, feed_of_bars(bars, "test")).closed_trades
    assert trade.entry_price == 95.0
    assert (trade.mae_pct, trade.mfe_pct) == (pytest.approx(-100 / 95), pytest.approx(200 / 95))


def test_entries_and_exits_in_parts_are_one_trade(fresh_logging):
    """Two entries and two exits have the mean prices of each."""
    buy = lambda: expert.open_position("BUY")  # noqa: E731
    half = lambda: expert.close_position("BUY", size=1.0)  # noqa: E731
    expert = MetaExpert(exchange="binance", log_to_console=False, persist_state=False, position_mode="oneway")
    at_bars(expert, {0: buy, 1: buy, 2: half, 3: half}, leverage=10)
    (trade,) = run(expert, minutes(6)).closed_trades
    assert (trade.qty, trade.entries, trade.exits) == (2.0, 2, 2)
    assert (trade.entry_price, trade.exit_price, trade.gross_pnl) == (101.5, 103.5, 4.0)


def test_orders_are_those_that_the_venue_took(expert):
    """A cancelled order is among them, a refused one is not; there are as many as `orders` counts."""
    at_bars(
        expert,
        {
            0: lambda: (expert.open_order("BUY", order_type="LIMIT", price=1.0), expert.open_position("BUY")),
            1: lambda: (expert.cancel_all_orders(), expert.open_position("BUY", size=1e9)),
        },
    )
    result = run(expert, minutes(5))
    assert [(row.order_id, row.status, row.order_type) for row in result.order_list] == [
        (1, "CANCELLED", "LIMIT"),
        (2, "FILLED", "MARKET"),
        (4, "FILLED", "MARKET"),
    ]
    assert len(result.order_list) == result.orders
    assert result.rejected == 1


def test_a_paper_run_leaves_positions_and_orders(expert):
    """What is open at the end is told."""
    at_bars(
        expert,
        {0: lambda: (expert.open_position("BUY"), expert.open_order("BUY", order_type="LIMIT", price=1.0))},
    )
    result = run(expert, minutes(4), mode="paper")
    assert [(row.side, row.qty, row.unrealized_pnl) for row in result.positions] == [("BUY", 1.0, 2.0)]
    assert [row.status for row in result.order_list] == ["FILLED", "NEW"]
    assert result.closed_trades == ()
    assert result.exposure_pct == 75.0


def test_each_day_has_the_equity_of_its_last_bar(expert):
    """A bar that closes at midnight belongs to the day before; a day without data keeps the equity."""
    bars = [
        bar(0, 100),
        bar(24 * 60 - 1, 100, close=101),
        bar(24 * 60, 101, close=105),
        bar(3 * 24 * 60 + 5, 105, close=103),
    ]
    at_bars(expert, {0: lambda: expert.open_position("BUY")})
    result = run(expert, feed_of_bars(bars, "test"), fee_pct=0.0, initial_capital=1_000)
    assert [(row.day, row.equity) for row in result.equity] == [
        (date(2024, 1, 1), 1_001.0),
        (date(2024, 1, 2), 1_005.0),
        (date(2024, 1, 3), 1_005.0),
        (date(2024, 1, 4), 1_003.0),
    ]
    assert (result.days, result.equity[-1].equity) == (4, result.final_equity)
    assert result.equity[0].return_pct == 0.1
    assert result.by_month[0].return_pct == result.return_pct


def test_the_equity_of_each_bar_is_there_if_asked_for(expert):
    """At its close, with the fall from the highest so far; otherwise the list is empty."""
    bars = [bar(0, 100), bar(1, 100, close=110), bar(2, 110, close=99)]
    at_bars(expert, {0: lambda: expert.open_position("BUY", size=10.0)}, leverage=10)
    options = {"fee_pct": 0.0, "initial_capital": 1_000}
    by_bar = run(expert, feed_of_bars(bars, "test"), equity_by_bar=True, **options).equity_by_bar
    assert [tuple(row) for row in by_bar] == [
        (START + MINUTE, 1_000.0, 0.0),
        (START + 2 * MINUTE, 1_100.0, 0.0),
        (START + 3 * MINUTE, 990.0, 10.0),
    ]
    quiet = MetaExpert(exchange="binance", log_to_console=False, persist_state=False)
    assert run(quiet, feed_of_bars(bars, "test"), **options).equity_by_bar == ()


def test_each_daily_bar_is_a_day(expert):
    """It closes at the midnight that ends its day."""
    days = [bar(1440 * each, 100, close=100 + each, timeframe="1d") for each in range(3)]
    expert.on_init(timeframe="1d", size_type="fixed_base", size_value=1.0)(lambda: None)
    expert.on_bar(lambda rates: expert.open_position("BUY") if rates.close == 100 else None)
    result = run(expert, feed_of_bars(days, "test"), fee_pct=0.0, initial_capital=1_000)
    assert [(row.day.day, row.equity) for row in result.equity] == [(1, 1_000.0), (2, 1_001.0), (3, 1_002.0)]


@pytest.mark.parametrize(
    ("actions", "exposure_pct"),
    [
        ({0: "open BUY", 2: "close BUY"}, 33.333333),
        ({0: "open BUY", 1: "open SELL", 2: "close BUY"}, 83.333333),
        ({0: "open BUY", 1: "close BUY", 3: "open SELL", 4: "close SELL"}, 33.333333),
    ],
)
def test_exposure_is_the_time_with_any_position(expert, actions, exposure_pct):
    """Of six minutes; two positions at once count once."""

    def does(action):
        verb, side = action.split()
        return lambda: (expert.open_position if verb == "open" else expert.close_position)(side)

    at_bars(expert, {at: does(action) for at, action in actions.items()}, leverage=10)
    assert run(expert, minutes(6)).exposure_pct == exposure_pct


def test_ticks_widen_the_excursions_both_ways(expert):
    """Bought at 101, it saw middles of 120 and 80; percents have eight decimals."""
    expert.on_init(timeframe="1m", size_type="fixed_base", size_value=1.0)(lambda: None)
    ticks = iter([lambda: expert.open_position("BUY")])
    expert.on_tick(lambda rates: next(ticks, lambda: None)())
    (trade,) = run(expert, quotes(100, 100, 120, 80, 100), fee_pct=0.0).closed_trades
    assert (trade.mfe_pct, trade.mae_pct) == (round(1900 / 101, 8), round(-2100 / 101, 8))
    assert trade.return_pct == round(-100 / 101, 8)


def test_a_tick_at_midnight_is_of_the_new_day(expert):
    """The day before ends with what was known before it."""
    expert.on_init(timeframe="1m", size_type="fixed_base", size_value=1.0)(lambda: None)
    ticks = iter([lambda: expert.open_position("BUY")])
    expert.on_tick(lambda rates: next(ticks, lambda: None)())
    result = run(expert, quotes(100, 100, 110, seconds=12 * 3600), fee_pct=0.0, initial_capital=1_000)
    assert [(row.day.day, row.equity) for row in result.equity] == [(1, 999.0), (2, 1_009.0)]
    (trade,) = result.closed_trades
    assert trade.mfe_pct == pytest.approx((110 / 101 - 1) * 100)


def test_sums_of_the_lists_are_the_figures(expert):
    """Trades, orders and months add up to what is told of the whole."""
    side = {"now": "BUY"}

    def turn():
        expert.close_all_positions()
        expert.open_position(side["now"])
        side["now"] = "SELL" if side["now"] == "BUY" else "BUY"

    at_bars(expert, dict.fromkeys(range(0, 50, 3), turn))
    result = run(expert, minutes(60))
    assert len(result.closed_trades) == result.trades > 10
    assert sum(each.net_pnl for each in result.closed_trades) == pytest.approx(result.net_profit)
    assert sum(each.fee for each in result.order_list) == pytest.approx(result.fees)
    assert sum(each.fees for each in result.by_month) == pytest.approx(result.fees)
    assert sum(each.trades for each in result.by_symbol) == result.trades
    assert result.expectancy == pytest.approx(result.net_profit / result.trades)


def test_the_document_is_json(expert):
    """Each list is there, times as text; the record of the run's end has the figures without lists."""
    at_bars(expert, {0: lambda: expert.open_position("BUY")})
    result = run(expert, minutes(4))
    document = json.loads(json.dumps(result.to_dict(lists=True), allow_nan=False))
    assert document["closed_trades"][0]["entry_time"] == "2024-01-01T00:01:00Z"
    assert document["equity"][0]["day"] == "2024-01-01"
    assert document["order_list"][0]["status"] == "FILLED"
    assert "equity" not in result.to_dict()


def test_a_run_without_a_trade_has_a_result(expert):
    """What is undefined is None."""
    at_bars(expert, {})
    result = run(expert, minutes(3))
    assert (result.closed_trades, result.sharpe_365d, result.expectancy) == ((), None, None)
    assert (result.exposure_pct, result.turnover, result.equity[0].return_pct) == (0.0, 0.0, 0.0)


def test_funding_is_part_of_the_trade(expert):
    """0.1 % of 100 at 08:00 and 16:00; the sums agree with the run's."""
    hours = [bar(60 * each, 100, timeframe="1h") for each in range(20)]
    expert.on_init(timeframe="1h", size_type="fixed_base", size_value=1.0)(lambda: None)
    expert.on_bar(lambda rates: None if expert.position("BUY") else expert.open_position("BUY"))
    result = run(expert, feed_of_bars(hours, "test"), funding="0.1", fee_pct=0.0)
    (trade,) = result.closed_trades
    assert (trade.funding, trade.gross_pnl, trade.net_pnl) == (-0.2, 0.0, -0.2)
    assert (result.funding, result.net_profit, result.by_symbol[0].funding) == (-0.2, -0.2, -0.2)
    assert result.equity[-1].equity == result.final_equity == 9_999.8


def test_days_are_few_however_many_bars(expert):
    """Memory grows with days: a week of hours has seven."""
    at_bars(expert, {})
    hours = [bar(60 * each, 100) for each in range(7 * 24)]
    result = run(expert, feed_of_bars(hours, "test"))
    assert len(result.equity) == 7
    assert result.equity[0].day == datetime(2024, 1, 1, tzinfo=UTC).date()
    assert result.end - result.start < timedelta(days=7)

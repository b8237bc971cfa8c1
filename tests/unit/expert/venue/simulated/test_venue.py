"""Trades at the simulated venue, every amount worked out by hand."""

import pytest

from metaexpert.expert import ArgumentError
from metaexpert.expert.model.requests import Entry, Exits
from metaexpert.expert.settings.strategy import StrategySettings
from metaexpert.expert.venue.simulated.fees import FeeSchedule
from support.expert_harness import MINUTE, START, Market


def one_unit(**more):
    """Settings with entries of one unit at leverage 10."""
    return StrategySettings(**{"leverage": 10, "size_type": "fixed_base", "size_value": 1.0} | more)


def test_market_order_fills_at_the_next_open():
    """An order decided at the close of 100 fills at the next bar's open of 102, whatever that bar does."""
    market = Market(one_unit())
    market.show(100)
    market.enter("BUY")
    assert market.venue.positions == ()
    market.show(102, 103, 101, 101)
    assert market.fills() == [("BUY", 102.0, 1.0, "strategy")]
    assert market.venue.positions[0].entry_price == 102.0


def test_round_trip_with_fees_and_slippage():
    """Buy 1 at 100 x 1.001, sell at 110 x 0.999, each for a fee of 0.05 %."""
    market = Market(one_unit(slippage_pct=0.1), fees=FeeSchedule(0.02, 0.05))
    market.show(100)
    market.enter("BUY")
    market.show(100)
    assert market.balance == 10_000 - 0.05005  # 100.1 x 0.05 %
    market.desk.close("BUY")
    market.show(110)
    # (109.89 - 100.1) - 0.05005 - 109.89 x 0.05 %
    assert market.balance == pytest.approx(10_000 + 9.79 - 0.05005 - 0.054945, abs=1e-8)
    assert market.venue.positions == ()


def test_short_earns_the_fall():
    """Sell 1 at 100, buy back at 90: 10."""
    market = Market(one_unit())
    market.show(100)
    market.enter("SELL")
    market.show(100)
    market.desk.close("SELL")
    market.show(90)
    assert market.balance == 10_010.0


def test_stop_loss_fills_worse_by_slippage_and_take_profit_does_not():
    """A stop at 98 fills at 98 x 0.999; a target at 104 fills at 104."""
    stopped = Market(one_unit(stop_loss_pct=2.0, take_profit_pct=4.0, slippage_pct=0.1))
    stopped.show(100)
    stopped.enter("BUY", stop_loss=98.0, take_profit=104.0)
    stopped.show(100)
    stopped.show(100, 100, 97, 99)
    assert stopped.fills()[1] == ("SELL", 97.902, 1.0, "stop_loss")
    won = Market(one_unit(slippage_pct=0.1))
    won.show(100)
    won.enter("BUY", stop_loss=98.0, take_profit=104.0)
    won.show(100)
    won.show(100, 105, 99, 105)
    assert won.fills()[1] == ("SELL", 104.0, 1.0, "take_profit")


def test_position_is_protected_in_the_bar_it_was_opened_in():
    """An entry at the open of 100 with a stop of 2 % is stopped when the same bar falls to 97."""
    market = Market(one_unit(stop_loss_pct=2.0))
    market.show(100)
    market.enter("BUY")
    market.show(100, 101, 97, 99)
    assert [fill[1] for fill in market.fills()] == [100.0, 98.0]


def test_trailing_stop_counts_from_the_next_bar_on():
    """The high of 110 puts the stop at 108.9, but that bar's own low of 100 does not trigger it."""
    market = Market(one_unit(trailing_stop_pct=1.0, trailing_activation_pct=2.0))
    market.show(100)
    market.enter("BUY")
    market.show(100, 110, 100, 109)
    assert len(market.fills()) == 1
    market.show(109, 109, 108, 108)
    assert market.fills()[1] == ("SELL", 108.9, 1.0, "trailing_stop")


def test_limit_order_waits_and_pays_the_maker_fee():
    """A limit at 95 fills when the price comes to it, at 95, for 0.02 %."""
    market = Market(one_unit(slippage_pct=0.5), fees=FeeSchedule(0.02, 0.05))
    market.show(100)
    market.enter("BUY", order_type="LIMIT", price=95.0)
    market.show(100, 101, 96, 97)
    assert len(market.venue.orders) == 1
    market.show(97, 98, 94, 96)
    assert market.fills() == [("BUY", 95.0, 1.0, "strategy")]
    assert market.balance == 10_000 - 0.019


def test_marketable_limit_order_pays_the_taker_fee():
    """A buy limit over the market trades on arrival, at the open, as a taker."""
    market = Market(one_unit(), fees=FeeSchedule(0.02, 0.05))
    market.show(100)
    market.enter("BUY", order_type="LIMIT", price=105.0)
    market.show(100)
    assert market.fills() == [("BUY", 100.0, 1.0, "strategy")]
    assert market.balance == 10_000 - 0.05


def test_reversal_in_one_bar():
    """With one position allowed, close and opposite entry decided together both fill at the next open."""
    market = Market(one_unit(max_positions_per_symbol=1, max_open_positions=1))
    market.show(100)
    market.enter("BUY")
    market.show(100)
    market.desk.close("BUY")
    order = market.enter("SELL")
    assert order.status == "NEW"
    market.show(105)
    assert market.fills() == [
        ("BUY", 100.0, 1.0, "strategy"),
        ("SELL", 105.0, 1.0, "strategy"),
        ("SELL", 105.0, 1.0, "strategy"),
    ]
    assert [position.side for position in market.venue.positions] == ["SELL"]


def test_hedge_mode_holds_both_sides():
    """A long and a short exist side by side, each closed by its own side."""
    market = Market(one_unit())
    market.show(100)
    market.enter("BUY")
    market.enter("SELL")
    market.show(100)
    assert [position.side for position in market.venue.positions] == ["BUY", "SELL"]
    market.desk.close("SELL")
    market.show(95)
    assert [position.side for position in market.venue.positions] == ["BUY"]
    assert market.balance == 10_005.0


def test_oneway_mode_nets_and_flips():
    """Long 1, then SELL 3: closes the long with a profit of 10 and leaves a short of 2."""
    market = Market(one_unit(), position_mode="oneway")
    market.show(100)
    market.enter("BUY")
    market.show(100)
    market.enter("SELL", qty=3)
    market.show(110)
    (position,) = market.venue.positions
    assert (position.side, position.qty, position.entry_price) == ("SELL", 2.0, 110.0)
    assert market.balance == 10_010.0
    assert market.desk.answers.tally.fills == 3


def test_oneway_entry_adds_at_the_average_price():
    """1 at 100 and 3 at 108 are 4 at 106."""
    market = Market(one_unit(), position_mode="oneway")
    market.show(100)
    market.enter("BUY")
    market.show(100)
    market.enter("BUY", qty=3)
    market.show(108)
    (position,) = market.venue.positions
    assert (position.qty, position.entry_price, position.entries) == (4.0, 106.0, 2)


def test_partial_close_keeps_the_rest():
    """Half of 2 closed at 110 books 10 and frees half the margin."""
    market = Market(one_unit(size_value=2.0))
    market.show(100)
    market.enter("BUY")
    market.show(100)
    assert market.venue.account.margin_used == 20.0
    market.desk.close("BUY", qty=1)
    market.show(110)
    (position,) = market.venue.positions
    assert (position.qty, position.margin, position.realized_pnl) == (1.0, 10.0, 10.0)
    assert market.balance == 10_010.0


def test_order_beyond_the_margin_is_refused():
    """A capital of 100 at leverage 10 carries 1,000: 11 units of 100 are too many, 10 are not."""
    market = Market(one_unit(), capital=100.0)
    market.show(100)
    refused = market.enter("BUY", qty=11)
    assert (refused.status, refused.reason) == ("REJECTED", "insufficient_margin")
    assert market.enter("BUY", qty=10).status == "NEW"


def test_margin_is_checked_again_at_the_fill():
    """An order that the last price allows is refused when the open has run away."""
    market = Market(one_unit(), capital=100.0)
    market.show(100)
    market.enter("BUY", qty=10)
    market.show(105)
    assert market.venue.positions == ()
    assert market.desk.answers.tally.rejections == {"insufficient_margin": 1}
    assert market.balance == 100.0


@pytest.mark.parametrize("fees", [FeeSchedule(0.0, 0.0), FeeSchedule(0.02, 0.05)])
def test_isolated_liquidation_takes_the_margin(fees):
    """A long of 1 from 100 at leverage 10 is liquidated at 90.5; the exchange keeps the 0.5 that is left."""
    market = Market(one_unit(), fees=fees)
    market.show(100)
    market.enter("BUY")
    market.show(100)
    market.show(100, 100, 50, 60)
    assert market.fills()[1] == ("SELL", 90.5, 1.0, "liquidation")
    assert market.told("on_order")[-1].fill_fee == 0.5
    assert market.balance == pytest.approx(10_000 - 10 - fees.taker_pct, abs=1e-8)


def test_isolated_loss_ends_with_the_margin_even_after_a_gap():
    """An open at 50, far under the bankruptcy price of 90, costs the margin of 10 and no more."""
    market = Market(one_unit())
    market.show(100)
    market.enter("BUY")
    market.show(100)
    market.show(50)
    assert market.fills()[1] == ("SELL", 90.0, 1.0, "liquidation")
    assert market.balance == 9_990.0


def test_cross_liquidation_uses_the_whole_account():
    """50 units from 100 on 1,000 are ruined where 1,000 - 50 x (100 - p) = 0.5 % of 50 p: p = 80.4020."""
    market = Market(one_unit(size_value=50.0), capital=1_000.0, margin_mode="cross")
    market.show(100)
    market.enter("BUY")
    market.show(100)
    market.show(100, 100, 85, 90)
    assert len(market.venue.positions) == 1
    market.show(90, 90, 70, 75)
    side, price, qty, reason = market.fills()[1]
    assert (side, qty, reason) == ("SELL", 50.0, "liquidation")
    assert price == pytest.approx(4_000 / 49.75, abs=1e-6)
    assert market.venue.positions == ()
    assert market.balance == pytest.approx(0.0, abs=1e-5)


def test_a_cross_account_loses_all_that_it_has_and_no_more():
    """An open at 50 is far under the price of 80 at which 50 units from 100 have lost the 1,000."""
    market = Market(one_unit(size_value=50.0), capital=1_000.0, margin_mode="cross")
    market.show(100)
    market.enter("BUY")
    market.show(100)
    market.enter("BUY", order_type="LIMIT", price=40.0)
    market.show(50, 60, 40, 55)
    assert market.fills()[1] == ("SELL", pytest.approx(80.0, abs=1e-6), 50.0, "liquidation")
    assert market.balance == pytest.approx(0.0, abs=1e-5)
    assert market.venue.orders == ()


def test_cross_stop_comes_before_the_liquidation_behind_it():
    """A stop at 95 takes the position out on the way to the ruin at 80."""
    market = Market(one_unit(size_value=50.0), capital=1_000.0, margin_mode="cross")
    market.show(100)
    market.enter("BUY", stop_loss=95.0)
    market.show(100)
    market.show(100, 100, 70, 75)
    assert market.fills()[1] == ("SELL", 95.0, 50.0, "stop_loss")


def test_spot_has_no_leverage_and_no_shorts():
    """A spot account of 1,000 buys 10 at 100 and no more, and cannot sell what it does not hold."""
    market = Market(one_unit(), capital=1_000.0, market_type="spot")
    market.show(100)
    assert market.enter("SELL").reason == "spot_short"
    assert market.enter("BUY", qty=11).reason == "insufficient_margin"
    market.enter("BUY", qty=10)
    market.show(100)
    market.show(100, 100, 1, 1)
    assert len(market.venue.positions) == 1
    market.desk.close()
    market.show(120)
    assert market.balance == 1_200.0


def test_inverse_account_is_kept_in_coins():
    """40,000 USD at 40,000 are 1 BTC; 10,000 contracts from 40,000 to 50,000 earn 0.05 BTC."""
    market = Market(
        StrategySettings(leverage=10, size_type="fixed_quote", size_value=10_000),
        capital=40_000.0,
        first_price=40_000.0,
        contract_type="inverse",
    )
    market.show(40_000)
    market.enter("BUY")
    market.show(40_000)
    assert market.venue.account.currency == "BTC"
    assert market.venue.account.margin_used == 0.025  # 10,000 / 40,000 / 10
    market.desk.close()
    market.show(50_000)
    assert market.balance == 1.05


def test_closing_a_position_cancels_the_orders_that_would_reduce_it():
    """An exit that waits while its position is stopped out is cancelled, not turned into a short."""
    market = Market(one_unit())
    market.show(100)
    market.enter("BUY", stop_loss=98.0)
    market.show(100)
    market.enter("SELL", order_type="LIMIT", price=110.0, reduce_only=True)
    market.show(100, 100, 97, 97)
    market.show(111, 112, 110, 111)
    assert market.venue.positions == ()
    assert market.venue.orders == ()
    assert market.desk.answers.tally.cancelled == 1


def test_modify_refuses_a_stop_on_the_wrong_side():
    """A long's stop over the price would trigger at once."""
    market = Market(one_unit())
    market.show(100)
    market.enter("BUY")
    market.show(100)
    assert not market.desk.modify("BUY", Exits(stop_loss=101.0))
    assert market.desk.modify("BUY", Exits(99.0, 110.0))
    assert market.desk.modify("BUY", Exits(take_profit=None))
    (position,) = market.venue.positions
    assert (position.stop_loss, position.take_profit) == (99.0, None)


def test_changing_what_a_strategy_was_given_changes_nothing():
    """Positions and orders are handed out as copies."""
    market = Market(one_unit())
    market.show(100)
    market.enter("BUY")
    market.show(100)
    market.venue.positions[0].qty = 1_000.0
    assert market.venue.positions[0].qty == 1.0


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ({"side": "LONG"}, "side must be one of BUY, SELL"),
        ({"side": "BUY", "qty": -1}, "size must be greater than 0"),
        ({"side": "BUY", "qty": float("nan")}, "size must be a finite number"),
        ({"side": "BUY", "order_type": "LIMIT"}, "price is required"),
        ({"side": "BUY", "price": 5.0}, "price is not for a MARKET order"),
        ({"side": "BUY", "order_type": "ICEBERG", "price": 5.0}, "order_type must be one of"),
        ({"side": "BUY", "stop_loss": -5.0}, "stop_loss must be greater than 0"),
    ],
)
def test_senseless_arguments_raise(entry, said):
    """A mistake in the strategy's code is an error that names the argument."""
    market = Market(one_unit())
    market.show(100)
    with pytest.raises(ArgumentError, match=said):
        market.enter(**entry)


def test_drawdown_limit_closes_everything_for_good():
    """At 20 % under the peak every position is closed at the next open, and no entry is taken any more."""
    market = Market(one_unit(size_value=10.0, max_drawdown_pct=0.2, leverage=2), capital=1_000.0)
    market.show(100)
    market.enter("BUY")
    market.show(100)
    assert market.show(90) is None
    passed = market.show(80)
    assert passed is not None
    assert passed.reason == "max_drawdown_pct"
    market.show(79)
    assert market.fills()[1] == ("SELL", 79.0, 10.0, "max_drawdown_pct")
    assert market.enter("BUY").reason == "max_drawdown_pct"


def test_end_of_data_cancels_and_closes_at_the_last_price():
    """Waiting orders are cancelled, open positions close at the last close."""
    market = Market(one_unit())
    market.show(100)
    market.enter("BUY")
    market.show(100, 105, 100, 104)
    market.enter("BUY", order_type="LIMIT", price=90.0)
    market.desk.close_out("end_of_data")
    assert market.fills()[1] == ("SELL", 104.0, 1.0, "end_of_data")
    assert (market.balance, market.venue.orders, market.venue.positions) == (10_004.0, (), ())


def test_stop_entry_that_is_stopped_in_its_own_bar():
    """A buy stop at 101 fills, and a low of 95 in the same bar counts against it."""
    market = Market(one_unit(stop_loss_pct=2.0))
    market.show(100)
    market.enter("BUY", order_type="STOP", price=101.0)
    market.show(100, 103, 95, 102)
    assert [(fill[1], fill[3]) for fill in market.fills()] == [(101.0, "strategy"), (98.98, "stop_loss")]


@pytest.mark.parametrize("bar", [(100, 100, 80, 98), (100, 100, 90, 98)])
def test_limit_entry_that_is_stopped_in_its_own_bar(bar):
    """A price that falls to 80 comes through 95, then 90; backtesting.py 0.6.6 keeps the position."""
    market = Market(one_unit())
    market.show(100)
    market.enter("BUY", order_type="LIMIT", price=95.0, stop_loss=90.0)
    market.show(*bar)
    market.show(99, 110, 98, 109)
    assert [(fill[1], fill[3]) for fill in market.fills()] == [(95.0, "strategy"), (90.0, "stop_loss")]
    assert market.balance == 10_000 - 5


@pytest.mark.parametrize(
    ("side", "price", "stop", "bar", "paid"),
    [("BUY", 100.0, 98.0, (95, 97, 94, 96), 95.0), ("SELL", 100.0, 102.0, (105, 106, 103, 104), 105.0)],
)
def test_a_stop_that_the_entry_has_passed_earns_nothing(side, price, stop, bar, paid):
    """A gap fills the limit order beyond its stop: the way out is the price of the entry, not the stop."""
    market = Market(one_unit())
    market.show(102 if side == "BUY" else 98)
    market.enter(side, order_type="LIMIT", price=price, stop_loss=stop)
    market.show(*bar)
    assert [(fill[1], fill[3]) for fill in market.fills()] == [(paid, "strategy"), (paid, "stop_loss")]
    assert market.balance == 10_000.0


def test_what_the_drawdown_limit_closes_is_not_cancelled():
    """A strategy that takes back all of its orders on each bar does not keep its position."""
    market = Market(one_unit(size_value=10.0, max_drawdown_pct=0.2, leverage=2), capital=1_000.0)
    market.show(100)
    market.enter("BUY")
    market.show(100)
    assert market.show(80) is not None
    assert [market.desk.cancel(order.order_id) for order in market.venue.orders] == [False]
    market.show(79)
    assert market.fills()[1] == ("SELL", 79.0, 10.0, "max_drawdown_pct")
    assert market.venue.positions == ()


def test_a_close_of_the_strategy_s_own_is_not_taken_back_past_the_drawdown_limit():
    """It stands for the forced one, of which there would be none without it."""
    market = Market(one_unit(size_value=10.0, max_drawdown_pct=0.2, leverage=2), capital=1_000.0)
    market.show(100)
    market.enter("BUY")
    market.show(100)
    (close,) = market.desk.close("BUY")
    market.desk.limits.update(market.bars[-1].time, 700.0, 1.0)
    assert not market.desk.cancel(close.order_id)


def test_past_the_daily_loss_no_entry_that_waits_is_filled():
    """Orders at 85 and 80 wait while the day's loss passes 5; the position keeps its own stop."""
    market = Market(one_unit(daily_loss_limit=5.0, leverage=1))
    market.show(100)
    market.enter("BUY", stop_loss=70.0)
    market.enter("BUY", order_type="LIMIT", price=85.0)
    market.enter("BUY", order_type="STOP", price=120.0)
    market.show(100)
    assert market.show(100, 100, 94, 94) is not None
    assert market.venue.orders == ()
    market.show(94, 121, 84, 90)
    assert [fill[0] for fill in market.fills()] == ["BUY"]
    assert market.venue.positions[0].stop_loss == 70.0


def test_the_stops_of_an_entry_that_adds_are_in_force():
    """In one-way mode they are those of the whole position; what the order does not name stays."""
    market = Market(one_unit(), position_mode="oneway")
    market.show(100)
    market.enter("BUY", stop_loss=95.0)
    market.show(100, 111, 99, 110)
    market.enter("BUY", stop_loss=108.0, take_profit=130.0)
    market.show(110, 113, 109, 112)
    market.enter("BUY", take_profit=140.0)
    market.show(112)
    (position,) = market.venue.positions
    assert (position.qty, position.stop_loss, position.take_profit) == (3.0, 108.0, 140.0)
    market.show(112, 113, 106, 107)
    assert market.fills()[-1] == ("SELL", 108.0, 3.0, "stop_loss")


@pytest.mark.parametrize("price", [1.23e-8, 9.87654321e-12, 0.123456789, 64_000.12345678])
def test_a_price_is_booked_as_it_is(price):
    """However small: 1.23e-8 is not 1e-8."""
    market = Market(one_unit(size_type="fixed_quote", size_value=1_000.0), market_type="spot")
    market.show(price)
    market.enter("BUY")
    market.show(price)
    assert [fill[1] for fill in market.fills()] == [price]
    market.desk.close("BUY")
    market.show(price * 2)
    assert market.balance == pytest.approx(11_000.0, abs=1e-3)


def test_an_order_has_the_names_and_times_of_its_life():
    """Named by us and by the venue; sent, answered and filled at their times."""
    market = Market(one_unit())
    market.show(100)
    market.enter("BUY")
    market.show(102)
    new, filled = market.told("on_order")
    assert (new.client_id, new.venue_id) == ("test-1", "simulated-1")
    assert new.created_at == new.submitted_at == new.answered_at == START + MINUTE
    assert (new.filled_qty, new.average_price, new.filled_at) == (0.0, None, None)
    assert (filled.filled_qty, filled.average_price, filled.filled_at) == (1.0, 102.0, START + MINUTE)


def test_an_order_that_our_limits_refuse_was_never_sent():
    """The venue has no name for it and no answer to it."""
    market = Market(one_unit(), capital=1.0)
    market.show(100)
    refused = market.enter("BUY")
    assert (refused.status, refused.venue_id) == ("REJECTED", None)
    assert refused.submitted_at is refused.answered_at is None


def test_a_flip_fills_in_two_parts():
    """SELL 3 against a long of 1: a part that closes it, then the whole."""
    market = Market(one_unit(), position_mode="oneway")
    market.show(100)
    market.enter("BUY")
    market.show(100)
    market.enter("SELL", qty=3)
    market.show(110)
    told = [
        (o.status.value, o.filled_qty, o.position_id) for o in market.told("on_order") if o.side == "SELL"
    ]
    assert told == [("NEW", 0.0, None), ("PARTIALLY_FILLED", 1.0, 1), ("FILLED", 3.0, 2)]


def test_a_flip_whose_rest_has_no_margin_ends_cancelled():
    """The part that closed the long stands; 100 units of 100 are too many for 500 at leverage 10."""
    market = Market(one_unit(), capital=500.0, position_mode="oneway")
    market.show(100)
    market.enter("BUY")
    market.show(100)
    market.enter("SELL", qty=101)
    market.show(100)
    last = market.told("on_order")[-1]
    assert (last.status, last.reason, last.filled_qty) == ("CANCELLED", "insufficient_margin", 1.0)
    assert market.venue.positions == ()


def test_the_average_price_of_inverse_fills_is_harmonic():
    """A reduce-only BUY of 200 contracts over two shorts fills at one price, which is its average."""
    market = Market(
        StrategySettings(leverage=10, size_type="fixed_quote", size_value=100),
        capital=40_000.0,
        first_price=40_000.0,
        contract_type="inverse",
    )
    market.show(40_000)
    market.enter("SELL")
    market.enter("SELL")
    market.show(40_000)
    market.enter("BUY", order_type="LIMIT", price=39_000.0, reduce_only=True)
    market.show(39_000)
    parts = [o for o in market.told("on_order") if o.side == "BUY" and o.filled_qty]
    assert [(o.status.value, o.filled_qty) for o in parts] == [("PARTIALLY_FILLED", 100.0), ("FILLED", 200.0)]
    assert parts[-1].average_price == pytest.approx(39_000.0)


def test_another_venue_goes_on_from_a_snapshot():
    """Position, waiting order, balance and the numbers of orders are those of the first."""
    first = Market(one_unit())
    first.show(100)
    first.enter("BUY")
    first.show(100)
    first.enter("BUY", order_type="LIMIT", price=95.0)
    second = Market(one_unit())
    second.desk.restore(first.venue.snapshot())
    assert second.venue.positions == first.venue.positions
    assert second.venue.orders == first.venue.orders
    second.show(95)
    assert second.fills() == [("BUY", 95.0, 1.0, "strategy")]
    assert second.enter("BUY").order_id == 3


def test_amending_or_cancelling_what_is_gone_answers_nothing():
    """A request that comes too late changes nothing, and is no error."""
    market = Market(one_unit())
    market.show(100)
    market.venue.amend(1, stop_loss=90.0, take_profit=None)
    market.venue.cancel(1, "strategy")
    assert market.venue.take_events() == ()


def test_a_symbol_without_data_is_refused():
    """Entries and exits alike: no order of another symbol touches the positions of this one."""
    market = Market(one_unit())
    market.show(100)
    market.enter("BUY")
    market.show(100)
    assert market.desk.enter(Entry("BUY"), "ETHUSDT").reason == "unknown_symbol"
    exit_order = Entry("SELL", "LIMIT", price=110.0, reduce_only=True)
    assert market.desk.enter(exit_order, "ETHUSDT").reason == "no_position"

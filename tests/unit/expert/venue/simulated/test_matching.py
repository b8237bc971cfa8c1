"""The order of fills inside a bar: what is certain, and the worse for the user where it is not."""

import pytest

from metaexpert.expert.model.requests import Exits
from metaexpert.expert.settings.strategy import StrategySettings
from metaexpert.expert.venue.simulated.fees import FeeSchedule
from support.expert_harness import Market

FEES = FeeSchedule(0.02, 0.05)


def market(settings=None, *, first=100.0, **account):
    """A market at `first`, entries of one unit at leverage 2."""
    made = Market(
        StrategySettings(**{"leverage": 2, "size_type": "fixed_base", "size_value": 1.0} | (settings or {})),
        **account,
    )
    made.show(first)
    return made


def told(made):
    """Return price and reason of each fill."""
    return [(fill[1], fill[3]) for fill in made.fills()]


@pytest.mark.parametrize(
    ("side", "bar", "out"),
    [
        ("BUY", (100, 104, 100, 102), 103.0),  # up through the entry to the target
        ("BUY", (100, 104, 95, 102), 103.0),  # the low came before both, or after both
        ("BUY", (101.5, 104, 101.5, 102), 103.0),  # a gap: filled at the open, so all of the bar counts
        ("SELL", (100, 100, 96, 98), 97.0),
    ],
)
def test_a_stop_entry_takes_its_target_in_its_direction(side, bar, out):
    """A stop at 101 with a target at 103 (99 and 97 for a short) is on the way of prices."""
    made = market()
    level, target, stop = (101.0, 103.0, 98.0) if side == "BUY" else (99.0, 97.0, 102.0)
    made.enter(side, order_type="STOP", price=level, take_profit=target, stop_loss=stop)
    made.show(*bar)
    entry = bar[0] if side == "BUY" and bar[0] > level else level
    assert told(made) == [(entry, "strategy"), (out, "take_profit")]


@pytest.mark.parametrize(
    ("bar", "taken"),
    [
        ((100, 100, 94, 98), True),  # the close is beyond the target
        ((100, 101, 94, 96), False),  # the high may have come before the entry
        ((100, 101, 94, 97), True),
    ],
)
def test_a_limit_entry_takes_its_target_where_the_close_is_beyond_it(bar, taken):
    """A limit at 95 with a target at 97: only what comes after the entry counts."""
    made = market()
    made.enter("BUY", order_type="LIMIT", price=95.0, take_profit=97.0)
    made.show(*bar)
    assert told(made) == [(95.0, "strategy")] + [(97.0, "take_profit")] * taken


def test_a_trailing_stop_without_activation_is_in_force_from_the_fill():
    """2 % under the open of 100, in the bar of the entry itself."""
    made = market({"trailing_stop_pct": 2.0})
    made.enter("BUY")
    made.show(100, 100, 97, 99)
    assert told(made) == [(100.0, "strategy"), (98.0, "trailing_stop")]


@pytest.mark.parametrize(
    ("close", "out"),
    [(101, 108.9), (108.9, 108.9), (109, None)],
)
def test_a_stop_that_follows_counts_at_once_where_the_close_is_beyond_it(close, out):
    """From the high of 110 to the close prices come through 108.9; else the low may have come before."""
    made = market({"trailing_stop_pct": 1.0, "trailing_activation_pct": 2.0})
    made.enter("BUY")
    made.show(100)
    made.show(100, 110, 100, close)
    assert told(made)[1:] == ([] if out is None else [(out, "trailing_stop")])


def test_a_breakeven_stop_counts_at_once_where_the_close_is_beyond_it():
    """At 102 the stop is at the entry of 100, and the close is 99."""
    made = market({"breakeven_pct": 1.5})
    made.enter("BUY")
    made.show(100, 102, 99, 99)
    assert told(made)[1:] == [(100.0, "breakeven")]


@pytest.mark.parametrize("bar", [(100, 105, 97, 101), (100, 105, 97, 104)])
def test_of_two_orders_that_reduce_the_worse_one_fills(bar):
    """A bracket of reduce-only orders at 98 and 104, both met: 98, and the other one ends."""
    made = market()
    made.enter("BUY")
    made.show(100)
    made.enter("SELL", order_type="LIMIT", price=104.0, reduce_only=True)
    made.enter("SELL", order_type="STOP", price=98.0, reduce_only=True)
    made.show(*bar)
    assert told(made)[1:] == [(98.0, "strategy")]
    assert made.venue.orders == ()


def test_a_ladder_fills_by_price_and_not_by_age():
    """Prices that fall to 90 come through 97 before 95 and 93, and the margin is gone then."""
    made = market({"leverage": 1}, capital=200.0)
    for price in (93.0, 95.0, 97.0):
        made.enter("BUY", order_type="LIMIT", price=price)
    made.show(100, 100, 90, 96)
    assert told(made) == [(97.0, "strategy"), (95.0, "strategy")]
    assert made.desk.answers.tally.rejections == {"insufficient_margin": 1}


@pytest.mark.parametrize(
    ("age", "bar", "price", "liquidity"),
    [
        (0, (95, 96, 94, 95), 95.0, "taker"),  # it arrives at a market that is beyond it
        (1, (95, 96, 94, 95), 95.0, "taker"),  # it rests, and a gap passes it: the open, and its fee
        (0, (98, 98, 98, 98), 98.0, "taker"),  # it arrives at its own price
        (1, (98, 98, 98, 98), 98.0, "maker"),  # it rests, and the market comes to it
        (0, (100, 100, 97, 99), 98.0, "maker"),
    ],
)
def test_a_limit_order_is_a_maker_at_its_own_price_or_a_taker_at_the_open(age, bar, price, liquidity):
    """Never the better of both."""
    made = market(fees=FEES)
    made.enter("BUY", order_type="LIMIT", price=98.0)
    for _ in range(age):
        made.show(100)
    made.show(*bar)
    assert told(made) == [(price, "strategy")]
    rate = 0.02 if liquidity == "maker" else 0.05
    assert made.told("on_order")[-1].fill_fee == pytest.approx(price * rate / 100, abs=1e-8)


@pytest.mark.parametrize(("opened", "paid", "rate"), [(105, 105.0, 0.05), (103, 104.0, 0.02)])
def test_a_target_that_a_gap_passes_pays_the_fee_of_a_taker(opened, paid, rate):
    """At 105 it takes the open; where prices come to it, it is a maker at its own price."""
    made = market(fees=FEES)
    made.enter("BUY", take_profit=104.0)
    made.show(100)
    made.show(opened, 106, opened, 105)
    assert told(made)[1:] == [(paid, "take_profit")]
    assert made.told("on_order")[-1].fill_fee == pytest.approx(paid * rate / 100, abs=1e-8)


def test_fills_at_the_open_have_the_time_of_the_open():
    """A stop that a gap has passed is out when the bar opens, and not when it closes."""
    made = market()
    made.enter("BUY", stop_loss=98.0)
    made.show(100)
    made.show(95, 99, 94, 98)
    assert made.told("on_order")[-1].filled_at == made.bars[-1].time


def test_the_stop_of_an_add_is_in_force_in_its_own_bar():
    """1 at 100, and 1 more by a limit at 95 with a stop at 93, through which the same bar falls."""
    made = market(position_mode="oneway")
    made.enter("BUY")
    made.show(100)
    made.enter("BUY", order_type="LIMIT", price=95.0, stop_loss=93.0)
    made.show(100, 100, 92, 94)
    assert made.fills()[1:] == [("BUY", 95.0, 1.0, "strategy"), ("SELL", 93.0, 2.0, "stop_loss")]


def test_exits_that_name_no_position_end_with_the_last_one():
    """A sell limit that only reduces does not wait for the next long."""
    made = market()
    made.enter("BUY", stop_loss=95.0)
    made.enter("BUY", stop_loss=90.0)
    made.show(100)
    made.enter("SELL", order_type="LIMIT", price=120.0, reduce_only=True)
    made.show(100, 100, 94, 96)
    assert len(made.venue.orders) == 1
    made.show(96, 96, 89, 92)
    assert made.venue.orders == ()
    assert made.told("on_order")[-1].reason == "position_closed"


def test_both_ways_are_tried_for_the_account_as_a_whole():
    """A long and a short with stops at 98 and 102, targets at 103 and 97: one way only can be true.

    Up first, the short is stopped at 102 and the long has won 3 at 103; down first, the long has lost 2 and
    the short won 3. Up first is the worse, if the short is twice as large.
    """
    made = market()
    made.enter("BUY", stop_loss=98.0, take_profit=103.0)
    made.enter("SELL", qty=2, stop_loss=102.0, take_profit=97.0)
    made.show(100)
    made.show(100, 104, 96, 100)
    assert told(made)[2:] == [(102.0, "stop_loss"), (103.0, "take_profit")]


def test_an_exit_in_the_way_that_is_tried_leaves_an_order_that_waits_alone():
    """A short's stop at 103 and a limit order at 101: equal losses, so the nearer extreme is first."""
    made = market()
    made.enter("BUY", order_type="LIMIT", price=101.0)
    made.enter("SELL", stop_loss=103.0)
    made.show(102, 103, 100, 100)
    assert told(made) == [(102.0, "strategy"), (103.0, "stop_loss"), (101.0, "strategy")]


def test_an_order_in_parts_sums_its_fees_and_profits():
    """A SELL of 3 against a long of 1 from 100 pays for 1 and for 2 at 110, and has won 10 with the first."""
    made = market(fees=FEES, position_mode="oneway")
    made.enter("BUY")
    made.show(100)
    made.enter("SELL", qty=3)
    made.show(110)
    order = made.told("on_order")[-1]
    assert (order.fill_fee, order.fee, order.realized_pnl) == (0.11, 0.165, 10.0)


@pytest.mark.parametrize("by", ["add", "modify"])
def test_a_stop_that_is_named_anew_is_a_stop_loss_again(by):
    """Whatever had moved it before."""
    made = market({"trailing_stop_pct": 1.0}, position_mode="oneway")
    made.enter("BUY")
    made.show(100)
    made.show(100, 110, 100, 110)
    if by == "add":
        made.enter("BUY", stop_loss=109.5)
        made.show(110)
    else:
        made.desk.modify("BUY", Exits(stop_loss=109.5))
    made.show(110, 110, 109, 110)
    assert told(made)[-1] == (109.5, "stop_loss")

"""What orders are let through, and how large."""

from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest

from metaexpert.expert.settings.strategy import StrategySettings
from metaexpert.expert.venue.simulated.fees import FeeSchedule
from support.expert_harness import Market

FEES = FeeSchedule(0.1, 0.1)


def market(fees=FEES, account=None, **strategy):
    """A market at 100 with 10,000 and no leverage."""
    settings = {"leverage": 1, "size_type": "percent_equity", "size_value": 100.0}
    made = Market(StrategySettings(**settings | strategy), fees=fees, **(account or {}))
    made.show(100)
    return made


@pytest.mark.parametrize("market_type", ["spot", "futures"])
@pytest.mark.parametrize("size", [("percent_equity", 100.0), ("fixed_quote", 10_000.0)])
@pytest.mark.parametrize("slippage_pct", [0.0, 0.5])
@pytest.mark.parametrize("opened", [100, 100.7, 120])
def test_all_in_leaves_room_for_the_fee(market_type, size, slippage_pct, opened):
    """All of the money buys as much as can be paid with its fee, also where the next open is higher."""
    made = market(
        account={"market_type": market_type}, size_type=size[0], size_value=size[1], slippage_pct=slippage_pct
    )
    made.enter("BUY")
    made.show(opened)
    (position,) = made.venue.positions
    paid = position.qty * position.entry_price * 1.001
    assert paid <= 10_000
    assert paid == pytest.approx(10_000, rel=1e-6)
    filled = made.told("on_order")[-1]
    assert (filled.status, filled.filled_qty) == ("FILLED", filled.qty)


def test_all_in_of_tiny_coins_leaves_room_for_the_fee():
    """At 1e-12 there are 1e16 coins to have."""
    made = Market(
        StrategySettings(leverage=1, size_type="percent_equity", size_value=100.0),
        fees=FEES,
        market_type="spot",
        first_price=1e-12,
    )
    made.show(1e-12)
    made.enter("BUY")
    made.show(1e-12)
    (position,) = made.venue.positions
    assert position.qty == pytest.approx(10_000 / 1.001 / 1e-12, rel=1e-9)


def test_all_in_can_be_reversed_with_a_profit():
    """The profit of what is closed pays for the new side, less the fee of the close."""
    made = market()
    made.enter("BUY")
    made.show(100)
    made.show(150)
    made.desk.close()
    assert made.enter("SELL").status == "NEW"
    made.show(150)
    (position,) = made.venue.positions
    assert position.side == "SELL"
    assert position.qty * 150 * 1.001 == pytest.approx(made.balance + position.fees, rel=1e-6)


def test_a_size_that_was_asked_for_is_not_cut():
    """100 units of 100 cannot be paid with their fee."""
    made = market()
    made.enter("BUY", qty=100)
    made.show(100)
    assert made.desk.answers.tally.rejections == {"insufficient_margin": 1}


def test_a_size_of_coins_is_not_cut():
    """fixed_base says how many, not what they cost."""
    made = market(size_type="fixed_base")
    made.enter("BUY")
    made.show(100)
    assert made.desk.answers.tally.rejections == {"insufficient_margin": 1}


CLOSED = {"trade_hours": frozenset({12})}


@pytest.mark.parametrize(
    "filters",
    [CLOSED, {"allowed_days": frozenset({7})}, {"min_volume": 1e12}, {"trend_filter": True}],
)
def test_what_reduces_a_position_passes_every_filter(filters):
    """In one-way mode a SELL against a long of 2 is an exit, and an entry only beyond that."""
    made = Market(
        StrategySettings(leverage=2, size_type="fixed_base", size_value=1.0), position_mode="oneway"
    )
    made.show(100)
    made.enter("BUY", qty=2)
    made.show(100)
    later = Market(
        StrategySettings(leverage=2, size_type="fixed_base", size_value=1.0, **filters),
        position_mode="oneway",
    )
    later.desk.restore(made.venue.snapshot())
    later.show(100)
    assert later.enter("BUY").status == "REJECTED"
    part = later.enter("SELL", qty=1)
    assert (part.status, part.qty, part.reduce_only) == ("NEW", 1.0, True)
    later.show(101)
    beyond = later.enter("SELL", qty=5)
    assert (beyond.status, beyond.qty, beyond.reduce_only) == ("NEW", 1.0, True)
    assert "only what it reduces" in beyond.detail
    later.show(102)
    assert later.venue.positions == ()
    assert later.balance == made.balance + 1 + 2


def test_an_order_within_the_limits_may_still_turn_a_position():
    """Nothing is cut where no filter refuses."""
    made = Market(
        StrategySettings(leverage=2, size_type="fixed_base", size_value=1.0), position_mode="oneway"
    )
    made.show(100)
    made.enter("BUY", qty=2)
    made.show(100)
    order = made.enter("SELL", qty=5)
    assert (order.qty, order.reduce_only) == (5.0, False)


def test_the_cap_of_a_position_does_not_cut_its_exit():
    """A long that has grown to 2,000 is sold whole, though a new one may be worth 1,000."""
    made = market(
        account={"position_mode": "oneway"},
        size_type="fixed_base",
        size_value=10.0,
        max_position_size_quote=1_000.0,
        fees=FeeSchedule(0, 0),
    )
    made.enter("BUY")
    made.show(100)
    made.show(200)
    order = made.enter("SELL", qty=10)
    assert order.qty == 10.0


def test_past_the_daily_loss_an_exit_that_waits_goes_on_waiting():
    """A sell limit of 3 against a long of 1 in one-way mode: 1 of it still reduces, and opens nothing."""
    made = Market(
        StrategySettings(leverage=1, size_type="fixed_base", size_value=1.0, daily_loss_limit=5.0),
        position_mode="oneway",
    )
    made.show(100)
    made.enter("BUY")
    made.show(100)
    made.enter("SELL", qty=3, order_type="LIMIT", price=110.0)
    made.enter("BUY", order_type="LIMIT", price=80.0)
    assert made.show(100, 100, 94, 94) is not None
    (left,) = made.venue.orders
    assert (left.side, left.qty, left.price, left.reduce_only) == ("SELL", 1.0, 110.0, True)
    made.show(94, 111, 79, 110)
    assert made.venue.positions == ()
    assert made.balance == 10_010.0


@pytest.mark.parametrize("kind", [Decimal, Fraction, np.float32, np.int64])
def test_sizes_and_prices_may_be_of_any_kind_of_number(kind):
    """They are booked as floats."""
    made = market(fees=FeeSchedule(0, 0))
    order = made.enter(
        "BUY", order_type="LIMIT", qty=kind(2), price=kind(99), stop_loss=kind(90), take_profit=kind(120)
    )
    assert [type(v) for v in (order.qty, order.price, order.stop_loss, order.take_profit)] == [float] * 4
    made.show(99)
    made.desk.close(qty=kind(1))
    made.show(99)
    assert made.venue.positions[0].qty == 1.0

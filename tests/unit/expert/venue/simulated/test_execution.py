"""The rules of a contract at the venue: ticks, steps, smallest orders, tiers of maintenance margin."""

import math

import pytest

from metaexpert.expert.model.contracts import ContractRules, MaintenanceTier
from metaexpert.expert.settings.strategy import StrategySettings
from support.expert_harness import Market

RULES = ContractRules(tick_size=0.1, qty_step=0.001, min_qty=0.002, min_notional=5.0)


def market(rules=RULES, first=100.0, account=None, **strategy):
    """A market at `first`, entries of one unit at leverage 10."""
    settings = {"leverage": 10, "size_type": "fixed_base", "size_value": 1.0}
    made = Market(StrategySettings(**settings | strategy), rules=rules, first_price=first, **(account or {}))
    made.show(first)
    return made


@pytest.mark.parametrize(
    ("side", "kind", "prices", "on_ticks"),
    [
        ("BUY", "LIMIT", (95.07, 90.01, 110.01), (95.0, 90.1, 110.1)),
        ("SELL", "LIMIT", (105.01, 110.07, 90.07), (105.1, 110.0, 90.0)),
        ("BUY", "STOP", (105.01, 90.01, 110.01), (105.1, 90.1, 110.1)),
        ("SELL", "STOP", (95.07, 110.07, 90.07), (95.0, 110.0, 90.0)),
        ("BUY", "LIMIT", (95.3, 90.7, 110.9), (95.3, 90.7, 110.9)),
    ],
)
def test_prices_are_brought_onto_ticks_and_it_is_told(side, kind, prices, on_ticks):
    """A limit away from the market, a stop to more distance; a stop loss to less loss."""
    price, stop, target = prices
    order = market().enter(side, order_type=kind, price=price, stop_loss=stop, take_profit=target)
    assert (order.price, order.stop_loss, order.take_profit) == on_ticks
    assert ("in ticks of 0.1" in order.detail) == (prices != on_ticks)


def test_a_size_is_cut_to_steps_and_it_is_told():
    """1.23456 is 1.234 in steps of 0.001, and 0.3 is three tenths of a thousand steps, not 0.299."""
    made = market()
    order = made.enter("BUY", qty=1.23456)
    assert (order.qty, order.detail) == (1.234, "size 1.23456 is 1.234 in steps of 0.001")
    whole = made.enter("BUY", qty=0.3)
    assert (whole.qty, whole.detail) == (0.3, "")


@pytest.mark.parametrize(
    ("qty", "first", "reason"),
    [
        (0.0005, 100_000, "size_too_small"),
        (0.001, 100_000, "min_qty"),
        (0.002, 100_000, ""),
        (0.049, 100, "min_notional"),
        (0.05, 100, ""),
    ],
)
def test_an_entry_that_is_too_small_is_refused(qty, first, reason):
    """As the exchange would; the smallest quantity and worth themselves are enough."""
    order = market(first=first).enter("BUY", qty=qty)
    assert (order.status, order.reason) == (("REJECTED", reason) if reason else ("NEW", "strategy"))


def test_an_exit_needs_no_smallest_size():
    """What is left of a position may be smaller than an entry."""
    made = market()
    made.enter("BUY", qty=0.051)
    made.show(100)
    made.desk.close(qty=0.05)
    made.show(100)
    made.desk.close()
    made.show(100)
    assert [fill[2] for fill in made.fills()] == [0.051, 0.05, 0.001]
    assert made.venue.positions == ()


def test_a_part_below_a_step_closes_nothing():
    """And is answered with the reason."""
    made = market()
    made.enter("BUY")
    made.show(100)
    assert made.desk.close(qty=0.0001) == []
    assert made.desk.answers.notifications[-1].arguments[1].reason == "size_too_small"
    refused = made.enter("SELL", order_type="LIMIT", price=110.0, qty=0.0001, reduce_only=True)
    assert refused.reason == "size_too_small"


def test_fills_are_on_ticks():
    """Slipped prices go to the next tick that is worse; a stop of 2 % under 100.2 is at 98.196."""
    made = market(slippage_pct=0.13, stop_loss_pct=2.0)
    made.enter("BUY")
    made.show(100)
    made.show(100, 100, 97, 98)
    assert [fill[1] for fill in made.fills()] == [100.2, 98.0]


def test_inverse_orders_are_whole_contracts_of_the_exchange():
    """1,234 USD are 12 contracts of 100 USD; volume is told in contracts."""
    rules = ContractRules(qty_step=100, min_qty=100, contract_size=100)
    made = market(
        rules,
        40_000.0,
        {"contract_type": "inverse", "capital": 40_000.0},
        size_type="fixed_quote",
        size_value=1_234,
        min_volume=1_000,
    )
    assert made.enter("BUY").qty == 1_200
    contract = made.venue.view.contract_of("BTCUSDT")
    assert contract.volume_value(10, 40_000.0) == 1_000


TIERS = (MaintenanceTier(1_000, 1.0, 0.0), MaintenanceTier(math.inf, 5.0, 40.0))


@pytest.mark.parametrize(
    ("qty", "price"),
    [
        (10, 91.0),  # 1 % of 1,000 is 10: 10 x (100 - 91) = 100 - 10
        (20, 93.0),  # 5 % of 2,000, less 40, is 60: 20 x (100 - 93) = 200 - 60
    ],
)
def test_a_larger_position_is_liquidated_earlier(qty, price):
    """Its tier asks for more margin, and the exchange keeps that."""
    made = market(ContractRules(maintenance=TIERS))
    made.enter("BUY", qty=qty)
    made.show(100)
    made.show(100, 100, 80, 80)
    assert made.fills()[1][1:] == (pytest.approx(price), qty, "liquidation")
    assert made.balance == pytest.approx(10_000 - 10 * qty)


def test_a_cross_account_keeps_what_its_tier_asks_for():
    """Where 1,000 - 50 x (100 - p) = 5 % of 50 p, less 40: p = 3,960 / 47.5."""
    made = market(
        ContractRules(maintenance=TIERS),
        account={"margin_mode": "cross", "capital": 1_000.0},
        size_value=50.0,
    )
    made.enter("BUY")
    made.show(100)
    made.show(100, 100, 60, 60)
    assert made.fills()[1][1] == pytest.approx(3_960 / 47.5, abs=1e-6)
    assert made.balance == pytest.approx(0.0, abs=1e-5)

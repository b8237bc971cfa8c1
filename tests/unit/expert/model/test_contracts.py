"""Money of positions, worked out by hand."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metaexpert.expert.model.contracts import (
    InverseContract,
    LinearContract,
    contract_for,
    floor_to,
    money,
)


def test_linear_long_earns_the_rise_times_the_quantity():
    """A long of 2 from 100 to 110 earns 20, a short loses as much."""
    contract = LinearContract("USDT")
    assert contract.pnl(1, 100, 110, 2) == 20
    assert contract.pnl(-1, 100, 110, 2) == -20


def test_inverse_profit_is_in_coins():
    """10,000 contracts of 1 USD from 40,000 to 50,000 earn 10,000 x (1/40,000 - 1/50,000) = 0.05 coins."""
    contract = InverseContract("BTC")
    assert contract.pnl(1, 40_000, 50_000, 10_000) == pytest.approx(0.05, abs=1e-15)
    assert contract.pnl(-1, 40_000, 50_000, 10_000) == pytest.approx(-0.05, abs=1e-15)


def test_inverse_average_price_is_harmonic():
    """Equal contracts at 40,000 and 50,000 average 44,444.44: then profit before and after adding agree."""
    contract = InverseContract("BTC")
    average = contract.average_price(100, 40_000, 100, 50_000)
    assert average == pytest.approx(400_000 / 9)
    apart = contract.pnl(1, 40_000, 60_000, 100) + contract.pnl(1, 50_000, 60_000, 100)
    assert contract.pnl(1, average, 60_000, 200) == pytest.approx(apart, rel=1e-12)


def test_inverse_quantities_are_whole_contracts():
    """500.9 USD buy 500 contracts; 0.01 coins at 40,000 are 400."""
    contract = InverseContract("BTC")
    assert contract.qty_from_quote(500.9, 40_000) == 500
    assert contract.qty_from_base(0.01, 40_000) == 400


def test_linear_quantity_never_costs_more_than_was_given():
    """100 USDT at 3 buy 33.33333333, which cost a little less."""
    contract = LinearContract("USDT")
    qty = contract.qty_from_quote(100, 3)
    assert qty == 33.33333333
    assert contract.notional(qty, 3) <= 100


@pytest.mark.parametrize(
    ("value", "expected"), [(0.1, 0.1), (0.3, 0.3), (1.1, 1.1), (0.29, 0.29), (1e-9, 0.0)]
)
def test_whole_steps_survive_rounding_down(value, expected):
    """A quantity that is a number of steps in decimal is not cut by a step because of its binary form."""
    assert floor_to(value, 8) == expected


@given(st.floats(min_value=1e-8, max_value=1e9))
def test_rounding_down_twice_changes_nothing(value):
    """What is on a step stays there, and rounding is down but for the last bits of a float."""
    once = floor_to(value, 8)
    assert floor_to(once, 8) == once
    assert once <= value * (1 + 1e-11) + 1e-14


def test_spot_is_linear_even_when_inverse_is_said():
    """contract_type belongs to futures."""
    assert isinstance(contract_for("spot", "inverse", "BTCUSDT"), LinearContract)
    assert contract_for("futures", "inverse", "BTCUSD") == InverseContract("BTC")


def test_money_has_no_negative_zero():
    """A loss that rounds to nothing is 0.0, not -0.0, in records and summaries."""
    assert str(money(-1e-12)) == "0.0"

"""Sizes of entries, worked out by hand."""

import pytest

from metaexpert.expert.model.contracts import InverseContract, LinearContract
from metaexpert.expert.risk.sizing import Sizing, entry_size
from metaexpert.expert.settings.strategy import StrategySettings

LINEAR = LinearContract("USDT")
INVERSE = InverseContract("BTC")


def settings(size_type, size_value, **more):
    """Settings with a size type."""
    return StrategySettings(size_type=size_type, size_value=size_value, **more)


@pytest.mark.parametrize(
    ("size_type", "size_value", "expected"),
    [
        ("fixed_base", 0.5, 0.5),
        ("fixed_quote", 1_000, 10.0),  # 1,000 / 100
        ("percent_equity", 20, 20.0),  # 20 % of 10,000 = 2,000; / 100
        ("risk_based", 1.5, 75.0),  # 1.5 % of 10,000 = 150; a unit loses 2 from 100 to 98
    ],
)
def test_linear_sizes(size_type, size_value, expected):
    """An equity of 10,000, a price of 100 and a stop at 98 give these quantities."""
    size = entry_size(settings(size_type, size_value), LINEAR, Sizing(100.0, 10_000.0, 98.0))
    assert size.qty == expected


@pytest.mark.parametrize(
    ("size_type", "size_value", "expected"),
    [
        ("fixed_base", 0.5, 20_000),
        ("fixed_quote", 1_000, 1_000),
        ("percent_equity", 20, 16_000),  # 20 % of 2 BTC = 0.4 BTC = 16,000 USD
        ("risk_based", 1.0, 32_000),  # 0.02 / (1/39,024.39 - 1/40,000) = 0.02 / 6.25e-7
    ],
)
def test_inverse_sizes(size_type, size_value, expected):
    """2 BTC of equity at 40,000; risked are 0.02 BTC, and a contract loses 1/39,024.39 - 1/40,000 BTC."""
    stop = 40_000 / 1.025
    size = entry_size(settings(size_type, size_value), INVERSE, Sizing(40_000.0, 2.0, stop))
    assert size.qty == expected


def test_risk_based_without_a_stop_is_refused():
    """Without a stop there is no loss to size by."""
    size = entry_size(settings("risk_based", 1.0), LINEAR, Sizing(100.0, 10_000.0, None))
    assert (size.qty, size.reason) == (0.0, "no_stop_loss")


def test_cap_cuts_the_size():
    """max_position_size_quote=500 at a price of 100 leaves 5 of 10."""
    size = entry_size(
        settings("fixed_base", 10, max_position_size_quote=500), LINEAR, Sizing(100.0, 10_000.0, None)
    )
    assert (size.qty, size.capped) == (5.0, True)


def test_cap_counts_what_is_held():
    """With 4 of a cap of 5 held there is room for 1, with 5 for nothing."""
    capped = settings("fixed_base", 10, max_position_size_quote=500)
    assert entry_size(capped, LINEAR, Sizing(100.0, 10_000.0, None, held_qty=4)).qty == 1.0
    full = entry_size(capped, LINEAR, Sizing(100.0, 10_000.0, None, held_qty=5))
    assert (full.qty, full.reason) == (0.0, "max_position_size_quote")


def test_size_asked_for_replaces_the_size_type_but_not_the_cap():
    """An explicit size is taken, up to the cap."""
    capped = settings("fixed_base", 10, max_position_size_quote=500)
    basis = Sizing(100.0, 10_000.0, None)
    assert entry_size(capped, LINEAR, basis, asked_qty=2.5).qty == 2.5
    assert entry_size(capped, LINEAR, basis, asked_qty=50).qty == 5.0


def test_lost_equity_gives_no_size():
    """An account that is worth nothing risks nothing."""
    size = entry_size(settings("risk_based", 1.0), LINEAR, Sizing(100.0, -5.0, 98.0))
    assert (size.qty, size.reason) == (0.0, "size_too_small")

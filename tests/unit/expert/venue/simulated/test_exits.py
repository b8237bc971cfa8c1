"""Protective exits and triggers, step by step."""

from datetime import UTC, datetime

import pytest

from metaexpert.expert.model.contracts import InverseContract, LinearContract
from metaexpert.expert.model.orders import Order, OrderType, Side
from metaexpert.expert.model.positions import Position
from metaexpert.expert.venue.simulated.exits import (
    bankruptcy_price,
    isolated_liquidation_price,
    protective_exit,
    trigger_price,
)
from metaexpert.expert.venue.simulated.market import MarketMove

NOW = datetime(2024, 1, 1, tzinfo=UTC)
LINEAR = LinearContract("USDT")


def step(open_, high, low, close):
    """A step of the market without spread."""
    return MarketMove(open_, open_, high, low, high, low, close)


def held(side=Side.BUY, entry=100.0, stop=None, target=None, leverage=10):
    """A position of one unit."""
    return Position(1, "BTCUSDT", side, 1.0, entry, NOW, leverage, 10.0, stop, target, best_price=entry)


@pytest.mark.parametrize(
    ("side", "prices", "expected"),
    [
        (Side.BUY, (100, 101, 99, 100), None),
        (Side.BUY, (100, 101, 98, 100), (98.0, "stop_loss")),
        (Side.BUY, (97, 99, 96, 98), (97.0, "stop_loss")),  # gapped below: the open is all there is
        (Side.BUY, (100, 104, 99, 103), (104.0, "take_profit")),
        (Side.BUY, (105, 106, 104, 105), (105.0, "take_profit")),  # gapped above: better than asked
        (Side.BUY, (100, 104, 98, 103), (98.0, "stop_loss")),  # both touched: the worse one
        (Side.BUY, (105, 106, 97, 98), (105.0, "take_profit")),  # the open came first, for certain
        (Side.SELL, (100, 102, 97, 100), (102.0, "stop_loss")),
        (Side.SELL, (103, 104, 102, 103), (103.0, "stop_loss")),
        (Side.SELL, (100, 101, 96, 97), (96.0, "take_profit")),
        (Side.SELL, (95, 96, 94, 95), (95.0, "take_profit")),
    ],
)
def test_exit_in_a_step(side, prices, expected):
    """A long from 100 with stop 98 and target 104, and a short with stop 102 and target 96."""
    stop, target = (98.0, 104.0) if side is Side.BUY else (102.0, 96.0)
    found = protective_exit(held(side, stop=stop, target=target), step(*prices))
    assert (found and (found.price, found.reason)) == expected


def test_liquidation_comes_before_a_stop_behind_it():
    """With liquidation at 90.5, a stop at 85 is never reached."""
    found = protective_exit(held(stop=85.0), step(100, 100, 80, 82), liquidation=90.5)
    assert found == (90.5, "liquidation", OrderType.LIQUIDATION, 90.5)
    found = protective_exit(held(stop=95.0), step(100, 100, 80, 82), liquidation=90.5)
    assert found == (95.0, "stop_loss", OrderType.STOP, 95.0)


def test_liquidation_prices():
    """At leverage 10 a long from 100 is liquidated at 90.5 and bankrupt at 90, a short at 109.5 and 110."""
    assert isolated_liquidation_price(held(), LINEAR) == pytest.approx(90.5)
    assert isolated_liquidation_price(held(Side.SELL), LINEAR) == pytest.approx(109.5)
    assert bankruptcy_price(held(), LINEAR) == pytest.approx(90.0)
    assert bankruptcy_price(held(Side.SELL), LINEAR) == pytest.approx(110.0)


def test_inverse_liquidation_loses_the_margin_in_coins():
    """At the bankruptcy price an inverse position has lost exactly its margin of 1/leverage of its worth."""
    contract = InverseContract("BTC")
    position = held(entry=40_000.0, leverage=5)
    price = bankruptcy_price(position, contract)
    assert contract.pnl(1, 40_000.0, price, 1_000) == pytest.approx(-1_000 / 40_000 / 5)


def test_unleveraged_position_is_never_bankrupt_on_the_way_down():
    """A long without leverage can lose its margin only at a price of zero."""
    assert bankruptcy_price(held(leverage=1), LINEAR) is None
    inverse_short = held(Side.SELL, leverage=1)
    assert bankruptcy_price(inverse_short, InverseContract("BTC")) is None


@pytest.mark.parametrize(
    ("side", "kind", "level", "prices", "expected"),
    [
        ("BUY", "LIMIT", 99, (100, 101, 98, 100), 99),
        ("BUY", "LIMIT", 97, (100, 101, 98, 100), None),
        ("BUY", "LIMIT", 99, (98, 99, 97, 98), 98),  # gapped below: cheaper
        ("SELL", "LIMIT", 101, (100, 101, 98, 100), 101),
        ("SELL", "LIMIT", 101, (102, 103, 101, 102), 102),
        ("BUY", "STOP", 101, (100, 101, 98, 100), 101),
        ("BUY", "STOP", 101, (103, 104, 102, 103), 103),  # gapped above: dearer
        ("SELL", "STOP", 99, (100, 101, 98, 100), 99),
        ("SELL", "STOP", 97, (100, 101, 98, 100), None),
    ],
)
def test_waiting_order_triggers(side, kind, level, prices, expected):
    """A limit fills at its price or better, a stop at its price or worse."""
    order = Order(1, "BTCUSDT", Side(side), OrderType(kind), 1.0, NOW, price=level)
    assert trigger_price(order, step(*prices)) == expected


def test_buyers_look_at_the_ask_and_sellers_at_the_bid():
    """With 99 bid and 101 asked, a buy limit at 100 waits and a sell limit at 100 waits too."""
    quote = MarketMove(99, 101, 99, 99, 101, 101, 100)
    buy = Order(1, "BTCUSDT", Side.BUY, OrderType.LIMIT, 1.0, NOW, price=100)
    sell = Order(2, "BTCUSDT", Side.SELL, OrderType.LIMIT, 1.0, NOW, price=100)
    assert trigger_price(buy, quote) is None
    assert trigger_price(sell, quote) is None

"""What holds for every fill, whatever the market, the account and the orders."""

from math import fsum

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metaexpert.expert.market_data.funding import ConstantRate
from metaexpert.expert.model.contracts import ContractRules
from metaexpert.expert.settings.strategy import StrategySettings
from metaexpert.expert.venue.simulated.fees import FeeSchedule
from support.expert_harness import MINUTE, Market, bar

PRICES = st.integers(80, 120)
percents = st.one_of(st.none(), st.sampled_from([1.0, 2.0, 5.0]))


@st.composite
def bars(draw):
    """A bar of whole prices, with or without a gap to the one before."""
    opened, close = draw(PRICES), draw(PRICES)
    high = max(opened, close) + draw(st.integers(0, 8))
    low = min(opened, close) - draw(st.integers(0, 8))
    return opened, high, low, close


SIDES = st.sampled_from(["BUY", "SELL"])
LEVELS = st.one_of(st.none(), st.integers(70, 130))
ENTRIES = st.fixed_dictionaries(
    {
        "side": SIDES,
        "order_type": st.sampled_from(["MARKET", "LIMIT", "STOP"]),
        "qty": st.one_of(st.none(), st.sampled_from([1, 2.5, 7])),
        "price": st.integers(70, 130),
        "stop_loss": LEVELS,
        "take_profit": LEVELS,
        "reduce_only": st.booleans(),
    }
)
ACTIONS = st.one_of(ENTRIES, st.just("close"), st.just("cancel"))
PLAYS = st.lists(st.tuples(bars(), st.lists(ACTIONS, max_size=3)), min_size=2, max_size=8)
ACCOUNTS = st.sampled_from(
    [
        {},
        {"position_mode": "oneway"},
        {"margin_mode": "cross"},
        {"market_type": "spot"},
        {"contract_type": "inverse", "position_mode": "oneway"},
        {"margin_mode": "cross", "position_mode": "oneway"},
    ]
)
STRATEGIES = st.builds(
    StrategySettings,
    leverage=st.sampled_from([1, 3, 20]),
    size_type=st.sampled_from(["percent_equity", "fixed_quote", "fixed_base"]),
    size_value=st.sampled_from([1.0, 50.0, 100.0]),
    stop_loss_pct=percents,
    take_profit_pct=percents,
    trailing_stop_pct=percents,
    breakeven_pct=percents,
    daily_loss_limit=st.sampled_from([None, 20.0]),
    max_drawdown_pct=st.sampled_from([None, 0.1]),
)
MARKETS = st.builds(
    lambda strategy, account, rules, funding: Market(
        strategy,
        capital=1_000.0,
        fees=FeeSchedule(0.02, 0.05),
        rules=rules,
        funding=funding,
        **account,
    ),
    STRATEGIES,
    ACCOUNTS,
    st.sampled_from([ContractRules(), ContractRules(tick_size=0.5, qty_step=0.5, min_notional=100)]),
    st.sampled_from([None, ConstantRate(0.1)]),
)


def act(market, action):
    """Ask for something."""
    if action == "close":
        market.desk.close()
    elif action == "cancel":
        for order in market.venue.orders:
            market.desk.cancel(order.order_id)
    else:
        asked = dict(action)
        if asked["order_type"] == "MARKET":
            del asked["price"]
        market.enter(asked.pop("side"), **asked)


def filled(market):
    """Return the order of each fill, as it was then."""
    return [o for o in market.told("on_order") if o.status in ("FILLED", "PARTIALLY_FILLED")]


@settings(max_examples=300, deadline=None)
@given(MARKETS, PLAYS)
def test_money_and_prices_of_every_fill(market, plays):
    """Money is conserved to its last digit, and nothing fills at a price that its bar did not trade.

    The one exception is the bankruptcy price, beyond which an exchange's fund pays.
    """
    seen = 0
    for shown, asked in plays:
        market.show(*shown)
        opened, high, low, _ = shown
        new = filled(market)[seen:]
        seen += len(new)
        for order in new:
            if order.reason != "liquidation":
                assert low <= order.fill_price <= high
            assert order.filled_at >= order.submitted_at if order.submitted_at else True
            if order.filled_at == market.bars[-1].time:
                assert order.fill_price == opened or order.reason == "liquidation"
        for action in asked:
            act(market, action)
    account, decimals = market.venue.account, 1e-7
    booked = account.initial_capital + account.realized_pnl - account.fees + account.funding
    assert account.balance == pytest.approx(booked, abs=decimals)
    assert account.fees == pytest.approx(fsum(o.fill_fee for o in filled(market)), abs=decimals)
    assert account.balance >= -decimals or account.funding < 0
    assert all(p.qty > 0 and p.margin >= 0 for p in market.venue.positions)
    held = [p.position_id for p in market.venue.positions]
    assert all(o.position_id in held for o in market.venue.orders if o.position_id is not None)
    for order in market.venue.orders:
        if order.reduce_only:
            assert any(p.side is order.side.opposite for p in market.venue.positions)


@settings(max_examples=150, deadline=None)
@given(STRATEGIES, ACCOUNTS, PLAYS, bars(), bars())
def test_what_fills_at_an_open_does_not_depend_on_the_rest_of_the_bar(strategy, account, plays, one, other):
    """Two bars of one open do the same when they open, whatever comes then."""
    found = []
    for last in (one, other):
        market = Market(strategy, capital=1_000.0, fees=FeeSchedule(0.02, 0.05), **account)
        for shown, asked in plays:
            market.show(*shown)
            for action in asked:
                act(market, action)
        market.venue.open_bar(
            bar(len(market.bars), one[0], max(one[0], last[1]), min(one[0], last[2]), last[3])
        )
        found.append(
            (market.venue.take_events(), market.balance, market.venue.orders, market.venue.positions)
        )
        assert market.clock.now == market.bars[-1].time + MINUTE
    assert found[0] == found[1]

"""The ledger agrees with the fills, whatever is traded."""

from math import fsum

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metaexpert.expert.settings.strategy import StrategySettings
from metaexpert.expert.venue.simulated.fees import FeeSchedule
from support.expert_harness import Market

PRICES = st.floats(min_value=20.0, max_value=500.0).map(lambda price: round(price, 2))
ACTIONS = st.lists(
    st.tuples(PRICES, st.sampled_from(["BUY", "SELL", "close", "part", "nothing"]), st.floats(0.001, 5.0)),
    min_size=1,
    max_size=25,
)


@given(
    ACTIONS,
    st.sampled_from(["linear", "inverse"]),
    st.sampled_from(["hedge", "oneway"]),
    st.sampled_from(["isolated", "cross"]),
)
def test_balance_is_capital_plus_profit_minus_fees(actions, contract_type, position_mode, margin_mode):
    """For any sequence of trades the balance is the capital plus the sums over the fills, to 8 decimals."""
    settings = StrategySettings(
        leverage=20, size_type="fixed_base", size_value=1.0, stop_loss_pct=5.0, slippage_pct=0.1
    )
    market = Market(
        settings,
        capital=1_000.0,
        fees=FeeSchedule(0.02, 0.05),
        contract_type=contract_type,
        position_mode=position_mode,
        margin_mode=margin_mode,
    )
    for price, action, size in actions:
        market.show(price)
        if action in ("BUY", "SELL"):
            market.enter(action, qty=size if contract_type == "linear" else round(size * 100) or 1)
        elif action == "close":
            market.desk.close()
        elif action == "part":
            market.desk.close(qty=size)
    tally, account = market.desk.answers.tally, market.venue.account
    assert account.balance == pytest.approx(
        account.initial_capital + account.realized_pnl - account.fees, abs=1e-7
    )
    assert len(market.told("on_account")) == tally.fills
    assert account.margin_used == pytest.approx(fsum(p.margin for p in market.venue.positions), abs=1e-7)
    assert all(p.qty > 0 and p.margin >= 0 for p in market.venue.positions)
    assert tally.closed_trades >= tally.winning_trades + tally.losing_trades
    if position_mode == "oneway":
        assert len(market.venue.positions) <= 1


def test_free_margin_ignores_unrealized_profit_and_counts_loss():
    """With 10 of margin used, a profit of 5 frees nothing and a loss of 5 takes 5."""
    market = Market(capital=100.0)
    market.show(100)
    market.enter("BUY")
    market.show(100)
    assert market.venue.account.free_margin == 90.0
    market.show(105)
    assert (market.venue.account.equity, market.venue.account.free_margin) == (105.0, 90.0)
    market.show(95)
    assert (market.venue.account.equity, market.venue.account.free_margin) == (95.0, 85.0)


def test_the_drawdown_is_measured_from_the_highest_equity():
    """From 10,020 down to 10,005 is 15 / 10,020 = 0.149701 %; a recovery to 10,010 does not move the peak."""
    market = Market()
    market.show(100)
    market.enter("BUY", qty=1)
    market.show(100)
    market.show(120)
    for price, drawdown in ((105, 0.149701), (110, 0.0998)):
        market.show(price)
        account = market.venue.account
        assert account.peak_equity == 10_020.0
        assert account.drawdown_pct == pytest.approx(drawdown, abs=1e-6)

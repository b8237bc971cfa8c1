"""Funding payments at the venue, every amount worked out by hand."""

from datetime import timedelta

import pytest

from metaexpert.expert import ExpertError, MetaExpert
from metaexpert.expert.market_data.feed import feed_of_bars
from metaexpert.expert.market_data.funding import ConstantRate, Funding, RecordedRates
from metaexpert.expert.settings.strategy import StrategySettings
from support.expert_harness import MINUTE, START, Market, bar, run


def market(funding, **account):
    """A market at 100 that opens a long and a short of one unit at its second bar."""
    made = Market(
        StrategySettings(leverage=10, size_type="fixed_base", size_value=1.0), funding=funding, **account
    )
    made.show(100)
    made.enter("BUY")
    made.enter("SELL", qty=3)
    made.show(100)
    return made


def test_longs_pay_shorts_at_the_last_price():
    """0.1 % of 100 for 1 is 0.1, for 3 it is 0.3; the balance has both, and no fill has them."""
    made = market(RecordedRates([Funding(START + 2 * MINUTE, 0.001)]))
    made.show(105)
    long, short = made.venue.positions
    assert (long.funding, short.funding) == (-0.1, 0.3)
    account = made.venue.account
    assert (account.balance, account.funding, account.realized_pnl, account.fees) == (10_000.2, 0.2, 0.0, 0.0)
    assert [p.funding for p in made.told("on_position")[-2:]] == [-0.1, 0.3]
    made.desk.close()
    made.show(105)
    assert sorted(p.net_pnl for p in made.told("on_position")[-2:]) == [-15 + 0.3, 5 - 0.1]


def test_a_negative_rate_is_paid_by_shorts():
    """Longs receive it."""
    made = market(RecordedRates([Funding(START + 2 * MINUTE, -0.001)]))
    made.show(100)
    assert [p.funding for p in made.venue.positions] == [0.1, -0.3]


def test_a_position_pays_what_is_due_after_its_opening():
    """Not what is due at the moment at which it is opened, nor before."""
    made = market(RecordedRates([Funding(START, 0.001), Funding(START + MINUTE, 0.001)]))
    made.show(100)
    assert made.balance == 10_000.0


def test_inverse_funding_is_in_coins():
    """0.1 % of 10,000 contracts at 40,000 are 0.00025 coins."""
    made = Market(
        StrategySettings(leverage=10, size_type="fixed_quote", size_value=10_000),
        capital=40_000.0,
        first_price=40_000.0,
        contract_type="inverse",
        funding=RecordedRates([Funding(START + 2 * MINUTE, 0.001)]),
    )
    made.show(40_000)
    made.enter("BUY")
    made.show(40_000)
    made.show(40_000)
    assert made.balance == pytest.approx(1 - 0.00025, abs=1e-12)


def test_bars_of_a_day_pay_three_times():
    """What became due inside a bar is paid when the next one opens."""
    made = Market(
        StrategySettings(leverage=10, size_type="fixed_base", size_value=1.0), funding=ConstantRate(0.1)
    )
    for day in range(3):
        shown = bar(day * 24 * 60, 100.0, timeframe="1d")
        made.venue.open_bar(shown)
        made.clock.advance(shown.time + timedelta(days=1))
        made.venue.close_bar(shown, made.clock.now)
        if day == 0:
            made.enter("BUY")
    assert made.balance == pytest.approx(10_000 - 3 * 0.1)


def test_the_figures_of_a_run_have_its_funding(fresh_logging):
    """final balance = capital + realized - fees + funding, and the trade has its own."""
    expert = MetaExpert(exchange="binance", log_to_console=False, persist_state=False)
    expert.on_init(timeframe="4h", size_type="fixed_base", size_value=1.0)(lambda: None)
    done = []

    @expert.on_bar
    def enter(rates):
        if not done:
            done.append(expert.open_position("BUY"))

    bars = [bar(240 * i, 100.0, timeframe="4h") for i in range(8)]
    result = run(expert, feed_of_bars(bars, "test"), fee_pct=0.1, funding="0.01")
    # Opened at 04:00, closed at 08:00 of the next day: due at 08:00, 16:00, 24:00.
    assert result.funding == pytest.approx(-0.03)
    assert result.final_balance == pytest.approx(10_000 - 0.2 - 0.03)
    assert result.net_profit == pytest.approx(-0.23)
    assert result.closed_trades[0].funding == pytest.approx(-0.03)


def test_spot_pays_no_funding(fresh_logging):
    """Asking for it is a mistake."""
    expert = MetaExpert(exchange="binance", market_type="spot", log_to_console=False, persist_state=False)
    expert.on_init(timeframe="1m")(lambda: None)
    with pytest.raises(ExpertError, match="funding is paid on futures"):
        run(expert, feed_of_bars([bar(0, 100.0)], "test"), funding="0.01")

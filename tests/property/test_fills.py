"""Fills over random markets, orders and settings: the venue does what a plain simulation does."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metaexpert.expert.model.requests import Exits
from metaexpert.expert.settings.strategy import StrategySettings
from metaexpert.expert.venue.simulated.fees import FeeSchedule
from support.expert_harness import Market
from support.slow_market import Rules, SlowMarket, Waiting

CAPITAL = 1_000_000.0
PRICES = st.integers(80, 120)


@st.composite
def bars(draw):
    """A bar of whole prices, with or without a gap to the one before."""
    opened, close = draw(PRICES), draw(PRICES)
    high = max(opened, close) + draw(st.integers(0, 8))
    low = min(opened, close) - draw(st.integers(0, 8))
    return opened, high, low, close


levels = st.one_of(st.none(), PRICES)
actions = st.one_of(
    st.tuples(st.just("market_order"), st.sampled_from(["BUY", "SELL"]), st.integers(1, 4), levels, levels),
    st.tuples(
        st.just("order"),
        st.sampled_from(["BUY", "SELL"]),
        st.integers(1, 4),
        st.sampled_from(["LIMIT", "STOP"]),
        PRICES,
        st.booleans(),
        levels,
        levels,
    ),
    st.tuples(st.just("close"), st.sampled_from(["BUY", "SELL"])),
    st.tuples(st.just("cancel"), st.integers(0, 3)),
    st.tuples(st.just("modify"), st.sampled_from(["BUY", "SELL"]), levels, levels),
)
plays = st.lists(st.tuples(bars(), st.lists(actions, max_size=3)), min_size=2, max_size=8)
percents = st.one_of(st.none(), st.sampled_from([1.0, 2.0, 5.0]))
rules = st.builds(
    Rules,
    netting=st.booleans(),
    slippage=st.sampled_from([0.0, 0.5]),
    maker=st.sampled_from([0.0, 0.02]),
    taker=st.sampled_from([0.0, 0.05]),
    trailing=percents,
    activation=percents,
    breakeven=percents,
    leverage=st.sampled_from([1, 5, 20]),
)


class Pair:
    """The venue and the plain simulation, given the same."""

    def __init__(self, rules):
        self.market = Market(
            StrategySettings(
                leverage=rules.leverage,
                size_type="fixed_base",
                size_value=1.0,
                slippage_pct=rules.slippage,
                trailing_stop_pct=rules.trailing,
                trailing_activation_pct=rules.activation,
                breakeven_pct=rules.breakeven,
            ),
            capital=CAPITAL,
            fees=FeeSchedule(rules.maker, rules.taker),
            position_mode="oneway" if rules.netting else "hedge",
        )
        self.slow = SlowMarket(rules, CAPITAL)

    def act(self, action):
        """Ask both for the same."""
        getattr(self, action[0])(*action[1:])

    def market_order(self, side, qty, stop, target):
        """Order an entry at the market."""
        self.submit(self.market.enter(side, qty=qty, stop_loss=stop, take_profit=target))

    def order(self, side, qty, kind, price, reduces, stop, target):
        """Place an order that waits."""
        stops = {} if reduces else {"stop_loss": stop, "take_profit": target}
        asked = {"qty": qty, "order_type": kind, "price": price, "reduce_only": reduces}
        self.submit(self.market.enter(side, **asked, **stops))

    def close(self, side):
        """Order the close of one side."""
        for order in self.market.desk.close(side):
            self.submit(order)

    def submit(self, order):
        """Give the plain simulation what the limits have let through."""
        if order.status == "NEW":
            self.slow.orders.append(
                Waiting(
                    order.order_id,
                    order.side.value,
                    order.order_type.value,
                    order.qty,
                    order.price,
                    order.stop_loss,
                    order.take_profit,
                    order.reduce_only,
                    order.position_id,
                )
            )

    def cancel(self, index):
        """Take back an order that waits."""
        waiting = self.market.venue.orders
        if index < len(waiting) and self.market.desk.cancel(waiting[index].order_id):
            self.slow.orders = [o for o in self.slow.orders if o.number != waiting[index].order_id]

    def modify(self, side, stop, target):
        """Give positions a stop and a target, where the limits let it through."""
        self.market.desk.modify(side, Exits(stop, target))
        for held, position in zip(self.slow.positions, self.market.venue.positions, strict=True):
            if held.stop is None or position.stop_loss != pytest.approx(held.stop):
                held.stop, held.why = position.stop_loss, "stop_loss"
            held.target = position.take_profit

    def show(self, bar):
        """Show both the next bar."""
        self.market.show(*bar)
        self.slow.show(*bar)

    def fills(self):
        """Return what both have filled."""
        real = [
            (o.side.value, o.fill_price, o.fill_qty, o.maker, o.reason, o.fill_fee)
            for o in self.market.told("on_order")
            if o.status in ("FILLED", "PARTIALLY_FILLED")
        ]
        plain = [
            tuple(v if isinstance(v, (str, bool)) else pytest.approx(v, abs=1e-6) for v in fill)
            for fill in self.slow.fills
        ]
        return real, plain


@settings(max_examples=400, deadline=None)
@given(rules, plays)
def test_the_venue_fills_as_a_plain_simulation_does(rules, plays):
    """The same fills at the same prices for the same fees, the same positions and the same money."""
    pair = Pair(rules)
    for bar, asked in plays:
        pair.show(bar)
        real, plain = pair.fills()
        assert real == plain
        assert pair.market.balance == pytest.approx(pair.slow.balance, abs=1e-4)
        assert [
            (p.side.value, p.qty, p.entry_price, p.stop_loss, p.take_profit)
            for p in pair.market.venue.positions
        ] == [
            (h.side, pytest.approx(h.qty), pytest.approx(h.entry), h.stop and pytest.approx(h.stop), h.target)
            for h in pair.slow.positions
        ]
        assert [o.order_id for o in pair.market.venue.orders] == [o.number for o in pair.slow.orders]
        for action in asked:
            pair.act(action)

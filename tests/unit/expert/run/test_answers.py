"""Answers of a venue that come late, in parts, twice or not at all."""

from dataclasses import replace
from datetime import timedelta

import pytest

from metaexpert.expert import MetaExpert
from metaexpert.expert.journal import Journal
from metaexpert.expert.model.fills import Fill
from metaexpert.expert.model.orders import Order, OrderStatus, OrderType, Side
from metaexpert.expert.model.requests import TradeRequest
from metaexpert.expert.run import modes
from metaexpert.expert.run.answers import REMEMBERED, Answers, LatestNumbers
from metaexpert.expert.venue.protocol import OrderUpdate
from metaexpert.expert.venue.simulated.venue import SimulatedVenue
from support.expert_harness import MINUTE, START, minutes, run

BUY = TradeRequest("open_position", "BTCUSDT", "BUY", "MARKET", 2.0)


def an_order(order_id=1, **changes):
    """An order of ours that was sent and has not been answered."""
    order = Order(order_id, "BTCUSDT", Side.BUY, OrderType.MARKET, 2.0, START, client_id=f"us-{order_id}")
    return replace(order, submitted_at=START, **changes)


def answered(order, status=OrderStatus.NEW, **changes):
    """An update of an order that the venue has answered."""
    return OrderUpdate(replace(order, status=status, answered_at=START + MINUTE, **changes))


def filled(order, fill_id, qty, status):
    """An update with a fill."""
    fill = Fill(
        fill_id, order.order_id, 7, "BTCUSDT", order.side, order.side, qty, 100.0, qty * 100, 0.1, 0.0,
        "USDT", False, START + MINUTE,
    )  # fmt: skip
    return OrderUpdate(answered(order, status).order, fill, 1_000.0)


@pytest.fixture
def answers(fresh_logging):
    """The answers of a run."""
    return Answers(Journal())


def told(answers):
    """What event handlers are to be told: the status of orders, and how requests came out."""
    return [
        each.arguments[0].status.value if each.event == "on_order" else each.arguments[1].accepted
        for each in answers.notifications
    ]


def test_a_request_is_answered_when_its_order_is(answers):
    """Nothing is told until the venue has spoken."""
    answers.follow(an_order(), BUY)
    answers.take([])
    assert told(answers) == []
    answers.take([answered(an_order())])
    assert told(answers) == ["NEW", True]


def test_a_venue_that_rejects_answers_the_request(answers):
    """The reason is the venue's, and the order that is followed is the rejected one."""
    followed = answers.follow(an_order(), BUY)
    answers.take([answered(an_order(), OrderStatus.REJECTED, reason="post_only", detail="it would cross")])
    assert told(answers) == ["REJECTED", False]
    assert (followed.order.status, answers.notifications[1].arguments[1].reason) == ("REJECTED", "post_only")
    assert answers.tally.rejections == {"post_only": 1}


def test_an_order_is_filled_in_parts(answers):
    """Two fills are two, and the order is over with the second."""
    order = an_order()
    answers.follow(order, BUY)
    answers.take([answered(order), filled(order, "a", 0.5, OrderStatus.PARTIALLY_FILLED)])
    answers.take([filled(order, "b", 1.5, OrderStatus.FILLED)])
    assert told(answers) == ["NEW", True, "PARTIALLY_FILLED", "FILLED"]
    assert (answers.tally.orders, answers.tally.fills) == (1, 2)


def test_what_is_told_twice_counts_once(answers):
    """Every answer repeated, also after the order is over."""
    order = an_order()
    answers.follow(order, BUY)
    updates = [
        answered(order),
        filled(order, "a", 0.5, OrderStatus.PARTIALLY_FILLED),
        filled(order, "b", 1.5, OrderStatus.FILLED),
    ]
    for update in updates:
        answers.take([update, update])
    answers.take(updates)
    assert told(answers) == ["NEW", True, "PARTIALLY_FILLED", "FILLED"]
    assert (answers.tally.orders, answers.tally.fills) == (1, 2)


def test_a_fill_that_overtakes_the_answer_is_the_answer(answers):
    """NEW comes after the fill: the order is not open again."""
    order = an_order()
    answers.follow(order, BUY)
    answers.take([filled(order, "a", 2.0, OrderStatus.FILLED)])
    answers.take([answered(order)])
    assert told(answers) == ["FILLED", True]


def test_a_cancel_that_comes_too_late_is_refused_when_that_is_known(answers):
    """The order was filled while the request to take it back was under way."""
    order = an_order()
    answers.follow(order, BUY)
    answers.take([answered(order)])
    answers.expect_cancelled(order.order_id, TradeRequest("cancel_order", "BTCUSDT", order_id=1))
    answers.take([filled(order, "a", 2.0, OrderStatus.FILLED)])
    assert told(answers) == ["NEW", True, "FILLED", False]
    assert answers.notifications[-1].arguments[1].reason == "no_order"


def test_orders_of_the_venue_s_own_are_followed_from_their_first_update(answers):
    """A stop that the venue carries out was never submitted by us."""
    stop = replace(an_order(), client_id="", reason="stop_loss", submitted_at=None)
    answers.take([answered(stop), filled(stop, "a", 2.0, OrderStatus.FILLED)])
    assert told(answers) == ["NEW", "FILLED"]


def test_numbers_are_remembered_up_to_a_bound():
    """The oldest gives way."""
    numbers = LatestNumbers(3)
    for number in range(5):
        numbers.add(number)
    assert [number in numbers for number in range(5)] == [False, False, True, True, True]
    assert REMEMBERED >= 1_000


class LateVenue(SimulatedVenue):
    """Answers with the next event of the market, and says everything twice."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self._late = []

    def close_bar(self, bar, closed):
        """Let out what was held back."""
        super().close_bar(bar, closed)
        self._late = [each for event in super().take_events() for each in (event, event)]

    def take_events(self):
        """Return what was let out."""
        late, self._late = self._late, []
        return late


def test_one_loop_serves_a_venue_that_answers_later(fresh_logging, monkeypatch):
    """Bought in the first bar and sold in the fifth: each is heard of a bar later, once, and all adds up."""
    results, heard = [], []
    for venue in (SimulatedVenue, LateVenue):
        monkeypatch.setattr(modes, "SimulatedVenue", venue)
        expert = MetaExpert(exchange="binance", log_to_console=False, persist_state=False)
        expert.on_init(timeframe="1m", size_type="fixed_base", size_value=1.0)(lambda: None)
        expert.on_order(
            lambda order, expert=expert: heard.append((order.status.value, (expert.time - START) // MINUTE))
        )

        @expert.on_bar
        def decide(rates, expert=expert):
            if rates.time == START:
                order = expert.open_position("BUY")
                heard.append(order.answered_at is not None)
            if rates.time == START + timedelta(minutes=4):
                expert.close_position("BUY")

        results.append(run(expert, minutes(10)).to_dict())
    prompt, late = heard[:5], heard[5:]
    assert prompt == [True, ("NEW", 1), ("FILLED", 2), ("NEW", 5), ("FILLED", 6)]
    assert late == [False, ("NEW", 2), ("FILLED", 2), ("NEW", 6), ("FILLED", 6)]
    compared = ("orders", "fills", "trades", "realized_pnl", "fees", "final_balance", "open_positions")
    assert [results[0][name] for name in compared] == [results[1][name] for name in compared]
    assert results[0]["fills"] == 2

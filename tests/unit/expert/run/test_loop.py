"""The order of things in a run: events, simulated time, timers, warm-up, and how it ends."""

import json
import signal
from datetime import timedelta
from itertools import pairwise

import pytest

from metaexpert.expert import ExpertError, MetaExpert
from metaexpert.expert.market_data.feed import Feed, feed_of_bars
from support.expert_harness import MINUTE, START, bar, minutes, quotes, run


@pytest.fixture
def expert(fresh_logging):
    """An expert that logs into a directory of the test's own, and keeps no state."""
    return MetaExpert(exchange="binance", log_to_console=False, persist_state=False)


def test_life_of_a_backtest(expert):
    """The event handlers are called from backtest_init to backtest_deinit in their documented order."""
    calls = []
    for event in ("on_backtest_init", "on_backtest_pass", "on_backtest_deinit"):
        getattr(expert, event)(lambda event=event: calls.append(event))
    expert.on_init(timeframe="1m")(lambda: calls.append("on_init"))
    expert.on_bar(lambda rates: calls.append("on_bar"))
    expert.on_backtest(lambda: calls.append("on_backtest") or 42.5)
    expert.on_deinit(lambda reason: calls.append(f"on_deinit {reason}"))
    result = run(expert, minutes(2))
    assert calls == [
        "on_backtest_init",
        "on_init",
        "on_bar",
        "on_bar",
        "on_backtest",
        "on_backtest_pass",
        "on_deinit end_of_data",
        "on_backtest_deinit",
    ]
    assert (result.criterion, result.stop_reason, result.ok) == (42.5, "end_of_data", True)


@pytest.mark.parametrize("value", [float("inf"), float("-inf"), float("nan"), 10**400, True, "good"])
def test_a_criterion_that_json_does_not_have_is_none(expert, value):
    """A profit factor without a loss is infinite; the figures stay JSON."""
    expert.on_init(timeframe="1m")(lambda: None)
    expert.on_backtest(lambda: value)
    result = run(expert, minutes(2))
    assert (result.criterion, result.stop_reason) == (None, "end_of_data")
    json.dumps(result.to_dict(), allow_nan=False)


def test_decision_on_a_bar_fills_at_the_next_open(expert):
    """The bar that is seen closes at 101, the fill is at the next open of 102, at that bar's opening time."""
    orders = []
    expert.on_init(timeframe="1m", size_type="fixed_base", size_value=1.0)(lambda: None)
    expert.on_order(lambda order: orders.append((order.status.value, order.fill_price, order.filled_at)))

    @expert.on_bar
    def decide(rates):
        if rates.close == 101 and not expert.positions:
            assert expert.time == rates.time + MINUTE
            expert.open_position("BUY")

    run(expert, minutes(4))
    assert orders[0] == ("NEW", None, None)
    assert orders[1] == ("FILLED", 102.0, START + 2 * MINUTE)


def test_longer_bars_close_with_their_last_part(expert):
    """5m bars of 1m data come at minutes 5 and 10, complete, and the third is never finished."""
    seen = []
    expert.on_bar("5m")(
        lambda rates: seen.append((expert.time, rates.time, rates.open, rates.close, rates.timeframe))
    )
    result = run(expert, minutes(12))
    assert seen == [
        (START + 5 * MINUTE, START, 100, 104, "5m"),
        (START + 10 * MINUTE, START + 5 * MINUTE, 105, 109, "5m"),
    ]
    assert result.bars == 12


def test_several_timeframes_shortest_first(expert):
    """At minute 6 the 2m and the 3m bar both close; both are in the history before either event handler
    runs."""
    seen = []

    def record(rates):
        seen.append(
            (rates.timeframe, len(expert.history(timeframe="2m")), len(expert.history(timeframe="3m")))
        )

    expert.on_bar("3m")(record)
    expert.on_bar("2m")(record)
    run(expert, minutes(6))
    assert seen == [("2m", 1, 0), ("3m", 1, 1), ("2m", 2, 1), ("2m", 3, 2), ("3m", 3, 2)]


def test_warmup_bars_are_gathered_unseen(expert):
    """With 3 bars of warm-up on_bar sees the fourth bar first, and the history has all of them."""
    seen = []
    expert.on_init(timeframe="1m", warmup_bars=3)(lambda: None)
    expert.on_bar(lambda rates: seen.append((rates.open, len(expert.history()))))
    run(expert, minutes(5))
    assert seen == [(103, 4), (104, 5)]


def test_lookback_limits_the_history(expert):
    """lookback_bars=60 keeps 60 of 100; lookback_time keeps more when it is longer."""
    lengths = []
    expert.on_init(timeframe="1m", lookback_bars=60, lookback_time="90m")(lambda: None)
    expert.on_deinit(lambda: lengths.append(len(expert.history())))
    run(expert, minutes(100))
    assert lengths == [90]


def test_timers_run_in_simulated_time(expert):
    """A timer of 2 minutes is called at minutes 3, 5, ...; one of 10 seconds once a bar, not six times."""
    slow, fast = [], []
    expert.on_timer(120)(lambda: slow.append((expert.time - START) // MINUTE))
    expert.on_timer(10)(lambda: fast.append(expert.time))
    run(expert, minutes(7))
    assert slow == [3, 5, 7]
    assert len(fast) == 6


def test_ticks_of_bars_are_their_closes(expert):
    """With bars, on_tick is called once a bar, at its close, before on_bar."""
    seen = []
    expert.on_init(timeframe="1m")(lambda: None)
    expert.on_tick(lambda rates: seen.append(("tick", rates.last, rates.time)))
    expert.on_bar(lambda rates: seen.append(("bar", rates.close, expert.time)))
    run(expert, minutes(1))
    assert seen == [("tick", 100, START + MINUTE), ("bar", 100, START + MINUTE)]


def test_quotes_fill_at_bid_and_ask(expert):
    """Decided on the first quote, a BUY fills at the second one's ask; on_book comes before on_tick."""
    seen, fills = [], []
    expert.on_init(timeframe="1m", size_type="fixed_base", size_value=1.0)(lambda: None)
    expert.on_book(lambda book: seen.append("book"))
    expert.on_order(lambda order: fills.append(order.fill_price))

    @expert.on_tick
    def decide(rates):
        seen.append("tick")
        if len(seen) == 2:
            expert.open_position("BUY")

    run(expert, quotes(100, 105, 110), mode="paper")
    assert seen == ["book", "tick"] * 3
    assert fills == [None, 106.0]


def test_bars_of_ticks_close_at_their_own_time(expert):
    """Quotes every 10 s make a 1m bar that closes at :60 even when the next quote is late."""
    seen = []
    expert.on_init(timeframe="1m")(lambda: None)
    expert.on_bar(lambda rates: seen.append((expert.time, rates.open, rates.high, rates.close)))
    feed = quotes(100, 105, 103)
    late = feed.ticks[-1]._replace(time=START + timedelta(seconds=95))
    run(expert, Feed("test", "BTCUSDT", None, ticks=[*feed.ticks[:2], late]))
    assert seen == [(START + MINUTE, 100, 105, 105)]


def test_spread_filter_works_on_quotes(expert):
    """A spread of 2 at 100 is 2 %, over the limit of 1 %."""
    refused = []
    expert.on_init(timeframe="1m", max_spread_pct=1.0)(lambda: None)
    expert.on_tick(lambda: refused.append(expert.open_position("BUY").reason))
    run(expert, quotes(100, 100))
    assert refused == ["max_spread_pct"] * 2


def test_stop_ends_the_run_with_its_reason(expert):
    """expert.stop() in the second bar: two bars, on_deinit gets the reason, positions stay open."""
    reasons = []
    expert.on_init(timeframe="1m")(lambda: None)

    @expert.on_bar
    def decide(rates):
        if rates.open == 101:
            expert.stop("enough")

    expert.on_deinit(reasons.append)
    result = run(expert, minutes(10))
    assert (result.bars, result.stop_reason, reasons, result.ok) == (2, "enough", ["enough"], True)


def test_handlers_that_feed_each_other_are_ended(expert):
    """An on_order that places an order for every order it hears of would never end."""
    expert.on_init(timeframe="1m", size_type="fixed_base", size_value=1.0)(lambda: None)
    expert.on_bar(lambda rates: expert.open_position("BUY"))
    expert.on_order(lambda order: expert.open_position("BUY", size=1_000_000))
    result = run(expert, minutes(3))
    assert result.stop_reason == "error"
    assert "keep causing new ones" in result.error


def test_init_that_returns_false_stops_before_the_data(expert):
    """No bar is seen, on_deinit still comes, and the run is not ok."""
    calls = []
    expert.on_init(timeframe="1m")(lambda: False)
    expert.on_bar(lambda rates: calls.append("bar"))
    expert.on_deinit(calls.append)
    result = run(expert, minutes(3))
    assert (calls, result.ok, result.bars) == (["init_failed"], False, 0)


def test_interrupt_ends_after_the_bar_in_hand(expert):
    """Ctrl-C during a bar lets its event handler finish; the run stops cleanly and is not ok."""
    seen, reasons = [], []
    expert.on_init(timeframe="1m")(lambda: None)

    @expert.on_bar
    def interrupted(rates):
        if rates.open == 102:
            signal.raise_signal(signal.SIGINT)
        seen.append(rates.open)

    expert.on_deinit(reasons.append)
    result = run(expert, minutes(10))
    assert (seen, reasons, result.ok) == ([100, 101, 102], ["interrupted"], False)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_system_exit_of_a_handler_is_obeyed_after_deinit(expert):
    """sys.exit(3) in an event handler ends the process with 3, but on_deinit comes first."""
    reasons = []
    expert.on_init(timeframe="1m")(lambda: None)
    expert.on_deinit(reasons.append)

    @expert.on_bar
    def leave(rates):
        raise SystemExit(3)

    with pytest.raises(SystemExit) as end:
        run(expert, minutes(3))
    assert (end.value.code, reasons) == (3, ["stopped"])
    assert not expert.is_running


def test_timeframe_that_the_data_cannot_make_is_told(expert):
    """1m bars cannot be cut out of 5m bars."""
    expert.on_bar("1m")(lambda rates: None)
    feed = feed_of_bars([bar(i * 5, 100, timeframe="5m") for i in range(3)], "five.csv")
    with pytest.raises(ExpertError, match=r"timeframe 1m cannot be made of five.csv, which has 5m bars"):
        run(expert, feed)


def test_timeframe_is_that_of_on_bar_or_of_the_data(fresh_logging):
    """Without a timeframe in on_init it is the shortest of on_bar, else that of the data."""
    for named, expected in ((("10m", "15m"), "10m"), ((None,), "5m")):
        expert = MetaExpert(exchange="binance", log_to_console=False)
        for name in named:
            expert.on_bar(name)(lambda rates: None)
        bars = [bar(i * 5, 100, timeframe="5m") for i in range(3)]
        assert run(expert, feed_of_bars(bars, "test")).timeframe == expected


@pytest.mark.parametrize(
    ("mode", "said"),
    [("live", "exchange connection"), ("paper", "exchange connection"), ("backtest", "market data")],
)
def test_modes_without_what_they_need_are_told(expert, mode, said):
    """The message says what is missing and what works."""
    with pytest.raises(ExpertError, match=said) as caught:
        expert.run(mode=mode)
    assert "--data CSV" in str(caught.value)


def test_options_market_is_told(fresh_logging):
    """An options market has no simulation."""
    expert = MetaExpert(exchange="okx", market_type="options", log_to_console=False)
    with pytest.raises(ExpertError, match="options"):
        run(expert, minutes(3))


def test_notifications_come_after_the_handler_that_caused_them(expert):
    """on_transaction and on_order for an order placed in on_bar come when on_bar is over."""
    calls = []
    expert.on_init(timeframe="1m", size_type="fixed_base", size_value=1.0)(lambda: None)
    expert.on_transaction(lambda request, result: calls.append(f"{request.action} {result.accepted}"))
    expert.on_order(lambda order: calls.append(order.status.value))

    @expert.on_bar
    def decide(rates):
        if rates.open == 100:
            expert.open_position("BUY")
            calls.append("on_bar over")

    run(expert, minutes(2))
    assert calls[:3] == ["on_bar over", "NEW", "open_position True"]


def test_account_updates_follow_every_fill(expert):
    """Entry and exit each change the balance; on_position hears of opening and closing."""
    balances, positions = [], []
    expert.on_init(timeframe="1m", size_type="fixed_base", size_value=1.0)(lambda: None)
    expert.on_account(lambda acc: balances.append(acc.balance))
    expert.on_position(lambda pos: positions.append(pos.is_open))

    @expert.on_bar
    def decide(rates):
        if rates.open == 100:
            expert.open_position("BUY")
        elif rates.open == 105:
            expert.close_all_positions()

    result = run(expert, minutes(10))
    assert positions == [True, False]
    assert balances == [10_000 - 0.0505, result.final_balance]
    assert result.final_balance == pytest.approx(10_000 + 5 - 0.0505 - 0.053)


def test_same_data_gives_the_same_result(fresh_logging):
    """Two runs agree in every figure but the session and the time they took."""
    results = []
    for _ in range(2):
        expert = MetaExpert(exchange="binance", log_to_console=False, persist_state=False)
        expert.on_init(timeframe="1m", size_type="percent_equity", size_value=20.0, stop_loss_pct=1.0)(
            lambda: None
        )

        @expert.on_bar
        def decide(rates, expert=expert):
            closes = [each.close for each in expert.history(3)]
            rising = all(a < b for a, b in pairwise(closes))
            expert.open_position("BUY" if rising else "SELL")

        figures = run(expert, feed_of_bars([bar(i, 100 + (i * 7) % 13) for i in range(200)], "x")).to_dict()
        results.append({k: v for k, v in figures.items() if k not in ("session_id", "duration_s")})
    assert results[0] == results[1]
    assert results[0]["fills"] > 10

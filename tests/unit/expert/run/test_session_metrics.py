"""The metrics of a run: records, the snapshot, and Prometheus."""

from pathlib import Path

import pytest

from metaexpert.expert import ArgumentError, ExpertMetrics, MetaExpert
from metaexpert.logger import read_log
from support.expert_harness import minutes, quotes, run


def an_expert(**options):
    """An expert that logs into a directory of the test's own, and keeps no state."""
    return MetaExpert(exchange="binance", log_to_console=False, persist_state=False, **options)


def records(message):
    """The records of this message, in order."""
    return [entry for entry in read_log(Path("logs") / "expert.log") if entry.message == message]


def test_a_run_ends_with_a_record_of_its_metrics(fresh_logging):
    """It has what an operator asks for: rates, delay, latencies by event, CPU and memory."""
    expert = an_expert()
    expert.on_init(timeframe="1m")(lambda: None)
    expert.on_bar(lambda rates: None)

    run(expert, minutes(30))

    (record,) = records("Expert metrics")
    fields = record.context
    assert fields["event_name"] == "expert.metrics"
    assert (fields["bars"], fields["ticks"], fields["reconnects"]) == (30, 0, 0)
    assert fields["bars_per_second"] > 0
    assert fields["handlers"]["on_bar"]["calls"] == 30
    assert fields["handlers"]["on_init"]["calls"] == 1
    assert fields["queue_delay_max_us"] >= fields["queue_delay_p50_us"] > 0
    assert fields["cpu_seconds"] > 0
    assert fields["memory_bytes"] > 1_000_000


def test_ticks_and_order_books_are_counted(fresh_logging):
    """A run on quotes has ticks; each one and each book waits for its handler."""
    expert = an_expert()
    expert.on_tick(lambda rates: None)
    expert.on_book(lambda book: None)

    run(expert, quotes(*range(100, 120)))

    seen = expert.metrics()
    assert seen.ticks == 20
    assert seen.ticks_per_second > 0
    assert {event: each.count for event, each in seen.handlers.items()} == {"on_tick": 20, "on_book": 20}
    assert seen.queue_delay.count == 40


def test_records_come_at_the_interval(fresh_logging):
    """With an interval that has always passed, one comes with each event."""
    expert = an_expert(metrics_interval=1e-9)

    run(expert, minutes(5))

    assert [each.context["bars"] for each in records("Expert metrics")] == [1, 2, 3, 4, 5, 5]


@pytest.mark.parametrize("interval", [None, 0])
def test_an_interval_may_be_switched_off(interval, fresh_logging):
    """What remains is the record at the end."""
    run(an_expert(metrics_interval=interval), minutes(5))

    assert [each.context["bars"] for each in records("Expert metrics")] == [5]


@pytest.mark.parametrize("interval", [-1, "often", float("nan")])
def test_a_bad_interval_is_refused(interval, fresh_logging):
    """The message names the argument."""
    with pytest.raises(ArgumentError, match="metrics_interval"):
        an_expert(metrics_interval=interval)


def test_metrics_may_be_switched_off(fresh_logging):
    """Then there is no record, and the snapshot is empty."""
    expert = an_expert(enable_metrics=False)
    expert.on_bar(lambda rates: None)

    run(expert, minutes(5))

    assert records("Expert stopped")
    assert not records("Expert metrics")
    assert not records("Handler metrics")
    assert expert.metrics() == ExpertMetrics()


def test_a_second_run_goes_on_counting(fresh_logging):
    """Figures are the expert's, over all its runs."""
    expert = an_expert()

    run(expert, minutes(5))
    run(expert, minutes(5))

    assert expert.metrics().bars == 10

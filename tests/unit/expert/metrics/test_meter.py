"""The figures of an expert, and the way they are taken."""

import copy
import dataclasses
import pickle

import pytest

from metaexpert.expert.event_handlers.registry import EVENT_ARGUMENTS
from metaexpert.expert.metrics import ExpertMeter, ExpertMetrics, Latency
from metaexpert.expert.metrics.meter import BUCKETS_NS, Histogram
from metaexpert.logger.shared.frozen import FrozenDict


def latency(*durations_ns: int) -> Latency:
    """A distribution of these durations."""
    histogram = Histogram()
    for each in durations_ns:
        histogram.observe(each)
    return histogram.snapshot()


def test_buckets_go_up_in_whole_nanoseconds() -> None:
    """From a microsecond to ten seconds, three a decade."""
    assert BUCKETS_NS[:4] == (1_000, 2_500, 5_000, 10_000)
    assert BUCKETS_NS[-1] == 10**10
    assert list(BUCKETS_NS) == sorted(set(BUCKETS_NS))
    assert all(type(bound) is int for bound in BUCKETS_NS)


def test_a_duration_falls_into_the_first_bucket_that_holds_it() -> None:
    """A bound belongs to its own bucket; what is longer than all of them is counted too."""
    taken = latency(0, 1_000, 1_001, 10**10, 10**10 + 1)

    assert taken.counts[0] == 2
    assert taken.counts[1] == 1
    assert taken.counts[-2:] == (1, 1)
    assert taken.count == 5
    assert taken.total_ns == 2 * 10**10 + 2_002
    assert taken.max_ns == 10**10 + 1


@pytest.mark.parametrize(("fraction", "expected"), [(0.5, 1_000), (0.99, 1_000), (1.0, 3_000)])
def test_a_quantile_is_a_bound_that_is_not_passed(fraction: float, expected: int) -> None:
    """It is never beyond the longest duration there was."""
    assert latency(*[900] * 99, 3_000).quantile_ns(fraction) == expected


def test_an_empty_distribution_has_zeros() -> None:
    """Nothing is divided by nothing."""
    assert latency().figures() == {"calls": 0, "mean_us": 0, "p50_us": 0, "p99_us": 0, "max_us": 0}


def test_distributions_add_up() -> None:
    """Two together are what one would have been."""
    assert latency(5, 70_000).with_all([latency(2_000), latency()]) == latency(5, 70_000, 2_000)


def test_a_wait_is_from_the_arrival_to_the_call() -> None:
    """It is counted for what comes from the market, not for what the host itself causes."""
    meter = ExpertMeter(EVENT_ARGUMENTS)
    meter.begin()
    meter.event_arrived()
    arrived = meter._arrived_ns

    meter.event_handler_called("on_bar", arrived + 4_000, arrived + 9_000)
    meter.event_handler_called("on_order", arrived + 9_000, arrived + 10_000)

    seen = meter.snapshot()
    assert seen.queue_delay.count == 1
    assert seen.queue_delay.max_ns == 4_000
    longest = {event: each.max_ns for event, each in seen.handlers.items()}
    assert longest == {
        "on_bar": 5_000,
        "on_order": 1_000,
    }
    assert dict(seen.handler_errors) == {"on_bar": 0, "on_order": 0}


def test_a_snapshot_stays_as_it_was() -> None:
    """What comes later changes the next one."""
    meter = ExpertMeter(EVENT_ARGUMENTS)
    before = meter.snapshot()

    meter.bars += 1
    meter.event_handler_called("on_bar", 0, 1)

    assert (before.bars, dict(before.handlers)) == (0, {})
    assert meter.snapshot().bars == 1


def test_a_snapshot_tells_what_the_process_costs() -> None:
    """CPU time and memory are those of this very process, which has some of both."""
    seen = ExpertMeter(EVENT_ARGUMENTS).snapshot()

    assert seen.cpu_seconds > 0
    assert seen.memory_bytes > 1_000_000


def test_rates_of_a_record_are_those_since_the_one_before() -> None:
    """Totals go on, rates begin anew."""
    before = ExpertMetrics(ticks=100, bars=10, running_seconds=10.0, cpu_seconds=1.0)
    now = ExpertMetrics(ticks=600, bars=15, running_seconds=15.0, cpu_seconds=3.5)

    figures = now.figures(before)

    assert (figures["ticks"], figures["ticks_per_second"]) == (600, 100)
    assert (figures["bars"], figures["bars_per_second"]) == (15, 1)
    assert (figures["interval_s"], figures["cpu_pct"]) == (5, 50)
    assert now.ticks_per_second == 40
    assert now.figures(now)["ticks_per_second"] == 0


def test_time_between_runs_does_not_count() -> None:
    """Rates are those of running."""
    meter = ExpertMeter(EVENT_ARGUMENTS)
    meter.begin()
    meter.end()
    first = meter.snapshot().running_seconds
    meter.end()

    assert first > 0
    assert meter.snapshot().running_seconds == first


def test_a_record_is_due_after_the_interval_and_not_without_one() -> None:
    """Due at once for an interval that has passed, never for 0, and not again right away."""
    silent, hasty, patient = (ExpertMeter(EVENT_ARGUMENTS, seconds) for seconds in (0, 1e-9, 3600))
    for meter in (silent, hasty, patient):
        meter.begin()
        meter.event_arrived()

    assert [meter.is_due() for meter in (silent, hasty, patient)] == [False, True, False]
    hasty.figures()
    assert not hasty.is_due()


def test_metrics_may_leave_the_process() -> None:
    """They are pickled, copied deeply and made a dictionary of, as for a queue of `multiprocessing`."""
    metrics = ExpertMetrics(handlers=FrozenDict(on_bar=latency(5)), handler_errors=FrozenDict(on_bar=1))

    assert pickle.loads(pickle.dumps(metrics)) == copy.deepcopy(metrics) == metrics
    assert dataclasses.asdict(metrics)["handler_errors"] == {"on_bar": 1}

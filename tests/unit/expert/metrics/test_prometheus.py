"""The figures of a process's experts as Prometheus reads them."""

import gc
from collections.abc import Iterator

import pytest
from prometheus_client.parser import text_string_to_metric_families

from metaexpert.expert.event_handlers.registry import EVENT_ARGUMENTS
from metaexpert.expert.metrics import ExpertMeter, prometheus
from metaexpert.logger import LoggerStats
from metaexpert.logger.live import metrics


@pytest.fixture(autouse=True)
def no_other_experts() -> Iterator[None]:
    """The experts of other tests are not looked at, and these not by others."""
    others = list(prometheus._meters.items())
    prometheus._meters.clear()
    yield
    prometheus._meters.clear()
    prometheus._meters.update(others)


def scraped() -> dict[tuple[str, ...], float]:
    """What Prometheus's own parser reads."""
    return {
        (each.name, *each.labels.values()): each.value
        for family in text_string_to_metric_families("".join(metrics.exposition(LoggerStats())))
        for each in family.samples
        if each.name.startswith("metaexpert_expert_")
    }


def running(*, bars: int) -> ExpertMeter:
    """A meter in a run that has had so many bars."""
    meter = ExpertMeter(EVENT_ARGUMENTS)
    meter.begin()
    for _ in range(bars):
        meter.bars += 1
        meter.event_arrived()
        arrived = meter._arrived_ns
        meter.event_handler_called("on_bar", arrived + 500, arrived + 4_500)
    return meter


def test_a_histogram_is_cumulative_and_in_seconds() -> None:
    """Each bucket holds all that is not longer; sum and count agree."""
    meter = running(bars=2)
    prometheus.publish(meter, "Cross")

    read = scraped()

    name = "metaexpert_expert_handler_latency_seconds"
    assert read[f"{name}_bucket", "Cross", "on_bar", "2.5e-06"] == 0
    assert read[f"{name}_bucket", "Cross", "on_bar", "5e-06"] == 2
    assert read[f"{name}_bucket", "Cross", "on_bar", "+Inf"] == 2
    assert read[f"{name}_count", "Cross", "on_bar"] == 2
    assert read[f"{name}_sum", "Cross", "on_bar"] == pytest.approx(8e-6)
    assert read["metaexpert_expert_queue_delay_seconds_count", "Cross"] == 2
    assert read["metaexpert_expert_bars_total", "Cross"] == 2
    assert read["metaexpert_expert_reconnects_total", "Cross"] == 0
    assert read["metaexpert_expert_handler_errors_total", "Cross", "on_bar"] == 0
    assert read[("metaexpert_expert_memory_bytes",)] > 1_000_000
    assert read[("metaexpert_expert_cpu_seconds_total",)] > 0


def test_experts_of_one_name_are_added() -> None:
    """Two samples with the same labels would be refused as a whole."""
    meters = [running(bars=2), running(bars=3)]
    for meter in meters:
        prometheus.publish(meter, "Cross")

    read = scraped()

    assert read["metaexpert_expert_bars_total", "Cross"] == 5
    assert read["metaexpert_expert_handler_latency_seconds_count", "Cross", "on_bar"] == 5


def test_an_expert_that_is_gone_is_not_shown() -> None:
    """An optimiser that makes thousands of them does not fill the memory."""
    meter = running(bars=1)
    prometheus.publish(meter, "Gone")
    assert ("metaexpert_expert_bars_total", "Gone") in scraped()

    del meter
    gc.collect()

    assert scraped() == {}

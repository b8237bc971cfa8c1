"""Facts about the Prometheus text."""

from collections.abc import Iterable
from dataclasses import fields

import pytest
from prometheus_client.parser import text_string_to_metric_families

from metaexpert.logger import LoggerStats, SinkStats
from metaexpert.logger.live import metrics
from metaexpert.logger.live.metrics import Distribution, Family, Histograms, exposition


@pytest.fixture(autouse=True)
def no_experts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave out the experts that other tests have run in this process."""
    monkeypatch.setattr(metrics, "_sources", [])


def scraped(stats: LoggerStats, problems: Iterable[str] = ()) -> str:
    """Return the whole text."""
    return "".join(exposition(stats, problems))


def samples(text: str) -> dict[tuple[str, ...], float]:
    """Return what Prometheus's own parser reads."""
    return {
        (each.name, *each.labels.values()): each.value
        for family in text_string_to_metric_families(text)
        for each in family.samples
    }


def test_times_are_seconds_and_flags_numbers() -> None:
    """Base units: nanoseconds become seconds."""
    read = samples(scraped(LoggerStats(delay_p50_ns=1_500_000, crash_safe=True)))

    assert read[("metaexpert_log_delay_p50_seconds",)] == 0.0015
    assert read[("metaexpert_log_crash_safe",)] == 1


def test_a_handlers_name_may_hold_anything() -> None:
    """Quotes, backslashes and line ends in a label are escaped."""
    name = 'a"b\\c\nd'
    sink = SinkStats(written=7, dropped=0, bytes=0, errors=0, problem="down")

    read = samples(scraped(LoggerStats(sinks={name: sink}), ["sink down"]))

    assert read["metaexpert_log_sink_records_written_total", name] == 7
    assert read["metaexpert_log_sink_up", name] == 0
    assert read[("metaexpert_log_healthy",)] == 0


def test_large_counters_are_exact() -> None:
    """A counter beyond what a float's short form shows keeps all its digits."""
    assert "metaexpert_log_written_bytes_total 123456789012345\n" in scraped(
        LoggerStats(bytes_written=123456789012345)
    )


def test_the_host_adds_metrics_of_its_own() -> None:
    """A source is asked at each scrape, and added once however often it comes."""

    def source() -> list[Family]:
        return [Family("metaexpert_expert_wishes_total", "counter", "Ticks.", {(): 5.0})]

    try:
        metrics.add_source(source)
        metrics.add_source(source)
        text = scraped(LoggerStats())
    finally:
        metrics._sources.remove(source)

    assert samples(text)[("metaexpert_expert_wishes_total",)] == 5
    assert text.count("# TYPE metaexpert_expert_wishes_total counter\n") == 1


def test_every_counter_is_shown() -> None:
    """What `stats()` has, Prometheus gets: each number of it is found again, of the handlers as well."""
    sink = SinkStats(written=1001, dropped=1002, bytes=1003, errors=1004, problem=None, cut=1005)
    numbers = {
        "queued": 11,
        "queue_bytes": 12,
        "queue_capacity_bytes": 13,
        "queue_high_water_bytes": 14,
        "bytes_written": 15,
        "errors": 16,
        "reconfigurations": 17,
    }
    times = {"delay_p50_ns": 18, "delay_p99_ns": 19, "delay_max_ns": 20}
    levels = {
        "logged_by_level": {"INFO": 21},
        "written_by_level": {"INFO": 22},
        "dropped_by_level": {"INFO": 23},
        "dropped_by_reason": {"queue_full": 24},
    }
    # These are the sums of those by level.
    sums = {"logged", "written", "dropped"}
    stats = LoggerStats(**numbers, **times, **levels, crash_safe=True, sinks={"file": sink})

    values = sorted(samples(scraped(stats)).values())

    assert {field.name for field in fields(LoggerStats)} == {
        *numbers,
        *times,
        *levels,
        *sums,
        "crash_safe",
        "sinks",
    }
    assert values == sorted(
        [*range(11, 18), 18e-9, 19e-9, 20e-9, *range(21, 25), *range(1001, 1006), 1, 1, 1]
    )


def test_a_source_may_have_histograms() -> None:
    """Buckets add up to the count, with and without labels, in the form that Prometheus reads."""

    def source() -> list[Histograms]:
        one = Distribution((1, 2, 3), 4.5)
        return [Histograms("metaexpert_expert_waits", "Waits.", (0.001, 1.0), {(): one, (("of", "x"),): one})]

    try:
        metrics.add_source(source)
        read = samples(scraped(LoggerStats()))
    finally:
        metrics._sources.remove(source)

    assert [read["metaexpert_expert_waits_bucket", bound] for bound in ("0.001", "1", "+Inf")] == [1, 3, 6]
    assert [read["metaexpert_expert_waits_bucket", "x", bound] for bound in ("0.001", "1", "+Inf")] == [
        1,
        3,
        6,
    ]
    assert read[("metaexpert_expert_waits_count",)] == 6
    assert read["metaexpert_expert_waits_sum", "x"] == 4.5

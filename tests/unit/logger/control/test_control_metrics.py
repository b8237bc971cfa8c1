"""Facts about the Prometheus text."""

from prometheus_client.parser import text_string_to_metric_families

from metaexpert.logger import LoggerStats, SinkStats
from metaexpert.logger.control import metrics
from metaexpert.logger.control.metrics import Family, exposition


def samples(text: str) -> dict[tuple[str, ...], float]:
    """Return what Prometheus's own parser reads."""
    return {
        (each.name, *each.labels.values()): each.value
        for family in text_string_to_metric_families(text)
        for each in family.samples
    }


def test_times_are_seconds_and_flags_numbers() -> None:
    """Base units: nanoseconds become seconds."""
    read = samples(exposition(LoggerStats(delay_p50_ns=1_500_000, crash_safe=True)))

    assert read[("metaexpert_log_delay_p50_seconds",)] == 0.0015
    assert read[("metaexpert_log_crash_safe",)] == 1


def test_a_handlers_name_may_hold_anything() -> None:
    """Quotes, backslashes and line ends in a label are escaped."""
    name = 'a"b\\c\nd'
    sink = SinkStats(written=7, dropped=0, bytes=0, errors=0, problem="down")

    read = samples(exposition(LoggerStats(sinks={name: sink}), ["sink down"]))

    assert read["metaexpert_log_sink_records_written_total", name] == 7
    assert read["metaexpert_log_sink_up", name] == 0
    assert read[("metaexpert_log_healthy",)] == 0


def test_large_counters_are_exact() -> None:
    """A counter beyond what a float's short form shows keeps all its digits."""
    assert "metaexpert_log_written_bytes_total 123456789012345\n" in exposition(
        LoggerStats(bytes_written=123456789012345)
    )


def test_the_host_adds_metrics_of_its_own() -> None:
    """A source is asked at each scrape, and added once however often it comes."""

    def source() -> list[Family]:
        return [Family("metaexpert_expert_ticks_total", "counter", "Ticks.", {(): 5.0})]

    try:
        metrics.add_source(source)
        metrics.add_source(source)
        text = exposition(LoggerStats())
    finally:
        metrics._sources.remove(source)

    assert samples(text)[("metaexpert_expert_ticks_total",)] == 5
    assert text.count("# TYPE metaexpert_expert_ticks_total counter\n") == 1

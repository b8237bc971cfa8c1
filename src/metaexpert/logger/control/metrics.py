"""The counters of the logging system in Prometheus's text format, version 0.0.4.

https://prometheus.io/docs/instrumenting/exposition_formats/: names with base units, counters end in `_total`.
Labels are levels, reasons and handlers, of which there are few; never symbols or orders.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

from metaexpert.logger.statistics import LoggerStats

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
_NS_PER_SECOND: Final = 1e9

Labels = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Family:
    """One metric: its full name, what it counts, and its samples by labels."""

    name: str
    kind: Literal["counter", "gauge"]
    help: str
    samples: Mapping[Labels, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Distribution:
    """One histogram: how many samples fell into each bucket, the last without a bound, and their sum."""

    counts: Sequence[int]
    sum: float


@dataclass(frozen=True, slots=True)
class Histograms:
    """A metric of distributions: its full name, what is measured, the bounds of the buckets, its samples."""

    name: str
    help: str
    bounds: Sequence[float]
    samples: Mapping[Labels, Distribution] = field(default_factory=dict)


Source = Callable[[], Iterable[Family | Histograms]]
#: Further metrics, such as those of the expert host (`metaexpert_expert_…`): see `add_source`.
_sources: Final[list[Source]] = []


def add_source(source: Source) -> None:
    """Have `source` called for further metrics at each scrape, on the server's thread; it must be quick."""
    if source not in _sources:
        _sources.append(source)


def exposition(stats: LoggerStats, problems: Iterable[str] = ()) -> str:
    """Return all metrics as text; `problems` are what `/health` would say."""
    families: list[Family | Histograms]
    families = [*_records(stats), *_queue(stats), *_delays(stats), *_sinks(stats), _health(problems)]
    for source in _sources:
        families += source()
    return "".join(
        line
        for each in families
        for line in (_lines(each) if isinstance(each, Family) else _histogram_lines(each))
    )


def _records(stats: LoggerStats) -> Iterator[Family]:
    yield _counter("records_logged", "Records that log calls submitted.", "level", stats.logged_by_level)
    yield _counter(
        "records_written", "Records that every handler has taken.", "level", stats.written_by_level
    )
    yield _counter("records_dropped", "Records that were lost, by reason.", "reason", stats.dropped_by_reason)
    yield _counter(
        "records_dropped_by_level", "Records that were lost, by level.", "level", stats.dropped_by_level
    )
    yield _gauge("records_queued", "Records that are not written yet.", stats.queued)
    yield Family("metaexpert_log_written_bytes_total", "counter", "Bytes written.", {(): stats.bytes_written})
    yield Family("metaexpert_log_errors_total", "counter", "Failed attempts to write.", {(): stats.errors})
    words = "Changes of the configuration that were put in force."
    yield Family("metaexpert_log_reconfigurations_total", "counter", words, {(): stats.reconfigurations})


def _queue(stats: LoggerStats) -> Iterator[Family]:
    yield _gauge("queue_bytes", "Bytes of the queue in use.", stats.queue_bytes)
    yield _gauge("queue_capacity_bytes", "Bytes that the queue has room for.", stats.queue_capacity_bytes)
    yield _gauge("queue_high_water_bytes", "Most bytes ever in use.", stats.queue_high_water_bytes)
    yield _gauge("crash_safe", "1 if the queue survives the process.", float(stats.crash_safe))


def _delays(stats: LoggerStats) -> Iterator[Family]:
    told = "from call to write"
    for part, words, value in (
        ("p50", f"Median delay {told}.", stats.delay_p50_ns),
        ("p99", f"99th percentile of the delay {told}.", stats.delay_p99_ns),
        ("max", f"Longest delay {told}.", stats.delay_max_ns),
    ):
        yield _gauge(f"delay_{part}_seconds", words, value / _NS_PER_SECOND)


def _sinks(stats: LoggerStats) -> Iterator[Family]:
    sinks = stats.sinks.items()
    for part, words, values in (
        ("records_written", "Records written, by handler.", {name: each.written for name, each in sinks}),
        ("records_dropped", "Records lost, by handler.", {name: each.dropped for name, each in sinks}),
        ("written_bytes", "Bytes written, by handler.", {name: each.bytes for name, each in sinks}),
        ("errors", "Failed attempts to write, by handler.", {name: each.errors for name, each in sinks}),
    ):
        yield _counter(f"sink_{part}", words, "sink", values)
    up: dict[Labels, float] = {(("sink", name),): float(each.problem is None) for name, each in sinks}
    yield Family("metaexpert_log_sink_up", "gauge", "1 if the handler works, 0 if it is in trouble.", up)


def _health(problems: Iterable[str]) -> Family:
    return _gauge("healthy", "1 if /health answers 200.", float(not any(problems)))


def _counter(name: str, words: str, label: str, values: Mapping[str, int]) -> Family:
    samples: dict[Labels, float] = {((label, value),): float(count) for value, count in values.items()}
    return Family(f"metaexpert_log_{name}_total", "counter", words, samples)


def _gauge(name: str, words: str, value: float) -> Family:
    return Family(f"metaexpert_log_{name}", "gauge", words, {(): value})


def _lines(family: Family) -> Iterator[str]:
    yield f"# HELP {family.name} {_escaped(family.help)}\n"
    yield f"# TYPE {family.name} {family.kind}\n"
    for labels, value in family.samples.items():
        yield _sample(family.name, _pairs(labels), value)


def _histogram_lines(family: Histograms) -> Iterator[str]:
    yield f"# HELP {family.name} {_escaped(family.help)}\n"
    yield f"# TYPE {family.name} histogram\n"
    bounds = [*map(_number, family.bounds), "+Inf"]
    for labels, distribution in family.samples.items():
        pairs = _pairs(labels)
        before = f"{pairs}," if pairs else ""
        total = 0
        for bound, count in zip(bounds, distribution.counts, strict=True):
            total += count
            yield _sample(f"{family.name}_bucket", f'{before}le="{bound}"', total)
        yield _sample(f"{family.name}_sum", pairs, distribution.sum)
        yield _sample(f"{family.name}_count", pairs, total)


def _pairs(labels: Labels) -> str:
    return ",".join(f'{name}="{_escaped_label(text)}"' for name, text in labels)


def _sample(name: str, pairs: str, value: float) -> str:
    return f"{name}{{{pairs}}} {_number(value)}\n" if pairs else f"{name} {_number(value)}\n"


def _number(value: float) -> str:
    return str(int(value)) if float(value).is_integer() else repr(float(value))


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\n", "\\n")


def _escaped_label(text: str) -> str:
    return _escaped(text).replace('"', '\\"')

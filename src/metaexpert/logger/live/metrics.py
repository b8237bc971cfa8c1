"""The counters of the logging system in Prometheus's text format, version 0.0.4.

https://prometheus.io/docs/instrumenting/exposition_formats/: names with base units, counters end in `_total`.
Labels are levels, reasons and handlers, because there are few of them; never symbols or orders.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

from metaexpert.logger.process.statistics import LoggerStats

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
#: Further metrics, such as those of the program itself: see `add_source`.
_sources: Final[list[Source]] = []


def add_source(source: Source) -> None:
    """Have `source` called for further metrics at each scrape, on the server's thread.

    Each one must be soon made: a trading thread waits meanwhile, and has its turn between two of them.
    """
    if source not in _sources:
        _sources.append(source)


def exposition(stats: LoggerStats, problems: Iterable[str] = ()) -> Iterator[str]:
    """Yield all metrics as text, in parts that are soon made; `problems` are what `/health` would say."""
    for families in (_own(stats, problems), *(source() for source in _sources)):
        for family in families:
            if isinstance(family, Family):
                yield _text_of(family)
            else:
                yield from _parts_of(family)


def _own(stats: LoggerStats, problems: Iterable[str]) -> Iterator[Family]:
    yield from _records(stats)
    yield from _queue(stats)
    yield from _delays(stats)
    yield from _sinks(stats)
    yield _health(problems)


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
        ("records_cut", "Records cut to fit, by handler.", {name: each.cut for name, each in sinks}),
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


def _text_of(family: Family) -> str:
    lines = [_head(family.name, family.help, family.kind)]
    for labels, value in family.samples.items():
        pairs = _pairs(labels)
        name = f"{family.name}{{{pairs}}}" if pairs else family.name
        lines.append(f"{name} {_number(value)}\n")
    return "".join(lines)


def _parts_of(family: Histograms) -> Iterator[str]:
    yield _head(family.name, family.help, "histogram")
    bounds = tuple(family.bounds)
    for labels, distribution in family.samples.items():
        *buckets, sum_of, count_of = _heads_of_histogram(family.name, labels, bounds)
        totals = tuple(itertools.accumulate(distribution.counts))
        lines = [f"{head} {total}\n" for head, total in zip(buckets, totals, strict=True)]
        yield f"{''.join(lines)}{sum_of} {_number(distribution.sum)}\n{count_of} {totals[-1]}\n"


@functools.lru_cache(maxsize=256)
def _heads_of_histogram(name: str, labels: Labels, bounds: tuple[float, ...]) -> tuple[str, ...]:
    """Return what stands before the numbers: of each bucket, of the sum and of the count."""
    pairs = _pairs(labels)
    before, all_of_it = (f"{pairs},", f"{{{pairs}}}") if pairs else ("", "")
    return (
        *(f'{name}_bucket{{{before}le="{bound}"}}' for bound in (*map(_number, bounds), "+Inf")),
        f"{name}_sum{all_of_it}",
        f"{name}_count{all_of_it}",
    )


def _head(name: str, words: str, kind: str) -> str:
    return f"# HELP {name} {_escaped(words)}\n# TYPE {name} {kind}\n"


def _pairs(labels: Labels) -> str:
    return ",".join(f'{name}="{_escaped_label(text)}"' for name, text in labels)


def _number(value: float) -> str:
    return str(int(value)) if float(value).is_integer() else repr(float(value))


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\n", "\\n")


def _escaped_label(text: str) -> str:
    return _escaped(text).replace('"', '\\"')

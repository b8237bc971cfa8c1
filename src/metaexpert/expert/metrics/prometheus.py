"""The figures of the experts of this process, `metaexpert_expert_…`, for the control server's `/metrics`."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final, Literal
from weakref import WeakKeyDictionary

from metaexpert.expert.metrics import process
from metaexpert.expert.metrics.meter import BUCKETS_NS, ExpertMeter, ExpertMetrics, Latency
from metaexpert.logger.live.metrics import Distribution, Family, Histograms, Labels, add_source

_PREFIX: Final = "metaexpert_expert_"
_NS_PER_SECOND: Final = 1e9
_Metrics = dict[str, list[ExpertMetrics]]
"""Figures by the name of the strategy."""

_BOUNDS_SECONDS: Final = tuple(bound / _NS_PER_SECOND for bound in BUCKETS_NS)
_NAME_CHARACTERS: Final = 80

#: Experts that are gone take their figures with them.
_meters: Final[WeakKeyDictionary[ExpertMeter, str]] = WeakKeyDictionary()
_lock: Final = threading.Lock()


def publish(meter: ExpertMeter, strategy: str) -> None:
    """Show the figures of `meter` from now on under the name of its strategy; those of one name are added."""
    with _lock:
        _meters[meter] = strategy[:_NAME_CHARACTERS]
    add_source(families)


def families() -> Iterator[Family | Histograms]:
    """Yield all metrics of the experts; none before the first run."""
    with _lock:
        meters = list(_meters.items())
    if not meters:
        return
    by_strategy: _Metrics = {}
    for meter, strategy in meters:
        by_strategy.setdefault(strategy, []).append(meter.snapshot())
    yield _family("ticks_total", "counter", "Ticks taken from the market.", by_strategy, lambda m: m.ticks)
    yield _family("bars_total", "counter", "Bars that closed.", by_strategy, lambda m: m.bars)
    yield _family(
        "reconnects_total", "counter", "Connections made again.", by_strategy, lambda m: m.reconnects
    )
    yield _family(
        "running_seconds_total", "counter", "Time in runs.", by_strategy, lambda m: m.running_seconds
    )
    yield _errors(by_strategy)
    yield _latencies(by_strategy)
    yield _queue_delay(by_strategy)
    yield _of_process("cpu_seconds_total", "counter", "CPU time of the process.", process.cpu_seconds())
    yield _of_process("memory_bytes", "gauge", "Memory of the process in RAM.", float(process.memory_bytes()))


def _family(
    name: str,
    kind: Literal["counter", "gauge"],
    words: str,
    by_strategy: _Metrics,
    value: Callable[[ExpertMetrics], float],
) -> Family:
    samples: dict[Labels, float] = {
        _of(strategy): sum(map(value, each)) for strategy, each in by_strategy.items()
    }
    return Family(_PREFIX + name, kind, words, samples)


def _of_process(name: str, kind: Literal["counter", "gauge"], words: str, value: float) -> Family:
    return Family(_PREFIX + name, kind, words, {(): value})


def _errors(by_strategy: _Metrics) -> Family:
    samples: dict[Labels, float] = {}
    for strategy, metrics in by_strategy.items():
        for each in metrics:
            for event, count in each.handler_errors.items():
                labels = _of(strategy, event)
                samples[labels] = samples.get(labels, 0) + count
    return Family(
        f"{_PREFIX}handler_errors_total", "counter", "Calls of event handlers that raised.", samples
    )


def _latencies(by_strategy: _Metrics) -> Histograms:
    grouped: dict[Labels, list[Latency]] = {}
    for strategy, metrics in by_strategy.items():
        for each in metrics:
            for event, latency in each.handlers.items():
                grouped.setdefault(_of(strategy, event), []).append(latency)
    return _histograms("handler_latency_seconds", "How long calls of event handlers took.", grouped)


def _queue_delay(by_strategy: _Metrics) -> Histograms:
    grouped = {_of(strategy): [m.queue_delay for m in metrics] for strategy, metrics in by_strategy.items()}
    words = "From the arrival of a tick, bar or order book to the call of its event handler."
    return _histograms("queue_delay_seconds", words, grouped)


def _histograms(name: str, words: str, grouped: Mapping[Labels, Iterable[Latency]]) -> Histograms:
    samples = {}
    for labels, latencies in grouped.items():
        all_of_it = Latency().with_all(latencies)
        samples[labels] = Distribution(all_of_it.counts, all_of_it.total_ns / _NS_PER_SECOND)
    return Histograms(_PREFIX + name, words, _BOUNDS_SECONDS, samples)


def _of(strategy: str, event: str | None = None) -> Labels:
    return (("strategy", strategy),) if event is None else (("strategy", strategy), ("event", event))

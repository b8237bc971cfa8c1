"""Counting what an expert does, cheaply enough for each call of an event handler.

A histogram has fixed buckets: one observation is a search among them and three additions. Any thread can make
a snapshot, while the trading thread goes on.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from time import perf_counter_ns
from typing import Any, Final, Self

from metaexpert.expert.metrics import process
from metaexpert.logger.shared.frozen import FrozenDict

#: Upper bounds of the buckets in nanoseconds, from 1 us to 10 s; slower ones are counted behind the last.
BUCKETS_NS: Final[tuple[int, ...]] = (
    *(step * 10**power // 2 for power in range(3, 10) for step in (2, 5, 10)),
    10**10,
)
#: Events that come from outside and may have to wait for their event handlers.
MARKET_EVENTS: Final = frozenset({"on_tick", "on_bar", "on_book"})

_NS_PER_SECOND: Final = 1e9
_NS_PER_US: Final = 1e3


@dataclass(frozen=True, slots=True)
class Latency:
    """A distribution of durations: `counts` by the bounds of `BUCKETS_NS`, the last for what is longer."""

    counts: tuple[int, ...] = (0,) * (len(BUCKETS_NS) + 1)
    total_ns: int = 0
    max_ns: int = 0

    @property
    def count(self) -> int:
        """How many durations."""
        return sum(self.counts)

    @property
    def mean_ns(self) -> float:
        """Their mean, 0 without any."""
        count = self.count
        return self.total_ns / count if count else 0.0

    def quantile_ns(self, fraction: float) -> int:
        """Return what at least `fraction` (0 to 1) of them do not pass: a bucket's bound, or the maximum."""
        left = fraction * self.count
        for bound, count in zip(BUCKETS_NS, self.counts, strict=False):
            left -= count
            if left <= 0:
                return min(bound, self.max_ns)
        return self.max_ns

    def with_all(self, others: Iterable[Latency]) -> Latency:
        """Return the distribution of these durations and those of `others` together."""
        every = (self, *others)
        return Latency(
            tuple(map(sum, zip(*(each.counts for each in every), strict=True))),
            sum(each.total_ns for each in every),
            max(each.max_ns for each in every),
        )

    def figures(self) -> dict[str, Any]:
        """Return number, mean, quantiles and maximum, in microseconds, for a record."""
        return {
            "calls": self.count,
            "mean_us": round(self.mean_ns / _NS_PER_US, 3),
            "p50_us": round(self.quantile_ns(0.5) / _NS_PER_US, 3),
            "p99_us": round(self.quantile_ns(0.99) / _NS_PER_US, 3),
            "max_us": round(self.max_ns / _NS_PER_US, 3),
        }


class Histogram:
    """A distribution that grows; one thread observes, any may take a snapshot."""

    __slots__ = ("_counts", "_max_ns", "_total_ns")

    def __init__(self) -> None:
        self._counts = [0] * (len(BUCKETS_NS) + 1)
        self._total_ns = 0
        self._max_ns = 0

    def observe(self, ns: int) -> None:
        """Count a duration."""
        self._counts[bisect_left(BUCKETS_NS, ns)] += 1
        self._total_ns += ns
        self._max_ns = max(self._max_ns, ns)

    def snapshot(self) -> Latency:
        """Return the distribution as it is now."""
        return Latency(tuple(self._counts), self._total_ns, self._max_ns)


@dataclass(frozen=True, slots=True)
class ExpertMetrics:
    """The figures of an expert's runs so far, taken at one moment."""

    ticks: int = 0
    """Trades and quotes that came in; bars that end are not among them."""
    bars: int = 0
    """Bars that closed, of the data's timeframe or, for ticks, of the shortest one in use."""
    running_seconds: float = 0.0
    """How long its runs have lasted, in real time."""
    handlers: Mapping[str, Latency] = field(default_factory=FrozenDict)
    """How long event handlers took, by event (`on_bar`, …), of events that have been called."""
    handler_errors: Mapping[str, int] = field(default_factory=FrozenDict)
    """How many calls raised, by event; the same events."""
    queue_delay: Latency = Latency()
    """From the arrival of a tick, bar or order book to its event handler: the venue, and event handlers
    before it."""
    reconnects: int = 0
    """How often a connection to the exchange was made again: 0 on recorded data."""
    cpu_seconds: float = 0.0
    """CPU time of the whole process since it began."""
    memory_bytes: int = 0
    """Memory of the whole process in RAM."""

    @property
    def ticks_per_second(self) -> float:
        """Ticks in a second of real time, over all its runs."""
        return self._rate(self.ticks)

    @property
    def bars_per_second(self) -> float:
        """Bars in a second of real time, over all its runs."""
        return self._rate(self.bars)

    def _rate(self, count: int) -> float:
        return count / self.running_seconds if self.running_seconds > 0 else 0.0

    def figures(self, since: Self) -> dict[str, Any]:
        """Return the fields of a record: totals, and rates over the time that has passed since `since`."""
        seconds = self.running_seconds - since.running_seconds

        def rate(of: float) -> float:
            return round(of / seconds, 3) if seconds > 0 else 0.0

        return {
            "interval_s": round(seconds, 3),
            "ticks": self.ticks,
            "bars": self.bars,
            "ticks_per_second": rate(self.ticks - since.ticks),
            "bars_per_second": rate(self.bars - since.bars),
            "queue_delay_p50_us": round(self.queue_delay.quantile_ns(0.5) / _NS_PER_US, 3),
            "queue_delay_p99_us": round(self.queue_delay.quantile_ns(0.99) / _NS_PER_US, 3),
            "queue_delay_max_us": round(self.queue_delay.max_ns / _NS_PER_US, 3),
            "cpu_seconds": round(self.cpu_seconds, 3),
            "cpu_pct": round(100 * rate(self.cpu_seconds - since.cpu_seconds), 1),
            "memory_bytes": self.memory_bytes,
            "reconnects": self.reconnects,
            "handler_errors": sum(self.handler_errors.values()),
            "handlers": {event: latency.figures() for event, latency in self.handlers.items()},
        }


class ExpertMeter:
    """Takes the figures of one expert, over all its runs."""

    def __init__(self, events: Iterable[str], interval_seconds: float = 0.0) -> None:
        """`events` are all that there are; a record is due each `interval_seconds`, never for 0."""
        self.bars = self.ticks = self.reconnects = 0
        self.errors = dict.fromkeys(events, 0)
        self._handlers = {event: Histogram() for event in self.errors}
        self._queue_delay = Histogram()
        self._arrived_ns = 0
        self._started_ns: int | None = None
        self._ran_ns = 0
        self._interval_ns = int(interval_seconds * _NS_PER_SECOND)
        self._due_ns = 0
        self._told = ExpertMetrics()

    def begin(self) -> None:
        """A run begins."""
        self._started_ns = self._arrived_ns = perf_counter_ns()
        self._due_ns = self._started_ns + self._interval_ns
        self._told = self.snapshot()

    def end(self) -> None:
        """The run is over."""
        started, self._started_ns = self._started_ns, None
        if started is not None:
            self._ran_ns += perf_counter_ns() - started

    def event_arrived(self) -> None:
        """Something came from the market, and now waits for its event handlers."""
        self._arrived_ns = perf_counter_ns()

    def event_handler_called(self, event: str, started_ns: int, ended_ns: int) -> None:
        """Count a call of an event handler; times are those of `perf_counter_ns`."""
        self._handlers[event].observe(ended_ns - started_ns)
        if event in MARKET_EVENTS:
            self._queue_delay.observe(started_ns - self._arrived_ns)

    def is_due(self) -> bool:
        """Tell whether a record is due."""
        return self._interval_ns > 0 and self._arrived_ns >= self._due_ns

    def figures(self) -> dict[str, Any]:
        """Return the fields of a record; the next one tells what comes from now on."""
        now, before = self.snapshot(), self._told
        self._told = now
        self._due_ns = perf_counter_ns() + self._interval_ns
        return now.figures(before)

    def snapshot(self) -> ExpertMetrics:
        """Return the figures as they are now."""
        started, ran_ns = self._started_ns, self._ran_ns
        if started is not None:
            ran_ns += perf_counter_ns() - started
        taken = {event: histogram.snapshot() for event, histogram in self._handlers.items()}
        called = {event: latency for event, latency in taken.items() if latency.count}
        return ExpertMetrics(
            ticks=self.ticks,
            bars=self.bars,
            running_seconds=ran_ns / _NS_PER_SECOND,
            handlers=FrozenDict(called),
            handler_errors=FrozenDict({event: self.errors[event] for event in called}),
            queue_delay=self._queue_delay.snapshot(),
            reconnects=self.reconnects,
            cpu_seconds=process.cpu_seconds(),
            memory_bytes=process.memory_bytes(),
        )

"""A snapshot of the logging system's counters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from metaexpert.logger.shared.frozen import FrozenDict


@dataclass(frozen=True)
class SinkStats:
    """The counters of one handler: lines written and given up, bytes, failed attempts, present problem.

    For a network handler, `reconnects` counts the connections after its first, and `cut` the records that
    were shortened to fit the destination.
    """

    written: int
    dropped: int
    bytes: int
    errors: int
    problem: str | None
    reconnects: int = 0
    cut: int = 0


@dataclass(frozen=True)
class LoggerStats:
    """Counters of the process's logging, taken at one instant: `logged == written + dropped + queued`.

    Numbers count records unless their name has a unit. Records of custom levels count with the standard
    level below them.
    """

    logged: int = 0
    written: int = 0
    dropped: int = 0
    queued: int = 0
    logged_by_level: Mapping[str, int] = field(default_factory=FrozenDict)
    written_by_level: Mapping[str, int] = field(default_factory=FrozenDict)
    dropped_by_level: Mapping[str, int] = field(default_factory=FrozenDict)
    dropped_by_reason: Mapping[str, int] = field(default_factory=FrozenDict)
    sinks: Mapping[str, SinkStats] = field(default_factory=FrozenDict)
    queue_bytes: int = 0
    queue_capacity_bytes: int = 0
    queue_high_water_bytes: int = 0
    bytes_written: int = 0
    errors: int = 0
    delay_p50_ns: int = 0
    delay_p99_ns: int = 0
    delay_max_ns: int = 0
    crash_safe: bool = False
    reconfigurations: int = 0
    """Changes of the configuration that were put in force after the first one."""

    @classmethod
    def of(cls, counters: dict[str, Any] | None, reconfigurations: int = 0) -> Self:
        """Return the snapshot that the native engine's `counters` make; zeros if it never ran."""
        if counters is None:
            return cls(reconfigurations=reconfigurations)
        logged, written, reasons = (counters.pop(name) for name in ("logged", "written", "dropped"))
        sinks = {name: SinkStats(**sink) for name, sink in counters.pop("sinks").items()}
        by_level = {level: sum(levels[level] for levels in reasons.values()) for level in logged}
        by_reason = {reason: sum(levels.values()) for reason, levels in reasons.items()}
        return cls(
            logged=sum(logged.values()),
            written=sum(written.values()),
            dropped=sum(by_reason.values()),
            logged_by_level=FrozenDict(logged),
            written_by_level=FrozenDict(written),
            dropped_by_level=FrozenDict(by_level),
            dropped_by_reason=FrozenDict(by_reason),
            sinks=FrozenDict(sinks),
            **counters,
            reconfigurations=reconfigurations,
        )

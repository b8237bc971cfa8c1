"""Facts about what counts as trouble."""

from dataclasses import replace
from typing import TYPE_CHECKING

from metaexpert.logger import LoggerStats, SinkStats, stats
from metaexpert.logger.control.health import DROPS_SHOWN_SECONDS, Health

if TYPE_CHECKING:
    from support.logs import Logs


def with_problem(problem: str | None) -> LoggerStats:
    """Return counters of a system with one handler."""
    return LoggerStats(sinks={"file": SinkStats(written=0, dropped=0, bytes=0, errors=0, problem=problem)})


def test_a_handler_in_trouble_is_named(logs: "Logs") -> None:
    """With its problem, and as a full disk where it is one."""
    health = Health()

    assert health.reasons(with_problem(None)) == []
    assert health.reasons(with_problem("a.log: Input/output error (os error 5)")) == [
        "sink down: file: a.log: Input/output error (os error 5)"
    ]
    assert health.reasons(with_problem("a.log: No space left on device (os error 28)")) == [
        "disk full: file: a.log: No space left on device (os error 28)"
    ]


def test_losses_count_for_a_minute(logs: "Logs") -> None:
    """Each loss that is seen makes unhealthy for a while; those before the start do not."""
    logs.configure()
    now = [0.0]
    health = Health(lambda: now[0])
    lost = replace(stats(), dropped=stats().dropped + 3)

    assert health.reasons(stats()) == []
    assert health.reasons(lost) == ["records dropped: 3 in the last 60 s"]
    now[0] = DROPS_SHOWN_SECONDS - 1
    assert health.reasons(lost) != []
    now[0] = DROPS_SHOWN_SECONDS + 1
    assert health.reasons(lost) == []


def test_a_system_that_was_started_again_counts_from_zero(logs: "Logs") -> None:
    """Fewer losses than before mean a new engine, whose losses are all new."""
    health = Health(lambda: 0.0)
    health.reasons(LoggerStats(dropped=5))

    assert health.reasons(LoggerStats(dropped=2)) == ["records dropped: 7 in the last 60 s"]

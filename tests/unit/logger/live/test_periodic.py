"""The record of the logging system's own counters."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import pytest

from metaexpert.logger import ConfigurationError, LoggerStats, SinkStats, configuration, configure, shutdown
from metaexpert.logger.live import periodic
from support.control_harness import eventually

if TYPE_CHECKING:
    from support.logs import Logs

THREAD = "metaexpert-log-stats"


@pytest.fixture(autouse=True)
def ends_with_the_test() -> Iterator[None]:
    """The thread ends with the test."""
    yield
    periodic.stop()


def told(logs: Logs) -> list[dict[str, Any]]:
    """The records of counters so far."""
    return [each for each in logs.records() if each.get("event_name") == "log.stats"]


def is_running() -> bool:
    """Whether the thread is there."""
    return any(thread.name == THREAD for thread in threading.enumerate())


def test_none_comes_unless_it_is_asked_for(logs: Logs) -> None:
    """The default is off, and costs no thread."""
    logs.configure()

    assert configuration().stats_interval_seconds == 0
    assert not is_running()


def test_counters_become_a_record(logs: Logs) -> None:
    """At any level of the root logger, with the names and numbers of `stats()`."""
    logs.configure(default_level="ERROR", stats_interval_seconds=1)
    logs.logger.error("one")

    eventually(lambda: bool(told(logs)), "a record of counters")

    first = told(logs)[0]
    assert (first["level"], first["module"]) == ("INFO", periodic.LOGGER)
    assert first["logged"] == first["written"] + first["dropped"] + first["queued"] == 1
    assert first["logged_by_level"] == {"ERROR": 1}
    assert first["sinks"]["file"]["written"] == 1
    assert first["delay_max_ns"] > 0


def test_it_is_switched_off_again(logs: Logs) -> None:
    """The thread ends; the same interval again leaves the one that runs."""
    logs.configure(stats_interval_seconds=3600)
    before = threading.enumerate()
    configure(default_level="DEBUG")
    assert is_running()
    assert threading.enumerate() == before

    configure(stats_interval_seconds=0)
    eventually(lambda: not is_running(), "the thread ends")


def test_shutdown_ends_it(logs: Logs) -> None:
    """No record after the end starts logging again."""
    logs.configure(stats_interval_seconds=3600)
    assert is_running()

    assert shutdown()
    assert not is_running()


@pytest.mark.parametrize("value", [-1, 86_401, "often", True])
def test_a_bad_interval_is_refused(value: Any, logs: Logs) -> None:
    """The message names the setting and what is allowed."""
    logs.configure()

    with pytest.raises(ConfigurationError, match=r"stats_interval_seconds must be .*seconds"):
        configure(stats_interval_seconds=value)


def test_what_is_zero_in_a_table_is_left_out() -> None:
    """Problems of handlers are told in full."""
    sink = SinkStats(written=0, dropped=2, bytes=0, errors=3, problem="disk full")
    fields = periodic.figures(
        LoggerStats(logged_by_level=MappingProxyType({"DEBUG": 0, "INFO": 2}), sinks={"file": sink})
    )

    assert fields["logged_by_level"] == {"INFO": 2}
    assert fields["queued"] == 0
    assert fields["sinks"]["file"] == {
        "written": 0,
        "dropped": 2,
        "bytes": 0,
        "errors": 3,
        "problem": "disk full",
        "reconnects": 0,
        "cut": 0,
    }

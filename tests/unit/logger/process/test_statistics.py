"""Facts about the counters."""

import copy
import dataclasses
import json
import logging
import pickle
from typing import TYPE_CHECKING

import pytest

from metaexpert.logger import LoggerStats, shutdown, stats

if TYPE_CHECKING:
    from support.logs import Logs


def test_all_is_zero_before_the_start() -> None:
    """The snapshot of an engine that never ran holds zeros."""
    empty = LoggerStats.of(None)

    assert (empty.logged, empty.written, empty.dropped, empty.queued) == (0, 0, 0, 0)
    assert dict(empty.sinks) == {}


def test_levels_and_handlers_are_counted(logs: "Logs") -> None:
    """Each record counts once by level, and once for each handler that wrote it."""
    logs.configure()
    for level in (10, 20, 20, 30, 40, 50):
        logs.logger.log(level, "m")
    logs.logger.trade("m")
    assert len(logs.records()) == 7

    seen = stats()
    levels = {"DEBUG": 1, "INFO": 3, "WARNING": 1, "ERROR": 1, "CRITICAL": 1}
    assert dict(seen.logged_by_level) == dict(seen.written_by_level) == levels
    assert {name: sink.written for name, sink in seen.sinks.items()} == {"file": 7, "errors": 2, "trades": 1}
    assert seen.logged == seen.written == 7
    lost = [*seen.dropped_by_reason.values(), *seen.dropped_by_level.values()]
    assert (seen.dropped, sum(lost), len(lost) > 5) == (0, 0, True)


def test_custom_levels_count_with_the_standard_one_below(logs: "Logs") -> None:
    """A record of level 25 counts as INFO, one of level 35 as WARNING."""
    logs.configure()
    logs.logger.log(25, "m")
    logs.logger.log(35, "m")

    assert len(logs.records()) == 2
    counts = stats().logged_by_level
    assert (counts["INFO"], counts["WARNING"]) == (1, 1)


def test_levels_that_are_off_are_not_counted(logs: "Logs") -> None:
    """A call below the level is no record."""
    logs.configure(default_level="ERROR")
    logs.logger.info("lost")
    logging.getLogger("plain").info("lost")
    logs.logger.error("m")

    assert logs.messages() == ["m"]
    assert stats().logged == 1


def test_a_snapshot_is_frozen(logs: "Logs") -> None:
    """It stays as it is while logging goes on, and nobody can change it."""
    logs.configure()
    logs.logger.info("m")
    logs.records()
    before = stats()
    logs.logger.info("m")
    logs.records()

    assert (before.logged, stats().logged) == (1, 2)
    with pytest.raises(dataclasses.FrozenInstanceError):
        before.logged = 5  # type: ignore[misc]
    with pytest.raises(TypeError):
        before.logged_by_level["INFO"] = 5  # type: ignore[index]


def test_the_last_run_is_remembered_after_shutdown(logs: "Logs") -> None:
    """After `shutdown` the counters show the end of the run."""
    logs.configure()
    logs.logger.info("m")
    assert shutdown(10)

    seen = stats()
    assert (seen.logged, seen.written, seen.queued) == (1, 1, 0)


def test_a_snapshot_may_leave_the_process(logs: "Logs") -> None:
    """It is pickled, copied deeply and made a dictionary of, and its tables stay as they are."""
    logs.configure()
    logs.logger.info("m")
    logs.records()
    seen = stats()

    assert pickle.loads(pickle.dumps(seen)) == copy.deepcopy(seen) == seen
    assert dataclasses.asdict(seen)["sinks"]["file"]["written"] == 1
    json.dumps(dataclasses.asdict(seen))
    with pytest.raises(TypeError, match="cannot be changed"):
        pickle.loads(pickle.dumps(seen)).logged_by_level["INFO"] = 2

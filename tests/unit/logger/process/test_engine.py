"""Facts about the engine's life in a process."""

import json
from typing import TYPE_CHECKING

import pytest

from metaexpert.logger import configure, flush, shutdown, stats
from metaexpert.logger.process import engine
from metaexpert.logger.shared import native

if TYPE_CHECKING:
    from support.logs import Logs


def test_nothing_runs_before_the_first_configuration(fresh_logging: None) -> None:
    """Flushing and stopping are no-ops then, and succeed."""
    assert not engine.is_configured()
    assert (flush(), shutdown(), native.is_running()) == (True, True, False)


def test_the_engine_starts_stops_and_starts_again(logs: "Logs") -> None:
    """After `shutdown` the engine is configured but does not run, until a record or a request starts it."""
    logs.configure()
    assert native.is_running()
    assert shutdown(10)
    assert (engine.is_configured(), native.is_running()) == (True, False)
    assert engine.ensure_running()
    logs.logger.info("m")
    assert logs.messages() == ["m"]


def test_levels_no_handler_takes_are_known(logs: "Logs") -> None:
    """`wants` is false below the lowest level of all handlers."""
    logs.configure(handlers={"file": {"level": "WARNING"}, "trades": None, "errors": None})

    assert [engine.wants(level) for level in (10, 20, 30, 40)] == [False, False, True, True]


def test_listeners_hear_of_every_change(logs: "Logs") -> None:
    """Starting, configuring and stopping call each listener."""
    heard: list[bool] = []
    engine.on_change(listener := lambda: heard.append(native.is_running()))
    try:
        logs.configure()
        configure(include=["run_id"])
        shutdown(10)
    finally:
        engine._engine.listeners.remove(listener)

    assert heard.count(True) >= 2
    assert heard[-1] is False


def test_another_queue_size_takes_effect_without_loss(logs: "Logs") -> None:
    """Changing the queue's size goes through a new engine; numbering goes on and no record is lost."""
    logs.configure(queue={"capacity_bytes": 65536})
    assert stats().queue_capacity_bytes == 65536
    for size in (1 << 20, 65536, 1 << 22):
        logs.logger.info("m", size=size)
        configure(queue={"capacity_bytes": size})
        assert stats().queue_capacity_bytes == size

    records = logs.records()
    first = records[0]["seq"]
    assert [record["seq"] - first for record in records] == [0, 1, 2]
    assert [record["size"] for record in records] == [1 << 20, 65536, 1 << 22]


def test_a_document_the_engine_refuses_changes_nothing(logs: "Logs") -> None:
    """A malformed document is a ValueError naming the problem, and the engine runs on."""
    logs.configure()
    with pytest.raises(ValueError, match="engine configuration"):
        native.start(json.dumps({"directory": 5}), "run")

    logs.logger.info("m")
    assert logs.messages() == ["m"]

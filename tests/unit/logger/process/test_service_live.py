"""Facts about applying a configuration while the process runs."""

import logging
from typing import TYPE_CHECKING

import pytest

from metaexpert.logger import ConfigurationError, configure
from metaexpert.logger.process import engine, service

if TYPE_CHECKING:
    from support.logs import Logs


def test_a_change_of_levels_alone_leaves_the_engine_in_peace(logs: "Logs") -> None:
    """Levels are held on the calling side: files are not opened again for them, and they hold at once."""
    logs.configure()
    heard: list[None] = []
    engine.on_change(listener := lambda: heard.append(None))
    try:
        configure(default_level="WARNING", loggers={"bot.a": "DEBUG"})
    finally:
        engine._engine.listeners.remove(listener)

    assert heard == []
    assert logging.getLogger("bot.a").isEnabledFor(logging.DEBUG)
    assert not logs.logger.isEnabledFor(logging.INFO)


def test_many_levels_are_set_without_looking_at_all_loggers_for_each(logs: "Logs") -> None:
    """Levels that hold already are not set again: each setting makes every logger look anew."""
    levels = {f"many.{number}": "INFO" for number in range(50)}
    logs.configure(loggers=levels)
    cleared: list[None] = []
    manager = logging.root.manager
    original = manager._clear_cache  # type: ignore[attr-defined]
    manager._clear_cache = lambda: (cleared.append(None), original())  # type: ignore[attr-defined]
    try:
        configure(loggers={**levels, "many.7": "DEBUG"})
    finally:
        del manager._clear_cache  # type: ignore[attr-defined]

    assert 0 < len(cleared) < 10
    assert logging.getLogger("many.7").level == logging.DEBUG


def test_a_change_from_outside_is_announced_with_both_configurations(logs: "Logs") -> None:
    """`announce` sees what comes and what is, before anything happens; its result is called after."""
    logs.configure()
    seen: list[object] = []

    def announce(after: object, before: object) -> object:
        seen.append((after.default_level, before.default_level, logging.root.level))  # type: ignore[attr-defined]
        return lambda: seen.append(logging.root.level)

    service.reconfigure(lambda sources: sources.with_runtime({"default_level": "ERROR"}), announce)

    assert seen == [("ERROR", "DEBUG", logging.DEBUG), logging.ERROR]


def test_a_change_from_outside_outranks_code(logs: "Logs") -> None:
    """What was set at run time holds against every later `configure()`, until the process ends."""
    logs.configure()
    service.reconfigure(lambda sources: sources.with_runtime({"default_level": "ERROR"}))

    configuration = configure(default_level="INFO")

    assert (configuration.default_level, configuration.origin("default_level")) == ("ERROR", "runtime")


def test_a_refused_change_from_outside_changes_nothing(logs: "Logs") -> None:
    """The old configuration stays whole, and no announcement is made."""
    before = logs.configure()

    with pytest.raises(ConfigurationError, match="did you mean"):
        service.reconfigure(
            lambda sources: sources.with_runtime({"default_level": "DEBGU"}),
            lambda *_: pytest.fail("announced"),
        )

    assert service.configuration() is before


def test_a_change_from_outside_leaves_idle_loggers_idle(logs: "Logs") -> None:
    """Loggers enter the fast way with their next call: a change does not walk over all of a program's."""
    logs.configure()
    service.reconfigure(lambda sources: sources.with_runtime({"default_level": "INFO"}))
    assert not logs.is_fast()

    logs.logger.info("next")

    assert logs.is_fast()
    assert "next" in logs.messages()

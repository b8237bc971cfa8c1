"""Registration of event handlers, and the errors for mistakes."""

import pytest

from metaexpert.expert import ArgumentError
from metaexpert.expert.event_handlers.registry import EventHandlerRegistry


@pytest.fixture
def registry():
    """An empty registry."""
    return EventHandlerRegistry()


@pytest.mark.parametrize("function", [lambda a, b: None, lambda rates, *, must: None])
def test_handler_that_requires_more_is_refused(registry, function):
    """on_tick offers one argument; requiring more is told at registration, not at the first tick."""
    with pytest.raises(ArgumentError, match=r"on_tick calls .* with rates"):
        registry.add("on_tick", function)


def test_second_on_init_is_refused(registry):
    """An expert has one set of settings."""
    registry.add("on_init", lambda: None)
    with pytest.raises(ArgumentError, match="one on_init"):
        registry.add("on_init", lambda: None)


def test_what_is_no_function_is_refused(registry):
    """`@expert.on_tick("1m")` is a mistake."""
    with pytest.raises(ArgumentError, match="decorates a function"):
        registry.add("on_tick", "1m")

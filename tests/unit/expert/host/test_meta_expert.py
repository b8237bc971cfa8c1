"""The object that a strategy file builds: its decorators, and its calls outside a run."""

import pytest

from metaexpert.expert import ArgumentError, MetaExpert, NotRunningError
from metaexpert.expert.event_handlers.registration import Registrar


@pytest.fixture
def expert(fresh_logging):
    """An expert in a directory of its own."""
    return MetaExpert(exchange="binance", log_to_console=False)


def test_decorators_work_with_and_without_parentheses(expert):
    """With and without parentheses a decorator registers the function and returns it."""

    def handler(*_):
        return None

    assert expert.on_tick(handler) is handler
    assert expert.on_tick()(handler) is handler
    assert expert.on_bar(handler) is handler
    assert expert.on_bar("15m")(handler) is handler
    assert expert.on_timer(1.0)(handler) is handler
    assert expert.on_init(handler) is handler
    assert [
        len(expert.event_handlers.of(event)) for event in ("on_tick", "on_bar", "on_timer", "on_init")
    ] == [
        2,
        2,
        1,
        1,
    ]
    assert isinstance(expert.on_deinit, Registrar)


def test_timer_without_interval_is_refused(expert):
    """`@expert.on_timer` without parentheses has no interval to go by."""
    with pytest.raises(ArgumentError, match="interval"):
        expert.on_timer(lambda: None)


def test_trading_calls_outside_a_run_are_told(expert):
    """Each call names itself and where it belongs."""
    with pytest.raises(NotRunningError, match=r"expert.open_position works while"):
        expert.open_position("BUY")
    with pytest.raises(NotRunningError, match=r"expert.account works while"):
        _ = expert.account

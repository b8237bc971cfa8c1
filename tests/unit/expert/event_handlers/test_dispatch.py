"""Calls of event handlers, and the effect of a failing one."""

import contextvars

import pytest

from metaexpert.expert import ExpertError
from metaexpert.expert.event_handlers.dispatch import MAX_CONSECUTIVE_ERRORS, Dispatcher, StopRunError
from metaexpert.expert.event_handlers.registry import EVENT_ARGUMENTS, EventHandlerRegistry
from metaexpert.expert.journal import Journal
from metaexpert.expert.metrics import ExpertMeter
from metaexpert.expert.run.event_loop import OwnEventLoop


@pytest.fixture
def registry():
    """An empty registry."""
    return EventHandlerRegistry()


@pytest.fixture
def meter():
    """A meter of the events that there are."""
    return ExpertMeter(EVENT_ARGUMENTS)


@pytest.fixture
def event_loop():
    """The event loop of a run, closed afterwards."""
    made = OwnEventLoop()
    yield made
    made.close()


@pytest.fixture
def dispatcher(registry, meter, event_loop):
    """A dispatcher of the registry."""
    return Dispatcher(registry, Journal(), event_loop, meter)


def fail(*_):
    """A broken event handler."""
    raise RuntimeError("broken")


def test_handlers_take_as_many_arguments_as_they_want(registry, dispatcher):
    """on_transaction offers two; a function of one, of none and of any number are all called."""
    seen = []
    registry.add("on_transaction", lambda request: seen.append((request,)))
    registry.add("on_transaction", lambda: seen.append(()))
    registry.add("on_transaction", lambda *every: seen.append(every))
    registry.add("on_transaction", lambda request, result, extra=3: seen.append((request, result, extra)))
    dispatcher.emit("on_transaction", "q", "r")
    assert seen == [("q",), (), ("q", "r"), ("q", "r", 3)]


def test_async_handler_is_awaited_in_the_callers_context(registry, dispatcher):
    """An async event handler runs to its end, sees the caller's context variables, and its result counts."""
    variable = contextvars.ContextVar("variable")

    async def handler():
        return variable.get()

    registry.add("on_backtest", handler)
    variable.set("here")
    assert dispatcher.emit("on_backtest") == ["here"]


def test_failure_calls_on_error_and_goes_on(registry, dispatcher):
    """The exception itself is what on_error gets."""
    errors = []
    registry.add("on_bar", fail)
    registry.add("on_bar", lambda rates: errors.append("next handler"))
    registry.add("on_error", errors.append)
    dispatcher.emit("on_bar", 1)
    assert [str(error) for error in errors] == ["broken", "next handler"]
    assert dispatcher.errors == 1


def test_on_error_stops_the_run_by_false(registry, dispatcher):
    """None and True go on, False stops."""
    registry.add("on_bar", fail)
    answers = [None, True, False]
    registry.add("on_error", lambda err: answers.pop(0))
    dispatcher.emit("on_bar", 1)
    dispatcher.emit("on_bar", 1)
    with pytest.raises(StopRunError) as stop:
        dispatcher.emit("on_bar", 1)
    assert (stop.value.reason, str(stop.value.cause)) == ("error", "broken")


def test_failing_on_error_stops_without_calling_itself(registry, dispatcher):
    """on_error is called once, and its own exception ends the run."""
    calls = []

    def failing(err):
        calls.append(err)
        raise ValueError("even worse")

    registry.add("on_bar", fail)
    registry.add("on_error", failing)
    with pytest.raises(StopRunError) as stop:
        dispatcher.emit("on_bar", 1)
    assert len(calls) == 1
    assert str(stop.value.cause) == "even worse"


def test_same_handler_failing_in_a_row_stops_the_run(registry, dispatcher):
    """Ten failures in a row stop; a success in between starts the count again."""
    outcomes = [False] * (MAX_CONSECUTIVE_ERRORS - 1) + [True] + [False] * MAX_CONSECUTIVE_ERRORS

    def sometimes(rates):
        if not outcomes.pop(0):
            fail()

    registry.add("on_bar", sometimes)
    for _ in range(2 * MAX_CONSECUTIVE_ERRORS - 1):
        dispatcher.emit("on_bar", 1)
    with pytest.raises(StopRunError):
        dispatcher.emit("on_bar", 1)
    assert outcomes == []
    assert dispatcher.errors == 2 * MAX_CONSECUTIVE_ERRORS - 1


def test_failing_on_init_stops_at_once(registry, dispatcher):
    """A strategy that could not get ready does not trade."""
    registry.add("on_init", fail)
    with pytest.raises(StopRunError) as stop:
        dispatcher.emit("on_init")
    assert stop.value.reason == "init_failed"


def test_async_handler_inside_a_running_loop_is_told(registry, dispatcher):
    """In a notebook's loop the message says what to do instead of deadlocking."""
    import asyncio

    async def handler():
        return None

    registry.add("on_init", handler)

    async def notebook():
        with pytest.raises(StopRunError) as stop:
            dispatcher.emit("on_init")
        assert isinstance(stop.value.cause, ExpertError)
        assert "running event loop" in str(stop.value.cause)

    asyncio.run(notebook())


def test_calls_are_timed(registry, dispatcher):
    """Each event handler knows how often it ran, failures included."""
    registry.add("on_bar", fail)
    dispatcher.emit("on_bar", 1)
    dispatcher.emit("on_bar", 1)
    (handler,) = registry.of("on_bar")
    figures = handler.figures()
    assert figures["calls"] == 2
    assert figures["max_us"] >= figures["mean_us"] > 0


def test_errors_are_counted_by_event(registry, meter, dispatcher):
    """A call that raised is a call and an error."""
    registry.add("on_bar", fail)
    dispatcher.emit("on_bar", 1)
    assert meter.snapshot().handler_errors["on_bar"] == 1
    assert meter.snapshot().handlers["on_bar"].count == 1


def test_nothing_is_measured_without_a_meter(registry, event_loop):
    """`enable_metrics=False` takes no time of any call."""
    registry.add("on_bar", lambda rates: None)
    Dispatcher(registry, Journal(), event_loop).emit("on_bar", 1)
    (handler,) = registry.of("on_bar")
    assert handler.calls == handler.total_ns == 0

"""Calls of a strategy's event handlers, and what a failing one does to the run.

- An exception in `on_init` or `on_backtest_init` stops the run before any market event.
- An exception anywhere else is recorded with its traceback, `on_error(err)` is called, and the run goes on.
- It stops when the same event handler has failed `MAX_CONSECUTIVE_ERRORS` times in a row, when `on_error`
  returns False, and when `on_error` itself raises (which does not call `on_error` again).
"""

from __future__ import annotations

import inspect
from collections.abc import Coroutine
from time import perf_counter_ns
from typing import Any, Final, Protocol

from metaexpert.expert.event_handlers.registry import EventHandler, EventHandlerRegistry
from metaexpert.expert.journal import Journal
from metaexpert.expert.metrics import ExpertMeter

MAX_CONSECUTIVE_ERRORS: Final = 10


class StopRunError(Exception):
    """Ends the run; `reason` is what `on_deinit` is told, `cause` the strategy's exception if it was one."""

    def __init__(self, reason: str, cause: Exception | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.cause = cause


class AsyncCalls(Protocol):
    """The event loop of a run, as the dispatcher needs it."""

    def run(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        """Run a coroutine to its end in the caller's context, and return its result."""


class Dispatcher:
    """Calls event handlers, sync or async, one at a time and to the end."""

    def __init__(
        self,
        handlers: EventHandlerRegistry,
        journal: Journal,
        async_calls: AsyncCalls,
        meter: ExpertMeter | None = None,
    ) -> None:
        """`async_calls` runs what async event handlers return; without a `meter` nothing is measured."""
        self.errors = 0
        """How many event handler calls have failed."""
        self.last_error: Exception | None = None
        self._handlers = handlers
        self._journal = journal
        self._async_calls = async_calls
        self._meter = meter

    def emit(self, event: str, *arguments: Any) -> list[Any]:
        """Call every event handler of `event`; returns what those that did not fail returned."""
        results = []
        for handler in self._handlers.of(event):
            ok, value = self.call(handler, *arguments)
            if ok:
                results.append(value)
        return results

    def call(self, handler: EventHandler, *arguments: Any) -> tuple[bool, Any]:
        """Call one event handler; returns whether it succeeded, and its result. Raises `StopRunError`."""
        # The clock is read only where the figures are wanted.
        started = 0 if self._meter is None else perf_counter_ns()
        try:
            value = handler.function(*arguments[: handler.arity])
            if inspect.iscoroutine(value):
                value = self._async_calls.run(value)
        except StopRunError:
            raise
        except Exception as error:
            self._count(handler, started)
            self._failed(handler, error)
            return False, None
        self._count(handler, started)
        handler.consecutive_errors = 0
        return True, value

    def _count(self, handler: EventHandler, started_ns: int) -> None:
        if self._meter is None:
            return
        ended_ns = perf_counter_ns()
        elapsed_ns = ended_ns - started_ns
        handler.calls += 1
        handler.total_ns += elapsed_ns
        handler.slowest_ns = max(handler.slowest_ns, elapsed_ns)
        self._meter.event_handler_called(handler.event, started_ns, ended_ns)

    def _failed(self, handler: EventHandler, error: Exception) -> None:
        self.errors += 1
        if self._meter is not None:
            self._meter.errors[handler.event] += 1
        self.last_error = error
        handler.consecutive_errors += 1
        self._journal.event_handler_failed(handler.name, error, consecutive=handler.consecutive_errors)
        if handler.event == "on_error":
            raise StopRunError("error", error)
        if False in self.emit("on_error", error):
            raise StopRunError("error", error)
        if handler.event in ("on_init", "on_backtest_init"):
            raise StopRunError("init_failed", error)
        if handler.consecutive_errors >= MAX_CONSECUTIVE_ERRORS:
            raise StopRunError("error", error)

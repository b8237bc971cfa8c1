"""The functions a strategy registers: what they take, and how often they ran."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from metaexpert.expert.errors import ArgumentError

EVENT_ARGUMENTS: Final[dict[str, tuple[str, ...]]] = {
    "on_init": (),
    "on_deinit": ("reason",),
    "on_tick": ("rates",),
    "on_bar": ("rates",),
    "on_timer": (),
    "on_order": ("order",),
    "on_position": ("pos",),
    "on_transaction": ("request", "result"),
    "on_book": ("orderbook",),
    "on_error": ("err",),
    "on_account": ("acc",),
    "on_backtest_init": (),
    "on_backtest_deinit": (),
    "on_backtest": (),
    "on_backtest_pass": (),
}
"""Every event, with the arguments that its event handlers are called with."""


@dataclass(slots=True)
class EventHandler:
    """A registered function; it may take fewer arguments than its event offers."""

    event: str
    function: Callable[..., Any]
    name: str
    arity: int
    timeframe: str | None = None
    """For on_bar; None stands for the timeframe of on_init."""
    interval_seconds: float | None = None
    """For on_timer."""
    calls: int = 0
    total_ns: int = 0
    slowest_ns: int = 0
    consecutive_errors: int = 0

    def figures(self) -> dict[str, Any]:
        """Return how often it ran and how long it took, in microseconds."""
        mean_ns = self.total_ns / self.calls if self.calls else 0.0
        return {
            "calls": self.calls,
            "total_ms": round(self.total_ns / 1e6, 3),
            "mean_us": round(mean_ns / 1e3, 3),
            "max_us": round(self.slowest_ns / 1e3, 3),
        }


class EventHandlerRegistry:
    """The event handlers of one expert, by event, in the order of their registration."""

    def __init__(self) -> None:
        self._handlers: dict[str, list[EventHandler]] = {event: [] for event in EVENT_ARGUMENTS}

    def add(self, event: str, function: object, **options: Any) -> None:
        """Register a function; raises `ArgumentError` when it could not be called for this event."""
        if not callable(function):
            raise ArgumentError(f"{event} decorates a function, was given {function!r}")
        name = getattr(function, "__qualname__", type(function).__name__)
        if event == "on_init" and self._handlers[event]:
            raise ArgumentError(
                f"an expert has one on_init: it is {self._handlers[event][0].name}, then {name} was given"
            )
        arity = _accepted_arguments(event, function, name)
        self._handlers[event].append(EventHandler(event, function, name, arity, **options))

    def of(self, event: str) -> list[EventHandler]:
        """Return the event handlers of `event`."""
        return self._handlers[event]

    def all(self) -> list[EventHandler]:
        """Return every event handler."""
        return [handler for handlers in self._handlers.values() for handler in handlers]


def _accepted_arguments(event: str, function: Callable[..., Any], name: str) -> int:
    """Return how many of the event's arguments the function takes."""
    offered = EVENT_ARGUMENTS[event]
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return len(offered)
    positional = [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    required = [p.name for p in positional if p.default is p.empty]
    required_by_name = [p.name for p in parameters if p.kind is p.KEYWORD_ONLY and p.default is p.empty]
    if len(required) > len(offered) or required_by_name:
        taken = ", ".join(offered) or "no argument"
        raise ArgumentError(
            f"{event} calls {name} with {taken}, but it requires {', '.join([*required, *required_by_name])}"
        )
    if any(p.kind is p.VAR_POSITIONAL for p in parameters):
        return len(offered)
    # A parameter with a default is filled only when the event offers an argument for it.
    return min(len(positional), len(offered))

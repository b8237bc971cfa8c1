"""The decorators of `MetaExpert` that take no arguments, with or without parentheses."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar, overload

from metaexpert.expert.settings.guesses import unknown_argument

if TYPE_CHECKING:
    from metaexpert.expert.event_handlers.registry import EventHandlerRegistry

F = TypeVar("F", bound=Callable[..., Any])


class Registrar:
    """The decorator of one event of one expert; returns the function unchanged."""

    def __init__(self, event: str, owner: type[Any], handlers: EventHandlerRegistry) -> None:
        self._event = event
        self._owner = owner
        self._handlers = handlers

    @overload
    def __call__(self, function: F) -> F: ...
    @overload
    def __call__(self) -> Callable[[F], F]: ...
    def __call__(self, function: F | None = None, **unknown: object) -> F | Callable[[F], F]:
        """Register a function for the event; raises `ArgumentError` if it does not fit, or for a keyword."""
        for name in unknown:
            raise unknown_argument(self._owner, self._event, name, ())
        if function is None:
            return self._register
        return self._register(function)

    def _register(self, function: F) -> F:
        self._handlers.add(self._event, function)
        return function


class Event:
    """A class attribute of the host that gives each expert its own decorator of one event."""

    def __init__(self, doc: str) -> None:
        self.__doc__ = doc

    def __set_name__(self, owner: type[Any], name: str) -> None:
        self._name = name

    @overload
    def __get__(self, expert: None, owner: type[Any]) -> Event: ...
    @overload
    def __get__(self, expert: Any, owner: type[Any]) -> Registrar: ...
    def __get__(self, expert: Any, owner: type[Any]) -> Event | Registrar:
        return self if expert is None else Registrar(self._name, owner, expert.event_handlers)

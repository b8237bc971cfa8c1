"""Removals of a handler that does not exist: a typing error, which would remove nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from metaexpert.logger.config.defaults import KNOWN_HANDLERS
from metaexpert.logger.config.documents import HANDLERS
from metaexpert.logger.config.layer import Layer
from metaexpert.logger.errors import ConfigurationError, Problem, did_you_mean


def check_removals(layers: Iterable[Layer], below: Iterable[Layer] = ()) -> None:
    """Raise `ConfigurationError` where one of `layers`, the lowest first, removes what only nearly exists.

    A name that resembles no handler's may be removed whether it is there or not.
    """
    known = {*KNOWN_HANDLERS, *(name for layer in below for name in _handlers(layer))}
    problems: list[Problem] = []
    for layer in layers:
        problems += _misspelt(layer, known)
        known.update(_handlers(layer))
    if problems:
        raise ConfigurationError(problems)


def _misspelt(layer: Layer, known: set[str]) -> Iterator[Problem]:
    for name, options in _handlers(layer).items():
        meant = did_you_mean(name, known) if options is None and name not in known else None
        if meant is not None:
            path = f"{HANDLERS}.{name}"
            origin = layer.origins.get(path, layer.origin)
            yield Problem(path, "no handler has this name", suggestion=meant, origin=origin)


def _handlers(layer: Layer) -> Mapping[str, Any]:
    handlers = layer.values.get(HANDLERS)
    return (
        {name: each for name, each in handlers.items() if isinstance(name, str)}
        if isinstance(handlers, Mapping)
        else {}
    )

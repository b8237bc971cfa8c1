"""Documents completed with defaults: known handlers, and the options of each handler's type."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from metaexpert.logger.config.defaults import KNOWN_HANDLERS, level_of
from metaexpert.logger.config.destinations import type_of
from metaexpert.logger.config.documents import HANDLERS, merge, without_nones

# What a known handler means apart from its type: a `trades` handler on the console still takes trade records
# only.
_ROLE_OPTIONS: Final = frozenset({"level", "filter"})


def completed(document: Mapping[Any, Any]) -> dict[Any, Any]:
    """Return `document` with defaults for everything about handlers that it does not name.

    Known handlers are added, and stay as None where they were removed; other removed ones are left out.
    What is malformed is passed on as it is, for validation to report.
    """
    given = document.get(HANDLERS)
    rest = without_nones({key: value for key, value in document.items() if key != HANDLERS})
    if given is not None and not isinstance(given, Mapping):
        return {**rest, HANDLERS: given}
    handlers: dict[Any, Any] = {}
    for name, options in {**{known: {} for known in KNOWN_HANDLERS}, **(given or {})}.items():
        if isinstance(options, Mapping):
            handlers[name] = _completed_handler(name, without_nones(options), rest)
        elif options is not None or name in KNOWN_HANDLERS or not isinstance(name, str):
            handlers[name] = options
    return {**rest, HANDLERS: handlers}


def _completed_handler(name: str, given: dict[Any, Any], rest: Mapping[Any, Any]) -> dict[Any, Any]:
    known = dict(KNOWN_HANDLERS.get(name, {}))
    kind = given.get("type", known.get("type"))
    found = type_of(kind)
    if found is None:
        return given
    if kind != known.get("type"):
        known = {option: value for option, value in known.items() if option in _ROLE_OPTIONS}
    base = merge({"type": kind, **found.defaults(name)}, known)
    level = level_of(name, rest)
    return merge(base if level is None else {**base, "level": level}, given)

"""Configuration documents: plain dictionaries, laid over each other by name and by field.

What `plain` returns is asked for dictionaries only: to ask for any mapping takes much longer, and a change at
run time asks hundreds of times.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

HANDLERS: Final = "handlers"
LOGGERS: Final = "loggers"
#: Stands, in a path, for any name in a table whose names are the user's own.
ANY: Final = "*"

_SCALARS: Final = (str, int, float, type(None))


def plain(value: Any) -> Any:
    """Return `value` with configuration models and mappings in it turned into new dictionaries.

    Only what was given to a model is kept, so that a model names no more than its author did.
    """
    if isinstance(value, _SCALARS):
        return value
    if isinstance(value, Mapping):
        return {key: plain(item) for key, item in value.items()}
    if hasattr(value, "model_dump"):
        return plain(value.model_dump(exclude_unset=True))
    if isinstance(value, list):
        return [plain(item) for item in value]
    return value


def merge(lower: Mapping[Any, Any], upper: Mapping[Any, Any]) -> dict[Any, Any]:
    """Return `lower` with everything that `upper` names replaced by it; mappings are merged, lists replaced.

    A None in `upper` stays in the result: it takes away what lies below (`without_nones` then drops it).
    """
    merged = dict(lower)
    for key, value in upper.items():
        below = merged.get(key)
        nested = isinstance(below, dict) and isinstance(value, dict)
        merged[key] = merge(below, value) if nested else value  # type: ignore[arg-type]
    return merged


def without_nones(document: Mapping[Any, Any]) -> dict[Any, Any]:
    """Return `document` without the members that are None, at any depth, so that defaults hold there."""
    return {
        key: without_nones(value) if isinstance(value, dict) else value
        for key, value in document.items()
        if value is not None
    }


def removals_as_none(document: Mapping[Any, Any]) -> dict[Any, Any]:
    """Return `document` with `handlers.<name> = false` read as None, since TOML has no null."""
    handlers = document.get(HANDLERS)
    if not isinstance(handlers, dict):
        return dict(document)
    named = {name: None if options is False else options for name, options in handlers.items()}
    return {**document, HANDLERS: named}


def leaves(document: Mapping[Any, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    """Yield each value of `document` that is no mapping with its dotted path."""
    for key, value in document.items():
        path = f"{above}.{key}" if above else str(key)
        if isinstance(value, dict):
            yield from leaves(value, path)
        else:
            yield path, value


def only(document: Mapping[Any, Any], wanted: Callable[[str], bool], above: str = "") -> dict[Any, Any]:
    """Return the part of `document` whose values lie at paths that are wanted."""
    part: dict[Any, Any] = {}
    for key, value in document.items():
        path = f"{above}{key}"
        if isinstance(value, Mapping):
            inner = only(value, wanted, f"{path}.")
            if inner:
                part[key] = inner
        elif wanted(path):
            part[key] = value
    return part

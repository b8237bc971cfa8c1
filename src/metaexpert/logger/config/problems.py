"""Pydantic's validation errors as problems in our own words."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from metaexpert.logger.config.destinations import type_of
from metaexpert.logger.config.documents import HANDLERS
from metaexpert.logger.config.fields import OWN_ERROR
from metaexpert.logger.config.layer import NOTHING
from metaexpert.logger.config.navigation import fields_at
from metaexpert.logger.errors import ConfigurationError, Problem, did_you_mean, shown

if TYPE_CHECKING:
    from pydantic import BaseModel, ValidationError
    from pydantic_core import ErrorDetails

_TABLE_ERRORS: Final = frozenset({"dict_type", "model_type", "model_attributes_type", "mapping_type"})
_KEY_MARK: Final = "[key]"


def problems_of(
    error: ValidationError, model: type[BaseModel], document: Mapping[Any, Any] = NOTHING
) -> list[Problem]:
    """Return one problem, with its dotted path, for each error that pydantic found in `document`."""
    return [problem for details in error.errors() for problem in _problems(details, model, document)]


def removals_of_nothing(
    given: Mapping[Any, Any], model: type[BaseModel], document: Mapping[Any, Any]
) -> Iterator[Problem]:
    """Yield a problem for each unknown setting that is None: a guessed name, under which nothing is removed.

    `document` is what was `given`, completed.
    """
    handlers = given.get(HANDLERS)
    tables = handlers.items() if isinstance(handlers, dict) else ()
    for above, table in (((), given), *(((HANDLERS, str(name)), options) for name, options in tables)):
        known = fields_at(model, above)
        for name, value in table.items() if isinstance(table, dict) else ():
            if value is None and name not in known:
                yield _unknown_setting((*above, str(name)), value, model, document)


def _problems(
    details: ErrorDetails, model: type[BaseModel], document: Mapping[Any, Any]
) -> Iterator[Problem]:
    context: dict[str, Any] = details.get("ctx", {})
    inner = context.get("error")
    if isinstance(inner, ConfigurationError):
        yield from inner.problems
        return
    location = tuple(str(part) for part in details["loc"] if part != _KEY_MARK)
    path = ".".join(location)
    kind = details["type"]
    value = details.get("input")
    if kind == OWN_ERROR:
        reason, allowed, suggestion = context["reason"], context["allowed"], context["suggestion"]
        yield Problem(path, reason, value, allowed, suggestion, excerpt=context["excerpt"])
    elif kind == "extra_forbidden":
        # An option of another type is there, and a rule of its own refuses it.
        if location[-1] not in fields_at(model, location[:-1]):
            yield _unknown_setting(location, value, model, document)
    elif kind in _TABLE_ERRORS:
        yield Problem(path, f"must be a table of settings, was {shown(value, path)}", value)
    elif kind == "string_type" and _KEY_MARK not in details["loc"]:
        yield Problem(path, f"must be text, was {shown(value, path)}", value)
    elif _KEY_MARK in details["loc"] or kind == "invalid_key":
        yield Problem(path, "must have a name that is text", value)
    else:
        reason = re.sub(r"^Input should be", "must be", details["msg"])
        yield Problem(path, f"{reason}, was {shown(value, path)}", value)


def _unknown_setting(
    steps: tuple[str, ...], value: Any, model: type[BaseModel], document: Mapping[Any, Any]
) -> Problem:
    # Its table is for those who guess.
    from metaexpert.logger.config.synonyms import advice, meant_by

    path, siblings = ".".join(steps), _siblings(steps[:-1], model, document)
    guessed = meant_by(steps, model)
    if guessed is not None and _are_settings(guessed.settings, ".".join(steps[:-1]), siblings):
        return Problem(path, "unknown setting", value, siblings, advice(guessed), meant=guessed.settings)
    meant = did_you_mean(steps[-1], siblings)
    if meant is None or meant != did_you_mean(steps[-1], fields_at(model, steps[:-1])):
        # Nothing is near, or an option that handlers of this type do not have is nearer.
        meant = f"known are {', '.join(siblings)}"
    return Problem(path, "unknown setting", value, siblings, meant)


def _are_settings(paths: Iterable[str], table: str, siblings: Collection[str]) -> bool:
    """Tell whether those of `paths` that lead into the `table` name settings that it has."""
    return all(path.rpartition(".")[0] != table or path.rpartition(".")[2] in siblings for path in paths)


def _siblings(above: tuple[str, ...], model: type[BaseModel], document: Mapping[Any, Any]) -> tuple[str, ...]:
    """Return the names of the settings in a table, which for a handler are those of its type."""
    table: Any = document
    for step in above:
        table = table.get(step) if isinstance(table, Mapping) else None
    known = type_of(table.get("type")) if above[:-1] == (HANDLERS,) and isinstance(table, Mapping) else None
    return fields_at(model, above) if known is None else tuple(known.model_fields)

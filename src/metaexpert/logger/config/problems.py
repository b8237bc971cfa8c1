"""Pydantic's validation errors as problems in our own words."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from metaexpert.logger.config.documents import HANDLERS
from metaexpert.logger.config.fields import OWN_ERROR
from metaexpert.logger.config.schema import fields_at
from metaexpert.logger.errors import ConfigurationError, Problem, did_you_mean, shown

if TYPE_CHECKING:
    from pydantic import BaseModel, ValidationError
    from pydantic_core import ErrorDetails

_TABLE_ERRORS: Final = frozenset({"dict_type", "model_type", "model_attributes_type", "mapping_type"})
_KEY_MARK: Final = "[key]"


def problems_of(error: ValidationError, model: type[BaseModel]) -> list[Problem]:
    """Return one problem, with its dotted path, for each error that pydantic found for `model`."""
    return [problem for details in error.errors() for problem in _problems(details, model)]


def removals_of_nothing(given: Mapping[Any, Any], model: type[BaseModel]) -> Iterator[Problem]:
    """Yield a problem for each unknown setting that is None, so that removing one under a guessed name is an
    error.
    """
    handlers = given.get(HANDLERS)
    tables = handlers.items() if isinstance(handlers, dict) else ()
    yield from _unknown_nones([], given, model)
    for name, options in tables:
        if isinstance(options, dict):
            yield from _unknown_nones([HANDLERS, str(name)], options, model)


def _unknown_nones(above: list[str], table: Mapping[Any, Any], model: type[BaseModel]) -> Iterator[Problem]:
    known = fields_at(model, tuple(above))
    for name, value in table.items():
        if value is None and name not in known:
            yield _unknown_setting([*above, str(name)], value, model)


def _problems(details: ErrorDetails, model: type[BaseModel]) -> Iterator[Problem]:
    context: dict[str, Any] = details.get("ctx", {})
    inner = context.get("error")
    if isinstance(inner, ConfigurationError):
        yield from inner.problems
        return
    location = [part for part in details["loc"] if part != _KEY_MARK]
    path = ".".join(str(part) for part in location)
    kind = details["type"]
    value = details.get("input")
    if kind == OWN_ERROR:
        yield Problem(path, context["reason"], value, context["allowed"], context["suggestion"])
    elif kind == "extra_forbidden":
        yield _unknown_setting([str(part) for part in location], value, model)
    elif kind in _TABLE_ERRORS:
        yield Problem(path, f"must be a table of settings, was {shown(value, path)}", value)
    elif kind == "string_type" and _KEY_MARK not in details["loc"]:
        yield Problem(path, f"must be text, was {shown(value, path)}", value)
    elif _KEY_MARK in details["loc"] or kind == "invalid_key":
        yield Problem(path, "must have a name that is text", value)
    else:
        reason = re.sub(r"^Input should be", "must be", details["msg"])
        yield Problem(path, f"{reason}, was {shown(value, path)}", value)


def _unknown_setting(steps: list[str], value: Any, model: type[BaseModel]) -> Problem:
    # Its table is for those who guess.
    from metaexpert.logger.config.synonyms import advice, meant_by

    path, siblings = ".".join(steps), fields_at(model, tuple(steps[:-1]))
    guessed = meant_by(steps, model)
    if guessed is not None:
        return Problem(path, "unknown setting", value, siblings, advice(guessed), meant=guessed.settings)
    meant = did_you_mean(steps[-1], siblings)
    return Problem(path, "unknown setting", value, siblings, meant or f"known are {', '.join(siblings)}")

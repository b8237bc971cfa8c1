"""Navigation of the models by dotted path."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel

from metaexpert.logger.config.destinations import TYPES
from metaexpert.logger.config.destinations.handler import is_of_any_type

ValueKind = Literal["flag", "integer", "list", "table", "text"]


def fields_at(model: type[BaseModel], steps: tuple[str, ...]) -> tuple[str, ...]:
    """Return the names of the settings in the table at `steps`; none where any name is allowed.

    Those of a handler are the options of all types.
    """
    found: dict[str, None] = {}
    for annotation in _annotations_at(model, steps):
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            found |= dict.fromkeys(annotation.model_fields)
    return tuple(found)


def kind_at(model: type[BaseModel], steps: tuple[str, ...]) -> ValueKind | None:
    """Return what kind of value belongs at `steps`, or None where there is no such setting.

    A level is text, since its digits are understood as well.
    """
    kinds = [_kind(annotation) for annotation in _annotations_at(model, steps)]
    return next((kind for kind in kinds if kind == "text"), kinds[0] if kinds else None)


def _annotations_at(annotation: Any, steps: tuple[str, ...]) -> list[Any]:
    options = [option for option in _alternatives(annotation) if option is not type(None)]
    if not steps:
        return options
    found: list[Any] = []
    for option in options:
        if isinstance(option, type) and issubclass(option, BaseModel):
            field = option.model_fields.get(steps[0])
            found += _annotations_at(field.annotation, steps[1:]) if field else []
        elif get_origin(option) is dict:
            found += _annotations_at(get_args(option)[1], steps[1:])
    return found


def _alternatives(annotation: Any) -> Iterator[Any]:
    """Yield the types an annotation allows, without the metadata around them."""
    if hasattr(annotation, "__metadata__"):
        yield from _alternatives(annotation.__origin__)
    elif get_origin(annotation) in (Union, UnionType):
        for option in get_args(annotation):
            yield from _alternatives(option)
    elif is_of_any_type(annotation):
        yield from TYPES.values()
    else:
        yield annotation


def _kind(annotation: Any) -> ValueKind:
    container = get_origin(annotation)
    if annotation is bool:
        return "flag"
    if annotation is int:
        return "integer"
    if container is tuple:
        return "list"
    if container is dict or (isinstance(annotation, type) and issubclass(annotation, BaseModel | Mapping)):
        return "table"
    return "text"

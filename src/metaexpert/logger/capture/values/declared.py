"""Objects whose classes declare their fields: attrs, msgspec, pydantic."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from metaexpert.logger.capture.values import HIDDEN, Pairs, Room, unprintable
from metaexpert.logger.config.deferred import DeferredConfiguration


def simpler(value: Any, room: Room) -> Any:
    """Return an object with its fields' values, which are seen as any others."""
    kind = type(value)
    if kind is DeferredConfiguration:
        return _model(value.whole())
    if hasattr(kind, "__pydantic_decorators__") and hasattr(kind, "__pydantic_fields__"):
        return _model(value)
    if hasattr(kind, "__struct_encode_fields__"):
        return _pairs(_struct(value))
    if hasattr(kind, "__attrs_attrs__"):
        return _pairs((field.name, _attribute(value, field)) for field in kind.__attrs_attrs__)
    return NotImplemented


def _pairs(pairs: Iterator[tuple[Any, Any]]) -> Pairs:
    found = [*pairs]
    return Pairs(found, len(found))


def _read(owner: Any, name: str) -> Any:
    try:
        return getattr(owner, name)
    except Exception as problem:  # a field that was never set, a property of the class's own
        return unprintable(owner, problem)


def _attribute(owner: Any, field: Any) -> Any:
    if field.repr is False:
        return HIDDEN
    value = _read(owner, field.name)
    return value if field.repr is True else field.repr(value)


def _struct(struct: Any) -> Iterator[tuple[Any, Any]]:
    """Yield names as they are encoded; a default that would be left out is a value, too."""
    config = struct.__struct_config__
    if config.tag is not None:
        yield config.tag_field, config.tag
    for name, attribute in zip(struct.__struct_encode_fields__, struct.__struct_fields__, strict=True):
        yield name, _read(struct, attribute)


def _model(model: Any) -> Any:
    """Return the fields as `model_dump` has them, each for itself: models inside end at the limits."""
    kind = type(model)
    if kind.__pydantic_decorators__.model_serializers:
        return model.model_dump()
    if getattr(kind, "__pydantic_root_model__", False):
        return _root(model, kind.__pydantic_fields__["root"])
    return _pairs(_members(model))


def _root(model: Any, info: Any) -> Any:
    return model.model_dump() if _has_serializer(type(model), "root", info) else _member(model, "root", info)


def _members(model: Any) -> Iterator[tuple[Any, Any]]:
    kind = type(model)
    for name, info in kind.__pydantic_fields__.items():
        if name in model.__dict__ and not _is_left_out(model, name, info):
            yield name, _member(model, name, info)
    yield from (model.__pydantic_extra__ or {}).items()
    for name, info in kind.__pydantic_computed_fields__.items():
        yield name, _member(model, name, info)


def _is_left_out(model: Any, name: str, info: Any) -> bool:
    """Tell whether `model_dump` leaves a field out."""
    condition = getattr(info, "exclude_if", None)
    return info.exclude is True or (condition is not None and bool(condition(model.__dict__[name])))


def _member(model: Any, name: str, info: Any) -> Any:
    if not info.repr:
        return HIDDEN
    if _has_serializer(type(model), name, info):
        return _dumped(model, name)
    return _read(model, name)


def _has_serializer(kind: Any, name: str, info: Any) -> bool:
    """Tell whether the class says how a field is shown, which may be what hides a secret."""
    of_fields = kind.__pydantic_decorators__.field_serializers.values()
    return any(name in each.info.fields or "*" in each.info.fields for each in of_fields) or any(
        type(each).__name__.endswith("Serializer") for each in getattr(info, "metadata", ())
    )


def _dumped(model: Any, name: str) -> Any:
    try:
        dumped = model.model_dump(include={name})
    except Exception as problem:  # the serializer's own code
        return unprintable(model, problem)
    return dumped[name] if isinstance(dumped, dict) and name in dumped else dumped

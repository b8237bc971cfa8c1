"""The destinations of records. A new one is a file here, and its options among those of `_EveryOption`."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Any, Final, cast

from pydantic import ConfigDict, WithJsonSchema

from metaexpert.logger.config.destinations.console import ConsoleOptions
from metaexpert.logger.config.destinations.destination import (
    COMMON_OPTIONS,
    Destination,
    HandlerType,
    Location,
    Options,
)
from metaexpert.logger.config.destinations.file import FileOptions
from metaexpert.logger.config.destinations.socket import SocketOptions
from metaexpert.logger.config.fields import choice, folded

__all__ = [
    "COMMON_OPTIONS",
    "DESTINATIONS",
    "TYPES",
    "Destination",
    "HandlerConfiguration",
    "HandlerType",
    "Location",
    "destination_of",
    "type_meant_by",
    "type_of",
]


class _EveryOption(SocketOptions, FileOptions, ConsoleOptions):
    """The options of all destinations, the last named first."""


DESTINATIONS: Final[tuple[Destination[Any], ...]] = tuple(
    cast("type[Options]", options).destination for options in reversed(_EveryOption.__bases__)
)
_DESTINATION_BY_TYPE: Final[Mapping[str, Destination[Any]]] = MappingProxyType(
    {kind.name: each for each in DESTINATIONS for kind in each.types}
)
#: The types of handlers by name, those that come later among them.
TYPES: Final[Mapping[str, HandlerType]] = MappingProxyType(
    {kind.name: kind for each in DESTINATIONS for kind in each.types}
)


def destination_of(kind: str) -> Destination[Any]:
    """Return the destination of handlers of the type `kind`. Raises KeyError for one that there is not."""
    return _DESTINATION_BY_TYPE[kind]


def type_of(kind: object) -> HandlerType | None:
    """Return the type of handlers that is called `kind`, None for anything else."""
    return TYPES.get(kind) if isinstance(kind, str) else None


def type_meant_by(text: str) -> str | None:
    """Return the handler type that another library's name of one stands for, None for any other text."""
    name = folded(text.rpartition(".")[2])
    return next((kind.name for kind in TYPES.values() if name in kind.synonyms), None)


class HandlerConfiguration(_EveryOption):
    """One destination. Options that its type does not have are None."""

    model_config = ConfigDict(
        # The known handlers' names imply the type.
        json_schema_extra=lambda schema: schema.pop("required", None) and None
    )

    type: Annotated[
        str,
        choice(
            *(kind.name for kind in TYPES.values() if kind.instead is None),
            later=[kind.name for kind in TYPES.values() if kind.instead is not None],
            guess=type_meant_by,
        ),
        WithJsonSchema({"type": "string", "enum": list(TYPES)}),
    ]

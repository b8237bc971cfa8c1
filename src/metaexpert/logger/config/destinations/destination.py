"""`Destination`: what a kind of destination is to the configuration, stated once per kind."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, ClassVar, Final, Generic, NamedTuple, TypeVar

from pydantic import Field

from metaexpert.logger.config.fields import DateFormat, Format, Level
from metaexpert.logger.config.formats import DATED_PRESETS, JSON, PRESETS
from metaexpert.logger.config.places import Places
from metaexpert.logger.config.tables import FilterConfiguration, Table
from metaexpert.logger.errors import Problem

#: The tables of handlers in a document that is being checked, by handler name.
Handlers = Mapping[str, Mapping[str, Any]]


class Options(Table):
    """The options of every handler; each destination adds its own."""

    #: Whose options these are.
    destination: ClassVar[Destination[Any]]

    type: str
    level: Level = Field(default="NOTSET", description="Records below it are not for this handler.")
    format: Format = "json"
    datefmt: DateFormat | None = Field(
        default=None,
        description="The strftime format of local times in a format for people: "
        f"{', '.join(DATED_PRESETS)} or %-style.",
    )
    filter: FilterConfiguration = FilterConfiguration.model_construct()


COMMON_OPTIONS: Final = frozenset(Options.model_fields)
_Options = TypeVar("_Options", bound=Options)


class Refusal(NamedTuple):
    """A setting (`*` is any handler) that is refused for the given values, or for any but an empty one."""

    setting: str
    suggestion: str
    values: tuple[str, ...] = ()

    def applies_to(self, value: Any) -> bool:
        """Tell whether `value` asks for the feature."""
        if self.values:
            return isinstance(value, str) and value in self.values
        return value is not None and value is not False and value not in ((), [], {}, set())


@dataclass(frozen=True)
class HandlerType:
    """A `type` of handlers: what it has of its destination's options, and what it has by default."""

    name: str
    options: frozenset[str]
    defaults: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    #: The formats that it takes, and that no other type takes; None for those of all others.
    formats: tuple[str, ...] | None = None
    #: What other libraries call it, in lower case and without separators.
    synonyms: frozenset[str] = frozenset()
    #: What to use in its place, for a type that comes later.
    instead: str | None = None


class Location(NamedTuple):
    """Where the files of a configuration lie."""

    #: The log directory, an absolute path.
    directory: str
    places: Places


class Destination(Generic[_Options]):
    """A kind of destination: the types of handlers that write to it, their rules, and their engine form."""

    types: tuple[HandlerType, ...]
    #: Options that this version cannot do yet, for a handler of any type.
    refusals: tuple[Refusal, ...] = ()

    def defaults(self, kind: HandlerType, handler: str) -> dict[str, Any]:
        """Return what a handler of this name and type has where nobody says anything."""
        return {"level": "NOTSET", "format": JSON, **kind.defaults}

    def problems(self, handlers: Handlers, directory: str, places: Places) -> Iterator[Problem]:
        """Yield what is wrong with the `handlers` of this destination beyond single fields.

        `directory` is the log directory, `places` says where paths lead. Malformed values are passed over.
        """
        yield from ()

    def paths(self, handler: _Options) -> Iterator[tuple[str, str]]:
        """Yield option and text of each file or directory that a handler names."""
        yield from ()

    def format_document(self, handler: _Options) -> dict[str, Any]:
        """Return the handler's format in the engine's terms."""
        text = handler.format
        if text == JSON:
            return {"kind": text}
        named = {"kind": text} if text in PRESETS else {"kind": "percent", "pattern": text}
        return named if handler.datefmt is None else {**named, "datefmt": handler.datefmt}

    def document(self, name: str, handler: _Options, location: Location) -> dict[str, Any]:
        """Return the options of the handler `name` in the engine's terms."""
        raise NotImplementedError


def own_options(options: type[Options]) -> frozenset[str]:
    """Return the names of the options that a destination adds to those of every handler."""
    return frozenset(options.model_fields) - COMMON_OPTIONS

"""`HandlerConfiguration`: what a type of handlers is to the configuration, stated in one class per type."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Annotated, Any, ClassVar, Final, NamedTuple, NoReturn, Self, get_args

from pydantic import BeforeValidator, ConfigDict, Field, GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

from metaexpert.logger.config.fields import DateFormat, Format, Level, folded, refuse_choice
from metaexpert.logger.config.formats import DATED_PRESETS, JSON, PRESETS
from metaexpert.logger.config.places import Places
from metaexpert.logger.config.tables import FilterConfiguration, Table
from metaexpert.logger.errors import Problem

#: The tables of handlers in a document that is being checked, by handler name.
Handlers = Mapping[str, Mapping[str, Any]]


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


class Location(NamedTuple):
    """Where the files of a configuration lie."""

    #: The log directory, an absolute path.
    directory: str
    places: Places


class HandlerConfiguration(Table):
    """The configuration of a handler. Each `type` has its own class, which adds options, defaults and rules.

    `HandlerConfiguration(type="file", …)` makes an instance of the class of that type.
    """

    #: The formats that the type takes, and that no other type takes; None for those of all others.
    formats: ClassVar[tuple[str, ...] | None] = None
    #: What other libraries call the type, in lower case and without separators.
    synonyms: ClassVar[frozenset[str]] = frozenset()
    #: What to use in its place, for a type that comes later.
    instead: ClassVar[str | None] = None
    #: Options that this version cannot do yet, for a handler of any type.
    refusals: ClassVar[tuple[Refusal, ...]] = ()

    type: str
    level: Level = Field(default="NOTSET", description="Records below it are not for this handler.")
    format: Format = JSON
    datefmt: DateFormat | None = Field(
        default=None,
        description="The strftime format of local times in a format for people: "
        f"{', '.join(DATED_PRESETS)} or %-style.",
    )
    filter: FilterConfiguration = FilterConfiguration.model_construct()

    def __new__(cls, **options: Any) -> Self:
        """Make an instance of the class of its type, whoever asks for a handler of any."""
        chosen: Any = _class_of(options) if is_of_any_type(cls) else cls
        made: Self = super().__new__(chosen)
        return made

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Have each table checked by the class of its type, which is built when there is such a table."""
        if not is_of_any_type(cls):
            return handler(source)
        return core_schema.no_info_plain_validator_function(_checked)

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        """Return a choice of the types' schemas; a table may lack its type, which is said elsewhere."""
        if not is_of_any_type(cls):
            return super().__get_pydantic_json_schema__(schema, handler)
        for each in TYPES.values():
            each.model_rebuild()
        choices = {name: each.__pydantic_core_schema__ for name, each in TYPES.items()}
        chosen = handler(core_schema.tagged_union_schema(choices, discriminator="type"))
        # Not one of them: a table without a type may fit several.
        return {"anyOf": chosen.pop("oneOf"), **chosen}

    @classmethod
    def defaults(cls, name: str) -> dict[str, Any]:
        """Return what the handler `name` has where nobody says anything; tables in it have their own."""
        fields = cls.model_fields.items()
        return {option: each.default for option, each in fields if isinstance(each.default, str | int)}

    @classmethod
    def problems(cls, handlers: Handlers, directory: str, places: Places) -> Iterator[Problem]:
        """Yield what is wrong with the `handlers` of this type beyond single fields.

        `directory` is the log directory, `places` says where paths lead. Malformed values are passed over.
        """
        yield from ()

    def paths(self) -> Iterator[tuple[str, str]]:
        """Yield option and text of each file or directory that the handler names."""
        yield from ()

    def urls(self) -> Iterator[tuple[str, str]]:
        """Yield option and text of each URL that the handler sends to."""
        yield from ()

    def format_document(self) -> dict[str, Any]:
        """Return the format in the engine's terms."""
        text = self.format
        if text == JSON:
            return {"kind": text}
        named = {"kind": text} if text in PRESETS else {"kind": "percent", "pattern": text}
        return named if self.datefmt is None else {**named, "datefmt": self.datefmt}

    def document(self, name: str, location: Location) -> dict[str, Any]:
        """Return the options of the type, for the handler `name`, in the engine's terms."""
        raise NotImplementedError


def is_of_any_type(kind: object) -> bool:
    """Tell whether `kind` is `HandlerConfiguration` itself, that of an earlier import included."""
    # Modules may be loaded again one by one, and others then keep the class of the earlier import.
    name = (getattr(kind, "__module__", None), getattr(kind, "__qualname__", None))
    return name == (HandlerConfiguration.__module__, HandlerConfiguration.__qualname__)


# What the package has registered outlasts this module, if it is loaded again alone.
_types: dict[str, type[HandlerConfiguration]] = globals().get("_types", {})
#: The classes of all types of handlers by their names, those that come later among them.
TYPES: Final[Mapping[str, type[HandlerConfiguration]]] = MappingProxyType(_types)


def register(*classes: type[HandlerConfiguration]) -> None:
    """Make types of handlers known, each by the name that its field `type` has."""
    for each in classes:
        (name,) = get_args(each.model_fields["type"].annotation)
        _types[name] = each


def type_of(kind: object) -> type[HandlerConfiguration] | None:
    """Return the class of the handlers whose type is called `kind`, None for anything else."""
    return TYPES.get(kind) if isinstance(kind, str) else None


def available_types() -> tuple[str, ...]:
    """Return the names of the types that this version can do."""
    return tuple(name for name, each in TYPES.items() if each.instead is None)


def type_meant_by(text: str) -> str | None:
    """Return the handler type that another library's name of one stands for, None for any other text."""
    name = folded(text.rpartition(".")[2])
    return next((kind for kind, each in TYPES.items() if name in each.synonyms), None)


def _refused(value: Any) -> NoReturn:
    refuse_choice(value, available_types(), type_meant_by)


class _UntypedConfiguration(HandlerConfiguration):
    """A table without a type, or with an unknown one, which is refused together with its bad options."""

    model_config = ConfigDict(title=HandlerConfiguration.__name__)

    type: Annotated[str, BeforeValidator(_refused)]


def _class_of(table: Any) -> type[HandlerConfiguration]:
    kind = table.get("type") if isinstance(table, Mapping) else None
    return type_of(kind) or _UntypedConfiguration


def _checked(table: Any) -> HandlerConfiguration:
    return table if isinstance(table, HandlerConfiguration) else _class_of(table).model_validate(table)

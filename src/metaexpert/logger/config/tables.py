"""The tables of the configuration beside its handlers: filters, redaction, queue, limits, control."""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import ConfigDict, Field, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from metaexpert.logger.config import defaults
from metaexpert.logger.config.building import UnpluggedModel
from metaexpert.logger.config.fields import (
    Condition,
    Flag,
    Level,
    Patterns,
    Quantity,
    SecretNames,
    Text,
    Texts,
    Token,
)

_GIB = 2**30
_YEAR_MS = 365 * 24 * 3600 * 1000
_NULL: Final = {"type": "null"}
#: What a JSON Schema says about a property, whatever its value.
_NOTES: Final = frozenset({"title", "description", "default", "examples"})


class Table(UnpluggedModel):
    """A frozen table that knows all of its keys.

    What checks it is built at its first use by itself: a whole configuration checks its tables with one
    validator of its own, but for handlers, and few programs need another.
    """

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        strict=True,
        validate_default=False,
        hide_input_in_errors=True,
    )

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        """Let null stand for what is not given, and nothing be required, as in a layer of a configuration."""
        shown = handler(schema)
        table = handler.resolve_ref_schema(shown)
        table.pop("required", None)
        table["properties"] = {name: or_null(each) for name, each in table["properties"].items()}
        return shown


def or_null(schema: JsonSchemaValue) -> JsonSchemaValue:
    """Return a JSON Schema for what `schema` describes, and for null."""
    # A type's name stays alone, because editors tell by it which of several tables is meant.
    if "const" in schema or any(each == _NULL for each in schema.get("anyOf", ())):
        return schema
    outside = {key: value for key, value in schema.items() if key in _NOTES}
    inside = {key: value for key, value in schema.items() if key not in _NOTES}
    choices = inside["anyOf"] if inside.keys() == {"anyOf"} else [inside]
    return {"anyOf": [*choices, _NULL], **outside}


class FilterConfiguration(Table):
    """The records that a handler takes, beside its level; a condition that is not given lets all pass."""

    category: Text | None = Field(default=None, description="Only records of this category, such as trade.")
    loggers: Texts = Field(default=(), description="Only records of these loggers and their children.")
    max_level: Level | None = Field(default=None, description="Only records of this level and below.")
    where: Condition | None = Field(
        default=None, description="Only records that this condition on fields holds for."
    )


class RedactConfiguration(Table):
    """Which secrets are replaced by `***` before anything is written, beside the built-in ones."""

    keys: SecretNames = Field(
        default=(),
        description=(
            "Names whose values are masked too, in any spelling and also at the end of longer names; "
            'one that begins with "-" is not masked, even if a built-in name says so.'
        ),
    )
    patterns: Patterns = Field(
        default=(),
        description=(
            "Regular expressions, as of Rust's regex, whose matches in any text are masked too; "
            "of one with groups the groups alone."
        ),
    )
    defaults: Flag = Field(default=True, description="Mask what the built-in names and patterns find.")


class QueueConfiguration(Table):
    """The ring between the trading thread and the backend, and who gives way when it is full."""

    capacity_bytes: Annotated[int, Quantity("bytes", 64 * 1024, 4 * _GIB)] = defaults.DEFAULT_CAPACITY_BYTES
    protect_level: Level = Field(default="WARNING", description="Records from this level on wait for room.")
    wait_ms: Annotated[int, Quantity("milliseconds", 0, _YEAR_MS)] = Field(
        default=defaults.DEFAULT_WAIT_MS,
        description="How long a protected record waits before it counts as lost.",
    )
    crash_safe: Flag = Field(
        default=True, description="Keep the ring where it survives the process, if possible."
    )


class LimitsConfiguration(Table):
    """Bounds of one record; what is cut is marked as cut."""

    depth: Annotated[int, Quantity("levels of nesting", 1, 64)] = defaults.DEFAULT_DEPTH
    items: Annotated[int, Quantity("members of one container", 1, 1_000_000)] = defaults.DEFAULT_ITEMS
    bytes: Annotated[int, Quantity("bytes", 1024, 2**20)] = defaults.DEFAULT_RECORD_BYTES


class ControlConfiguration(Table):
    """The control server in the trading process."""

    host: Text = Field(default="127.0.0.1", description="An address beyond loopback requires a token.")
    port: Annotated[int, Quantity("(a TCP port)", 0, 65_535)] = Field(
        default=0, description="0 takes a free one, which the runtime file names."
    )
    token: Token | None = Field(default=None, description="What each request has to bring as its bearer.")
    directories: Texts = Field(
        default=(), description="Where files may be named at run time; by default in the log directory."
    )
    allow_weaker_redaction: Flag = Field(
        default=False,
        description="Let requests make redaction weaker too, not only stricter; needs a token.",
    )

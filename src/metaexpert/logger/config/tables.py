"""The tables of the configuration: handlers and what they hold, redaction, queue, limits, control."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ConfigDict, Field, SecretStr

from metaexpert.logger.config import defaults
from metaexpert.logger.config.building import UnpluggedModel
from metaexpert.logger.config.fields import (
    DateFormat,
    Directory,
    Filename,
    Flag,
    Format,
    Level,
    Patterns,
    SecretNames,
    Text,
    Texts,
    Token,
    choice,
    quantity,
)

HandlerType = Literal["console", "file", "syslog", "tcp", "udp", "otlp"]

_GIB = 2**30
_YEAR_MS = 365 * 24 * 3600 * 1000


class Table(UnpluggedModel):
    """A frozen table that knows all of its keys.

    What checks it is built at its first use by itself: a whole configuration checks its tables with one
    validator of its own, and few programs need another.
    """

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        strict=True,
        validate_default=False,
        hide_input_in_errors=True,
    )


class FilterConfiguration(Table):
    """Which records a handler takes, beside its level; what is not given lets all pass."""

    category: Text | None = Field(default=None, description="Only records of this category, such as trade.")
    loggers: Texts = Field(default=(), description="Only records of these loggers and their children.")
    max_level: Level | None = Field(default=None, description="Only records of this level and below.")
    where: Text | None = Field(
        default=None, description="Only records that this condition on fields holds for."
    )


class TlsConfiguration(Table):
    """Files in PEM for a TLS connection."""

    ca: Filename | None = None
    cert: Filename | None = None
    key: Filename | None = None


class BatchConfiguration(Table):
    """When a network handler sends: as soon as one of these is reached."""

    records: Annotated[int, quantity("records", 1, 100_000)] = 512
    bytes: Annotated[int, quantity("bytes", 1024, 64 * 2**20)] = 2**20
    ms: Annotated[int, quantity("milliseconds", 1, 60_000)] = 1000


class SpoolConfiguration(Table):
    """The disk space in which a network handler keeps records while its destination is away."""

    directory: Directory | None = None
    max_bytes: Annotated[int, quantity("bytes", 2**20, 1024 * _GIB)] = _GIB


def _type_meant_by(text: str) -> str | None:
    from metaexpert.logger.config.synonyms import type_meant_by

    return type_meant_by(text)


def _rotation_meant_by(text: str) -> str | None:
    from metaexpert.logger.config.synonyms import rotation_meant_by

    return rotation_meant_by(text)


class HandlerConfiguration(Table):
    """One destination. Options that its type does not have are None."""

    model_config = ConfigDict(
        # The known handlers' names imply the type.
        json_schema_extra=lambda schema: schema.pop("required", None) and None
    )

    type: Annotated[HandlerType, choice(*defaults.TYPES, later=defaults.LATER_TYPES, guess=_type_meant_by)]
    level: Level = Field(default="NOTSET", description="Records below it are not for this handler.")
    format: Format = "json"
    datefmt: DateFormat | None = Field(
        default=None,
        description="The strftime format of local times in a format for people: console, text or %-style.",
    )
    filter: FilterConfiguration = FilterConfiguration.model_construct()
    stream: Annotated[Literal["stdout", "stderr"], choice("stdout", "stderr")] | None = None
    filename: Filename | None = Field(default=None, description="Relative to log_file_path unless absolute.")
    max_size: Annotated[int, quantity("bytes", 4096, 1024 * _GIB, zero="no rotation"), Field(ge=0)] | None = (
        Field(default=None, description="Bytes after which the file is rotated; 0 for no rotation by size.")
    )
    backup_count: Annotated[int, quantity("files", 0, 10_000), Field(ge=0)] | None = Field(
        default=None,
        description="Rotated files kept; with 0 the file is never rotated.",
    )
    rotate: (
        Annotated[
            Literal["size", "hourly", "daily"], choice("size", "hourly", "daily", guess=_rotation_meant_by)
        ]
        | None
    ) = None
    compress: Annotated[Literal["none", "gzip", "zstd"], choice("none", "gzip", "zstd")] | None = Field(
        default=None, description="How rotated files are packed, on a thread of its own: .gz or .zst."
    )
    max_age_days: Annotated[int, quantity("days", 1, 36_500)] | None = Field(
        default=None,
        description="Rotated files last written longer ago are removed; the current one never is.",
    )
    sync: (
        Annotated[
            Literal["never", "interval", "always", "error"], choice("never", "interval", "always", "error")
        ]
        | None
    ) = Field(
        default=None,
        description=(
            "When the file is forced to the disk: never (when the system sees fit), interval (at least once "
            "a second), error (so, and at once after a record of ERROR or above), always (each batch; the "
            "call returns after the disk has acknowledged). flush() forces the file unless it is never."
        ),
    )
    audit: Flag | None = None
    delay: Flag | None = Field(
        default=None,
        description=(
            "Make a file that is not there with its first record; false makes it when it is configured, for "
            "a process that gives up the right to make it."
        ),
    )
    url: Text | None = Field(
        default=None,
        description="Where records go: tcp://host:port, udp://host:port or unix:///path, as the type takes.",
        examples=["tcp://127.0.0.1:5140", "udp://127.0.0.1:514", "unix:///dev/log"],
    )
    max_bytes: Annotated[int, quantity("bytes", 480, 2**20)] | None = Field(
        default=None,
        description=(
            "The longest message that the syslog collector takes; a longer one is cut, which its text says."
        ),
    )
    headers: dict[str, SecretStr] | None = None
    tls: TlsConfiguration | None = None
    batch: BatchConfiguration | None = None
    spool: SpoolConfiguration | None = None


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

    capacity_bytes: Annotated[int, quantity("bytes", 64 * 1024, 4 * _GIB)] = defaults.DEFAULT_CAPACITY_BYTES
    protect_level: Level = Field(default="WARNING", description="Records from this level on wait for room.")
    wait_ms: Annotated[int, quantity("milliseconds", 0, _YEAR_MS)] = Field(
        default=defaults.DEFAULT_WAIT_MS,
        description="How long a protected record waits before it counts as lost.",
    )
    crash_safe: Flag = Field(
        default=True, description="Keep the ring where it survives the process, if possible."
    )


class LimitsConfiguration(Table):
    """Bounds of one record; what is cut is marked as cut."""

    depth: Annotated[int, quantity("levels of nesting", 1, 64)] = defaults.DEFAULT_DEPTH
    items: Annotated[int, quantity("members of one container", 1, 1_000_000)] = defaults.DEFAULT_ITEMS
    bytes: Annotated[int, quantity("bytes", 1024, 2**20)] = defaults.DEFAULT_RECORD_BYTES


class ControlConfiguration(Table):
    """The control server in the trading process."""

    host: Text = Field(default="127.0.0.1", description="An address beyond loopback requires a token.")
    port: Annotated[int, quantity("(a TCP port)", 0, 65_535)] = Field(
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

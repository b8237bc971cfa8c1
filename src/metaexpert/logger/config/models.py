"""The configuration's one shape, for Python, files, environment, HTTP and command line alike."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    ConfigDict,
    Field,
    ModelWrapValidatorHandler,
    PrivateAttr,
    SecretStr,
    ValidationError,
    ValidationInfo,
    model_validator,
)

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
    choices,
    quantity,
)
from metaexpert.logger.config.files import parse_json
from metaexpert.logger.config.frozen import FrozenDict
from metaexpert.logger.config.levels import parse_level
from metaexpert.logger.config.merge import leaves, plain, removals_as_none
from metaexpert.logger.config.origins import CODE, DEFAULT, origin_of
from metaexpert.logger.config.places import NOWHERE, Places
from metaexpert.logger.config.problems import problems_of, removals_of_nothing
from metaexpert.logger.config.rules import broken_rules
from metaexpert.logger.errors import ConfigurationError, shown

HandlerType = Literal["console", "file", "syslog", "tcp", "udp", "otlp"]
IncludeKey = Literal["run_id", "thread_id", "process_id", "caller"]

_GIB = 2**30
_YEAR_MS = 365 * 24 * 3600 * 1000


class _Settings(UnpluggedModel):
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


class FilterConfiguration(_Settings):
    """Which records a handler takes, beside its level; what is not given lets all pass."""

    category: Text | None = Field(default=None, description="Only records of this category, such as trade.")
    loggers: Texts = Field(default=(), description="Only records of these loggers and their children.")
    max_level: Level | None = Field(default=None, description="Only records of this level and below.")
    where: Text | None = Field(
        default=None, description="Only records that this condition on fields holds for."
    )


class TlsConfiguration(_Settings):
    """Files in PEM for a TLS connection."""

    ca: Filename | None = None
    cert: Filename | None = None
    key: Filename | None = None


class BatchConfiguration(_Settings):
    """When a network handler sends: as soon as one of these is reached."""

    records: Annotated[int, quantity("records", 1, 100_000)] = 512
    bytes: Annotated[int, quantity("bytes", 1024, 64 * 2**20)] = 2**20
    ms: Annotated[int, quantity("milliseconds", 1, 60_000)] = 1000


class SpoolConfiguration(_Settings):
    """Where a network handler keeps records while its destination is away."""

    directory: Directory | None = None
    max_bytes: Annotated[int, quantity("bytes", 2**20, 1024 * _GIB)] = _GIB


def _type_meant_by(text: str) -> str | None:
    from metaexpert.logger.config.synonyms import type_meant_by

    return type_meant_by(text)


class HandlerConfiguration(_Settings):
    """One destination. Options that its type does not have are None."""

    model_config = ConfigDict(
        # The known handlers' names imply the type.
        json_schema_extra=lambda schema: schema.pop("required", None) and None
    )

    type: Annotated[HandlerType, choice("console", "file", *defaults.NETWORK_TYPES, guess=_type_meant_by)]
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
    rotate: Annotated[Literal["size", "hourly", "daily"], choice("size", "hourly", "daily")] | None = None
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


class RedactConfiguration(_Settings):
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


class QueueConfiguration(_Settings):
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


class LimitsConfiguration(_Settings):
    """Bounds of one record; what is cut is marked as cut."""

    depth: Annotated[int, quantity("levels of nesting", 1, 64)] = defaults.DEFAULT_DEPTH
    items: Annotated[int, quantity("members of one container", 1, 1_000_000)] = defaults.DEFAULT_ITEMS
    bytes: Annotated[int, quantity("bytes", 1024, 2**20)] = defaults.DEFAULT_RECORD_BYTES


class ControlConfiguration(_Settings):
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


class LogConfiguration(_Settings):
    """A complete, valid configuration of the logging system, and where each value of it came from.

    `LogConfiguration(...)` takes any subset of the fields, as `configure()` does; the rest has its default.
    Raises `ConfigurationError`, which lists every bad field. It cannot be changed afterwards.
    """

    default_level: Level = Field(default=defaults.DEFAULT_LEVEL, description="The root logger's level.")
    log_file_path: Directory = Field(default=defaults.DEFAULT_DIRECTORY, description="The log directory.")
    handlers: Annotated[dict[str, HandlerConfiguration | None], AfterValidator(FrozenDict)] = Field(
        default_factory=dict, description="Destinations by name; null removes one."
    )
    loggers: Annotated[dict[str, Level], AfterValidator(FrozenDict)] = Field(
        default_factory=FrozenDict, description="Levels of loggers by name."
    )
    include: Annotated[tuple[IncludeKey, ...], choices("run_id", "thread_id", "process_id", "caller")] = ()
    field_layout: Annotated[Literal["flat", "nested"], choice("flat", "nested")] = "flat"
    redact: RedactConfiguration = Field(
        default=RedactConfiguration.model_construct(),
        description="Secrets are masked before anything is written.",
    )
    queue: QueueConfiguration = QueueConfiguration.model_construct()
    limits: LimitsConfiguration = LimitsConfiguration.model_construct()
    capture_stdlib: Flag = Field(default=True, description="Third-party loggers and `warnings` flow in.")
    control: ControlConfiguration | None = Field(
        default=None, description="The control server in the process; off without it."
    )
    watch: Flag = Field(
        default=True, description="Read configuration files again when they change, and on SIGHUP."
    )
    stats_interval_seconds: Annotated[
        int, quantity("seconds", 1, 86_400, zero="no such records"), Field(ge=0)
    ] = Field(default=0, description="How often the logging system's own counters are made a record.")

    _origins: dict[str, str] = PrivateAttr(default_factory=dict)
    #: Where its paths led when they were given; one that nothing is said of leads from the current directory.
    _places: Places = PrivateAttr(default_factory=dict)

    def __init__(self, **values: Any) -> None:
        try:
            super().__init__(**values)
        except ValidationError as error:
            raise ConfigurationError(problems_of(error, type(self))) from None

    # Tells pydantic to build instances directly: through `__init__` every check would run twice.
    __init__.__pydantic_base_init__ = True  # type: ignore[attr-defined]

    @classmethod
    def model_validate(cls, obj: Any, **options: Any) -> Self:
        """Return the configuration that `obj` describes. Raises `ConfigurationError` with every bad field."""
        try:
            return super().model_validate(obj, **options)
        except ValidationError as error:
            raise ConfigurationError(problems_of(error, cls)) from None

    @classmethod
    def model_validate_json(cls, json_data: str | bytes | bytearray, **_options: Any) -> Self:
        """Return the configuration in a JSON text. Raises `ConfigurationError` as `model_validate` does."""
        text = json_data if isinstance(json_data, str) else bytes(json_data).decode("utf-8", "replace")
        return cls.model_validate(parse_json(text, "configuration"))

    @model_validator(mode="wrap")
    @classmethod
    def _complete(cls, value: Any, handler: ModelWrapValidatorHandler[Self], info: ValidationInfo) -> Self:
        """Fill in what is not named, check every rule, and raise all problems together."""
        if not isinstance(value, Mapping):
            return handler(value)
        given = removals_as_none(plain(value))
        document = defaults.completed(given)
        places: Places = NOWHERE if info.context is None else info.context
        problems = [*removals_of_nothing(given, cls), *broken_rules(document, places)]
        try:
            configuration = handler(document)
        except ValidationError as error:
            known = {problem.path for problem in problems}
            problems += [problem for problem in problems_of(error, cls) if problem.path not in known]
        if problems:
            raise ConfigurationError(sorted(problems, key=lambda problem: problem.path))
        configuration._origins = {path: CODE for path, _ in leaves(given)}
        configuration._places = dict(places)
        return configuration

    def __eq__(self, other: object) -> bool:
        # Where a value came from makes no difference to what is configured.
        if not isinstance(other, LogConfiguration):
            return NotImplemented
        return self.model_dump() == other.model_dump()

    __hash__ = None  # type: ignore[assignment]

    def active_handlers(self) -> dict[str, HandlerConfiguration]:
        """Return the handlers that are there, by name, without those that were removed."""
        return {name: options for name, options in self.handlers.items() if options is not None}

    def logger_levels(self) -> dict[str, int]:
        """Return the levels of `loggers` as numbers, by logger name."""
        return {name: parse_level(level) for name, level in self.loggers.items()}

    @property
    def origins(self) -> Mapping[str, str]:
        """The source of each value that is not a default, by dotted path."""
        return FrozenDict(self._origins)

    def origin(self, path: str) -> str:
        """Return where the value at the dotted `path` came from: `environment LOG_LEVEL`, `code`, `default`…

        For a table with values from several sources, all of them, separated by commas.
        """
        return origin_of(path, self._origins)

    def describe(self) -> str:
        """Return all of it for a person to read: one line a value, with its source and what it misses."""
        from metaexpert.logger.unseen import note_on

        lines = []
        for path, value in leaves(self.model_dump(mode="json", exclude_none=True)):
            origin = self.origin(path)
            text = "removed" if value is None else shown(value, path)
            source = "" if origin == DEFAULT else f"  ({origin})"
            lines.append(f"{path} = {text}{source}{note_on(path)}")
        return "\n".join(sorted(lines))

    @classmethod
    def for_development(cls) -> Self:
        """Everything on a coloured console, callers in the file; see `presets`."""
        return cls._preset("development")

    @classmethod
    def for_production(cls) -> Self:
        """A quiet console, long retention, run and process in every record; see `presets`."""
        return cls._preset("production")

    @classmethod
    def for_backtesting(cls) -> Self:
        """Complete files, a quiet console, and waiting instead of losing; see `presets`."""
        return cls._preset("backtesting")

    @classmethod
    def for_high_frequency(cls) -> Self:
        """No console, a large ring, small records, and no waiting at all; see `presets`."""
        return cls._preset("high_frequency")

    @classmethod
    def _preset(cls, name: str) -> Self:
        from metaexpert.logger.config.presets import PRESETS

        configuration = cls.model_validate(PRESETS[name])
        origin = f"preset {name}"
        configuration._origins = dict.fromkeys(configuration._origins, origin)
        return configuration


__all__ = [
    "BatchConfiguration",
    "ControlConfiguration",
    "FilterConfiguration",
    "HandlerConfiguration",
    "LimitsConfiguration",
    "LogConfiguration",
    "QueueConfiguration",
    "RedactConfiguration",
    "SpoolConfiguration",
    "TlsConfiguration",
]

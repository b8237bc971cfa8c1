"""The configuration's one shape, for Python, files, environment, HTTP and command line alike."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    Field,
    ModelWrapValidatorHandler,
    PrivateAttr,
    ValidationError,
    ValidationInfo,
    model_validator,
)

from metaexpert.logger.config import defaults
from metaexpert.logger.config.completion import completed
from metaexpert.logger.config.destinations import HandlerConfiguration
from metaexpert.logger.config.destinations.socket import (
    BatchConfiguration,
    SpoolConfiguration,
    TlsConfiguration,
)
from metaexpert.logger.config.documents import leaves, plain, removals_as_none
from metaexpert.logger.config.fields import Directory, Flag, Level, Quantity, choice, choices
from metaexpert.logger.config.files import parse_json
from metaexpert.logger.config.levels import parse_level
from metaexpert.logger.config.origins import CODE, origin_of
from metaexpert.logger.config.places import NOWHERE, Places
from metaexpert.logger.config.problems import problems_of, removals_of_nothing
from metaexpert.logger.config.rules import broken_rules
from metaexpert.logger.config.tables import (
    ControlConfiguration,
    FilterConfiguration,
    LimitsConfiguration,
    QueueConfiguration,
    RedactConfiguration,
    Table,
    or_null,
)
from metaexpert.logger.errors import ConfigurationError
from metaexpert.logger.shared.frozen import FrozenDict

IncludeKey = Literal["run_id", "thread_id", "process_id", "caller"]


def _with_nulls(schema: dict[str, Any]) -> None:
    schema["additionalProperties"] = or_null(schema["additionalProperties"])


def _with_removals(schema: dict[str, Any]) -> None:
    # TOML has no null.
    schema["additionalProperties"]["anyOf"].append({"const": False})


class LogConfiguration(Table):
    """A complete, valid configuration of the logging system, and where each value of it came from.

    `LogConfiguration(...)` takes any subset of the fields, as `configure()` does; the rest has its default.
    Raises `ConfigurationError`, which lists every bad field. It cannot be changed afterwards.
    """

    default_level: Level = Field(default=defaults.DEFAULT_LEVEL, description="The root logger's level.")
    log_file_path: Directory = Field(default=defaults.DEFAULT_DIRECTORY, description="The log directory.")
    handlers: Annotated[dict[str, HandlerConfiguration | None], AfterValidator(FrozenDict)] = Field(
        default_factory=dict,
        description="Destinations by name; null or false removes one.",
        json_schema_extra=_with_removals,
    )
    loggers: Annotated[dict[str, Level], AfterValidator(FrozenDict)] = Field(
        default_factory=FrozenDict,
        description="Levels of loggers by name; null takes one back.",
        json_schema_extra=_with_nulls,
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
    stats_interval_seconds: Annotated[int, Quantity("seconds", 1, 86_400, zero="no such records")] = Field(
        default=0, description="How often the logging system's own counters are made a record."
    )

    _origins: dict[str, str] = PrivateAttr(default_factory=dict)
    #: The absolute paths as they were given; a path that is not listed starts at the current directory.
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
        if isinstance(value, cls) and not issubclass(type(value), cls):
            # A deferred one only says that it is of this class.
            value = value.model_copy()
        if not isinstance(value, Mapping):
            return handler(value)
        given = removals_as_none(plain(value))
        document = completed(given)
        places: Places = NOWHERE if info.context is None else info.context
        problems = [*removals_of_nothing(given, cls, document), *broken_rules(document, places)]
        try:
            configuration = handler(document)
        except ValidationError as error:
            known = {problem.path for problem in problems}
            found = problems_of(error, cls, document)
            problems += [problem for problem in found if problem.path not in known]
        if problems:
            raise ConfigurationError(sorted(problems, key=lambda problem: problem.path))
        configuration._origins = {path: CODE for path, _ in leaves(given)}
        configuration._places = dict(places)
        return configuration

    def __eq__(self, other: object) -> bool:
        # The origin of a value makes no difference to what is configured.
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
        """Return all of it for a person to read: one line per value, with its source and what it misses."""
        from metaexpert.logger.config.description import described

        return "\n".join(described(self.model_dump(mode="json", exclude_none=True), self._origins))

    @classmethod
    def for_development(cls) -> Self:
        """Everything on a coloured console, callers in the file; see `presets`."""
        return cls._preset("development")

    @classmethod
    def for_production(cls) -> Self:
        """A quiet console, long retention, the process in every record; see `presets`."""
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

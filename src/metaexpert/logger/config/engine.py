"""The configuration in the native engine's terms: numbers, absolute paths, one sink per handler."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from metaexpert.logger.config.destinations import HandlerConfiguration, Location
from metaexpert.logger.config.levels import parse_level
from metaexpert.logger.config.models import LogConfiguration
from metaexpert.logger.config.places import LOG_DIRECTORY, place_of
from metaexpert.logger.errors import ConfigurationError, Problem, shown
from metaexpert.logger.shared.known_views import KNOWN_VIEWS


def engine_document(
    configuration: LogConfiguration, *, before: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Return the document of plain values, ready for JSON, that the native engine is configured with.

    Relative paths lead from where they were given, so a later `chdir` moves nothing. `before` is the document
    in force, to whose patterns others may be added. Raises `ValueError` for a level whose name `logging` has
    forgotten meanwhile, and `ConfigurationError` as `log_directory` does.
    """
    location = Location(log_directory(configuration), configuration._places)
    queue, limits, redact = configuration.queue, configuration.limits, configuration.redact
    return {
        "directory": location.directory,
        "sinks": [
            _sink(name, handler, location) for name, handler in configuration.active_handlers().items()
        ],
        "include": list(configuration.include),
        "field_layout": configuration.field_layout,
        "views": [*KNOWN_VIEWS],
        "redact": {
            "defaults": redact.defaults,
            "keys": list(redact.keys),
            "patterns": list(redact.patterns),
            "passes": _passes(list(redact.patterns), before),
        },
        "queue": {
            "capacity_bytes": queue.capacity_bytes,
            "protect_level": parse_level(queue.protect_level),
            "wait_ms": queue.wait_ms,
            "crash_safe": queue.crash_safe,
        },
        "limits": {"depth": limits.depth, "items": limits.items, "bytes": limits.bytes},
    }


def _passes(patterns: list[str], before: Mapping[str, Any] | None) -> list[int]:
    """Return where those of `redact.patterns` begin that changes have added to the document `before`.

    They are looked for in what the others have left, so that none takes a part of a match away from them.
    """
    known: list[str] = before["redact"]["patterns"] if before is not None else []
    passes: list[int] = before["redact"]["passes"] if before is not None else []
    if known and patterns[: len(known)] == known:
        return passes if patterns == known else [*passes, len(known)]
    # Taken back, as a temporary change is; or other ones.
    return [each for each in passes if each < len(patterns) and patterns == known[: len(patterns)]]


def log_directory(configuration: LogConfiguration) -> str:
    """Return the absolute path of the log directory, with `~` as the user's home.

    Raises `ConfigurationError` where it is relative and the current directory is gone or not UTF-8.
    """
    given = configuration.log_file_path
    try:
        directory = place_of(LOG_DIRECTORY, given, configuration._places)
        directory.encode("utf-8")
    except (OSError, UnicodeEncodeError) as error:
        reason = f"must be an absolute path here, was {shown(given)}"
        advice = f"the current directory cannot be used: {error}"
        raise ConfigurationError([Problem("log_file_path", reason, given, suggestion=advice)]) from None
    return directory


def _sink(name: str, handler: HandlerConfiguration, location: Location) -> dict[str, Any]:
    limit = handler.filter.max_level
    return {
        "name": name,
        "level": parse_level(handler.level),
        "max_level": None if limit is None else parse_level(limit),
        "category": handler.filter.category,
        "loggers": list(handler.filter.loggers),
        "where": handler.filter.where,
        "format": handler.format_document(),
        "destination": {"type": handler.type, **handler.document(name, location)},
    }

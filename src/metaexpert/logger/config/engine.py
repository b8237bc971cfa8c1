"""The configuration in the native engine's terms: numbers, absolute paths, one sink a handler."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import PurePath
from typing import Any

from metaexpert.logger.config.defaults import DEFAULT_MESSAGE_BYTES
from metaexpert.logger.config.formats import JSON, PRESETS, SYSLOG, SYSLOG_FORMATS
from metaexpert.logger.config.levels import parse_level
from metaexpert.logger.config.models import HandlerConfiguration, LogConfiguration
from metaexpert.logger.config.places import LOG_DIRECTORY, file_in, filename_setting, place_of
from metaexpert.logger.config.urls import SCHEMES, endpoint
from metaexpert.logger.errors import ConfigurationError, Problem, shown
from metaexpert.logger.views import views_document


def engine_document(
    configuration: LogConfiguration,
    *,
    process_suffix: str | None = None,
    before: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Return the document of plain values, ready for JSON, that the native engine is configured with.

    Relative paths lead from where they were given, so a later `chdir` moves nothing. With a
    `process_suffix` each file has it before its extension (`expert.4711.log`): what a second process on the
    same directory writes. `before` is the document in force, to whose patterns others may be added. Raises
    `ValueError` for a level whose name `logging` has forgotten meanwhile, and `ConfigurationError` as
    `log_directory` does.
    """
    directory = log_directory(configuration)
    queue, limits, redact = configuration.queue, configuration.limits, configuration.redact
    return {
        "directory": directory,
        "sinks": [
            _sink(name, handler, configuration, process_suffix)
            for name, handler in configuration.active_handlers().items()
        ],
        "include": list(configuration.include),
        "field_layout": configuration.field_layout,
        "views": views_document(),
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


def _sink(
    name: str, handler: HandlerConfiguration, whole: LogConfiguration, process_suffix: str | None
) -> dict[str, Any]:
    limit = handler.filter.max_level
    return {
        "name": name,
        "level": parse_level(handler.level),
        "max_level": None if limit is None else parse_level(limit),
        "category": handler.filter.category,
        "loggers": list(handler.filter.loggers),
        "format": _format(handler),
        "destination": {"type": handler.type, **_destination(name, handler, whole, process_suffix)},
    }


def _destination(
    name: str, handler: HandlerConfiguration, whole: LogConfiguration, process_suffix: str | None
) -> dict[str, Any]:
    """Return the options that this type of destination has, and no others."""
    if handler.type == "console":
        return {"stream": handler.stream or "stdout", "color": "auto"}
    if handler.type in SCHEMES:
        return {"endpoint": endpoint(handler.type, handler.url or "")}
    return _file(handler, file_path(name, handler, whole), process_suffix)


def _format(handler: HandlerConfiguration) -> dict[str, Any]:
    text = handler.format
    if text in SYSLOG_FORMATS:
        return {
            "kind": SYSLOG,
            "app_name": _program_name(),
            "protocol": "auto" if text == SYSLOG else text,
            "max_bytes": handler.max_bytes or DEFAULT_MESSAGE_BYTES,
        }
    if text == JSON:
        return {"kind": text}
    named = {"kind": text} if text in PRESETS else {"kind": "percent", "pattern": text}
    return named if handler.datefmt is None else {**named, "datefmt": handler.datefmt}


def _program_name() -> str:
    """Return what a person calls this program: its script's or package's name."""
    script = PurePath(sys.argv[0] if sys.argv else "")
    name = script.parent.name if script.name == "__main__.py" else script.name
    return name if name not in ("", "-c", "-m", "-") else "python"


def file_path(name: str, handler: HandlerConfiguration, whole: LogConfiguration) -> str:
    """Return the absolute path of the file that the handler `name` of a configuration writes."""
    directory, text = log_directory(whole), handler.filename or ""
    return file_in(directory, filename_setting(name), text, whole._places)


def _file(handler: HandlerConfiguration, path: str, process_suffix: str | None) -> dict[str, Any]:
    if process_suffix:
        stem, extension = os.path.splitext(path)
        # `expert.4711` would be the name of a rotated file.
        path = f"{stem}.{process_suffix}{extension or '.log'}"
    # As in `logging.handlers`: without backups a file is not rotated by size, for that would empty it.
    bounded = handler.backup_count != 0
    return {
        "path": path,
        "max_size": (handler.max_size or 0) if bounded else 0,
        "backup_count": handler.backup_count or 0,
        "rotate": handler.rotate or "size",
        "compress": handler.compress or "none",
        "max_age_days": handler.max_age_days,
        "sync": handler.sync or "never",
        "delay": handler.delay is not False,
    }

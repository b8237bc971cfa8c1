"""Configurations that need no models: the standard one, with other levels and another log directory.

That is what most programs ask for, and pydantic, behind the models, takes longer to import and more memory
than everything else in a logging program. Here too each value is checked by the function that checks it for
the models, and whatever one of them refuses is left to the models, which name every bad field.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import deepcopy
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from metaexpert.logger.config.common_rules import directory_like_a_file, long_names
from metaexpert.logger.config.defaults import level_of
from metaexpert.logger.config.documents import HANDLERS, LOGGERS
from metaexpert.logger.config.levels import canonical_level, parse_level
from metaexpert.logger.config.paths import check_directory
from metaexpert.logger.config.places import LOG_DIRECTORY, Places, file_in, filename_setting, place_of
from metaexpert.logger.config.standard import CONFIGURATION, ENGINE
from metaexpert.logger.shared.known_views import KNOWN_VIEWS


class Prepared(NamedTuple):
    """A valid configuration in plain values."""

    #: What the models would show of it: `LogConfiguration.model_dump(mode="json")`.
    values: dict[str, Any]
    #: What the engine is configured with: `engine_document`.
    document: dict[str, Any]


def prepare(document: Mapping[Any, Any], places: Places) -> Prepared | None:
    """Return the configuration that `document` makes, whose paths lead where `places` says.

    None where it names another setting than those here, or has a value that may be refused.
    """
    if not document.keys() <= _CHECKS.keys():
        return None
    try:
        given = {name: _CHECKS[name](value) for name, value in document.items()}
        directory = place_of(LOG_DIRECTORY, given.get(LOG_DIRECTORY, CONFIGURATION[LOG_DIRECTORY]), places)
        directory.encode("utf-8")
    except (ValueError, OSError):
        return None
    if any(directory_like_a_file(document, places)) or any(long_names(document.get(LOGGERS))):
        return None
    values = {**deepcopy(CONFIGURATION), **given}
    for name, options in values[HANDLERS].items():
        level = level_of(name, document)
        options["level"] = options["level"] if level is None else level
    return Prepared(values, _engine_document(values, directory, places))


def _engine_document(values: Mapping[str, Any], directory: str, places: Places) -> dict[str, Any]:
    document = {**deepcopy(ENGINE), "directory": directory, "views": [*KNOWN_VIEWS]}
    for sink in document["sinks"]:
        options = values[HANDLERS][sink["name"]]
        sink["level"] = parse_level(options["level"])
        filename = options.get("filename")
        if filename is not None:
            path = file_in(directory, filename_setting(sink["name"]), filename, places)
            sink["destination"]["path"] = path
    return document


def _levels(value: Any) -> dict[str, str | int]:
    """Return the levels of loggers by name. Raises `ValueError` for anything else."""
    if type(value) is not dict:
        raise ValueError("no table")
    return {_text(name): canonical_level(level) for name, level in value.items()}


def _text(value: Any) -> str:
    """Return a text that needs no look at its type or its characters. Raises `ValueError` for any other."""
    if type(value) is not str:
        raise ValueError("no text")
    value.encode("utf-8")
    return value


#: The settings that a prepared configuration may name.
_CHECKS: Final[Mapping[Any, Callable[[Any], Any]]] = MappingProxyType(
    {
        "default_level": canonical_level,
        LOG_DIRECTORY: lambda value: _text(check_directory(value)),
        LOGGERS: _levels,
    }
)

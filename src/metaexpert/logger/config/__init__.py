"""The configuration of the logging system: its shape, its sources, and its translation for the engine.

Names are loaded at first use: pydantic's import is slow, and a program that never configures need not pay it.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from metaexpert.logger.config.description import described
    from metaexpert.logger.config.destinations import (
        ConsoleConfiguration,
        FileConfiguration,
        HandlerConfiguration,
        SocketConfiguration,
    )
    from metaexpert.logger.config.documents import merge
    from metaexpert.logger.config.engine import engine_document, log_directory
    from metaexpert.logger.config.environment import control_address, typed_value
    from metaexpert.logger.config.files import absolute
    from metaexpert.logger.config.layer import Layer
    from metaexpert.logger.config.legacy import log_config_document
    from metaexpert.logger.config.levels import canonical_level, parse_level
    from metaexpert.logger.config.loading import ConfigurationLike, DictConfig, load_config, load_layers
    from metaexpert.logger.config.models import LogConfiguration
    from metaexpert.logger.config.pile import resolve
    from metaexpert.logger.config.schema import json_schema
    from metaexpert.logger.config.sources import Sources
    from metaexpert.logger.config.synonyms import meant_by
    from metaexpert.logger.config.tables import FilterConfiguration

_HOMES = {
    "ConfigurationLike": "loading",
    "ConsoleConfiguration": "destinations",
    "DictConfig": "loading",
    "FileConfiguration": "destinations",
    "FilterConfiguration": "tables",
    "HandlerConfiguration": "destinations",
    "Layer": "layer",
    "LogConfiguration": "models",
    "SocketConfiguration": "destinations",
    "Sources": "sources",
    "absolute": "files",
    "canonical_level": "levels",
    "control_address": "environment",
    "described": "description",
    "engine_document": "engine",
    "json_schema": "schema",
    "load_config": "loading",
    "load_layers": "loading",
    "log_config_document": "legacy",
    "log_directory": "engine",
    "meant_by": "synonyms",
    "merge": "documents",
    "parse_level": "levels",
    "resolve": "pile",
    "typed_value": "environment",
}

__all__ = [
    "ConfigurationLike",
    "ConsoleConfiguration",
    "DictConfig",
    "FileConfiguration",
    "FilterConfiguration",
    "HandlerConfiguration",
    "Layer",
    "LogConfiguration",
    "SocketConfiguration",
    "Sources",
    "absolute",
    "canonical_level",
    "control_address",
    "described",
    "engine_document",
    "json_schema",
    "load_config",
    "load_layers",
    "log_config_document",
    "log_directory",
    "meant_by",
    "merge",
    "parse_level",
    "resolve",
    "typed_value",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)

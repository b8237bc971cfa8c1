"""The configuration of the logging system: its shape, its sources, and its translation for the engine.

Names are loaded at first use: pydantic's import is slow, and a program that never configures need not pay it.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from metaexpert.logger.config.engine import engine_document, log_directory
    from metaexpert.logger.config.layer import Layer
    from metaexpert.logger.config.legacy import log_config_document
    from metaexpert.logger.config.levels import canonical_level, parse_level
    from metaexpert.logger.config.models import (
        FilterConfiguration,
        HandlerConfiguration,
        LogConfiguration,
    )
    from metaexpert.logger.config.sources import (
        ConfigurationLike,
        DictConfig,
        Sources,
        load_config,
        load_layers,
        resolve,
    )
    from metaexpert.logger.config.synonyms import meant_by

_HOMES = {
    "ConfigurationLike": "sources",
    "DictConfig": "sources",
    "FilterConfiguration": "models",
    "HandlerConfiguration": "models",
    "Layer": "layer",
    "LogConfiguration": "models",
    "Sources": "sources",
    "canonical_level": "levels",
    "engine_document": "engine",
    "load_config": "sources",
    "load_layers": "sources",
    "log_config_document": "legacy",
    "log_directory": "engine",
    "meant_by": "synonyms",
    "parse_level": "levels",
    "resolve": "sources",
}

__all__ = [
    "ConfigurationLike",
    "DictConfig",
    "FilterConfiguration",
    "HandlerConfiguration",
    "Layer",
    "LogConfiguration",
    "Sources",
    "canonical_level",
    "engine_document",
    "load_config",
    "load_layers",
    "log_config_document",
    "log_directory",
    "meant_by",
    "parse_level",
    "resolve",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)

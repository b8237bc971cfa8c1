"""Loggers in other processes: what their pickles call there."""

from __future__ import annotations

import importlib
import logging
from collections.abc import Callable
from typing import Any

from metaexpert.logger.capture.level_changes import changes


def owned(name: str) -> Any:
    """Find a logger of this library's."""
    logger: Any = changes.adopt(logging.getLogger(name))
    return logger.owned()


def rebound(name: str, fields: dict[str, Any]) -> Any:
    """Rebuild a bound logger."""
    logger: Any = changes.adopt(logging.getLogger(name))
    return logger.bind(**fields)


def as_imported(function: Callable[..., Any]) -> Any:
    """Return `function` of the latest import of this module: `pickle` takes no other."""
    return getattr(importlib.import_module(__name__), function.__name__)

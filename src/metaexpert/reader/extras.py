"""Packages that only some functions of the reader need, imported when they are called."""

from __future__ import annotations

from importlib import import_module
from typing import Any


def needed(module: str, extra: str) -> Any:
    """Import a module. Raises ModuleNotFoundError naming the extra to install where it is missing."""
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        package = module.partition(".")[0]
        if (error.name or "").partition(".")[0] != package:
            raise
        raise ModuleNotFoundError(
            f"this needs {package}, which is not installed: pip install 'metaexpert[{extra}]'", name=package
        ) from None

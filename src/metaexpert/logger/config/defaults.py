"""Defaults of the configuration, without those of each destination's options."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any, Final

from metaexpert.logger.config.levels import canonical_level, parse_level

DEFAULT_LEVEL: Final = "INFO"
DEFAULT_DIRECTORY: Final = "logs"

#: Trade records are audited long after the trade, and are few.
TRADES_BACKUP_COUNT: Final = 100

DEFAULT_CAPACITY_BYTES: Final = 8 * 2**20
DEFAULT_WAIT_MS: Final = 100
DEFAULT_DEPTH: Final = 32
DEFAULT_ITEMS: Final = 1000
DEFAULT_RECORD_BYTES: Final = 2**20

#: The handlers that are there unless removed, and what their names stand for.
KNOWN_HANDLERS: Final[Mapping[str, Mapping[str, Any]]] = MappingProxyType(
    {
        "console": {"type": "console"},
        "file": {"type": "file", "filename": "expert.log"},
        "trades": {
            "type": "file",
            "level": "INFO",
            "filter": {"category": "trade"},
            "filename": "trades.log",
            "backup_count": TRADES_BACKUP_COUNT,
        },
        "errors": {"type": "file", "level": "ERROR", "filename": "errors.log"},
    }
)


def level_of(handler: str, document: Mapping[Any, Any]) -> str | int | None:
    """Return the level of the handler of this name in `document` where nobody says otherwise.

    None where it follows no other setting. Malformed levels are passed over, for validation to report.
    """
    if handler == "console":
        return _lowest("INFO", [document.get("default_level")])
    if handler == "file":
        loggers = document.get("loggers")
        asked = loggers.values() if isinstance(loggers, Mapping) else ()
        return _lowest("DEBUG", [document.get("default_level"), *asked])
    return None


def _lowest(standard: str, asked: Iterable[Any]) -> str | int:
    """Return `standard`, or a level asked for elsewhere that is lower: who asks for DEBUG wants to see it."""
    lowest = logging.getLevelNamesMapping()[standard]
    for level in asked:
        try:
            lowest = min(lowest, parse_level(level))
        except ValueError:
            continue
    return canonical_level(lowest)

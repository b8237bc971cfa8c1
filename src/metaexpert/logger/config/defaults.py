"""Defaults of the configuration, without those of each destination's options."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

DEFAULT_LEVEL: Final = "INFO"
DEFAULT_DIRECTORY: Final = "logs"

#: Trades are audited long after they happened, and are few.
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

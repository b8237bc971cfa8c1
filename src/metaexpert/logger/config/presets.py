"""Four configurations to start from, each with the reason for what it changes.

A preset is complete: `configure(LogConfiguration.for_production())` puts exactly it in force, whatever was
configured in code before. What a preset does not name has its default.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

_MIB: Final = 2**20

#: Everything is wanted at once and nothing is expensive: DEBUG on the console, and the caller of each record.
_DEVELOPMENT: Final = {
    "default_level": "DEBUG",
    "include": ["caller"],
    "handlers": {"console": {"level": "DEBUG", "format": "console"}, "file": {"level": "DEBUG"}},
}

#: Runs for weeks beside other processes: the console shows what somebody must look at, records say which
#: process they are of, and files reach back further.
_PRODUCTION: Final = {
    "default_level": "INFO",
    "include": ["run_id", "process_id"],
    "handlers": {
        "console": {"level": "WARNING", "format": "console"},
        "file": {"level": "INFO", "backup_count": 30},
        "errors": {"backup_count": 30},
    },
    "queue": {"capacity_bytes": 16 * _MIB},
}

#: No market waits for a backtest, so it waits for the log: every record is protected and none gives way. One
#: run is one file, which tools read more easily; a killed run is simply run again, so the ring need not
#: survive it.
_BACKTESTING: Final = {
    "default_level": "INFO",
    "include": ["run_id"],
    "handlers": {
        "console": {"level": "WARNING", "format": "console"},
        "file": {"level": "DEBUG", "max_size": 0},
        "trades": {"max_size": 0},
        "errors": {"max_size": 0},
    },
    "queue": {"protect_level": "NOTSET", "wait_ms": 60_000, "crash_safe": False},
}

#: The thread must never wait: a large ring takes the bursts, what does not fit is counted and lost at once, a
#: terminal cannot slow anything down, and one huge value cannot cost what thousands of records do.
_HIGH_FREQUENCY: Final = {
    "default_level": "INFO",
    "handlers": {
        "console": None,
        "file": {"level": "INFO", "max_size": 1024 * _MIB},
        "trades": {"max_size": 1024 * _MIB},
    },
    "queue": {"capacity_bytes": 64 * _MIB, "wait_ms": 0},
    "limits": {"depth": 4, "items": 100, "bytes": 16 * 1024},
}

PRESETS: Final[Mapping[str, Mapping[str, Any]]] = MappingProxyType(
    {
        "development": _DEVELOPMENT,
        "production": _PRODUCTION,
        "backtesting": _BACKTESTING,
        "high_frequency": _HIGH_FREQUENCY,
    }
)

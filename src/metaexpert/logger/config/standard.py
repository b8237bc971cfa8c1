"""The configuration that the models make of nothing, as `standard_text` prints it.

Of what the engine is configured with, the log directory, the paths of files and the views are left out,
because they differ from program to program.
"""

from __future__ import annotations

from typing import Any, Final

CONFIGURATION: Final[dict[str, Any]] = {
    "default_level": "INFO",
    "log_file_path": "logs",
    "handlers": {
        "console": {
            "type": "console",
            "level": "INFO",
            "format": "console",
            "datefmt": None,
            "filter": {
                "category": None,
                "loggers": [],
                "max_level": None,
                "where": None,
            },
            "stream": "stdout",
        },
        "file": {
            "type": "file",
            "level": "DEBUG",
            "format": "json",
            "datefmt": None,
            "filter": {
                "category": None,
                "loggers": [],
                "max_level": None,
                "where": None,
            },
            "filename": "expert.log",
            "max_size": 104857600,
            "backup_count": 10,
            "rotate": "size",
            "compress": "none",
            "max_age_days": None,
            "sync": "never",
            "audit": False,
            "delay": True,
        },
        "trades": {
            "type": "file",
            "level": "INFO",
            "format": "json",
            "datefmt": None,
            "filter": {
                "category": "trade",
                "loggers": [],
                "max_level": None,
                "where": None,
            },
            "filename": "trades.log",
            "max_size": 104857600,
            "backup_count": 100,
            "rotate": "size",
            "compress": "none",
            "max_age_days": None,
            "sync": "never",
            "audit": False,
            "delay": True,
        },
        "errors": {
            "type": "file",
            "level": "ERROR",
            "format": "json",
            "datefmt": None,
            "filter": {
                "category": None,
                "loggers": [],
                "max_level": None,
                "where": None,
            },
            "filename": "errors.log",
            "max_size": 104857600,
            "backup_count": 10,
            "rotate": "size",
            "compress": "none",
            "max_age_days": None,
            "sync": "never",
            "audit": False,
            "delay": True,
        },
    },
    "loggers": {},
    "include": [],
    "field_layout": "flat",
    "redact": {
        "keys": [],
        "patterns": [],
        "defaults": True,
    },
    "queue": {
        "capacity_bytes": 8388608,
        "protect_level": "WARNING",
        "wait_ms": 100,
        "crash_safe": True,
    },
    "limits": {
        "depth": 32,
        "items": 1000,
        "bytes": 1048576,
    },
    "capture_stdlib": True,
    "control": None,
    "watch": True,
    "stats_interval_seconds": 0,
}

ENGINE: Final[dict[str, Any]] = {
    "sinks": [
        {
            "name": "console",
            "level": 20,
            "max_level": None,
            "category": None,
            "loggers": [],
            "format": {
                "kind": "console",
            },
            "destination": {
                "type": "console",
                "stream": "stdout",
                "color": "auto",
            },
        },
        {
            "name": "file",
            "level": 10,
            "max_level": None,
            "category": None,
            "loggers": [],
            "format": {
                "kind": "json",
            },
            "destination": {
                "type": "file",
                "max_size": 104857600,
                "backup_count": 10,
                "rotate": "size",
                "compress": "none",
                "max_age_days": None,
                "sync": "never",
                "delay": True,
            },
        },
        {
            "name": "trades",
            "level": 20,
            "max_level": None,
            "category": "trade",
            "loggers": [],
            "format": {
                "kind": "json",
            },
            "destination": {
                "type": "file",
                "max_size": 104857600,
                "backup_count": 100,
                "rotate": "size",
                "compress": "none",
                "max_age_days": None,
                "sync": "never",
                "delay": True,
            },
        },
        {
            "name": "errors",
            "level": 40,
            "max_level": None,
            "category": None,
            "loggers": [],
            "format": {
                "kind": "json",
            },
            "destination": {
                "type": "file",
                "max_size": 104857600,
                "backup_count": 10,
                "rotate": "size",
                "compress": "none",
                "max_age_days": None,
                "sync": "never",
                "delay": True,
            },
        },
    ],
    "include": [],
    "field_layout": "flat",
    "redact": {
        "defaults": True,
        "keys": [],
        "patterns": [],
        "passes": [],
    },
    "queue": {
        "capacity_bytes": 8388608,
        "protect_level": 30,
        "wait_ms": 100,
        "crash_safe": True,
    },
    "limits": {
        "depth": 32,
        "items": 1000,
        "bytes": 1048576,
    },
}

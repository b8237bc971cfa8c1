"""What holds where nobody says anything, and how a document is completed with it."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any, Final

from metaexpert.logger.config.levels import canonical_level, parse_level
from metaexpert.logger.config.merge import HANDLERS, merge, without_nones

DEFAULT_LEVEL: Final = "INFO"
DEFAULT_DIRECTORY: Final = "logs"

#: At a few hundred bytes a record this keeps some millions of records, days or weeks of a strategy.
DEFAULT_MAX_SIZE: Final = 100 * 2**20
DEFAULT_BACKUP_COUNT: Final = 10
#: Trades are audited long after they happened, and are few.
TRADES_BACKUP_COUNT: Final = 100

#: A little less than the 8 KiB that most collectors take unless told otherwise.
DEFAULT_MESSAGE_BYTES: Final = 8000

DEFAULT_CAPACITY_BYTES: Final = 8 * 2**20
DEFAULT_WAIT_MS: Final = 100
DEFAULT_DEPTH: Final = 32
DEFAULT_ITEMS: Final = 1000
DEFAULT_RECORD_BYTES: Final = 2**20

#: Options that every handler has; the rest belong to a type.
COMMON_OPTIONS: Final = frozenset({"type", "level", "format", "datefmt", "filter"})
FILE_OPTIONS: Final = (
    "filename",
    "max_size",
    "backup_count",
    "rotate",
    "compress",
    "max_age_days",
    "sync",
    "audit",
    "delay",
)
NETWORK_OPTIONS: Final = ("url", "headers", "tls", "batch", "spool")
NETWORK_TYPES: Final = ("syslog", "tcp", "udp", "otlp")
#: Known and refused by `unsupported`.
LATER_TYPES: Final = ("otlp",)
TYPES: Final = ("console", "file", *(name for name in NETWORK_TYPES if name not in LATER_TYPES))
TYPE_OPTIONS: Final[Mapping[str, frozenset[str]]] = MappingProxyType(
    {"console": frozenset({"stream"}), "file": frozenset(FILE_OPTIONS)}
    | dict.fromkeys(NETWORK_TYPES, frozenset(NETWORK_OPTIONS))
    | {"syslog": frozenset({*NETWORK_OPTIONS, "max_bytes"})}
)

_CONSOLE_DEFAULTS: Final[Mapping[str, Any]] = MappingProxyType(
    {"level": "NOTSET", "format": "console", "stream": "stdout"}
)
_FILE_DEFAULTS: Final[Mapping[str, Any]] = MappingProxyType(
    {
        "level": "NOTSET",
        "format": "json",
        "max_size": DEFAULT_MAX_SIZE,
        "backup_count": DEFAULT_BACKUP_COUNT,
        "rotate": "size",
        "compress": "none",
        "sync": "never",
        "audit": False,
        "delay": True,
    }
)
_NETWORK_DEFAULTS: Final[Mapping[str, Any]] = MappingProxyType({"level": "NOTSET", "format": "json"})
_TYPE_DEFAULTS: Final = MappingProxyType(
    {"console": _CONSOLE_DEFAULTS, "file": _FILE_DEFAULTS}
    | dict.fromkeys(NETWORK_TYPES, _NETWORK_DEFAULTS)
    | {"syslog": {**_NETWORK_DEFAULTS, "format": "syslog", "max_bytes": DEFAULT_MESSAGE_BYTES}}
)

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
# What a known handler means apart from its type: a `trades` handler on the console still takes trades only.
_ROLE_OPTIONS: Final = frozenset({"level", "filter"})


def completed(document: Mapping[Any, Any]) -> dict[Any, Any]:
    """Return `document` with defaults for everything about handlers that it does not name.

    Known handlers are added, and stay as None where they were removed; other removed ones are left out.
    What is malformed is passed on as it is, for validation to report.
    """
    given = document.get(HANDLERS)
    rest = without_nones({key: value for key, value in document.items() if key != HANDLERS})
    if given is not None and not isinstance(given, Mapping):
        return {**rest, HANDLERS: given}
    handlers: dict[Any, Any] = {}
    for name, options in {**{known: {} for known in KNOWN_HANDLERS}, **(given or {})}.items():
        if isinstance(options, Mapping):
            handlers[name] = _completed_handler(name, without_nones(options), rest)
        elif options is not None or name in KNOWN_HANDLERS or not isinstance(name, str):
            handlers[name] = options
    return {**rest, HANDLERS: handlers}


def _completed_handler(name: str, given: dict[Any, Any], rest: Mapping[Any, Any]) -> dict[Any, Any]:
    known = dict(KNOWN_HANDLERS.get(name, {}))
    kind = given.get("type", known.get("type"))
    if not isinstance(kind, str) or kind not in TYPE_OPTIONS:
        return given
    if kind != known.get("type"):
        known = {option: value for option, value in known.items() if option in _ROLE_OPTIONS}
    base = merge({"type": kind, **_TYPE_DEFAULTS[kind]}, known)
    if kind == "file":
        base.setdefault("filename", f"{name}.log")
    if name == "console":
        base["level"] = _lowest("INFO", [rest.get("default_level")])
    elif name == "file":
        loggers = rest.get("loggers")
        asked = loggers.values() if isinstance(loggers, Mapping) else ()
        base["level"] = _lowest("DEBUG", [rest.get("default_level"), *asked])
    return merge(base, given)


def _lowest(standard: str, asked: Iterable[Any]) -> str | int:
    """Return `standard`, or a level asked for elsewhere that is lower: who asks for DEBUG wants to see it."""
    lowest = logging.getLevelNamesMapping()[standard]
    for level in asked:
        try:
            lowest = min(lowest, parse_level(level))
        except ValueError:
            continue
    return canonical_level(lowest)

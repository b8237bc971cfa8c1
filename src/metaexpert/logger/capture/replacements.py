"""The methods of `logging` that the fast way bypasses, and whether a program has replaced one of them."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Set
from typing import Any, Final

TRADE: Final = "trade"

LEVELS: Final[Mapping[str, int]] = {
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "warning": logging.WARNING,
    "error": logging.ERROR,
    "exception": logging.ERROR,
    "critical": logging.CRITICAL,
    "fatal": logging.CRITICAL,
}
#: Methods that the fast path would bypass if a subclass, or a program at run time, replaced them.
OVERRIDABLE: Final = (
    *LEVELS,
    "log",
    "trade",
    "_log",
    "_serve",
    "makeRecord",
    "handle",
    "callHandlers",
    "findCaller",
    "filter",
    "isEnabledFor",
    "getEffectiveLevel",
    "hasHandlers",
)

_RECORD_METHODS: Final = ("__new__", "__init__", "getMessage", "__setattr__")
#: The class of records, and its methods that a call which makes none bypasses.
_record: Final = logging.LogRecord
_record_methods: Final = {name: getattr(_record, name) for name in _RECORD_METHODS}
#: `logging.Logger` under a name that a program does not assign to.
STANDARD: Final = logging.Logger
#: Methods of it that hand out a record which foreign handlers get as well.
LOOKED_UP: Final = frozenset(("callHandlers", "hasHandlers"))
#: Its methods that `MetaLogger` bypasses. What a program has put there before this import is none.
_standard: Final[Mapping[str, Any]] = {
    name: method if getattr(method, "__globals__", None) is vars(logging) else None
    for name, method in ((name, getattr(STANDARD, name, None)) for name in OVERRIDABLE)
    if method is not None
}


def is_patched(name: str) -> bool:
    """Tell whether somebody has replaced the method `name` in `logging.Logger`, as tracing tools do."""
    return name in _standard and getattr(STANDARD, name) is not _standard[name]


def has_patches(*, but: Set[str] = frozenset()) -> bool:
    """Tell whether somebody has replaced a method of `logging.Logger`; `but` are none that matter."""
    return any(map(is_patched, _standard.keys() - but))


def records_are_usual() -> bool:
    """Tell whether the class of records is `logging`'s own, with nothing in it replaced."""
    return logging.LogRecord is _record and all(
        getattr(_record, name) is method for name, method in _record_methods.items()
    )

"""The views that are registered, as the engine takes them: apart from the class, which few programs need."""

from __future__ import annotations

from typing import Any, Final

#: In plain values, in the order of their registration. A record that has `sim_time` shows it, whatever
#: program it is of.
KNOWN_VIEWS: Final[list[dict[str, Any]]] = [
    {
        "time": "sim_time",
        "constant": [],
        "constant_before_time": [],
        "loggers": [],
        "event_field": None,
        "left_out": {},
        "kept": {},
    }
]

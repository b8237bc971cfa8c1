"""Settings that the schema knows and this version cannot do yet: one table, one row per feature.

Such a setting is refused when it is given, never silently ignored. The version that brings a feature
deletes its row.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from metaexpert.logger.config.destinations import TYPES
from metaexpert.logger.config.destinations.handler import Refusal
from metaexpert.logger.errors import Problem, shown

REFUSALS: Final = (
    *(
        Refusal("handlers.*.type", each.instead, (name,))
        for name, each in TYPES.items()
        if each.instead is not None
    ),
    *dict.fromkeys(refusal for each in TYPES.values() for refusal in each.refusals),
)


def refusals(document: Mapping[Any, Any]) -> Iterator[Problem]:
    """Yield a problem for each setting of `document` that this version cannot do yet."""
    for refusal in REFUSALS:
        for path, value in _found(document, refusal.setting.split(".")):
            if refusal.applies_to(value):
                given = "" if isinstance(value, Mapping) else f" ({shown(value, path)})"
                reason = f"not available in this version{given}"
                yield Problem(path, reason, value, suggestion=refusal.suggestion)


def _found(document: Mapping[Any, Any], steps: Sequence[str]) -> list[tuple[str, Any]]:
    """Return what lies at `steps`, each with its dotted path."""
    found: list[tuple[str, Any]] = [("", document)]
    for step in steps:
        found = [
            (f"{above}.{name}" if above else str(name), value[name])
            for above, value in found
            if isinstance(value, dict)
            for name in (value if step == "*" else (step,))
            if name in value
        ]
    return found

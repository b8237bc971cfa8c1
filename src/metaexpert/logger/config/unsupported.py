"""What the schema knows and this version cannot do yet: one table, one row a feature.

Such a setting is refused when it is given, never silently ignored. The version that brings a feature
deletes its row.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from metaexpert.logger.config.defaults import LATER_TYPES
from metaexpert.logger.config.formats import LATER_PRESETS
from metaexpert.logger.errors import Problem, shown


class Refusal(NamedTuple):
    """A setting (`*` is any handler) that is refused for the given values, or for any but an empty one."""

    setting: str
    suggestion: str
    values: tuple[str, ...] = ()

    def applies_to(self, value: Any) -> bool:
        """Tell whether `value` asks for the feature."""
        if self.values:
            return isinstance(value, str) and value in self.values
        return value is not None and value is not False and value not in ((), [], {}, set())


REFUSALS: Final = (
    Refusal("handlers.*.type", "use a tcp or a syslog handler", LATER_TYPES),
    Refusal("handlers.*.format", "use json, console, text or a %-style format", LATER_PRESETS),
    Refusal("handlers.*.filter.where", "use category, loggers, level or max_level"),
    Refusal("handlers.*.audit", "leave it out or use false"),
)

#: Options of network handlers, with the way out.
_LATER_NETWORK_OPTIONS: Final = {
    "headers": "leave it out: nothing here is sent over HTTP",
    "tls": "leave it out, and let a collector on this machine forward what needs protection",
    "batch": "leave it out: what there is, is sent at once",
    "spool": "leave it out, and have a file handler beside this one",
}


def later_network_options(path: str, options: Mapping[str, Any]) -> Iterator[Problem]:
    """Yield a problem for each option of the network handler at `path` that this version cannot do yet."""
    for option, suggestion in _LATER_NETWORK_OPTIONS.items():
        if options.get(option) is not None:
            yield Problem(f"{path}.{option}", "not available in this version", suggestion=suggestion)


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

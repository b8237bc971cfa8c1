"""Redaction at run time: it may be made stricter, not weaker.

Otherwise a client that changes levels could read secrets.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from metaexpert.logger.config.models import LogConfiguration, RedactConfiguration
from metaexpert.logger.errors import Problem, shown

_EXEMPTION: Final = "-"
_ADVICE: Final = "change it where the program is started, or see control.allow_weaker_redaction"


def may_weaken(start: LogConfiguration) -> bool:
    """Tell whether the program that was started with `start` lets its redaction be made weaker."""
    return start.control is not None and start.control.allow_weaker_redaction


def weakenings(after: RedactConfiguration, before: RedactConfiguration) -> Iterator[Problem]:
    """Yield a problem for each setting of `after` with which something is shown that `before` masks."""
    lost = [name for name in _masked(before) if name not in after.keys]
    if lost:
        yield _problem("keys", f"must keep {_listed(lost)} when set at run time", after.keys)
    exempt = [name for name in after.keys if name not in before.keys and name not in _masked(after)]
    if exempt:
        yield _problem("keys", f"must not exempt {_listed(exempt)} when set at run time", after.keys)
    unmatched = [pattern for pattern in before.patterns if pattern not in after.patterns]
    if unmatched:
        yield _problem("patterns", f"must keep {_listed(unmatched)} when set at run time", after.patterns)
    elif after.patterns[: len(before.patterns)] != before.patterns:
        # One that comes first may take away a part of what another would have found.
        reason = f"must begin with {_listed(list(before.patterns))} when set at run time"
        yield _problem("patterns", reason, after.patterns)
    if before.defaults and not after.defaults:
        yield _problem("defaults", "must stay true when set at run time", after.defaults)


def at_least_as_strict(configuration: LogConfiguration, start: LogConfiguration) -> LogConfiguration:
    """Return `configuration` with whatever its redaction lacks of that of `start`.

    What was added at run time is a list of its own, which knows nothing of what a file has said since.
    """
    after, before = configuration.redact, start.redact
    if next(weakenings(after, before), None) is None:
        return configuration
    masked = dict.fromkeys((*_masked(before), *_masked(after)))
    exempt = [name for name in after.keys if name not in masked and name in before.keys]
    redact = after.model_copy(
        update={
            "keys": (*masked, *exempt),
            "patterns": tuple(dict.fromkeys((*before.patterns, *after.patterns))),
            "defaults": after.defaults or before.defaults,
        }
    )
    return configuration.model_copy(update={"redact": redact})


def _masked(redact: RedactConfiguration) -> list[str]:
    return [name for name in redact.keys if not name.startswith(_EXEMPTION)]


def _listed(items: list[str]) -> str:
    return ", ".join(map(shown, items))


def _problem(field: str, reason: str, value: object) -> Problem:
    return Problem(f"redact.{field}", reason, value, suggestion=_ADVICE)

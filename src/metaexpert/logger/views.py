"""Views: the meaning of a program's own fields for people who read its records in `console` and `text`.

    from metaexpert.logger.views import View, register_view

    register_view(View(constant=("service", "release"), loggers=("shop.orders",), event_field="event_name"))

A view only shortens lines for people. Records in JSON have every field as it was logged.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from metaexpert.logger.shared.known_views import KNOWN_VIEWS

__all__ = ["View", "register_view"]


@dataclass(frozen=True)
class View:
    """The choice of fields that formats for people show, and of fields that are left to the files in JSON."""

    #: The field with the time of what a record tells of, RFC 3339 in UTC. Formats for people, `%`-style ones
    #: too, show it in place of the clock's.
    time: str | None = None
    #: Fields that stay the same from record to record. They are not shown in a context that has all of them.
    constant: Sequence[str] = ()
    #: Fields that stay the same too where they come before `time` in such a context.
    constant_before_time: Sequence[str] = ()
    #: The loggers whose records report events. Those records are shown without their category, without values
    #: that say nothing (null, false, empty, a count of 0), and with amounts rounded.
    loggers: Sequence[str] = ()
    #: The field of such a record with the event's name. It is not shown, because the message tells the event.
    event_field: str | None = None
    #: By event, fields that are not shown.
    left_out: Mapping[str, Sequence[str]] = field(default_factory=dict)
    #: By event, fields that are shown although they stay the same before the time.
    kept: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def document(self) -> dict[str, Any]:
        """Return the view in plain values, ready for JSON."""
        return {
            "time": self.time,
            "constant": list(self.constant),
            "constant_before_time": list(self.constant_before_time),
            "loggers": list(self.loggers),
            "event_field": self.event_field,
            "left_out": {event: list(fields) for event, fields in self.left_out.items()},
            "kept": {event: list(fields) for event, fields in self.kept.items()},
        }


def register_view(view: View) -> None:
    """Show records as `view` says from the next configuration on. A second registration changes nothing."""
    document = view.document()
    if document not in KNOWN_VIEWS:
        KNOWN_VIEWS.append(document)

"""Rules that tie several settings together, checked on the completed document beside the types of its fields.

They read the plain document and skip malformed parts, so that one broken field hides no other.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Mapping
from typing import Any, Final

from metaexpert.logger.config.common_rules import directory_like_a_file, directory_of, long_names
from metaexpert.logger.config.defaults import DEFAULT_DIRECTORY, KNOWN_HANDLERS
from metaexpert.logger.config.destinations import TYPES, available_types, type_of
from metaexpert.logger.config.documents import HANDLERS
from metaexpert.logger.config.formats import DATED_PRESETS, shows_time
from metaexpert.logger.config.places import LOG_DIRECTORY, NOWHERE, Places
from metaexpert.logger.config.unsupported import refusals
from metaexpert.logger.errors import Problem, did_you_mean, shown

#: A record carries the set of its sinks as 64 bits.
MAX_HANDLERS: Final = 64


def broken_rules(document: Mapping[Any, Any], places: Places = NOWHERE) -> list[Problem]:
    """Return every problem of the completed `document` that is not the type or range of a single field.

    `places` says where its paths lead.
    """
    handlers = document.get(HANDLERS)
    tables = {}
    if isinstance(handlers, Mapping):
        tables = {str(name): options for name, options in handlers.items() if isinstance(options, Mapping)}
    return [
        *refusals(document),
        *_untyped_handlers(tables),
        *_misplaced_options(tables),
        *_foreign_formats(tables),
        *_idle_date_formats(tables),
        *directory_like_a_file(document, places),
        *_problems_of_types(document, tables, places),
        *_too_many(tables),
        *long_names(document.get("loggers")),
        *_exposed_control(document.get("control")),
        *_open_redaction(document.get("control")),
    ]


def _untyped_handlers(handlers: Mapping[str, Mapping[str, Any]]) -> Iterator[Problem]:
    names = available_types()
    for name, options in handlers.items():
        if options.get("type") is None:
            yield Problem(
                f"{HANDLERS}.{name}.type",
                "must be given, since the handler's name implies none",
                allowed=names,
                suggestion=did_you_mean(name, KNOWN_HANDLERS)
                or f"use {', '.join(names[:-1])} or {names[-1]}",
            )


def _misplaced_options(handlers: Mapping[str, Mapping[str, Any]]) -> Iterator[Problem]:
    for name, options in handlers.items():
        kind = type_of(options.get("type"))
        if kind is None:
            continue
        known = kind.model_fields
        for option, value in options.items():
            if value is None or option in known:
                continue
            owners = [owner for owner, each in TYPES.items() if option in each.model_fields]
            if not owners:
                continue
            yield Problem(
                f"{HANDLERS}.{name}.{option}",
                f"must not be given for a {options['type']} handler, was {shown(value, option)}",
                value,
                suggestion=f"it belongs to {', '.join(owners)} handlers",
            )


def _foreign_formats(handlers: Mapping[str, Mapping[str, Any]]) -> Iterator[Problem]:
    """Refuse formats of another type: one with formats of its own takes those alone, and only it does."""
    for name, options in handlers.items():
        kind, form, field = type_of(options.get("type")), options.get("format"), f"{HANDLERS}.{name}.format"
        if kind is None or not isinstance(form, str) or form in (kind.formats or ()):
            continue
        if kind.formats is not None:
            reason = f"must be {', '.join(kind.formats)} for a {options['type']} handler, was {shown(form)}"
            yield Problem(field, reason, form, kind.formats, "leave it out for the default")
        elif any(form in (other.formats or ()) for other in TYPES.values()):
            reason = f"must not be {form} for a {options['type']} handler"
            yield Problem(field, reason, form, suggestion="leave it out for the default")


def _idle_date_formats(handlers: Mapping[str, Mapping[str, Any]]) -> Iterator[Problem]:
    """Refuse a `datefmt` that nothing is shown in, which would be ignored without a word."""
    for name, options in handlers.items():
        form, given = options.get("format"), options.get("datefmt")
        if given is None or not isinstance(form, str) or shows_time(form):
            continue
        if "%" in form:
            why, advice = "which shows no time", "add %(asctime)s to the format"
        else:
            why = "whose times have one form"
            advice = f"use the format {', '.join(DATED_PRESETS)} or a %-style one"
        reason = f"must not be given for the format {shown(form)}, {why}"
        yield Problem(f"{HANDLERS}.{name}.datefmt", reason, given, suggestion=f"leave it out, or {advice}")


def _problems_of_types(
    document: Mapping[Any, Any], handlers: Mapping[str, Mapping[str, Any]], places: Places
) -> Iterator[Problem]:
    """Yield what each type finds wrong with its handlers."""
    text = document.get(LOG_DIRECTORY)
    directory = directory_of(text if isinstance(text, str) else DEFAULT_DIRECTORY, places)
    for kind, each in TYPES.items():
        own = {name: options for name, options in handlers.items() if options.get("type") == kind}
        yield from each.problems(own, directory, places)


def _too_many(handlers: Mapping[str, Mapping[str, Any]]) -> Iterator[Problem]:
    if len(handlers) > MAX_HANDLERS:
        yield Problem(
            HANDLERS,
            f"must be at most {MAX_HANDLERS}, were {len(handlers)}",
            suggestion="remove some, or merge those that write the same records",
        )


def is_loopback(host: str) -> bool:
    """Tell whether `host` means this machine alone, by its text: nothing is looked up."""
    if host.lower().rstrip(".") == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _exposed_control(control: Any) -> Iterator[Problem]:
    """Refuse an address beyond loopback without a token: a client can change files and levels."""
    if not isinstance(control, Mapping) or control.get("token") is not None:
        return
    host = control.get("host")
    if isinstance(host, str) and host.strip() and not is_loopback(host):
        yield Problem(
            "control.token",
            f"must be given, since {shown(host)} is not this machine alone",
            suggestion="give a token, or use the host 127.0.0.1",
        )


def _open_redaction(control: Any) -> Iterator[Problem]:
    """Refuse weaker redaction without a token: anybody on the machine could have secrets shown."""
    if not isinstance(control, Mapping) or control.get("token") is not None:
        return
    if control.get("allow_weaker_redaction") is True:
        yield Problem(
            "control.allow_weaker_redaction",
            "must not be true without control.token",
            suggestion="give a token, or leave it out",
        )

"""`ConfigurationError`: every bad field of a configuration, named at once.

The one exception of the library's own. Logging calls never raise it; only configuring does.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from typing import Any, Final, NamedTuple

_VARIABLE_SOURCES: Final = ("environment", ".env")
_VARIABLE_PREFIX: Final = "METAEXPERT_LOG__"
_SECRET_PARTS: Final = frozenset({"token", "headers", "password", "secret"})
_SHOWN_CHARACTERS: Final = 80


class Problem(NamedTuple):
    """One thing wrong with a configuration: where, what, and what to do about it.

    `path` is dotted (`handlers.file.max_size`), empty for the whole document. `reason` is a clause: a
    requirement (`must be …, was 100`) reads on from the path, any other finding follows a colon. `value` is
    what was given, None where something is missing or may be a secret. `origin` says which source the value
    came from, in the words of `LogConfiguration.origin`. `meant` are the settings that an unknown name
    probably stands for. `excerpt` shows the place in a long value: lines of it, with a caret below the place.
    """

    path: str
    reason: str
    value: Any = None
    allowed: tuple[str, ...] = ()
    suggestion: str | None = None
    origin: str | None = None
    meant: tuple[str, ...] = ()
    excerpt: str = ""

    def attributed(self, origin: str) -> Problem:
        """Return the same problem, blamed on the source `origin`, with a way out that is of its kind."""
        if self.meant and origin.partition(" ")[0] in _VARIABLE_SOURCES:
            return self._replace(origin=origin, suggestion=f"use {' or '.join(map(_variable, self.meant))}")
        return self._replace(origin=origin)

    def __str__(self) -> str:
        subject = _subject(self.path, self.origin)
        joint = " " if self.reason.startswith("must ") else ": "
        text = f"{subject}{joint}{self.reason}" if subject else self.reason
        message = printable(f"{text}; {self.suggestion}" if self.suggestion else text)
        return "\n".join((message, *map(_in_columns, self.excerpt.splitlines())))


class ConfigurationError(ValueError):
    """A configuration was refused; `problems` lists every bad field, and `str()` gives one line for each.

    Below the line of a bad condition are the condition and a caret that points at the mistake.

    Nothing was changed when this is raised: the configuration in force before the call stays in force.
    """

    def __init__(self, problems: str | Iterable[Problem]) -> None:
        listed = (Problem("", problems),) if isinstance(problems, str) else tuple(problems)
        # The tuple is the exception's argument, so that it survives pickling to another process.
        super().__init__(listed)
        self.problems: tuple[Problem, ...] = listed

    def __str__(self) -> str:
        return "\n".join(dict.fromkeys(str(problem) for problem in self.problems))


class ShutDownError(ConfigurationError):
    """A change came too late: after `shutdown()` only `configure()` or `serve()` start what it stopped."""


def requirement(path: str, must: str, value: Any, suggestion: str | None = None, **more: Any) -> Problem:
    """Return the problem `<path> must <must>, was <value>`; a value that may be a secret is hidden."""
    return Problem(path, f"must {must}, was {shown(value, path)}", value, suggestion=suggestion, **more)


def shown(value: Any, path: str = "") -> str:
    """Return `value` as one short line for a message, in JSON's notation where it has one.

    Values below a key such as `token` are never shown: messages end up in logs and in HTTP answers.
    """
    if _SECRET_PARTS.intersection(path.lower().split(".")):
        return "(hidden)"
    try:
        text = json.dumps(value, ensure_ascii=False, default=repr)
    except (TypeError, ValueError, RecursionError):
        text = f"a value of type {type(value).__name__}"
    return text if len(text) <= _SHOWN_CHARACTERS else f"{text[:_SHOWN_CHARACTERS]}…"


def did_you_mean(word: str, candidates: Collection[str]) -> str | None:
    """Return `did you mean "…"?` for the candidate nearest to `word` in any case, or None."""
    import difflib

    by_lower = {candidate.lower(): candidate for candidate in candidates}
    near = difflib.get_close_matches(word.strip().lower(), by_lower, n=1, cutoff=0.6)
    return f'did you mean "{by_lower[near[0]]}"?' if near else None


def printable(text: str) -> str:
    """Return `text` with escapes for what could break its line or a terminal; names come from outside."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)


def _in_columns(line: str) -> str:
    """Return a line of an excerpt in which each character stays in its column."""
    return "".join(c if c.isprintable() else " " for c in line)


def _variable(path: str) -> str:
    """Return the variable that sets what lies at the dotted `path`."""
    return _VARIABLE_PREFIX + path.upper().replace(".", "__")


def _subject(path: str, origin: str | None) -> str:
    """Name what the reader has to edit: the variable, the field of a file, or the field alone."""
    if origin is None:
        return path
    source, _, variable = origin.partition(" ")
    if source in _VARIABLE_SOURCES and variable:
        named = f"{variable} ({source})"
        own_path = variable.removeprefix(_VARIABLE_PREFIX).lower().replace("__", ".")
        # A variable holding a whole JSON table says which of its fields is meant.
        return named if own_path == path or not variable.startswith(_VARIABLE_PREFIX) else f"{named}, {path}"
    if "." in origin:
        return f"{path} ({origin})" if path else origin
    return path

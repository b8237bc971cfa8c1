"""Which records a reader wants, and the search for them."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final, TypeAlias

from metaexpert.logger.shared import native

#: A time as people give it: `2026-12-01T10:00:00Z`, `2026-12-01` (in UTC), `10m` (before now); an aware
#: `datetime`; a `timedelta` before now.
Time: TypeAlias = str | datetime | timedelta

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_US: Final = timedelta(microseconds=1)
_MAX_NS: Final = 2**63 - 1
_TIMES: Final = "2026-12-01T10:00:00Z, 2026-12-01 or 10m"


@dataclass(frozen=True, slots=True)
class Selection:
    """Which lines of a log are wanted; all of what is given must hold.

    `where` are expressions (`docs/guides/searching.md`), `since` the first time and `until` the first one
    after it that is not wanted, `level` the least severe level. `logger` is a logger's name, whose children
    count as well, and `strategy` the name or the id of a strategy. `text` stands in the line as it is in its
    file, or is a regular expression (`is_regex`), in capitals or not (`ignores_case`). With
    `is_inverted` it does not stand there. `last` wants the last so many lines,
    `gives_all` also gives the lines that are not wanted.
    """

    where: tuple[str, ...] = ()
    since: Time | None = None
    until: Time | None = None
    level: str | None = None
    logger: str | None = None
    strategy: str | None = None
    text: str | None = None
    is_regex: bool = False
    ignores_case: bool = False
    is_inverted: bool = False
    last: int | None = None
    gives_all: bool = False
    is_strict: bool = False

    def wanted(self) -> dict[str, Any]:
        """Return this as the search of the engine takes it. Raises ValueError for what is no time."""
        now_ns = time.time_ns()
        return {
            "conditions": list(self._conditions()),
            "text": self.text,
            "is_regex": self.is_regex,
            "ignores_case": self.ignores_case,
            "is_inverted": self.is_inverted,
            "since_ns": _time_ns("since", self.since, now_ns),
            "until_ns": _time_ns("until", self.until, now_ns),
            "last": self.last,
            "gives_all": self.gives_all,
            "is_strict": self.is_strict,
            "now_ns": now_ns,
        }

    def _conditions(self) -> Iterable[str]:
        yield from self.where
        if self.level is not None:
            yield f"level >= {_quoted(self.level)}"
        if self.logger is not None:
            # A child's name goes on behind a dot.
            child = self.logger.replace("\\", "\\\\").replace("/", "\\/").replace(".", "\\.")
            yield f"logger = {_quoted(self.logger)} or logger ~ /^{child}\\./"
        if self.strategy is not None:
            yield f"strategy_name = {_quoted(self.strategy)} or strategy_id = {_quoted(self.strategy)}"


def searched(source: str | os.PathLike[str], selection: Selection) -> native.Search:
    """Begin a search through the logs of a directory, or through the files of the log at a path.

    Raises ValueError for a bad expression or time, FileNotFoundError where there is nothing at `source`, and
    another OSError where the directory cannot be listed.
    """
    return native.Search(*_place(source), selection.wanted())


def surveyed(source: str | os.PathLike[str], selection: Selection) -> native.Columns:
    """Read the same lines once, for their columns. Raises as `searched`."""
    return native.Columns(*_place(source), selection.wanted())


def counting(source: str | os.PathLike[str], selection: Selection, by: Sequence[str] = ()) -> native.Counting:
    """Read the same lines once, for statistics or for counts by fields. Raises as `searched`."""
    has_all = replace(selection, is_strict=False) == Selection()
    return native.Counting(*_place(source), selection.wanted(), by, has_all)


def _place(source: str | os.PathLike[str]) -> tuple[Path | None, list[Path]]:
    """Return the log directory that `source` is, or else the log that is configured there."""
    path = Path(source)
    if path.is_dir():
        return path, []
    if not path.exists() and (not path.parent.is_dir() or not native.family(path)):
        raise FileNotFoundError(f"there is no log directory, and no log, at {path}")
    return None, [path]


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _time_ns(name: str, given: Time | None, now_ns: int) -> int | None:
    if given is None:
        return None
    if isinstance(given, timedelta):
        found: int | None = now_ns - given // _US * 1_000
    elif isinstance(given, datetime):
        if given.tzinfo is None:
            raise ValueError(f"{name} must have a time zone, such as datetime.UTC, was {given!r}")
        found = (given - _EPOCH) // _US * 1_000
    else:
        found = native.time_ns(given.strip(), now_ns)
    if found is None:
        raise ValueError(f"{name} must be a time such as {_TIMES}, was {given}")
    return max(-_MAX_NS, min(found, _MAX_NS))


def followed(source: str | os.PathLike[str], selection: Selection) -> tuple[native.Search, native.Following]:
    """Begin a search as `searched` does, and to follow what is appended behind it.

    Logs that are not there yet are followed from their first line; their directory must exist. Raises what
    `searched` does.
    """
    path, wanted = Path(source), selection.wanted()
    if path.is_dir():
        return native.follow(path, [], wanted)
    if not path.parent.is_dir():
        raise FileNotFoundError(f"there is no log directory, and no log, at {path}")
    return native.follow(None, [path], wanted)

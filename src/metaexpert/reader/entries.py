"""Reading the records of logs as entries."""

from __future__ import annotations

import os
import warnings
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from metaexpert.logger import LogEntry
from metaexpert.logger.shared.foreign_text import unlogged_warnings
from metaexpert.reader.report import unreadable, with_others
from metaexpert.reader.selection import Selection, Time, searched

if TYPE_CHECKING:
    from metaexpert.logger.shared.native import Search


def read(
    directory: str | os.PathLike[str],
    where: str | None = None,
    *,
    since: Time | None = None,
    until: Time | None = None,
    level: str | None = None,
    last: int | None = None,
    strict: bool = False,
) -> Iterator[LogEntry]:
    """Yield the records of all logs in `directory`, or of the one log at that path, in order of time.

    All files of a log are read: rotated ones, packed or not, and those of other processes. A record that
    stands in several logs, such as a trade in `expert.log` and `trades.log`, is given once. The records of
    one process stay in their order, whatever its clock did. What is written after the call is not read.

    `where` is an expression (`docs/guides/searching.md`), `level` the least severe level. `since` and
    `until`, which is excluded, are times: `"2026-12-01T10:00:00Z"`, a date (in UTC), a span before now
    (`"10m"`), an aware `datetime`, or a `timedelta` before now. `last` gives the last so many records.

    Lines that are not records are passed over, and one `UserWarning` at the end says which files have them
    and how many; with `strict` the first raises `ValueError`. Raises `ValueError` for a bad expression or
    time, and `OSError` for a directory that is not there or cannot be listed, both at the call.
    """
    conditions = () if where is None else (where,)
    selection = Selection(
        where=conditions, since=since, until=until, level=level, last=last, is_strict=strict
    )
    return _entries(searched(directory, selection), strict=strict)


def _entries(search: Search, *, strict: bool) -> Iterator[LogEntry]:
    files = search.files()
    others: Counter[Path] = Counter()
    while (batch := search.next_batch()) is not None:
        for line, file, fault, _ in batch:
            if fault is None:
                try:
                    entry = LogEntry.from_json(line)
                except ValueError as error:
                    others[files[file]] += 1
                    problem = f"{files[file]}: {error}"
                else:
                    yield entry
                    continue
            else:
                problem = f"{files[file]}: a line is not a record: {fault}"
            if strict:
                raise ValueError(problem)
        if strict and (problems := list(unreadable(search.report()))):
            raise ValueError(problems[0])
    if problems := list(unreadable(with_others(search.report(), others))):
        if strict:
            raise ValueError(problems[0])
        with unlogged_warnings():
            warnings.warn("; ".join(problems), stacklevel=2)

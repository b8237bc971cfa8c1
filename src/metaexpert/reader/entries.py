"""Reading the records of logs as entries."""

from __future__ import annotations

import os
import warnings
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeAlias

from metaexpert.logger import LogEntry
from metaexpert.logger.shared.foreign_text import unlogged_warnings
from metaexpert.reader.report import Report, unreadable, with_others
from metaexpert.reader.selection import Selection, Time, followed, searched

if TYPE_CHECKING:
    from metaexpert.logger.shared.native import Following, Search

#: The bytes of a line, the place of its file, why it is no record, and whether it is wanted.
FoundLine: TypeAlias = tuple[bytes, int, str | None, bool]
#: Who follows notices an interruption within this.
_LOOK_S: Final = 0.5


def read(
    directory: str | os.PathLike[str],
    where: str | None = None,
    *,
    since: Time | None = None,
    until: Time | None = None,
    level: str | None = None,
    last: int | None = None,
    follow: bool = False,
    strict: bool = False,
) -> Iterator[LogEntry]:
    """Yield the records of all logs in `directory`, or of the one log at that path, in order of time.

    All files of a log are read: rotated ones, packed or not, and those of other processes. A record that
    stands in several logs, such as a trade in `expert.log` and `trades.log`, is given once. The records of
    one process stay in their order, whatever its clock did. What is written after the call is not read,
    unless `follow` is given: then the records that come are yielded as well, without an end, through rotation
    and from new processes and logs.

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
    if follow:
        return _followed(*followed(directory, selection), strict=strict)
    return _entries(searched(directory, selection), strict=strict)


def _entries(search: Search, *, strict: bool) -> Iterator[LogEntry]:
    files, others = search.files(), Counter[Path]()
    while (batch := search.next_batch()) is not None:
        yield from _records(batch, files, others, strict=strict)
        if strict:
            _tell(search.report(), strict=True)
    _tell(with_others(search.report(), others), strict=strict)


def _followed(search: Search, following: Following, *, strict: bool) -> Iterator[LogEntry]:
    yield from _entries(search, strict=strict)
    while True:
        batch, others = following.wait(_LOOK_S), Counter[Path]()
        yield from _records(batch, following.files(), others, strict=strict)
        _tell(with_others(following.take_report(), others), strict=strict)


def _records(
    batch: Sequence[FoundLine], files: Sequence[Path], others: Counter[Path], *, strict: bool
) -> Iterator[LogEntry]:
    """Yield the records of `batch`, and count other JSON in `others`. Raises ValueError if `strict`."""
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


def _tell(report: Report, *, strict: bool) -> None:
    """Warn of what could not be read, if there is something. Raises ValueError instead if `strict`."""
    problems = list(unreadable(report))
    if problems and strict:
        raise ValueError(problems[0])
    if problems:
        with unlogged_warnings():
            warnings.warn("; ".join(problems), stacklevel=3)

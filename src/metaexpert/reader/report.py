"""Words for what a search could not read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TypeAlias

from metaexpert.wording import counted

#: Of each file its lines that are no records, by why they are not, and why something of it was not read.
Report: TypeAlias = Iterable[tuple[Path, Sequence[tuple[str, int]], Sequence[str]]]


def unreadable(report: Report) -> Iterator[str]:
    """Yield a line for each file: how many of its lines are no records, and what could not be read."""
    for path, faults, problems in report:
        if faults:
            total = sum(count for _, count in faults)
            kinds = ", ".join(f"{count:,} {name}" for name, count in faults)
            verb = "is no record" if total == 1 else "are no records"
            yield f"{path}: {counted(total, 'line')} {verb} ({kinds})"
        for problem in problems:
            yield f"{path}: {problem}"

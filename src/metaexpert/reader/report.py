"""Words for what a search could not read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final, Protocol, TypeAlias

from metaexpert.wording import counted

#: Of each file its lines that are no records, by why they are not, and why something of it was not read.
Report: TypeAlias = Iterable[tuple[Path, Sequence[tuple[str, int]], Sequence[str]]]

#: A line that the search takes for a record, and that has not the keys, types or time of one.
OTHER_JSON: Final = "other JSON"


def with_others(report: Report, others: Mapping[Path, int]) -> Report:
    """Return `report` with the lines of each file that turned out to be no records once they were parsed."""
    found = {path: (list(faults), problems) for path, faults, problems in report}
    for path, count in others.items():
        found.setdefault(path, ([], ()))[0].append((OTHER_JSON, count))
    return [(path, faults, problems) for path, (faults, problems) in found.items()]


class Reporting(Protocol):
    """What has read logs, and says what of them it could not read."""

    def report(self) -> Report:
        """Return what could not be read."""


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

"""The contents of a log directory as families of files, oldest first, strictly read.

A family is everything written for one configured file: `expert.log`, its rotated files, and those of other
processes, `expert.<pid>.log`. Readers merge them, and so do these functions.
"""

from __future__ import annotations

import gzip
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from metaexpert.reader import family
from support.strict_records import strict_record

#: The system's own records, about losses for instance.
OWN_LOGGER = "metaexpert.logger"


def chains(directory: Path, stem: str) -> dict[str, list[Path]]:
    """Return the files of the family `stem` by the name that their writer began with, oldest first."""
    found: dict[str, list[Path]] = {}
    for file in family(directory / f"{stem}.log"):
        found.setdefault(file.written.name, []).append(file.path)
    return found


def of_program(records: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the records that a program logged, without what the system says about losses and recoveries."""
    return [record for record in records if record["module"] != OWN_LOGGER]


@dataclass
class Family:
    """All records of a family, and what was wrong with its lines."""

    records: list[dict[str, Any]] = field(default_factory=list)
    invalid: list[str] = field(default_factory=list)
    #: Runs whose records do not follow each other by `seq` within one chain of files.
    disordered: list[str] = field(default_factory=list)

    def of_program(self) -> Iterator[dict[str, Any]]:
        """Yield the records that the program logged, without the system's own."""
        return iter(of_program(self.records))

    def gaps(self) -> Iterator[dict[str, Any]]:
        """Yield the gap records."""
        return (record for record in self.records if record.get("event_name") == "log.gap")


def read_family(directory: Path, stem: str) -> Family:
    """Read all files of the family `stem`; a bad line is noted, not raised."""
    family = Family()
    for name, files in chains(directory, stem).items():
        latest: dict[str, int] = {}
        for path in files:
            for number, line in enumerate(_lines(path, family.invalid), start=1):
                try:
                    record = strict_record(line)
                except (AssertionError, ValueError) as problem:
                    family.invalid.append(f"{path.name}:{number}: {problem}: {line[:80]!r}")
                    continue
                family.records.append(record)
                run, seq = record.get("run_id"), record.get("seq")
                if run is None or seq is None:
                    continue
                if seq <= latest.get(run, 0):
                    family.disordered.append(f"{name}: run {run}: {seq} after {latest[run]}")
                latest[run] = seq
    return family


def _lines(path: Path, invalid: list[str]) -> list[bytes]:
    try:
        data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    except (OSError, EOFError) as problem:
        invalid.append(f"{path.name}: {problem}")
        return []
    lines = data.split(b"\n")
    if lines.pop():
        invalid.append(f"{path.name}: the last line is torn")
    return lines


def holes(family: Family) -> list[str]:
    """Return the gaps in the numbers of a run that no record reports; both ends of a gap count."""
    seen: dict[str, set[int]] = {}
    for record in family.records:
        if "run_id" in record and "seq" in record:
            seen.setdefault(record["run_id"], set()).add(record["seq"])
    for gap in family.gaps():
        seen[gap["run_id"]].update(range(gap["first_seq"], gap["last_seq"] + 1))
    return [
        f"run {run}: {len(missing)} missing, the first {min(missing)}"
        for run, numbers in seen.items()
        if (missing := set(range(1, max(numbers) + 1)) - numbers)
    ]


def repeated(items: Iterable[Any]) -> list[Any]:
    """Return what is there more than once."""
    return [item for item, count in Counter(items).items() if count > 1]

"""The checking process of a soak: it follows the files while they are written, rotated and removed.

Started by `soak.py`, at low priority. It holds each file open from its first look on, so that none is gone
before it is read. The sequence numbers show that it saw everything. It is also the other program that renames
and deletes a file of the logging process.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import select
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from harness.event import strict

POLLED_EVERY_S: Final = 0.2
BLOCK_BYTES: Final = 1 << 20
#: The first and last line of each block are parsed; in one block of this many, and in a file's first, all
#: lines.
PARSED_WHOLE: Final = 32
#: How often the side file is renamed or deleted, in turn.
MOVED_EVERY_S: Final = 3.0
WORKER: Final = b'"worker":'


@dataclass
class Segment:
    """One file: what was read of it so far, and the incomplete line at its end."""

    name: str
    descriptor: int
    order: int
    first: int | None = None
    last: int = 0
    lines: int = 0
    of_workers: int = 0
    tail: bytes = b""
    is_done: bool = False

    def blocks(self) -> Iterator[bytes]:
        """Yield the whole lines that are new, a block at a time."""
        while data := os.read(self.descriptor, BLOCK_BYTES):
            whole, newline, rest = (self.tail + data).rpartition(b"\n")
            self.tail = rest
            if newline:
                yield whole + newline


@dataclass
class Family:
    """The files of one configured name.

    Where all records of the process are (`is_dense`) numbers are consecutive over all files, elsewhere they
    grow. `may_repeat`: after a deletion the last lines before it come again.
    """

    directory: Path
    name: str
    is_dense: bool = False
    may_repeat: bool = False
    segments: dict[tuple[int, int], Segment] = field(default_factory=dict)
    done: list[Segment] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    blocks: int = 0
    parsed: int = 0

    def poll(self, *, is_end: bool = False) -> None:
        """Read what is new in all files, and finish those that have a successor; at the end, all."""
        self._discover()
        for segment in self._open():
            self._read(segment)
        begun = [segment for segment in self._open() if segment.first is not None]
        for segment in self._open() if is_end else begun[:-1]:
            # Its successor has lines, so no more can come after these.
            self._read(segment)
            self._finish(segment)
        self._forget()

    def lines(self) -> int:
        """Return how many lines were read, in files that are finished."""
        return sum(segment.lines for segment in self.done)

    def of_workers(self) -> int:
        """Return how many of these belong to the threads that count."""
        return sum(segment.of_workers for segment in self.done)

    def missing(self) -> int:
        """Return how many numbers are in no file; a hole, or a file that was never seen, is a complaint."""
        missing, expected = 0, 1
        for segment in sorted(self.done, key=_place):
            if segment.first is None:
                continue
            first = segment.first
            if first < expected:
                self.complain(f"{segment.name} begins with {first}, its predecessor ends with {expected - 1}")
            if first > expected and self.is_dense:
                missing += first - expected
                self.complain(f"{segment.name} begins with {first}, {expected} was expected")
            holes = segment.last - first + 1 - segment.lines
            if self.is_dense and holes:
                missing += max(holes, 0)
                self.complain(f"{segment.name}: {segment.lines} lines for {first} to {segment.last}")
            expected = segment.last + 1
        return missing

    def complain(self, text: str) -> None:
        """Keep the first few errors; more are not needed."""
        if len(self.complaints) < 10:
            self.complaints.append(f"{self.name}: {text}")

    def current(self) -> tuple[int, int] | None:
        """Return which file is at the name now."""
        return _identity(self.directory / self.name)

    def _discover(self) -> None:
        pattern = re.compile(rf"{re.escape(self.name)}(?:\.(?:moved-)?\d+)?")
        for name in sorted(filter(pattern.fullmatch, os.listdir(self.directory))):
            path = self.directory / name
            if _identity(path) in self.segments:
                continue
            # It may be renamed or removed at any moment, so only the opened file counts.
            with contextlib.suppress(FileNotFoundError):
                descriptor = os.open(path, os.O_RDONLY)
                status = os.fstat(descriptor)
                if (status.st_dev, status.st_ino) in self.segments:
                    os.close(descriptor)
                    continue
                segment = Segment(name, descriptor, len(self.done) + len(self.segments))
                self.segments[status.st_dev, status.st_ino] = segment

    def _open(self) -> list[Segment]:
        return sorted((each for each in self.segments.values() if not each.is_done), key=_place)

    def _read(self, segment: Segment) -> None:
        for block in segment.blocks():
            self.blocks += 1
            try:
                if self.may_repeat:
                    self._take_each(segment, block)
                else:
                    self._take(segment, block)
            except (ValueError, KeyError, TypeError) as problem:
                self.complain(f"{segment.name}, after line {segment.lines}: {problem!r}")
                segment.lines += block.count(b"\n")

    def _take(self, segment: Segment, block: bytes) -> None:
        """Count a block; by its first line, and by its last one, the numbers must be right."""
        count = block.count(b"\n")
        first = strict(block[: block.index(b"\n")])["seq"]
        last = strict(block[block.rfind(b"\n", 0, -1) + 1 :])["seq"]
        if segment.first is None:
            segment.first = first
        if first <= segment.last or (self.is_dense and first != segment.first + segment.lines):
            self.complain(f"{segment.name}, line {segment.lines + 1}: {first} follows {segment.last}")
        if self.is_dense and last - first + 1 != count:
            self.complain(f"{segment.name}: {count} lines from {first} to {last}")
        if segment.lines == 0 or self.blocks % PARSED_WHOLE == 0:
            self._parse(segment, block)
        segment.lines += count
        segment.of_workers += block.count(WORKER)
        segment.last = last

    def _parse(self, segment: Segment, block: bytes) -> None:
        """Read each line of a block; numbers grow by one where all are, those of a thread as well."""
        before, latest = 0, dict[int, int]()
        for line in block.splitlines():
            record = strict(line)
            seq, worker = record["seq"], record.get("worker")
            if before and (seq <= before or (self.is_dense and seq != before + 1)):
                self.complain(f"{segment.name}: {seq} follows {before}")
            if worker is not None and self.is_dense:
                n = record["n"]
                if n != latest.get(worker, n - 1) + 1:
                    self.complain(f"{segment.name}: call {n} of thread {worker} follows {latest[worker]}")
                latest[worker] = n
            before = seq
            self.parsed += 1

    def _take_each(self, segment: Segment, block: bytes) -> None:
        """Read each line of a block that may repeat earlier lines."""
        known = max(each.last for each in self.segments.values())
        for line in block.splitlines():
            seq = strict(line)["seq"]
            self.parsed += 1
            if seq <= known:
                continue
            if segment.first is None:
                segment.first = seq
            segment.lines += 1
            segment.of_workers += 1
            segment.last = known = seq

    def _finish(self, segment: Segment) -> None:
        if segment.tail:
            self.complain(f"{segment.name}: the last line is torn: {segment.tail[:80]!r}")
        segment.is_done = True
        self.done.append(segment)

    def _forget(self) -> None:
        """Close files that are finished and removed, because a new file may get their identity."""
        for identity, segment in list(self.segments.items()):
            if segment.is_done and os.fstat(segment.descriptor).st_nlink == 0 and len(self.segments) > 1:
                os.close(segment.descriptor)
                del self.segments[identity]


class Mover:
    """Renames or deletes the side file, as an operator or a clean-up would."""

    def __init__(self, family: Family) -> None:
        self.family = family
        self.moved = self.deleted = 0
        self.due = time.monotonic() + MOVED_EVERY_S

    def disturb(self) -> None:
        """Do it if it is due, and if the file is held open here, so that its lines can still be counted."""
        if time.monotonic() < self.due or self.family.current() not in self.family.segments:
            return
        self.due = time.monotonic() + MOVED_EVERY_S
        path = self.family.directory / self.family.name
        if self.moved <= self.deleted:
            self.moved += 1
            path.rename(path.with_name(f"{path.name}.moved-{self.moved}"))
        else:
            self.deleted += 1
            path.unlink()
        for old in self.family.directory.glob(f"{path.name}.moved-*"):
            segment = self.family.segments.get(_identity(old) or (0, 0))
            if segment is not None and segment.is_done:
                old.unlink()


def families_in(directory: Path) -> dict[str, Family]:
    """Return the families of files that a soak writes, with nothing read yet."""
    return {
        "expert": Family(directory, "expert.log", is_dense=True),
        "trades": Family(directory, "trades.log"),
        "errors": Family(directory, "errors.log"),
        "side": Family(directory, "side.log", may_repeat=True),
    }


def follow(directory: Path) -> None:
    """Follow the files until standard input ends, then read the rest and print the findings."""
    families = families_in(directory)
    mover = Mover(families["side"])
    while not select.select([sys.stdin], [], [], POLLED_EVERY_S)[0]:
        for family in families.values():
            family.poll()
        mover.disturb()
    for family in families.values():
        family.poll(is_end=True)
    print(json.dumps(findings(families) | {"moved": mover.moved, "deleted": mover.deleted}), flush=True)


def findings(families: dict[str, Family]) -> dict[str, Any]:
    """Return what was found in all files."""
    missing = families["expert"].missing()
    families["trades"].missing()
    families["errors"].missing()
    return {
        "missing": missing,
        "lines": {name: family.lines() for name, family in families.items()},
        "of_workers": {name: family.of_workers() for name, family in families.items()},
        "files": {name: len(family.done) for name, family in families.items()},
        "parsed": sum(family.parsed for family in families.values()),
        "complaints": [text for family in families.values() for text in family.complaints],
    }


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except FileNotFoundError:
        return None
    return status.st_dev, status.st_ino


def _place(segment: Segment) -> tuple[float, int]:
    """Order files by their first number; a file without one is the youngest."""
    return (float("inf") if segment.first is None else segment.first, segment.order)


if __name__ == "__main__":
    os.nice(10)
    follow(Path(sys.argv[1]))

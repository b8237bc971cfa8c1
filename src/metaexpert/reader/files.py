"""The files of a log, in the order in which they were written."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from metaexpert.logger.shared import native


@dataclass(frozen=True, slots=True)
class LogFile:
    """One file of a log.

    A writer has the file `written`, which it appends to, and those that rotation made of it: their `number`
    is 1 for the file that was finished last, 2 for the one before it, and so on; `written` itself has 0.
    `process` is the number of the process in the name of `written`, None for the path that is configured.
    """

    path: Path
    written: Path
    process: int | None
    number: int


def family(path: str | os.PathLike[str]) -> list[LogFile]:
    """Return the files of the log that is configured at `path`: each record of it is in one of them.

    These are the file itself, the rotated ones (`expert.log.1`, `expert.log.2.gz`), and the same of processes
    that found the file taken by another (`expert.4711.log`, `expert.4711-2.log.1`). The writer of `path`
    comes first, then the processes by number; of a writer the oldest file comes first. A file that is there
    unpacked and packed is given once, as the unpacked one. Nothing is read: names decide, and only regular
    files count. The list is empty where there is no such file.

    A program that rotates its log meanwhile may rename a file after this has returned. Raises `OSError` for a
    directory that does not exist or cannot be listed.
    """
    return [LogFile(*each) for each in native.family(path)]

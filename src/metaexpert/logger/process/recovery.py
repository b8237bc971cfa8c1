"""Recovery: writing to the log what a killed process could no longer write."""

from __future__ import annotations

import errno
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Self

from metaexpert.logger.process import engine, service
from metaexpert.logger.shared.frozen import FrozenDict

__all__ = ["RecoveryReport", "RingReport", "recover"]

Status = Literal["recovered", "alive", "failed", "foreign"]


@dataclass(frozen=True, slots=True)
class RingReport:
    """The outcome for one ring: the records that a process had not written when it ended.

    `status` is "recovered"; "alive" if the process lives, which writes its records itself; "failed" if the
    records could not be written now and were kept for later, with the reason in `problem`; "foreign" if
    another version of the library made the ring, which alone can read it.
    """

    process: int
    run_id: str
    #: When the process began to log, RFC 3339.
    started: str
    status: Status
    #: Records written now.
    records: int
    #: Records that were in the files before, and were left as they were.
    already_written: int
    #: Damaged records, passed over.
    unreadable: int
    #: Records given up before the process ended, and reported in the log now.
    lost: int
    #: Lines appended, by the file's path.
    files: Mapping[str, int]
    problem: str | None = None

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> Self:
        """Return the report that the native engine's `document` makes."""
        return cls(**{**document, "files": FrozenDict(document["files"])})


@dataclass(frozen=True, slots=True)
class RecoveryReport:
    """The findings and actions of a recovery."""

    #: The log directory, an absolute path.
    directory: str
    rings: tuple[RingReport, ...]
    #: Bytes cut from a torn last line, by the file's path.
    repaired: Mapping[str, int]
    #: Rings of other log directories, which were left alone.
    elsewhere: int

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> Self:
        """Return the report that the native engine's `document` makes."""
        return cls(
            directory=document["directory"],
            rings=tuple(RingReport.of(ring) for ring in document["rings"]),
            repaired=FrozenDict(document["repaired"]),
            elsewhere=document["elsewhere"],
        )

    @property
    def records(self) -> int:
        """How many records were written now."""
        return sum(ring.records for ring in self.rings)

    @property
    def ok(self) -> bool:
        """Tell whether nothing failed; what failed was kept for a later recovery."""
        return all(ring.status != "failed" for ring in self.rings)

    def to_dict(self) -> dict[str, Any]:
        """Return the report as plain values, ready for JSON."""
        rings = []
        for ring in self.rings:
            values = {name: getattr(ring, name) for name in RingReport.__slots__}
            rings.append({**values, "files": dict(ring.files)})
        return {
            "directory": self.directory,
            "rings": rings,
            "repaired": dict(self.repaired),
            "elsewhere": self.elsewhere,
        }


def recover(
    directory: str | os.PathLike[str] | None = None,
    *,
    everything: bool = False,
    files: Sequence[str | os.PathLike[str]] = (),
) -> RecoveryReport:
    """Write what killed processes left behind for the log `directory`, each record exactly once and in order.

    The next `configure()` for the directory does the same by itself. Without a `directory` it is that of the
    configuration in force; with `everything`, the records of all other log directories are written too.
    Processes that live are left alone. What can't be written now is kept for later and named in the report.
    Records are written to files in their log directory alone, and to `files`, whatever was configured: a
    process whose handlers name another is reported as failed. The next `configure()` writes to the files that
    it names. Raises NotADirectoryError, or FileNotFoundError without `everything`, if there is no such
    directory, and `ConfigurationError` if none was given and what environment or files say is wrong.
    """
    path = _log_directory() if directory is None else os.path.abspath(os.fspath(directory))
    if not os.path.isdir(path):
        if os.path.exists(path):
            raise NotADirectoryError(errno.ENOTDIR, "not a log directory", path)
        if not everything:
            raise FileNotFoundError(errno.ENOENT, "there is no such log directory", path)
    named = [os.path.abspath(os.fspath(file)) for file in files]
    return RecoveryReport.of(engine.recover(path, everything=everything, files=named))


def _log_directory() -> str:
    from metaexpert.logger.config import log_directory

    return log_directory(service.configuration())

"""Files: one per handler, rotated, packed and kept as the options say."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Annotated, Any, Final, Literal

from pydantic import Field

from metaexpert.logger.config.destinations.handler import (
    HandlerConfiguration,
    Handlers,
    Location,
    Refusal,
)
from metaexpert.logger.config.documents import HANDLERS
from metaexpert.logger.config.fields import Filename, Flag, Quantity, choice, folded
from metaexpert.logger.config.places import Places, file_in, filename_setting
from metaexpert.logger.errors import Problem, shown

#: At a few hundred bytes per record this keeps some millions of records, days or weeks of a strategy.
DEFAULT_MAX_SIZE: Final = 100 * 2**20
DEFAULT_BACKUP_COUNT: Final = 10
#: Where the system writes its own troubles.
OWN_ERRORS_FILE: Final = "logging_errors.log"

_GIB: Final = 2**30
#: What `TimedRotatingFileHandler` and loguru call a rotation by time.
_ROTATIONS: Final[Mapping[str, str]] = MappingProxyType(
    dict.fromkeys(("midnight", "d", "day", "1day", "1d", "24h"), "daily")
    | dict.fromkeys(("h", "hour", "1hour", "1h"), "hourly")
)


def _rotation_meant_by(text: str) -> str | None:
    """Return the rotation that another library's word for one stands for, None for any other text."""
    return _ROTATIONS.get(folded(text).replace(" ", ""))


class FileConfiguration(HandlerConfiguration):
    """A handler that writes to a file in the log directory, or at an absolute path."""

    synonyms = frozenset(
        {
            *("rotating", "rotatingfile", "filehandler", "rotatingfilehandler"),
            *("timedrotatingfilehandler", "watchedfilehandler", "json", "jsonl"),
        }
    )
    refusals = (Refusal("handlers.*.audit", "leave it out or use false"),)

    type: Literal["file"]
    filename: Filename | None = Field(
        default=None,
        description="Relative to log_file_path unless absolute; by default the handler's name and .log.",
    )
    max_size: Annotated[int, Quantity("bytes", 4096, 1024 * _GIB, zero="no rotation")] = Field(
        default=DEFAULT_MAX_SIZE,
        description="Bytes after which the file is rotated; 0 for no rotation by size.",
    )
    backup_count: Annotated[int, Quantity("files", 0, 10_000)] = Field(
        default=DEFAULT_BACKUP_COUNT,
        description="Rotated files kept; with 0 the file is never rotated.",
    )
    rotate: Annotated[
        Literal["size", "hourly", "daily"], choice("size", "hourly", "daily", guess=_rotation_meant_by)
    ] = "size"
    compress: Annotated[Literal["none", "gzip", "zstd"], choice("none", "gzip", "zstd")] = Field(
        default="none", description="How rotated files are packed, on a thread of its own: .gz or .zst."
    )
    max_age_days: Annotated[int, Quantity("days", 1, 36_500)] | None = Field(
        default=None,
        description="Rotated files last written longer ago are removed; the current one never is.",
    )
    sync: Annotated[
        Literal["never", "interval", "always", "error"], choice("never", "interval", "always", "error")
    ] = Field(
        default="never",
        description=(
            "When the file is forced to the disk: never (when the system sees fit), interval (at least once "
            "a second), error (so, and at once after a record of ERROR or above), always (each batch; the "
            "call returns after the disk has acknowledged). flush() forces the file unless it is never."
        ),
    )
    audit: Flag = False
    delay: Flag = Field(
        default=True,
        description=(
            "Make a file that is not there with its first record; false makes it when it is configured, for "
            "a process that gives up the right to make it."
        ),
    )

    @classmethod
    def defaults(cls, name: str) -> dict[str, Any]:
        """Return the defaults of the type, and a file of the handler's own name."""
        return {**super().defaults(name), "filename": f"{name}.log"}

    @classmethod
    def problems(cls, handlers: Handlers, directory: str, places: Places) -> Iterator[Problem]:
        """Yield files with two writers, which would tear and rotate each other's lines."""
        owners = {
            os.path.normcase(os.path.join(directory, OWN_ERRORS_FILE)): "the logging system's own errors"
        }
        for name, options in handlers.items():
            filename = options.get("filename")
            if not isinstance(filename, str) or not filename or "\0" in filename:
                continue
            path = os.path.normcase(file_in(directory, filename_setting(name), filename, places))
            other = next((owner for taken, owner in owners.items() if _collide(path, taken)), None)
            owners.setdefault(path, f"{HANDLERS}.{name}")
            if other is not None:
                yield Problem(
                    f"{HANDLERS}.{name}.filename",
                    f"must not be a file of {other}, was {shown(filename)}",
                    filename,
                    suggestion="give each handler a file of its own",
                )

    def paths(self) -> Iterator[tuple[str, str]]:
        """Yield the file."""
        if self.filename is not None:
            yield "filename", self.filename

    def document(self, name: str, location: Location) -> dict[str, Any]:
        """Return the absolute path of the file, and how it is rotated, packed and kept."""
        path = file_in(location.directory, filename_setting(name), self.filename or "", location.places)
        return {
            "path": path,
            # As in `logging.handlers`: without backups a rotation by size would empty the file.
            "max_size": self.max_size if self.backup_count else 0,
            "backup_count": self.backup_count,
            "rotate": self.rotate,
            "compress": self.compress,
            "max_age_days": self.max_age_days,
            "sync": self.sync,
            "delay": self.delay,
        }


def _collide(path: str, taken: str) -> bool:
    """Tell whether two files are one, or one is a name that the other gets by rotation (`expert.log.1`)."""
    shorter, longer = sorted((path, taken), key=len)
    return shorter == longer or (
        longer.startswith(shorter) and re.match(r"\.\d", longer[len(shorter) :]) is not None
    )

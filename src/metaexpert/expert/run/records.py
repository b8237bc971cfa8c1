"""The records of a run: how many were written, how fast, and where they are."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from metaexpert.logger import LogConfiguration, configuration, flush, stats
from metaexpert.logger.config import FileConfiguration, absolute, log_directory

#: The time that the end of a run waits for its records: while all is well, and if a handler already fails.
FLUSH_TIMEOUT_S: Final = 30.0
TROUBLED_TIMEOUT_S: Final = 1.0


def settle() -> None:
    """Wait until the records are in their files, or until it makes no sense to wait on."""
    is_troubled = any(sink.problem is not None for sink in stats().sinks.values())
    flush(TROUBLED_TIMEOUT_S if is_troubled else FLUSH_TIMEOUT_S)


@dataclass(frozen=True, slots=True)
class Records:
    """The records of a run."""

    logged: int
    written: int
    dropped: int
    seconds: float
    files: tuple[str, ...]
    errors_file: str | None

    @property
    def per_second(self) -> float:
        """Records per second, over the whole run."""
        return self.written / self.seconds if self.seconds > 0 else 0.0

    def summary(self) -> str:
        """Return the figures in a line."""
        lost = f", {self.dropped:,} lost" if self.dropped else ""
        return f"{self.written:,} written{lost}, {self.per_second:,.0f} per second"

    def to_dict(self) -> dict[str, Any]:
        """Return the figures as plain values."""
        return {
            "records_logged": self.logged,
            "records_written": self.written,
            "records_dropped": self.dropped,
            "records_per_s": round(self.per_second, 1),
            "files": list(self.files),
        }


class RecordCounter:
    """Counts the records between its making and `finish`."""

    def __init__(self) -> None:
        self._started = time.perf_counter()
        self._before = _counts()

    def finish(self) -> Records:
        """Wait until the records are in their files, and return what there was."""
        settle()
        seconds = time.perf_counter() - self._started
        logged, written, dropped = (now - before for now, before in zip(_counts(), self._before, strict=True))
        files, errors_file = _files()
        return Records(logged, written, dropped, seconds, files, errors_file)


def _counts() -> tuple[int, int, int]:
    now = stats()
    return now.logged, now.written, now.dropped


def _shown_directory(settings: LogConfiguration) -> Path:
    """Return the log directory as it was written if that still leads there, else its absolute path."""
    written, path = Path(settings.log_file_path), log_directory(settings)
    return written if absolute(written) == path else Path(path)


def _files() -> tuple[tuple[str, ...], str | None]:
    """Return the files that handlers have written, and the one for errors: records make them."""
    settings = configuration()
    directory = _shown_directory(settings)
    files = {
        name: str(directory / handler.filename)
        for name, handler in settings.handlers.items()
        if isinstance(handler, FileConfiguration)
        and handler.filename is not None
        and (directory / handler.filename).exists()
    }
    return tuple(files.values()), files.get("errors")

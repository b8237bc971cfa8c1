"""The end of a process that a test started."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from support.strict_records import read_records


@dataclass(frozen=True)
class Outcome:
    """How a process ended, and what it left behind."""

    exit_code: int
    stdout: str
    stderr: str
    directory: Path

    def records(self, name: str = "logs/expert.log") -> list[dict[str, Any]]:
        """Return the records of a log file that the process wrote."""
        return read_records(self.directory / name)

    def messages(self, name: str = "logs/expert.log") -> list[str]:
        """Return the messages of a log file that the process wrote."""
        return [record["message"] for record in self.records(name)]

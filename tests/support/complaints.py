"""Complaints: the errors that the long-running programs of this folder found."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

#: So many are shown; a fault that repeats itself says no more after that.
MOST_SHOWN: Final = 30


@dataclass
class Complaints:
    """Counts of what was wrong, which a subclass names, and the first details of it."""

    complaints: list[str] = field(default_factory=list, kw_only=True)

    def complain(self, what: str, count: int, detail: Any) -> None:
        """Add to the count `what`, and keep the detail if it is among the first."""
        setattr(self, what, getattr(self, what) + count)
        if len(self.complaints) < MOST_SHOWN:
            self.complaints.append(f"{what}: {detail}")

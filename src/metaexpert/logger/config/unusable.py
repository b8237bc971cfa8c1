"""The error for a value that no setting can have."""

from __future__ import annotations


class UnusableValueError(ValueError):
    """A value that is refused: `reason` says what it must be, `suggestion` what to write instead."""

    def __init__(self, reason: str, suggestion: str | None = None) -> None:
        super().__init__(f"{reason}; {suggestion}" if suggestion else reason)
        self.reason = reason
        self.suggestion = suggestion

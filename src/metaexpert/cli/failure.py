"""How a command fails: one message on stderr, and the exit code."""

from __future__ import annotations

from typing import Final

from metaexpert.expert.run.report import INTERRUPTED, STRATEGY_ERROR, TERMINATED

__all__ = ["BAD_INPUT", "INTERRUPTED", "STRATEGY_ERROR", "TERMINATED", "CommandFailedError"]

BAD_INPUT: Final = 2


class CommandFailedError(Exception):
    """Ends a command; `message` goes to stderr, `exit_code` to the shell."""

    def __init__(self, message: str, exit_code: int = BAD_INPUT) -> None:
        super().__init__(message)
        self.exit_code = exit_code

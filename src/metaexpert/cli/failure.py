"""How a command fails: one message on stderr, and the exit code."""

from __future__ import annotations

from typing import Final

STRATEGY_ERROR: Final = 1
BAD_INPUT: Final = 2
INTERRUPTED: Final = 130
TERMINATED: Final = 143


class CommandFailedError(Exception):
    """Ends a command; `message` goes to stderr, `exit_code` to the shell."""

    def __init__(self, message: str, exit_code: int = BAD_INPUT) -> None:
        super().__init__(message)
        self.exit_code = exit_code

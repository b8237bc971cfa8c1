"""The failure of a command: one message on stderr, and the exit code."""

from __future__ import annotations

from metaexpert.exit_codes import BAD_INPUT


class CommandFailedError(Exception):
    """Ends a command; `message` goes to stderr, `exit_code` to the shell."""

    def __init__(self, message: str, exit_code: int = BAD_INPUT) -> None:
        super().__init__(message)
        self.exit_code = exit_code

"""The exit codes of the command line and of programs that run an expert."""

from typing import Final

STRATEGY_ERROR: Final = 1
BAD_INPUT: Final = 2
INTERRUPTED: Final = 130
TERMINATED: Final = 143

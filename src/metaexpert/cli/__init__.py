"""The command `metaexpert`."""

from __future__ import annotations

import sys
from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> None:
    """Carry out a command line, the process's own without `arguments`, and end the process.

    Exit codes: 0 done, 1 the strategy stopped with an error, 2 bad usage or input, 130 interrupted,
    143 terminated. Results are on stdout, everything else on stderr.
    """
    try:
        from metaexpert.cli.app import run_command_line

        code = run_command_line(sys.argv[1:] if arguments is None else list(arguments))
    except KeyboardInterrupt:
        from metaexpert.exit_codes import INTERRUPTED

        code = INTERRUPTED
    raise SystemExit(code)

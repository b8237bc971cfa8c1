"""Execution of a strategy file as a program, with the settings of the command line over its own."""

from __future__ import annotations

import runpy
import sys
import traceback
from pathlib import Path

from metaexpert.cli.failure import CommandFailedError
from metaexpert.exit_codes import STRATEGY_ERROR
from metaexpert.expert.errors import ArgumentError, ExpertError
from metaexpert.expert.market_data import MarketDataError
from metaexpert.expert.run.options import Overrides, overriding
from metaexpert.expert.run.result import RunResult
from metaexpert.logger import ConfigurationError


def execute(path: Path, overrides: Overrides) -> list[RunResult]:
    """Run a strategy file as `__main__`; returns the figures of each run that it made.

    Raises `CommandFailedError` for a file that cannot be executed, that never runs its expert, or that asks
    for what cannot be. A `sys.exit` of the strategy ends the command as it says.
    """
    _check_source(path)
    arguments, search_path = sys.argv, sys.path[:]
    sys.argv = [str(path)]
    # As `python FILE` does, so that a strategy finds the modules beside it.
    sys.path.insert(0, str(path.resolve().parent))
    try:
        with overriding(overrides):
            runpy.run_path(str(path), run_name="__main__")
    except MarketDataError as error:
        raise CommandFailedError(str(error)) from None
    except (ArgumentError, ConfigurationError) as error:
        raise CommandFailedError(f"{_place(path, error)}{error}") from None
    except ExpertError as error:
        raise CommandFailedError(str(error)) from None
    except Exception as error:
        message = f"{_place(path, error)}{type(error).__name__}: {error}"
        raise CommandFailedError(message, STRATEGY_ERROR) from None
    finally:
        sys.argv, sys.path[:] = arguments, search_path
    if not overrides.results:
        raise CommandFailedError(
            f'{path} never runs its expert; end it with: if __name__ == "__main__": expert.run()'
        )
    return overrides.results


def _check_source(path: Path) -> None:
    """Compile the file, so that a mistake in it is reported with its line."""
    try:
        source = path.read_bytes()
    except OSError as error:
        raise CommandFailedError(f"{path} cannot be read: {error.strerror or error}") from None
    try:
        compile(source, str(path), "exec", dont_inherit=True)
    except SyntaxError as error:
        raise CommandFailedError(
            f"{path}, line {error.lineno}: {type(error).__name__}: {error.msg}"
        ) from None
    except ValueError as error:
        raise CommandFailedError(f"{path} is not a Python file: {error}") from None


def _place(path: Path, error: BaseException) -> str:
    """Return the strategy's file and line that an error came through, or nothing if it came through none."""
    lines = [
        frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(path)
    ]
    return f"{path}, line {lines[-1]}: " if lines else ""

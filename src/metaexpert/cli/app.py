"""The command line as a whole: commands, global options, and how failures end it."""

from __future__ import annotations

import errno
import sys
from collections.abc import Sequence
from typing import Final

import click

from metaexpert.cli.command import Group
from metaexpert.cli.failure import CommandFailedError
from metaexpert.streams import end_without_stdout, tell

_PROGRAM: Final = "metaexpert"
#: Each has a command of its own last name; `--help` lists them in this order.
_MODULES: Final = (
    "metaexpert.cli.runs.new",
    "metaexpert.cli.runs.run",
    "metaexpert.cli.runs.backtest",
    "metaexpert.cli.runs.demo",
    "metaexpert.cli.runs.ps",
    "metaexpert.cli.logs",
)


def _show_version(context: click.Context, _: click.Parameter, wanted: bool) -> None:
    if wanted:
        from metaexpert import __version__

        print(f"{_PROGRAM} {__version__}")
        context.exit()


@click.group(
    cls=Group,
    modules=_MODULES,
    invoke_without_command=True,
    # Help is as wide as the terminal, up to where lines become hard to read.
    context_settings={
        "help_option_names": ["-h", "--help"],
        "max_content_width": 110,
        "show_default": True,
    },
)
@click.option(
    "--new", "name", metavar="NAME", help="Write the strategy template; the same as `metaexpert new NAME`."
)
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_show_version,
    help="Show the version and exit.",
)
@click.pass_context
def app(context: click.Context, name: str | None) -> None:
    """Write, run and backtest trading experts, with every event on record."""
    if name is not None:
        from metaexpert.cli.runs.new import new

        context.invoke(new, name=name)
        context.exit()


def run_command_line(arguments: Sequence[str]) -> int:
    """Carry out a command line; returns the exit code."""
    try:
        code = _carried_out(arguments)
        if sys.stdout is not None:
            sys.stdout.flush()
    except OSError as error:
        # An error with a file's name is that file's, not stdout's.
        if error.errno not in (errno.ENOSPC, errno.EPIPE) or error.filename is not None:
            raise
        end_without_stdout(error)
    return code


def _carried_out(arguments: Sequence[str]) -> int:
    try:
        # Not `app(...)`, which would answer interruptions and full disks in click's own way.
        with app.make_context(_PROGRAM, list(arguments)) as context:
            return int(app.invoke(context) or 0)
    except CommandFailedError as failure:
        tell(f"error: {failure}")
        return failure.exit_code
    except click.ClickException as mistake:
        mistake.show()
        return mistake.exit_code
    except click.exceptions.Exit as end:
        return end.exit_code
    except SystemExit as end:
        return _code_of(end)


def _code_of(end: SystemExit) -> int:
    """Return the exit code of a `SystemExit`, as Python itself would: a text goes to stderr and is 1."""
    if end.code is None or isinstance(end.code, int):
        return end.code or 0
    tell(str(end.code))
    return 1

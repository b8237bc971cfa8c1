"""The command line as a whole: commands, global options, and how failures end it."""

from __future__ import annotations

import errno
import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from metaexpert import __version__
from metaexpert.cli import logs
from metaexpert.cli.failure import CommandFailedError
from metaexpert.cli.runs import backtest, demo, new, ps, run
from metaexpert.cli.summary import summary
from metaexpert.streams import end_without_stdout, tell

app = typer.Typer(
    name="metaexpert",
    help="Write, run and backtest trading experts, with every event on record.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    # Help is as wide as the terminal, up to where lines become hard to read.
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
)
app.command("new", short_help=summary(new.new))(new.new)
app.command("run", short_help=summary(run.run))(run.run)
app.command("backtest", short_help=summary(backtest.backtest))(backtest.backtest)
app.command("demo", short_help=summary(demo.demo))(demo.demo)
app.command("ps", short_help=summary(ps.ps))(ps.ps)
app.add_typer(logs.app, short_help=summary(logs.group))


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"metaexpert {__version__}")
        raise typer.Exit()


@app.callback(invoke_without_command=True)
def _global_options(
    new_name: Annotated[
        str | None,
        typer.Option(
            "--new", metavar="NAME", help="Write the strategy template; the same as `metaexpert new NAME`."
        ),
    ] = None,
    version: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and exit."),
    ] = False,
) -> None:
    if new_name is not None:
        new.new(new_name)
        raise typer.Exit()


def run_command_line(arguments: Sequence[str]) -> int:
    """Carry out a command line; returns the exit code."""
    try:
        code = _carried_out(arguments)
        if sys.stdout is not None:
            sys.stdout.flush()
    except OSError as error:
        # Of a file it has the name, and was a command's to tell.
        if error.errno not in (errno.ENOSPC, errno.EPIPE) or error.filename is not None:
            raise
        end_without_stdout(error)
    return code


def _carried_out(arguments: Sequence[str]) -> int:
    try:
        app(list(arguments), prog_name="metaexpert")
    except CommandFailedError as failure:
        tell(f"error: {failure}")
        return failure.exit_code
    except SystemExit as end:
        return _code_of(end)
    return 0


def _code_of(end: SystemExit) -> int:
    """Return the exit code of a `SystemExit`, as Python itself would: a text goes to stderr and is 1."""
    if end.code is None or isinstance(end.code, int):
        return end.code or 0
    tell(str(end.code))
    return 1

"""`metaexpert run`: runs a strategy in the mode that it names itself, or another."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from metaexpert.cli.options import AllowGaps, AsJson, Control, LogDirectory, LogLevel, Symbol


def run(
    file: Annotated[Path, typer.Argument(help="The strategy file.")],
    mode: Annotated[
        str | None,
        typer.Option("--mode", metavar="MODE", help="paper, live or backtest, for the file's own."),
    ] = None,
    data: Annotated[
        str | None,
        typer.Option("--data", metavar="CSV", help="Market data to replay, in paper mode or a backtest."),
    ] = None,
    symbol: Symbol = None,
    allow_gaps: AllowGaps = False,
    as_json: AsJson = False,
    log_level: LogLevel = None,
    log_dir: LogDirectory = None,
    control: Control = None,
) -> None:
    """Run a strategy file; its log is on stderr, the figures on stdout.

    Paper mode replays --data on a simulated account that is kept from run to run (state_file). Live mode, and
    paper mode without data, need an exchange connection, which this release does not have.
    """
    from metaexpert.cli.runs.execution import run_and_report
    from metaexpert.expert.run.options import Overrides

    overrides = Overrides(
        mode=mode,
        data=data,
        symbol=symbol,
        allow_gaps=allow_gaps or None,
        log_level=log_level,
        log_dir=log_dir,
        control=control,
    )
    raise typer.Exit(run_and_report(file, overrides, as_json=as_json))

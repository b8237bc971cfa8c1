"""`metaexpert run`: runs a strategy in the mode that it names itself, or another."""

from __future__ import annotations

from pathlib import Path

import click

from metaexpert.cli import options
from metaexpert.cli.command import Command


@click.command(cls=Command)
@click.argument("file", type=options.PATH, help="The strategy file.")
@click.option("--mode", metavar="MODE", help="paper, live or backtest, instead of the file's own.")
@click.option(
    "--data", multiple=True, metavar="CSV", help="Market data to run on, in paper mode or a backtest."
)
@options.symbol
@options.allow_gaps
@options.figures_as_json
@options.log_level
@options.log_directory
@options.control
def run(
    file: Path,
    mode: str | None,
    data: tuple[str, ...],
    symbol: str | None,
    allow_gaps: bool,
    as_json: bool,
    log_level: str | None,
    log_dir: str | None,
    control: str | None,
) -> int:
    """Run a strategy file; its log is on stderr, the figures on stdout.

    Paper mode runs on --data with a simulated account that is kept from run to run (state_file). Live mode,
    and paper mode without data, need an exchange connection, which this release does not have.
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
    return run_and_report(file, overrides, as_json=as_json)

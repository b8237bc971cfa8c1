"""`metaexpert backtest`: runs a strategy on recorded market data."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from metaexpert.cli.options import AllowGaps, AsJson, LogDirectory, LogLevel, Symbol


def backtest(
    file: Annotated[Path, typer.Argument(help="The strategy file.")],
    data: Annotated[
        str | None,
        typer.Option(
            "--data", metavar="CSV", help="Market data: bars, trades or quotes, the format found out."
        ),
    ] = None,
    start: Annotated[
        str | None, typer.Option("--from", metavar="DATE", help="First day, or time (UTC).")
    ] = None,
    end: Annotated[
        str | None, typer.Option("--to", metavar="DATE", help="Last day, or the time to stop before (UTC).")
    ] = None,
    symbol: Symbol = None,
    allow_gaps: AllowGaps = False,
    capital: Annotated[
        float | None, typer.Option("--capital", metavar="AMOUNT", help="Initial capital, in quote currency.")
    ] = None,
    fee_pct: Annotated[
        float | None,
        typer.Option("--fee", metavar="PERCENT", help="Fee of every fill, for the exchange's own."),
    ] = None,
    as_json: AsJson = False,
    log_level: LogLevel = None,
    log_dir: LogDirectory = None,
) -> None:
    """Run a strategy on recorded market data in simulated time, and print what came of it.

    Its log is on stderr, from --log-level on (INFO), and the figures are on stdout. Where the log shows no
    INFO records (log_to_console=False, --log-level WARNING) a terminal shows a progress bar instead.
    With --data all of the file is run, whatever dates the strategy names, unless --from or --to say more.
    """
    from metaexpert.cli.runs.execution import run_and_report
    from metaexpert.expert.run.options import Overrides

    overrides = Overrides(
        mode="backtest",
        data=data,
        start=start,
        end=end,
        symbol=symbol,
        allow_gaps=allow_gaps or None,
        initial_capital=capital,
        fee_pct=fee_pct,
        log_level=log_level,
        log_dir=log_dir,
    )
    raise typer.Exit(run_and_report(file, overrides, as_json=as_json))

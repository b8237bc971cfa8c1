"""`metaexpert backtest`: runs a strategy on recorded market data."""

from __future__ import annotations

from pathlib import Path

import click

from metaexpert.cli import options
from metaexpert.cli.command import Command
from metaexpert.cli.runs import optimising


@click.command(cls=Command)
@click.argument("file", type=options.PATH, help="The strategy file.")
@click.option(
    "--data",
    multiple=True,
    metavar="CSV",
    help="Market data: bars, trades or quotes; the format is recognised.",
)
@click.option("--from", "start", metavar="DATE", help="First day, or time (UTC).")
@click.option("--to", "end", metavar="DATE", help="Last day, or the time to stop before (UTC).")
@options.symbol
@options.allow_gaps
@click.option("--capital", type=float, metavar="AMOUNT", help="Initial capital, in quote currency.")
@click.option(
    "--fee",
    "fee_pct",
    type=float,
    metavar="PERCENT",
    help="Fee of every fill, instead of the exchange's own.",
)
@click.option(
    "--rules",
    metavar="FILE",
    help="Contract rules: tick, step, smallest order, tiers (TOML, JSON); or `published`.",
)
@click.option(
    "--funding",
    metavar="FILE|PERCENT",
    help="Funding rates of a perpetual, or one rate per 8 hours.",
)
@options.figures_as_json
@click.option("--equity-by-bar", is_flag=True, help="With --json: the equity after each bar or tick, too.")
@options.log_level
@options.log_directory
@optimising.options
def backtest(
    file: Path,
    data: tuple[str, ...],
    start: str | None,
    end: str | None,
    symbol: str | None,
    allow_gaps: bool,
    capital: float | None,
    fee_pct: float | None,
    rules: str | None,
    funding: str | None,
    as_json: bool,
    equity_by_bar: bool,
    log_level: str | None,
    log_dir: str | None,
    optimize: tuple[str, ...],
    maximize: str | None,
    minimize: str | None,
    search: str,
    passes: int | None,
    seed: int,
    cores: int | None,
    train: str | None,
    test: str | None,
    top: int,
    log_passes: bool,
) -> int:
    """Run a strategy on recorded market data in simulated time, and print what came of it.

    Its log is on stderr, from --log-level on (INFO), and the figures are on stdout. Where the log shows no
    INFO records (log_to_console=False, --log-level WARNING) a terminal shows a progress bar instead.
    With --data all of the file is run, whatever dates the strategy names, unless --from or --to say more.

    With --optimize it is run many times, on all cores, with each combination of the values that are named.
    """
    optimising.check(optimize, log_level)
    if optimize:
        from metaexpert.cli.runs.optimisation import optimise_and_report

        return optimise_and_report(
            file,
            optimize,
            train=train,
            test=test,
            cores=cores,
            top=top,
            as_json=as_json,
            data=data,
            start=start,
            end=end,
            symbol=symbol,
            allow_gaps=allow_gaps or None,
            initial_capital=capital,
            fee_pct=fee_pct,
            rules=rules,
            funding=funding,
            log_dir=log_dir or "logs",
            maximize=maximize,
            minimize=minimize,
            search=search,
            passes=passes,
            seed=seed,
            log_passes=log_passes,
        )
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
        rules=rules,
        funding=funding,
        equity_by_bar=equity_by_bar or None,
        log_level=log_level,
        log_dir=log_dir,
    )
    return run_and_report(file, overrides, as_json=as_json)

"""`metaexpert demo`: an embedded strategy on generated market data, to see everything at work."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from metaexpert.cli import options
from metaexpert.cli.command import Command
from metaexpert.cli.failure import CommandFailedError

if TYPE_CHECKING:
    from metaexpert.expert.market_data import Bar


@click.command(cls=Command)
@click.option(
    "--bars", type=click.IntRange(1, 1_000_000), default=10_000, help="Minutes of market data to generate."
)
@click.option("--seed", type=int, default=7, help="Another seed makes another market.")
@options.log_directory
@click.option(
    "--save-data", type=options.PATH, metavar="CSV", help="Write the market data to a new file, too."
)
@options.figures_as_json
def demo(bars: int, seed: int, log_dir: str | None, save_data: Path | None, as_json: bool) -> int:
    """Run a moving-average strategy on generated market data, and print what came of it.

    The same seed gives the same market and the same trades on every machine.
    """
    from metaexpert.cli.progress import progress_bar
    from metaexpert.cli.runs.demo_strategy import demo_expert
    from metaexpert.expert.errors import ExpertError
    from metaexpert.expert.market_data import generate_bars
    from metaexpert.expert.market_data.feed import feed_of_bars
    from metaexpert.expert.run import report
    from metaexpert.expert.run.options import Overrides, overriding
    from metaexpert.expert.run.records import RecordCounter
    from metaexpert.logger import ConfigurationError

    market = generate_bars(seed=seed, count=bars)
    if save_data is not None:
        _save(market, save_data)
    overrides = Overrides(
        mode="backtest", log_dir=log_dir, feed=feed_of_bars(market, f"generated, seed {seed}")
    )
    counter = RecordCounter()
    try:
        with progress_bar("demo") as bar, overriding(overrides):
            overrides.on_start, overrides.on_progress = lambda feed: bar.begin(len(feed)), bar.show
            result = demo_expert().run()
    except (ExpertError, ConfigurationError) as error:
        raise CommandFailedError(str(error)) from None
    records = counter.finish()
    report.publish(result, records, as_json=as_json)
    return report.exit_code(result)


def _save(bars: Iterable[Bar], path: Path) -> None:
    """Write bars as CSV; raises `CommandFailedError`, also for a file that is there already."""
    import csv

    try:
        with path.open("x", newline="", encoding="utf-8") as file:
            rows = csv.writer(file)
            rows.writerow(["time", "open", "high", "low", "close", "volume"])
            rows.writerows(
                (bar.time.isoformat(), bar.open, bar.high, bar.low, bar.close, bar.volume) for bar in bars
            )
    except FileExistsError:
        raise CommandFailedError(f"{path} exists already; choose another name or move it away") from None
    except OSError as error:
        raise CommandFailedError(f"{path} cannot be written: {error.strerror or error}") from None

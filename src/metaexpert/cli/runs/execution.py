"""The run of a strategy file and the report on it, which `run` and `backtest` have in common."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from metaexpert.cli.failure import CommandFailedError
from metaexpert.cli.progress import ProgressBar, progress_bar
from metaexpert.cli.runs.script import execute
from metaexpert.expert.errors import ArgumentError
from metaexpert.expert.market_data.source import Source
from metaexpert.expert.run import report
from metaexpert.expert.run.options import Overrides, check_overrides
from metaexpert.expert.run.records import RecordCounter
from metaexpert.streams import tell
from metaexpert.wording import counted


def run_and_report(file: Path, overrides: Overrides, *, as_json: bool) -> int:
    """Execute a strategy file, print the figures of its runs, and return the exit code."""
    try:
        check_overrides(overrides)
    except ArgumentError as error:
        raise CommandFailedError(str(error)) from None
    counter = RecordCounter()
    with progress_bar(file.name) as bar:
        overrides.on_start, overrides.on_progress = partial(_start, bar), bar.show
        results = execute(file, overrides)
    records = counter.finish()
    for result in results:
        report.publish(result, records, as_json=as_json)
    return max(map(report.exit_code, results))


def _start(bar: ProgressBar, source: Source) -> None:
    tell_of_data(source)
    bar.begin(len(source))


def tell_of_data(source: Source) -> None:
    """Say on stderr what the user should know about the data."""
    if source.symbol_note:
        tell(f"note: {source.symbol_note}; --symbol names it")
    if source.missing_bars:
        tell(f"note: {source.name} lacks {counted(source.missing_bars, 'bar')}")

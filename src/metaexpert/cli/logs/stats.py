"""`metaexpert logs stats`: what a log says in numbers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from metaexpert.cli.command import Command
from metaexpert.cli.logs.selection import mistakes_told, selecting, selection
from metaexpert.exit_codes import BAD_INPUT
from metaexpert.streams import tell

if TYPE_CHECKING:
    from metaexpert.reader.counting import Grouping, Statistics


@click.command(cls=Command)
@selecting
@click.option("--by", metavar="KEY[,KEY]", help="Count records by the values of these fields instead.")
@click.option("-n", "--top", type=click.IntRange(min=1), default=10, metavar="N", help="Rows of each table.")
@click.option("--json", "as_json", is_flag=True, help="Print everything as JSON.")
def stats(directory: Path, by: str | None, top: int, as_json: bool, **given: Any) -> int:
    """Count the records of a log: by level, logger, event and time, errors, fills, and what is missing.

    Numbers that no record has are looked for where all records are counted. Sums of fills are exact.
    """
    from metaexpert.reader.counting import counted, grouped

    found: Statistics | Grouping
    with mistakes_told():
        wanted = selection(given)
        if by is None:
            found = counted(directory, wanted)
        else:
            found = grouped(directory, [key.strip() for key in by.split(",")], wanted)
    _show(found, top, as_json=as_json)
    for problem in found.unreadable:
        tell(f"{'error' if wanted.is_strict else 'warning'}: {problem}")
    return BAD_INPUT if wanted.is_strict and found.unreadable else 0


def _show(found: Statistics | Grouping, top: int, *, as_json: bool) -> None:
    from metaexpert.cli.logs.stats_text import show_groups, show_statistics
    from metaexpert.reader.counting import Grouping

    if as_json:
        print(json.dumps(found.to_dict(), indent=2, ensure_ascii=False))
    elif isinstance(found, Grouping):
        show_groups(found, top)
    else:
        show_statistics(found, top)

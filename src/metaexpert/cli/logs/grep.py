"""`metaexpert logs grep`: finds records in all files of a log directory."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import click

from metaexpert.cli import options
from metaexpert.cli.command import Command
from metaexpert.cli.failure import CommandFailedError
from metaexpert.cli.logs.output import paged, showing, shown
from metaexpert.cli.logs.selection import mistakes_told, selecting, selection, tell_unreadable
from metaexpert.exit_codes import BAD_INPUT

#: As grep has it.
FOUND: Final = 0
NOT_FOUND: Final = 1


@click.command(cls=Command)
@click.argument("text", required=False)
@selecting
@click.option("-i", "--ignore-case", is_flag=True, help="Find TEXT in capitals or not.")
@click.option("-E", "--regex", is_flag=True, help="TEXT is a regular expression.")
@click.option("-v", "--invert", is_flag=True, help="Show the lines that do not have TEXT.")
@click.option("-c", "--count", is_flag=True, help="Print the number of lines alone.")
@click.option("-m", "--max-count", "most", type=options.COUNT, metavar="N", help="Stop behind N lines.")
@click.option("-B", "--before", type=options.COUNT, default=0, metavar="N", help="Show N lines before each.")
@click.option("-A", "--after", type=options.COUNT, default=0, metavar="N", help="Show N lines behind each.")
@click.option("-C", "--context", type=options.COUNT, metavar="N", help="Both.")
@showing
@click.option("--no-pager", is_flag=True, help="Print on the terminal, without a pager.")
def grep(
    directory: Path, text: str | None, count: bool, most: int | None, no_pager: bool, **given: Any
) -> int:
    """Find records in all files of a log directory, in order of time.

    TEXT is found in the line as it is in its file; -w looks at fields: -w 'symbol = BTCUSDT and price > 100'.
    Rotated files are read, packed or not, and those of other processes. A record that stands in several logs
    is shown once. Exits with 0 if there is one, with 1 if there is none, and with 2 for a mistake.
    """
    from metaexpert.reader.printing import Printer
    from metaexpert.reader.selection import searched

    if given["invert"] and text is None:
        raise CommandFailedError("-v needs a TEXT that lines do not have; write -w 'not (...)' for fields")
    before, after = (_lines(given, side) for side in ("before", "after"))
    view = shown(given, before=before, after=after, most=most)
    with mistakes_told():
        wanted = selection(
            given,
            text=text,
            is_regex=given["regex"],
            ignores_case=given["ignore_case"],
            is_inverted=given["invert"],
            gives_all=before + after > 0 and not count,
        )
        search = searched(directory, wanted)
        matches = 0
        if count:
            matches = search.count(most)
            print(matches)
        else:
            with paged(is_wanted=not no_pager) as descriptor:
                matches = Printer(view, descriptor).print(search)
    if tell_unreadable(search, strict=wanted.is_strict):
        return BAD_INPUT
    return FOUND if matches else NOT_FOUND


def _lines(given: Mapping[str, Any], side: str) -> int:
    """Return how many lines to show on one `side` of a line; its own option is more exact than --context."""
    own, context = int(given[side]), given["context"]
    return own or int(context or 0)

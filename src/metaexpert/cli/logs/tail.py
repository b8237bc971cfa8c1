"""`metaexpert logs tail`: the last records of a log directory, and those that come."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from metaexpert.cli import options
from metaexpert.cli.command import Command
from metaexpert.cli.logs.output import showing, shown, standard_output
from metaexpert.cli.logs.selection import mistakes_told, selecting, selection, tell_unreadable
from metaexpert.exit_codes import BAD_INPUT
from metaexpert.streams import tell

if TYPE_CHECKING:
    from metaexpert.reader.printing import Following, Printer

DEFAULT_LINES: Final = 10
#: What comes is shown at once; an interruption is noticed within this.
_LOOK_S: Final = 0.5


@click.command(cls=Command)
@selecting
@click.option("-n", "--lines", type=options.COUNT, default=DEFAULT_LINES, metavar="N", help="The last N.")
@click.option("-f", "--follow", is_flag=True, help="Go on with what comes, until Ctrl-C.")
@showing
def tail(directory: Path, lines: int, follow: bool, **given: Any) -> int:
    """Show the last records of a log directory, and with -f those that come.

    The last N that the options select are shown, from all logs of the directory, in order of time. -f follows
    through rotation, and new processes and logs that appear.
    """
    from metaexpert.reader.printing import Printer
    from metaexpert.reader.selection import followed, searched

    view = shown(given)
    with mistakes_told():
        wanted = selection(given, last=lines)
        printer = Printer(view, standard_output())
        if follow:
            search, following = followed(directory, wanted)
        else:
            search, following = searched(directory, wanted), None
        printer.print(search)
    is_wrong = tell_unreadable(search, strict=wanted.is_strict)
    if following is not None and not is_wrong:
        is_wrong = _follow(printer, following, strict=wanted.is_strict)
    return BAD_INPUT if is_wrong else 0


def _follow(printer: Printer, following: Following, *, strict: bool) -> bool:
    """Show what comes until that is no record and `strict`."""
    from metaexpert.reader.report import unreadable

    while True:
        printer.print_appended(following, _LOOK_S)
        for problem in unreadable(following.take_report()):
            tell(f"{'error' if strict else 'warning'}: {problem}")
            if strict:
                return True

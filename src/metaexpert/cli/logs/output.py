"""Options of the commands that show records, and where these are shown."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any, Final, TypeVar

import click

from metaexpert.cli.failure import CommandFailedError
from metaexpert.cli.logs.selection import zone_name
from metaexpert.streams import is_terminal

_Function = TypeVar("_Function", bound=Callable[..., Any])

#: What the host says in every record of a strategy: shown where it changes.
_CONSTANT: Final = ("strategy_id", "strategy_name", "mode", "session_id", "symbol", "timeframe")
_FORMATS: Final = ("text", "json", "raw", "csv")
_PAGER: Final = "less"
#: Colours stay, what fits on the screen is just printed, and the screen is left as it is.
_LESS: Final = "FRX"

_SHOWING: Final = (
    click.option(
        "-o", "--output", type=click.Choice(_FORMATS), default="text", help="For people, or for programs."
    ),
    click.option(
        "--format", "template", metavar="TEMPLATE", help="A line such as '{time} {level} {message} {price}'."
    ),
    click.option("--fields", multiple=True, metavar="NAMES", help="Show these fields alone: price,qty."),
    click.option("--hide", multiple=True, metavar="NAMES", help="Do not show these: 'indicators.*'."),
    click.option(
        "--color",
        "--colour",
        "colour",
        type=click.Choice(("auto", "always", "never")),
        default="auto",
        help="Colours: on a terminal, unless NO_COLOR is set.",
    ),
)


def showing(command: _Function) -> _Function:
    """Give a command the options that say how records are shown."""
    for option in reversed(_SHOWING):
        command = option(command)
    return command


def shown(
    given: Mapping[str, Any], *, before: int = 0, after: int = 0, most: int | None = None
) -> dict[str, Any]:
    """Return what the options of `showing`, as they were given, say, as the engine's printer takes it."""
    template: str | None = given["template"]
    if template is not None and given["output"] != "text":
        raise CommandFailedError("--format is a form of its own; leave out --output")
    return {
        "format": given["output"] if template is None else "template",
        "template": template or "",
        "fields": _names(given["fields"]),
        "hide": _names(given["hide"]),
        "constant": _CONSTANT,
        "zone": zone_name(given),
        "colour": _has_colours(given["colour"]),
        "before": before,
        "after": after,
        "most": most,
    }


def _names(given: tuple[str, ...]) -> list[str]:
    return [name.strip() for names in given for name in names.split(",") if name.strip()]


def _has_colours(choice: str) -> bool:
    if choice != "auto":
        return choice == "always"
    return is_terminal(sys.stdout) and not os.environ.get("NO_COLOR")


def standard_output() -> int:
    """Return the descriptor of stdout, behind everything that was printed."""
    if sys.stdout is None:
        raise CommandFailedError("stdout is closed; open it, or send it to a file")
    sys.stdout.flush()
    return sys.stdout.fileno()


@contextmanager
def paged(*, is_wanted: bool) -> Iterator[int]:
    """Yield the descriptor to show records on: a pager's on a terminal, if there is one, or else stdout."""
    program = _pager() if is_wanted and is_terminal(sys.stdout) and is_terminal(sys.stdin) else None
    if program is None:
        yield standard_output()
        return
    # Slow to import, and most output is not paged.
    import subprocess

    standard_output()
    with subprocess.Popen(program, stdin=subprocess.PIPE, env={"LESS": _LESS, **os.environ}) as pager:
        if pager.stdin is None:
            raise CommandFailedError(f"the pager {program[0]} takes no input; use --no-pager")
        # A pager that is left before the end has shown what was wanted.
        with suppress(BrokenPipeError):
            yield pager.stdin.fileno()
        with suppress(BrokenPipeError):
            pager.stdin.close()


def _pager() -> list[str] | None:
    import shlex
    import shutil

    given = os.environ.get("METAEXPERT_PAGER", os.environ.get("PAGER", _PAGER))
    command = shlex.split(given)
    if not command or command == ["cat"] or shutil.which(command[0]) is None:
        return None
    return command

"""Commands about logs: the files of a directory, and the logging of running experts."""

from __future__ import annotations

import click

from metaexpert.cli.command import Group

#: Each has a command of its own last name; `--help` lists them in this order.
_MODULES = (
    "metaexpert.cli.logs.tail",
    "metaexpert.cli.logs.grep",
    "metaexpert.cli.logs.query",
    "metaexpert.cli.logs.configure",
    "metaexpert.cli.logs.stats",
    "metaexpert.cli.logs.recover",
    "metaexpert.cli.logs.lnav",
)


@click.group(cls=Group, modules=_MODULES)
def logs() -> None:
    """Work with a log directory, and change the logging of running experts."""

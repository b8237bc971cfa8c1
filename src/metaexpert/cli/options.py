"""Options that several commands take, in the same words."""

from pathlib import Path

import click

#: A path of any kind, which need not exist.
PATH = click.Path(path_type=Path)
#: How many lines. The native module counts with 64 bits.
COUNT = click.IntRange(0, 2**63 - 1)

symbol = click.option("--symbol", help="The symbol of the data.")
allow_gaps = click.option("--allow-gaps", is_flag=True, help="Accept data with missing bars.")
figures_as_json = click.option("--json", "as_json", is_flag=True, help="Print the figures as JSON.")
log_level = click.option(
    "--log-level",
    metavar="LEVEL",
    help="DEBUG, INFO, WARNING, ERROR or CRITICAL; bars and trades are on record at any of them.",
)
log_directory = click.option("--log-dir", metavar="DIR", help="Where the log files go.")
logs_directory = click.option(
    "--dir", "directory", type=PATH, metavar="DIR", default=Path("logs"), help="The log directory."
)
control = click.option(
    "--control",
    metavar="[HOST:]PORT",
    help="Serve HTTP control there; port 0 takes a free one, which `metaexpert ps` shows.",
)

"""Options that several commands take, in the same words."""

from pathlib import Path
from typing import Annotated

import typer

Symbol = Annotated[str | None, typer.Option("--symbol", help="The symbol of the data.")]
AllowGaps = Annotated[bool, typer.Option("--allow-gaps", help="Accept data that lacks bars.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print the figures as JSON.")]
LogLevel = Annotated[
    str | None,
    typer.Option(
        "--log-level",
        metavar="LEVEL",
        help="DEBUG, INFO, WARNING, ERROR or CRITICAL; bars and trades are on record at any of them.",
    ),
]
LogDirectory = Annotated[str | None, typer.Option("--log-dir", metavar="DIR", help="Where the log files go.")]
LogsDirectory = Annotated[Path, typer.Option("--dir", metavar="DIR", help="The log directory.")]
Control = Annotated[
    str | None,
    typer.Option(
        "--control",
        metavar="[HOST:]PORT",
        help="Serve HTTP control there; port 0 takes a free one, which `metaexpert ps` shows.",
    ),
]

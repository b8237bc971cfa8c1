"""`metaexpert logs`: what can be done with logs and logging, one module a command."""

import typer

from metaexpert.cli.logs import configure, recover
from metaexpert.cli.summary import summary

app = typer.Typer(
    name="logs",
    help="Work with a log directory, and change the logging of running experts.",
    no_args_is_help=True,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("configure", short_help=summary(configure.configure))(configure.configure)
app.command("recover", short_help=summary(recover.recover))(recover.recover)


@app.callback()
def group() -> None:
    """Work with a log directory, and change the logging of running experts."""

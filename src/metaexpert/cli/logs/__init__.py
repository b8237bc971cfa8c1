"""`metaexpert logs`: what can be done with a log directory, one module a command."""

import typer

from metaexpert.cli.logs import recover

app = typer.Typer(
    name="logs",
    help="Work with a log directory.",
    no_args_is_help=True,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("recover")(recover.recover)


@app.callback()
def _group() -> None:
    """Work with a log directory."""

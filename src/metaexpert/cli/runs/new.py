"""`metaexpert new`: writes a strategy file to start from."""

from __future__ import annotations

import keyword
import re
import sys
from pathlib import Path
from typing import Final

import click

from metaexpert.cli.command import Command
from metaexpert.cli.failure import CommandFailedError
from metaexpert.wording import SAMPLE_DATA

#: The packages and files of the strategy templates.
_SOURCES: Final = {
    "full": ("metaexpert", "template.py"),
    "minimal": ("metaexpert.cli.runs", "minimal_template.py"),
}


@click.command(cls=Command)
@click.argument("name", help="Name of the strategy, or a path: NAME.py is written.")
@click.option(
    "--template",
    type=click.Choice(tuple(_SOURCES)),
    default="full",
    help="full has every setting and event, minimal only what is needed.",
)
def new(name: str, template: str) -> None:
    """Write a strategy file that runs as it is, and never overwrite one."""
    from importlib import resources

    path = strategy_path(name)
    package, file = _SOURCES[template]
    text = resources.files(package).joinpath(file).read_text(encoding="utf-8")
    try:
        # "x" refuses a file that appears between a check and the writing.
        with path.open("x", encoding="utf-8") as target:
            target.write(text)
    except FileExistsError:
        raise CommandFailedError(f"{path} exists already; choose another name or move it away") from None
    except OSError as error:
        raise CommandFailedError(f"{path} cannot be written: {error.strerror or error}") from None
    print(f"{path} is written; try it: metaexpert backtest {path} --data CSV\n{SAMPLE_DATA}")


def strategy_path(name: str) -> Path:
    """Return the file that a strategy's name stands for; raises `CommandFailedError` for a bad name."""
    path = Path(name if name.endswith(".py") else f"{name}.py")
    stem = path.name.removesuffix(".py")
    if not stem.isidentifier() or keyword.iskeyword(stem) or not stem.isascii():
        fixed = re.sub(r"\W|^(?=\d)", "_", stem, flags=re.ASCII).strip("_")
        hint = f', such as "{fixed}"' if fixed.isidentifier() and not keyword.iskeyword(fixed) else ""
        raise CommandFailedError(
            f'"{stem}" cannot be the name of a strategy: use letters, digits and _, a letter first{hint}'
        )
    if stem in sys.stdlib_module_names or stem == "metaexpert":
        raise CommandFailedError(
            f'"{stem}" cannot be the name of a strategy: it would hide the module {stem}; add a word to it'
        )
    if not path.parent.is_dir():
        raise CommandFailedError(f"{path.parent} is not a directory; create it first")
    return path

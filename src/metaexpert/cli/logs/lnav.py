"""`metaexpert logs lnav`: teaches the log viewer lnav the records of this library."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Final

import click

from metaexpert.cli.command import Command
from metaexpert.cli.failure import CommandFailedError

INSTALL_FAILED: Final = 1
#: lnav wants the name of the format here.
_NAME: Final = "metaexpert_log.json"
#: The definition of the format, https://docs.lnav.org/en/latest/formats.html.
DEFINITION: Final = Path(__file__).with_name("lnav.json")
_MODE: Final = 0o644


@click.command(cls=Command)
@click.option("--install", is_flag=True, help="Write the format into lnav's configuration directory.")
@click.option("--print", "show", is_flag=True, help="Print the format.")
def lnav(install: bool, show: bool) -> int:
    """Let the log viewer lnav read the files of a log.

    Without this format lnav 0.11 shows plain text, and lnav 0.12 takes the lines for another program's.
    """
    if not install and not show:
        raise CommandFailedError(
            "nothing to do: --install writes the format for lnav, --print shows it on stdout"
        )
    text = DEFINITION.read_text(encoding="utf-8")
    if show:
        print(text, end="")
    if install:
        _install(text, quiet=show)
    return 0


def _install(text: str, *, quiet: bool) -> None:
    path = configuration_directory() / "formats" / "installed" / _NAME
    try:
        is_there = path.exists() and path.read_bytes() == text.encode()
        if not is_there:
            path.parent.mkdir(parents=True, exist_ok=True)
            _replace(path, text)
    except OSError as error:
        raise CommandFailedError(
            f"{path} cannot be written: {error.strerror or error}; put there by hand what "
            "`metaexpert logs lnav --print` prints",
            INSTALL_FAILED,
        ) from None
    if not quiet:
        print(f"{path} is up to date" if is_there else f"{path} is written; lnav reads it at its next start")


def configuration_directory() -> Path:
    """Return the directory where lnav itself looks, as `dotlnav` in its `src/base/paths.cc` finds it.

    Raises `CommandFailedError` without a home directory.
    """
    home = Path(os.environ.get("HOME", ""))
    if not home.is_absolute() or not home.is_dir():
        raise CommandFailedError(
            "lnav keeps its formats in the home directory, and HOME names none; set HOME to a directory"
        )
    if (home / ".lnav").is_dir():
        return home / ".lnav"
    given = os.environ.get("XDG_CONFIG_HOME")
    if given and Path(given).is_dir():
        return Path(given) / "lnav"
    if (home / ".config").is_dir():
        return home / ".config" / "lnav"
    return home / ".lnav"


def _replace(path: Path, text: str) -> None:
    """Put the file there in one step, so that lnav never reads a half of it."""
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            os.fchmod(file.fileno(), _MODE)
            file.flush()
            os.fsync(file.fileno())
        os.replace(name, path)
    except BaseException:
        os.unlink(name)
        raise

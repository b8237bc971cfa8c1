"""Places that the paths of a configuration lead to, settled when they are given, so no `chdir` moves a file.

A configuration shows paths as they were written. Beside each relative path, and each one with `~`, it keeps
the absolute path that was meant.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any, Final

from metaexpert.logger.config.documents import HANDLERS

#: The absolute path that a text meant where it was given, by setting and text.
Places = Mapping[tuple[str, str], str]
NOWHERE: Final[Places] = MappingProxyType({})

LOG_DIRECTORY: Final = "log_file_path"
ALLOWED_DIRECTORIES: Final = "control.directories"


def current_directory() -> str:
    """Return the current directory, an empty text if it is gone, where no relative path can be given."""
    try:
        return os.getcwd()
    except OSError:
        return ""


def places_of(values: Mapping[Any, Any], directory: str) -> dict[tuple[str, str], str]:
    """Return where the paths among `values` lead, relative ones from `directory`.

    Names of files that lie in the log directory are not among them: they go where it goes.
    """
    found = {}
    for setting, text in _paths_among(values):
        path = os.path.join(directory, os.path.expanduser(text))
        if os.path.isabs(path):
            found[setting, text] = os.path.normpath(path)
    return found


def place_of(setting: str, text: str, places: Places) -> str:
    """Return the absolute path that `text` means for `setting`: now, if it was not settled before.

    Raises OSError for a relative one where the current directory is gone.
    """
    known = places.get((setting, text))
    return os.path.abspath(os.path.expanduser(text)) if known is None else known


def file_in(directory: str, setting: str, text: str, places: Places) -> str:
    """Return the absolute path of a file that lies in the log `directory` unless its name says otherwise."""
    known = places.get((setting, text))
    return os.path.normpath(os.path.join(directory, os.path.expanduser(text) if known is None else known))


def filename_setting(handler: Any) -> str:
    """Return the dotted path of the setting that names the file of `handler`."""
    return f"{HANDLERS}.{handler}.filename"


def _paths_among(values: Mapping[Any, Any]) -> Iterator[tuple[str, str]]:
    """Yield setting and text of each path that depends on the place, or the user, where it is given."""
    yield from _texts(LOG_DIRECTORY, [values.get(LOG_DIRECTORY)])
    control = values.get("control")
    directories = control.get("directories") if isinstance(control, Mapping) else None
    if isinstance(directories, list | tuple | set | frozenset):
        yield from _texts(ALLOWED_DIRECTORIES, directories)
    handlers = values.get(HANDLERS)
    for name, options in handlers.items() if isinstance(handlers, Mapping) else ():
        filename = options.get("filename") if isinstance(options, Mapping) else None
        yield from ((key, text) for key, text in _texts(filename_setting(name), [filename]) if text[0] == "~")


def _texts(setting: str, values: Any) -> Iterator[tuple[str, str]]:
    """Yield the usable ones; validation reports the others."""
    for value in values:
        text = os.fspath(value) if isinstance(value, str | os.PathLike) else None
        if isinstance(text, str) and text.strip() and "\0" not in text:
            yield setting, text

"""Rules of the settings that all configurations have, whatever their handlers are."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import Any, Final

from metaexpert.logger.config.places import LOG_DIRECTORY, Places, place_of
from metaexpert.logger.errors import Problem, shown

MAX_NAME_CHARACTERS: Final = 500
#: Endings of what is a file unless a directory of that name is there. `logs.d` and `v1.2` are directories.
_FILE_ENDINGS: Final = (".log", ".txt", ".json", ".jsonl", ".ndjson", ".csv", ".out", ".gz", ".zst")


def directory_like_a_file(document: Mapping[Any, Any], places: Places) -> Iterator[Problem]:
    """Refuse a file name as the log directory: it would become a directory, with other files in it."""
    text = document.get(LOG_DIRECTORY)
    text = os.fspath(text) if isinstance(text, os.PathLike) else text
    if not isinstance(text, str) or "\0" in text:
        return
    directory, name = os.path.split(text)
    is_file = os.path.isfile(path := directory_of(text, places))
    looks_so = text.lower().endswith(_FILE_ENDINGS) and not name.startswith(".") and not os.path.isdir(path)
    if not (is_file or looks_so):
        return
    named = f"log_file_path = {shown(directory or '.')} and handlers.file.filename = {shown(name)}"
    reason = f"must be a directory, was {shown(text)}, which {'is' if is_file else 'looks like'} a file"
    otherwise = "name another directory" if is_file else "end a directory's name with /"
    yield Problem(LOG_DIRECTORY, reason, text, suggestion=f"use {named}, or {otherwise}")


def directory_of(text: str, places: Places) -> str:
    """Return the absolute path of the log directory `text`, or `text` where the current one is gone."""
    try:
        return place_of(LOG_DIRECTORY, text, places)
    except OSError:
        # Whoever needs it says so.
        return text


def long_names(loggers: Any) -> Iterator[Problem]:
    """Refuse long names: `logging` keeps a place for each part with all before it, which is their square."""
    for name in loggers if isinstance(loggers, Mapping) else ():
        if isinstance(name, str) and len(name) > MAX_NAME_CHARACTERS:
            yield Problem(
                f"loggers.{name[:40]}…",
                f"must have a name of at most {MAX_NAME_CHARACTERS} characters, had {len(name)}",
            )

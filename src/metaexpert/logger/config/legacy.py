"""`logging.config.dictConfig` documents of existing installations, made ready to be applied."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from metaexpert.logger.config.documents import plain
from metaexpert.logger.config.files import absolute, is_there, read_json
from metaexpert.logger.errors import ConfigurationError, Problem, shown

_BOOLEANS: Final = {
    **dict.fromkeys(("yes", "true", "on", "1"), True),
    **dict.fromkeys(("no", "false", "off", "0"), False),
}
_TABLES: Final = ("formatters", "filters", "handlers", "loggers")
_FLAGS: Final = ("disable_existing_loggers", "incremental")


def is_dictconfig(document: Mapping[str, Any]) -> bool:
    """Tell whether `document` is one of `logging.config.dictConfig`; our own documents have no `version`."""
    return "version" in document


def read_dictconfig(file: Path, directory: Path = Path()) -> dict[str, Any]:
    """Return the dictConfig document in a JSON file, ready for `logging.config.dictConfig`.

    Relative names of its handlers' files start at `directory`, wherever they are opened. Raises
    `ConfigurationError`, naming the file, where it cannot be read or is no such document.
    """
    document = read_json(file)
    handlers = document.get("handlers")
    for options in handlers.values() if isinstance(handlers, dict) else ():
        filename = options.get("filename") if isinstance(options, dict) else None
        if isinstance(filename, str) and filename and "://" not in filename:
            options["filename"] = absolute(directory / filename)
    return prepare_dictconfig(document, str(file))


def log_config_document(
    environ: Mapping[str, str] | None = None, directory: Path | None = None
) -> dict[str, Any] | None:
    """Return the document of the file that `LOG_CONFIG` names, in environment or `.env`, for `dictConfig`.

    None where the variable is unset or empty, or the file does not exist. Raises `ConfigurationError`, naming
    the file, for one that is no dictConfig document.
    """
    # The environment's settings need the models, and those pydantic.
    from metaexpert.logger.config.environment import LOG_CONFIG, read_dotenv

    here = directory or Path()
    variables = os.environ if environ is None else environ
    named = variables.get(LOG_CONFIG)
    if named is None:
        named = read_dotenv(here).get(LOG_CONFIG)
    if not named or not named.strip():
        return None
    file = here / named.strip()
    return read_dictconfig(file, here) if is_there(file) else None


def prepare_dictconfig(document: Mapping[str, Any], source: str) -> dict[str, Any]:
    """Return a copy of `document` with texts such as `"propagate": "no"` read as the booleans they stand for.

    The directories of its handlers' files are made. Raises `ConfigurationError` with every problem found,
    each under the name `source`; what only `dictConfig` can know (classes, references) is left to it.
    """
    ready: dict[str, Any] = plain(document)
    problems = [Problem(f"{source}: {path}" if path else source, reason) for path, reason in _repair(ready)]
    if not problems:
        problems = list(_make_directories(ready, source))
    if problems:
        raise ConfigurationError(problems)
    return ready


def _repair(document: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Put booleans where texts stand for them; yield path and reason for what is no dictConfig document."""
    if document.get("version") != 1 or isinstance(document["version"], bool):
        yield "version", f"must be 1, was {shown(document.get('version'))}"
    for flag in _FLAGS:
        yield from _repair_flag(document, flag, flag)
    for table in _TABLES:
        members = document.get(table, {})
        if not isinstance(members, dict):
            yield table, f"must be a table, was {shown(members)}"
            continue
        for name, options in members.items():
            if not isinstance(options, dict):
                yield f"{table}.{name}", f"must be a table, was {shown(options)}"
            elif table == "loggers":
                yield from _repair_flag(options, "propagate", f"loggers.{name}.propagate")
    root = document.get("root", {})
    if not isinstance(root, dict):
        yield "root", f"must be a table, was {shown(root)}"


def _repair_flag(options: dict[str, Any], key: str, path: str) -> Iterator[tuple[str, str]]:
    value = options.get(key)
    if value is None or isinstance(value, bool):
        return
    known = _BOOLEANS.get(str(value).strip().lower()) if isinstance(value, str | int) else None
    if known is None:
        yield path, f'must be true or false (or "yes" or "no"), was {shown(value)}'
    else:
        options[key] = known


def _make_directories(document: dict[str, Any], source: str) -> Iterator[Problem]:
    for name, options in document.get("handlers", {}).items():
        filename = options.get("filename")
        directory = os.path.dirname(filename) if isinstance(filename, str) else ""
        if not directory or "://" in directory:
            continue
        try:
            os.makedirs(directory, exist_ok=True)
        except OSError as error:
            reason = f"the directory {shown(directory)} cannot be made: {error.strerror}"
            yield Problem(f"{source}: handlers.{name}.filename", reason, filename)

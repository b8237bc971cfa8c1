"""Reading configuration documents from JSON and TOML, with errors that name file, line and column."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Mapping
from copy import deepcopy
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from metaexpert.logger.config.nesting import check_json_depth, check_toml_depth
from metaexpert.logger.errors import ConfigurationError, Problem, shown
from metaexpert.logger.shared.regular_files import NotRegularError, TooLargeError, read_regular

#: A configuration with a thousand loggers has a twentieth of it.
MAX_FILE_BYTES: Final = 2**20

#: The tables of a TOML file that hold our settings, from the outermost in.
_LOG_TABLE: Final = "log"
_TOOL_TABLE: Final = ("tool", "metaexpert", "log")


def read_document(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Return the document in a JSON or TOML file, which the file's extension distinguishes.

    Raises `ConfigurationError` for a file that is missing, unreadable, not a regular one, larger than
    `MAX_FILE_BYTES`, of another extension, not UTF-8, not well-formed (with line and column), nested too
    deeply, or that names a key twice.
    """
    file = Path(path)
    extension = file.suffix.lower()
    if extension == ".toml":
        return read_toml(file)
    if extension != ".json":
        # A JSON text instead of a path gets an error that says so.
        advice = "pass a mapping" if str(path).lstrip().startswith("{") else "give a path to one"
        raise ConfigurationError(
            [Problem("", f"{shown(str(path))} is not a .json or .toml file", suggestion=advice)]
        )
    return read_json(file)


def read_json(file: Path) -> dict[str, Any]:
    """Return the object in a JSON file. Raises `ConfigurationError` as `read_document` does."""
    return parse_json(text_of(file), str(file))


def parse_json(text: str, source: str) -> dict[str, Any]:
    """Return the object in a JSON text; `source` names it in the `ConfigurationError` for a bad one."""
    try:
        check_json_depth(text)
        document = json.loads(text, object_pairs_hook=_unique_keys, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        reason = f"not valid JSON at line {error.lineno}, column {error.colno}: {error.msg}"
        raise ConfigurationError([Problem(source, reason)]) from None
    except (_RefusedJsonError, RecursionError, MemoryError, ValueError) as error:
        # ValueError: nested too deeply, or more digits in one number than Python converts.
        raise ConfigurationError([Problem(source, f"not usable JSON: {error}")]) from None
    if not isinstance(document, dict):
        reason = f"must hold one JSON object, was {shown(document)}"
        raise ConfigurationError([Problem(source, reason)])
    return document


def read_toml(file: Path) -> dict[str, Any]:
    """Return the document in a TOML file. Raises `ConfigurationError` as `read_document` does."""
    # Most directories have no such file, and a start then need not load its reader.
    import tomllib

    try:
        return deepcopy(_parsed_toml(text_of(file)))
    except tomllib.TOMLDecodeError as error:
        # The message ends in "(at line 3, column 7)".
        raise ConfigurationError([Problem(str(file), f"not valid TOML: {error}")]) from None
    except (RecursionError, MemoryError, ValueError) as error:
        if isinstance(error, ConfigurationError):
            raise
        # ValueError: as in `parse_json`.
        raise ConfigurationError([Problem(str(file), f"not usable TOML: {error}")]) from None


@lru_cache(maxsize=8)
def _parsed_toml(text: str) -> dict[str, Any]:
    import tomllib

    # A program's `pyproject.toml` is read with each `configure()`: parsing it would take most of the call.
    check_toml_depth(text)
    return tomllib.loads(text)


def tool_table(document: Mapping[str, Any]) -> Any:
    """Return `[tool.metaexpert.log]` of a pyproject document, or None where there is none."""
    table: Any = document
    for step in _TOOL_TABLE:
        if not isinstance(table, Mapping) or step not in table:
            return None
        table = table[step]
    return table


def log_settings(document: Mapping[str, Any], source: str) -> Any:
    """Return the settings in a document: at its top, under `[log]`, or under `[tool.metaexpert.log]`.

    Raises `ConfigurationError` where a setting is given both at the top and under `[log]`.
    """
    tool = tool_table(document)
    if tool is not None:
        return tool
    table = document.get(_LOG_TABLE)
    if table is None:
        return document
    rest = {key: value for key, value in document.items() if key != _LOG_TABLE}
    if not isinstance(table, Mapping):
        raise ConfigurationError([Problem(_LOG_TABLE, f"must be a table, was {shown(table)}", origin=source)])
    twice = sorted(rest.keys() & table.keys())
    if twice:
        reason = f"given both at the top and under [{_LOG_TABLE}]"
        raise ConfigurationError(
            [Problem(key, reason, suggestion="keep one", origin=source) for key in twice]
        )
    return {**rest, **table}


def absolute(path: str | os.PathLike[str]) -> str:
    """Return the absolute form of `path`, or `path` itself where the current directory is gone."""
    try:
        return os.path.abspath(path)
    except OSError:
        return os.fspath(path)


def text_of(file: Path) -> str:
    """Return the text of a configuration file, read in the one way that all of them are.

    Raises `ConfigurationError`, naming the file, for one that is missing, unreadable, not a regular one,
    larger than `MAX_FILE_BYTES`, or not UTF-8.
    """
    try:
        return read_regular(file, MAX_FILE_BYTES).decode("utf-8-sig")
    except FileNotFoundError:
        advice = f"looked for {absolute(file)}"
        raise ConfigurationError([Problem(str(file), "no such file", suggestion=advice)]) from None
    except (NotRegularError, TooLargeError) as error:
        raise ConfigurationError([Problem(str(file), error.reason)]) from None
    except UnicodeDecodeError as error:
        raise ConfigurationError([Problem(str(file), f"not UTF-8 at byte {error.start}")]) from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise ConfigurationError([Problem(str(file), f"cannot be read: {reason}")]) from None


def is_there(file: Path) -> bool:
    """Tell whether there is anything at the path of `file`, whatever it is.

    A file in a directory that may not be searched counts as missing, because it cannot be meant.
    """
    try:
        file.stat()
    except OSError:
        return False
    return True


class _RefusedJsonError(Exception):
    """Well-formed JSON that we do not take."""


def _unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        twice = Counter(key for key, _ in pairs).most_common(1)[0][0]
        raise _RefusedJsonError(f"the key {shown(twice)} is given twice; keep one")
    return members


def _no_constant(name: str) -> Any:
    raise _RefusedJsonError(f"{name} is not a JSON number")

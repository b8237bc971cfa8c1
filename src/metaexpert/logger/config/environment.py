"""Settings from the environment and from `.env`: `METAEXPERT_LOG__…` and the legacy `LOG_*`."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping
from io import StringIO
from pathlib import Path
from typing import Any, Final

from metaexpert.logger.config.defaults import DEFAULT_DIRECTORY
from metaexpert.logger.config.documents import ANY, leaves, merge
from metaexpert.logger.config.files import is_there, text_of
from metaexpert.logger.config.layer import Layer
from metaexpert.logger.config.nesting import check_json_depth
from metaexpert.logger.config.origins import DOTENV, ENVIRONMENT
from metaexpert.logger.config.standard import KINDS
from metaexpert.logger.errors import ConfigurationError, Problem

PREFIX: Final = "METAEXPERT_LOG__"
_NEAR_PREFIX: Final = "METAEXPERT_"
CONTROL_VARIABLE: Final = "METAEXPERT_CONTROL"
LOG_CONFIG: Final = "LOG_CONFIG"

#: The settings of each legacy variable; the console and the file had one format.
_LEGACY: Final[Mapping[str, tuple[str, ...]]] = {
    "LOG_LEVEL": ("default_level",),
    "LOG_FORMAT": ("handlers.console.format", "handlers.file.format"),
    "LOG_FILE": ("handlers.file.filename",),
    "LOG_MAX_SIZE": ("handlers.file.max_size",),
    "LOG_BACKUP_COUNT": ("handlers.file.backup_count",),
}
_FLAGS: Final = {
    **dict.fromkeys(("true", "1", "yes", "on"), True),
    **dict.fromkeys(("false", "0", "no", "off"), False),
}
_REMOVALS: Final = ("none", "null", "false")
_INTEGER: Final = r"[+-]?[0-9]{1,30}"
_HANDLER_DEPTH: Final = 2
_MAX_BLANKS: Final = 200
_BLANKS: Final = re.compile(rf"[^\S\n]{{{_MAX_BLANKS + 1}}}")
#: Values can be made of values before them: each line may double what there is.
_MAX_VALUE_CHARACTERS: Final = 64 * 1024


def read_dotenv(directory: Path, *, must_be_file: bool = False) -> dict[str, str]:
    """Return the variables of the `.env` file in `directory`, or none if there is no such file.

    They are not put into the process's environment. A directory or a pipe of this name is somebody else's,
    and passed over unless it `must_be_file`, as it was one before. Raises `ConfigurationError` for an
    unreadable file.
    """
    file = directory / DOTENV
    if not is_there(file) or not (must_be_file or file.is_file()):
        return {}
    return dict(_expanded(_assignments(file), file))


def _assignments(file: Path) -> Mapping[str, str | None]:
    text = text_of(file)
    if _BLANKS.search(text) is not None:
        # python-dotenv takes their square.
        reason = f"must not have more than {_MAX_BLANKS} blanks in a row"
        raise ConfigurationError([Problem(str(file), reason)])
    from dotenv import dotenv_values

    return dotenv_values(stream=StringIO(text), interpolate=False)


def _expanded(values: Mapping[str, str | None], file: Path) -> Iterator[tuple[str, str]]:
    """Yield the variables with `${NAME}` in them replaced, as python-dotenv does it, but bounded."""
    known: dict[str, str | None] = dict(os.environ)
    for name, value in values.items():
        known[name] = (
            value if value is None or "$" not in value else _filled_in(value, known, f"{file}: {name}")
        )
        if (text := known[name]) is not None:
            yield name, text


def _filled_in(value: str, known: Mapping[str, str | None], place: str) -> str:
    from dotenv.variables import parse_variables

    text = ""
    for part in parse_variables(value):
        text += part.resolve(known)
        if len(text) > _MAX_VALUE_CHARACTERS:
            reason = (
                f"must have at most {_MAX_VALUE_CHARACTERS:,} characters once its variables are filled in"
            )
            raise ConfigurationError([Problem(place, reason)])
    return text


def variable_layers(environ: Mapping[str, str], dotenv: Mapping[str, str]) -> tuple[Layer, Layer]:
    """Return the layers of `.env` and of the environment, the one of lower precedence first.

    A variable that is empty in the environment hides the one in `.env`, and means the default.
    """
    visible = {name: value for name, value in dotenv.items() if name not in environ}
    return variable_layer(visible, DOTENV), variable_layer(environ, ENVIRONMENT)


def variable_layer(variables: Mapping[str, str], source: str) -> Layer:
    """Return what `variables` set, each value in its setting's type where its text allows.

    A text that does not fit is passed on, so that validation reports it with all other problems.
    """
    values: dict[str, Any] = {}
    origins: dict[str, str] = {}
    for variable, path, value in _settings(variables):
        document: Any = value
        for step in reversed(path):
            document = {step: document}
        values = merge(values, document)
        origin = f"{source} {variable}"
        dotted = ".".join(path)
        origins[dotted] = origin
        origins.update((found, origin) for found, _ in leaves(document))
    return Layer(source, values, origins)


def _settings(variables: Mapping[str, str]) -> Iterator[tuple[str, tuple[str, ...], Any]]:
    """Yield variable, path and value, the legacy names first and whole tables before their fields."""
    for variable, paths in _LEGACY.items():
        text = variables.get(variable, "").strip()
        if text:
            for dotted in paths:
                path = tuple(dotted.split("."))
                yield variable, path, typed_value(_legacy_text(variable, text), path)
    if variables.get(CONTROL_VARIABLE, "").strip():
        yield CONTROL_VARIABLE, ("control",), control_address(variables[CONTROL_VARIABLE].strip())
    for variable in sorted(variables):
        guessed = _guessed_setting(variable.upper())
        if guessed is not None and variables[variable].strip():
            yield variable, guessed, variables[variable].strip()
    own = [name for name in variables if name.upper().startswith(PREFIX) and variables[name].strip()]
    for variable in sorted(own, key=lambda name: (name.count("__"), name)):
        path = tuple(variable[len(PREFIX) :].lower().split("__"))
        yield variable, path, typed_value(variables[variable].strip(), path)


def _guessed_setting(variable: str) -> tuple[str, ...] | None:
    """Return the path in a variable that looks like one of ours, such as `METAEXPERT_LOG_LEVEL`.

    There is no setting of this name, which validation says with all other problems.
    """
    if variable.startswith(PREFIX) or not variable.startswith(_NEAR_PREFIX):
        return None
    from metaexpert.logger.config.models import LogConfiguration
    from metaexpert.logger.config.synonyms import meant_by

    name = variable.removeprefix(_NEAR_PREFIX).lower()
    # Others are the program's own: `METAEXPERT_ROOT`, `METAEXPERT_LOGIN`.
    is_level = "level" in name and meant_by([name], LogConfiguration) is not None
    is_ours = name in ("log", "loggers", "logdir", "logfile") or name.startswith(("log_", "logging_"))
    if not (is_ours or is_level):
        return None
    first, *rest = name.split("__")
    return f"log_{first}" if first in LogConfiguration.model_fields else first, *rest


def _legacy_text(variable: str, text: str) -> str:
    """Read `LOG_FILE=logs/expert.log` as that file in the log directory, where legacy logs are."""
    if variable != "LOG_FILE":
        return text
    return re.sub(rf"^(?:\.[/\\])*{DEFAULT_DIRECTORY}[/\\]+(?=.)", "", text)


def control_address(text: str) -> dict[str, Any]:
    """Return host and port of `HOST:PORT`, `[IPV6]:PORT` or `PORT`, for the table `control`."""
    host, _, port = text.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    return {"host": host or "127.0.0.1", "port": int(port) if re.fullmatch(_INTEGER, port) else port}


def typed_value(text: str, path: tuple[str, ...]) -> Any:
    """Return the value that `text` means for the setting at `path`; what does not fit stays text.

    Lists are separated by commas or JSON, tables are JSON, a handler is None for `none`.
    """
    kind = _kind_at(path)
    if path[0] == "handlers" and len(path) == _HANDLER_DEPTH and text.lower() in _REMOVALS:
        return None
    if kind == "flag":
        return _FLAGS.get(text.lower(), text)
    if kind == "integer" and re.fullmatch(_INTEGER, text):
        return int(text)
    if kind == "list":
        return _json(text, list) if text[0] == "[" else [part.strip() for part in text.split(",")]
    if kind == "table":
        return _json(text, dict)
    return text


def _kind_at(path: tuple[str, ...]) -> str | None:
    """Return what kind of value belongs at `path`, or None where there is no such setting."""
    kinds: Any = KINDS
    for step in path:
        if not isinstance(kinds, dict):
            return None
        kinds = kinds.get(step, kinds.get(ANY))
    return "table" if isinstance(kinds, dict) else kinds


def _json(text: str, expected: type) -> Any:
    try:
        check_json_depth(text)
        value = json.loads(text)
    except (ValueError, RecursionError):
        return text
    return value if isinstance(value, expected) else text

"""Origins of values, in words that name what a reader would edit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

DEFAULT: Final = "default"
PROGRAM: Final = "default of MetaExpert"
CODE: Final = "code"
COMMAND_LINE: Final = "command line"
RUNTIME: Final = "runtime"
ENVIRONMENT: Final = "environment"
DOTENV: Final = ".env"
PROJECT_FILE: Final = "metaexpert.toml"
PYPROJECT: Final = "pyproject.toml [tool.metaexpert.log]"


def origin_of(path: str, origins: Mapping[str, str]) -> str:
    """Return the source of the value at `path`, or of the table that it lies in, or of a value in it."""
    if path in origins:
        return origins[path]
    below = [origin for known, origin in origins.items() if known.startswith(f"{path}.")]
    if below:
        return ", ".join(dict.fromkeys(below))
    while path:
        path = path.rpartition(".")[0]
        if path in origins:
            return origins[path]
    return DEFAULT

"""The line of a command in the list of commands."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any


def summary(command: Callable[..., Any]) -> str:
    """Return the first paragraph of a command's docstring: unlike typer's own choice, never cut."""
    return " ".join((inspect.getdoc(command) or "").partition("\n\n")[0].split())

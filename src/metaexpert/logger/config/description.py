"""A configuration described for a person: one line per value, with its source and what it misses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from metaexpert.logger.config.documents import HANDLERS, leaves
from metaexpert.logger.config.origins import DEFAULT, origin_of
from metaexpert.logger.config.unseen import note_on
from metaexpert.logger.errors import shown


def described(
    values: Mapping[str, Any], origins: Mapping[str, str], unseen: Sequence[str] | None = None
) -> list[str]:
    """Return the lines for the configuration `values`, whose `origins` say where each one came from.

    `unseen` are the loggers whose records never reach the process that has it, by default those of this one.
    A handler that is None was removed; any other None is left out.
    """
    lines = []
    for path, value in leaves(values):
        is_handler = path.startswith(f"{HANDLERS}.") and path.count(".") == 1
        if value is None and not is_handler:
            continue
        origin = origin_of(path, origins)
        text = "removed" if value is None else shown(value, path)
        source = "" if origin == DEFAULT else f"  ({origin})"
        lines.append(f"{path} = {text}{source}{note_on(path, unseen)}")
    return sorted(lines)

"""Durations of the command line: read from options such as `1h30m`, and shown."""

from __future__ import annotations

import re
from typing import Final

from metaexpert.cli.failure import CommandFailedError

_SECONDS: Final = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400}
_PART: Final = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)")


def duration_seconds(option: str, text: str) -> float:
    """Return the seconds that `30s`, `10m`, `1h30m`, `2d` or a bare number of seconds mean.

    Raises `CommandFailedError`, naming `option`, for anything else.
    """
    given = text.strip().lower()
    if re.fullmatch(r"\d+(\.\d+)?", given):
        return float(given)
    if not given or _PART.sub("", given):
        raise CommandFailedError(f"{option} must be a time such as 30s, 10m or 1h30m, was {text}")
    return float(sum(float(number) * _SECONDS[unit] for number, unit in _PART.findall(given)))


def elapsed(seconds: int) -> str:
    """Return the time that has passed, from hours to seconds: `01:30:05`, `2d 00:00:10`."""
    hours, rest = divmod(seconds, _SECONDS["h"])
    days, hours = divmod(hours, 24)
    shown = f"{hours:02}:{rest // 60:02}:{rest % 60:02}"
    return f"{days}d {shown}" if days else shown

"""Loggers whose records `capture_stdlib` cannot see, because they do not propagate to the root logger.

Our own loggers and handlers are known by an attribute: their classes lie above the configuration.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence


def unseen_loggers() -> tuple[str, ...]:
    """Return the names of the loggers whose records never reach the pipeline.

    They, or one above them, have `propagate` off, as uvicorn's have, and no `PipelineHandler` is on the way.
    Those of `get_logger` are not among them: the pipeline gets a copy of their records. Loggers that are
    disabled, or that nothing writes, are not either.
    """
    found = tuple(logging.root.manager.loggerDict.items())
    loggers = {name: each for name, each in found if isinstance(each, logging.Logger)}
    return tuple(sorted(name for name, each in loggers.items() if _is_unseen(each)))


def _is_unseen(logger: logging.Logger) -> bool:
    if logger.disabled or getattr(logger, "_is_owned", False) is True:
        return False
    is_written = False
    above: logging.Logger | None = logger
    while above is not None:
        if any(getattr(each, "reaches_pipeline", False) is True for each in above.handlers):
            return False
        is_written |= not all(isinstance(each, logging.NullHandler) for each in above.handlers)
        if not above.propagate:
            return is_written
        above = above.parent
    return False


def note_on(setting: str, names: Sequence[str] | None = None) -> str:
    """Return what a person has to know beside the value of `setting`, as a comment; mostly nothing.

    `names` are the loggers that another process cannot see, by default those of this one.
    """
    if setting != "capture_stdlib":
        return ""
    names = unseen_loggers() if names is None else names
    if not names:
        return ""
    verb = "does" if len(names) == 1 else "do"
    return f"  # cannot see {', '.join(names)}, which {verb} not propagate: get_logger(name) lets it"

"""Arguments that a strategy file names and that there are not: each is refused with the one meant."""

from __future__ import annotations

import difflib
import functools
import inspect
from collections.abc import Callable, Collection, Mapping
from types import MappingProxyType
from typing import Any, Final, ParamSpec, TypeVar

from metaexpert.expert.errors import UnknownArgumentError

P = ParamSpec("P")
R = TypeVar("R")

#: What takes arguments by name, as a strategy file writes it.
_CALLS: Final[Mapping[str, str]] = MappingProxyType(
    {"__init__": "MetaExpert(...)", "on_init": "@expert.on_init(...)", "run": "expert.run(...)"}
)
#: The arguments of `MetaExpert` that stand for settings of logging.
_ARGUMENTS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "default_level": "log_level",
        "handlers.file.filename": "log_file",
        "handlers.trades.filename": "trade_log_file",
        "handlers.errors.filename": "error_log_file",
        "handlers.console": "log_to_console",
    }
)
#: Below NEAR a setting of logging is the likelier meaning.
_NEAR: Final = 0.75
_FAR: Final = 0.6


def advised(method: Callable[P, R]) -> Callable[P, R]:
    """Make `method` refuse a keyword that it does not have, and say which is probably meant."""
    names = _arguments(method)

    @functools.wraps(method)
    def checked(*args: P.args, **kwargs: P.kwargs) -> R:
        for name in kwargs:
            if name not in names:
                raise UnknownArgumentError(_refusal(type(args[0]), method.__name__, name, names))
        return method(*args, **kwargs)

    return checked


def _arguments(method: Callable[..., Any]) -> tuple[str, ...]:
    return tuple(inspect.signature(method).parameters)[1:]


def _refusal(owner: type, method: str, name: str, names: Collection[str]) -> str:
    advice = (
        _elsewhere(owner, method, name)
        or _setting(name, guessed=False)
        or _near(name, names, _NEAR)
        or _setting(name, guessed=True)
        or _near(name, names, _FAR)
        or f"known are {', '.join(names)}"
    )
    return f'{_CALLS[method]} has no argument "{name}"; {advice}'


def _elsewhere(owner: type, method: str, name: str) -> str | None:
    others = (other for other in _CALLS if other != method and name in _arguments(getattr(owner, other)))
    return next((f"it is an argument of {_CALLS[other]}" for other in others), None)


def _near(name: str, names: Collection[str], cutoff: float) -> str | None:
    near = difflib.get_close_matches(name.lower(), names, n=1, cutoff=cutoff)
    return f'did you mean "{near[0]}"?' if near else None


def _setting(name: str, *, guessed: bool) -> str | None:
    """Return how to give the setting of logging that `name` is or, if `guessed`, stands for elsewhere."""
    from metaexpert.logger.config import LogConfiguration, meant_by

    settings: tuple[str, ...] = (name,) if name in LogConfiguration.model_fields else ()
    if guessed and (meant := meant_by([name], LogConfiguration.model_fields)) is not None:
        settings = meant.settings
    if len(settings) == 1 and settings[0] in _ARGUMENTS:
        return f"use {_ARGUMENTS[settings[0]]} of MetaExpert(...)"
    return f"set {' or '.join(settings)} in metaexpert.toml" if settings else None

"""Unknown arguments in a strategy file: each is refused, and the error names the right one."""

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

#: What takes arguments by name outside handlers, as a strategy file writes it.
_SET_UP: Final[Mapping[str, str]] = MappingProxyType(
    {
        "__init__": "MetaExpert(...)",
        "on_init": "@expert.on_init(...)",
        "run": "expert.run(...)",
        "on_bar": "@expert.on_bar(...)",
        "on_timer": "@expert.on_timer(...)",
    }
)
#: The same of trading calls.
_TRADING: Final[Mapping[str, str]] = MappingProxyType(
    {
        name: f"expert.{name}(...)"
        for name in (
            "open_position",
            "open_order",
            "close_position",
            "close_all_positions",
            "modify_position",
            "cancel_order",
            "cancel_all_orders",
            "position",
            "history",
            "stop",
        )
    }
)


def _words_for(*names: str, words: str) -> dict[str, tuple[str, ...]]:
    return dict.fromkeys(words.split(), names)


#: Words of other libraries, in lower case without "_", and the arguments that say the same; a call has the
#: first of these that it knows.
SYNONYMS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    _words_for("stop_loss", "stop_loss_pct", words="sl stop stoploss stopprice")
    | _words_for("take_profit", "take_profit_pct", words="tp target takeprofit profittarget limit")
    | _words_for("size", "size_value", words="quantity qty amount volume lot lots units contracts size")
    | _words_for(
        "initial_capital",
        words="capital cash balance deposit equity initialbalance initialcash startingcapital startcapital",
    )
    | _words_for("backtest_start", words="start from fromdate startdate datefrom begin since")
    | _words_for("backtest_end", words="end to todate enddate dateto until")
    | _words_for("data", words="csv file path filename datafile dataset datapath feed")
    | _words_for("fee_pct", words="fee fees feerate commission commissions commissionpct")
    | _words_for("interval", "timeframe", words="seconds every period tf interval granularity resolution")
    | _words_for("symbol", words="symbols pair ticker instrument asset market coin")
    | _words_for("side", words="direction action signal positionside")
    | _words_for("price", words="limitprice entry entryprice rate at")
    | _words_for("order_type", words="type kind ordertype")
    | _words_for("order_id", "position_id", words="id ticket order position orderid positionid")
    | _words_for("comment", "strategy_name", words="note tag label name")
    | _words_for("count", "lookback_bars", words="n bars length last lookback")
    | _words_for("testnet", words="sandbox")
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
                raise unknown_argument(type(args[0]), method.__name__, name, names)
        return method(*args, **kwargs)

    return checked


def unknown_argument(owner: type, method: str, name: str, names: Collection[str]) -> UnknownArgumentError:
    """Return the refusal of `name` by a method of `owner`, which is a host, that takes `names`."""
    return UnknownArgumentError(_refusal(owner, method, name, names))


def _arguments(method: Callable[..., Any]) -> tuple[str, ...]:
    return tuple(inspect.signature(method).parameters)[1:]


def _refusal(owner: type, method: str, name: str, names: Collection[str]) -> str:
    meant = SYNONYMS.get(name.replace("_", "").lower(), ())
    advice = (
        next((f'did you mean "{other}"?' for other in meant if other in names), None)
        or _elsewhere(owner, method, name, "an argument")
        or _setting(name, guessed=False)
        or _near(name, names, _NEAR)
        or _setting(name, guessed=True)
        or next((found for other in meant if (found := _elsewhere(owner, method, other, other))), None)
        or _near(name, names, _FAR)
        or (f"known are {', '.join(names)}" if names else "it takes none")
    )
    call = {**_SET_UP, **_TRADING}.get(method, f"@expert.{method}")
    return f'{call} has no argument "{name}"; {advice}'


def _elsewhere(owner: type, method: str, name: str, shown: str) -> str | None:
    calls = {**_TRADING, **_SET_UP} if method in _TRADING else {**_SET_UP, **_TRADING}
    others = (other for other in calls if other != method and name in _arguments(getattr(owner, other)))
    return next((f"it is {shown} of {calls[other]}" for other in others), None)


def _near(name: str, names: Collection[str], cutoff: float) -> str | None:
    near = difflib.get_close_matches(name.lower(), names, n=1, cutoff=cutoff)
    return f'did you mean "{near[0]}"?' if near else None


def _setting(name: str, *, guessed: bool) -> str | None:
    """Return how to give the setting of logging that `name` is or, if `guessed`, stands for elsewhere."""
    from metaexpert.logger.config import LogConfiguration, meant_by

    settings: tuple[str, ...] = (name,) if name in LogConfiguration.model_fields else ()
    if guessed and (meant := meant_by([name], LogConfiguration)) is not None:
        settings = meant.settings
    if len(settings) == 1 and settings[0] in _ARGUMENTS:
        return f"use {_ARGUMENTS[settings[0]]} of MetaExpert(...)"
    return f"set {' or '.join(settings)} in metaexpert.toml" if settings else None

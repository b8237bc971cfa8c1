"""The settings of a strategy: the checked arguments of `on_init(...)`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from numbers import Integral
from typing import Final

from metaexpert.expert.errors import ArgumentError
from metaexpert.expert.model.timeframes import Timeframe
from metaexpert.expert.settings import arguments as check

SIZE_TYPES: Final = ("fixed_base", "fixed_quote", "percent_equity", "risk_based")
DEFAULT_VOLATILITY_FACTOR: Final = 2.0
DEFAULT_SIZE_TYPE: Final = "percent_equity"
DEFAULT_SIZE_VALUE: Final = 10.0

_DURATION_SECONDS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}


@dataclass(frozen=True, slots=True)
class StrategySettings:
    """The arguments of `on_init(...)`, checked; a limit that is off is None. Percents are of 100."""

    symbols: tuple[str, ...] = ("BTCUSDT",)
    timeframe: str | None = None
    """None stands for the shortest that an on_bar names, else that of the data, else 1m."""
    lookback_bars: int = 100
    lookback_time: timedelta | None = None
    warmup_bars: int = 0
    strategy_id: int | str = 1001
    strategy_name: str = "My Strategy"
    comment: str = "my_strategy"
    leverage: int = 1
    max_drawdown_pct: float | None = None
    daily_loss_limit: float | None = None
    size_type: str = DEFAULT_SIZE_TYPE
    size_value: float = DEFAULT_SIZE_VALUE
    max_position_size_quote: float | None = None
    stop_loss_pct: float | None = None
    take_profit_pct: float | None = None
    trailing_stop_pct: float | None = None
    trailing_activation_pct: float | None = None
    breakeven_pct: float | None = None
    slippage_pct: float = 0.0
    max_spread_pct: float | None = None
    max_open_positions: int | None = None
    max_positions_per_symbol: int | None = None
    trade_hours: frozenset[int] | None = None
    allowed_days: frozenset[int] | None = None
    min_volume: float | None = None
    volatility_factor: float | None = None
    trend_filter: bool = False


def strategy_settings(**given: object) -> StrategySettings:
    """Check the arguments of `on_init(...)`; raises `ArgumentError` for the first bad one."""
    size_type, size_value = _size(given["size_type"], given["size_value"])
    return StrategySettings(
        symbols=check.symbols("symbol", given["symbol"]),
        timeframe=None if given["timeframe"] is None else timeframe_name("timeframe", given["timeframe"]),
        lookback_bars=check.whole("lookback_bars", given["lookback_bars"] or 0, minimum=0),
        lookback_time=_duration("lookback_time", given["lookback_time"]),
        warmup_bars=check.whole("warmup_bars", given["warmup_bars"] or 0, minimum=0),
        strategy_id=_strategy_id(given["strategy_id"]),
        strategy_name=check.text("strategy_name", given["strategy_name"]),
        comment=check.optional_text("comment", given["comment"]) or "",
        leverage=check.whole("leverage", given["leverage"] or 1, minimum=1, maximum=check.MAX_LEVERAGE),
        max_drawdown_pct=_drawdown(given["max_drawdown_pct"]),
        daily_loss_limit=check.limit("daily_loss_limit", given["daily_loss_limit"]),
        size_type=size_type,
        size_value=size_value,
        max_position_size_quote=check.limit("max_position_size_quote", given["max_position_size_quote"]),
        stop_loss_pct=check.limit("stop_loss_pct", given["stop_loss_pct"], maximum=99),
        take_profit_pct=check.limit("take_profit_pct", given["take_profit_pct"]),
        trailing_stop_pct=check.limit("trailing_stop_pct", given["trailing_stop_pct"], maximum=99),
        trailing_activation_pct=check.limit("trailing_activation_pct", given["trailing_activation_pct"]),
        breakeven_pct=check.limit("breakeven_pct", given["breakeven_pct"]),
        slippage_pct=check.limit("slippage_pct", given["slippage_pct"], maximum=50) or 0.0,
        max_spread_pct=check.limit("max_spread_pct", given["max_spread_pct"]),
        max_open_positions=check.whole_limit("max_open_positions", given["max_open_positions"]),
        max_positions_per_symbol=check.whole_limit(
            "max_positions_per_symbol", given["max_positions_per_symbol"]
        ),
        trade_hours=check.number_set("trade_hours", given["trade_hours"], minimum=0, maximum=23),
        allowed_days=_weekdays(given["allowed_days"]),
        min_volume=check.limit("min_volume", given["min_volume"]),
        volatility_factor=_volatility_factor(given["volatility_filter"]),
        trend_filter=bool(given["trend_filter"]) and check.flag("trend_filter", given["trend_filter"]),
    )


def timeframe_name(name: str, value: object) -> str:
    """Return a timeframe in its one spelling (`60m` is `1h`); raises `ArgumentError`."""
    try:
        return str(Timeframe.parse(check.text(name, value)))
    except ArgumentError:
        raise
    except ValueError as error:
        raise ArgumentError(f"{name}: {error}") from None


def _size(size_type: object, size_value: object) -> tuple[str, float]:
    if size_type is None and size_value is None:
        return DEFAULT_SIZE_TYPE, DEFAULT_SIZE_VALUE
    if size_type is None or size_value is None:
        missing = "size_value" if size_value is None else "size_type"
        raise ArgumentError(
            f"{missing} is missing: size_type and size_value say together how large an entry is"
        )
    return check.choice("size_type", size_type, SIZE_TYPES), check.number("size_value", size_value, above=0)


def _duration(name: str, value: object) -> timedelta | None:
    if value is None or value in {"", 0}:
        return None
    if isinstance(value, timedelta):
        if value <= timedelta(0):
            raise ArgumentError(f"{name} must be longer than nothing, was {value!r}")
        return value
    if isinstance(value, str) and (match := re.fullmatch(r"\s*(\d+)\s*([smhdw])\s*", value.lower())):
        if int(match[1]) > 0:
            return timedelta(seconds=int(match[1]) * _DURATION_SECONDS[match[2]])
    elif check.is_number(value):
        return timedelta(seconds=check.number(name, value, above=0))
    raise ArgumentError(
        f'{name} must be a duration such as "12h" or "3d", seconds or a timedelta, was {value!r}'
    )


def _strategy_id(value: object) -> int | str:
    if isinstance(value, Integral) and not isinstance(value, bool):
        return int(value)
    return check.text("strategy_id", value)


def _drawdown(value: object) -> float | None:
    if check.is_number(value) and check.number("max_drawdown_pct", value) > 1:
        raise ArgumentError(
            f"max_drawdown_pct is a fraction of the peak equity from 0 to 1 (0.2 is 20 %), was {value!r}"
        )
    return check.limit("max_drawdown_pct", value, maximum=1)


def _weekdays(value: object) -> frozenset[int] | None:
    """Return ISO weekdays, Monday 1 to Sunday 7; 0 is Sunday as well, as on other platforms."""
    days = check.number_set("allowed_days", value, minimum=0, maximum=7)
    return days and frozenset(day or 7 for day in days)


def _volatility_factor(value: object) -> float | None:
    if value is True:
        return DEFAULT_VOLATILITY_FACTOR
    return check.limit("volatility_filter", value)

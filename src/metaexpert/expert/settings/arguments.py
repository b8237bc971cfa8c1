"""Checks of arguments: each returns the checked value or raises `ArgumentError` naming the argument."""

from __future__ import annotations

import difflib
import math
from collections.abc import Callable, Collection, Iterable
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from numbers import Integral, Real
from typing import Final, SupportsFloat, TypeGuard, TypeVar

from metaexpert.expert.errors import ArgumentError
from metaexpert.expert.model.symbols import Symbol, normalise

MAX_LEVERAGE = 200

T = TypeVar("T")


class NotGiven(Enum):
    """The type of `NOT_GIVEN`: an argument that the caller has not named, so that other sources decide."""

    NOT_GIVEN = "not given"

    def __repr__(self) -> str:
        """Show it in signatures as what it is."""
        return "NOT_GIVEN"


NOT_GIVEN: Final = NotGiven.NOT_GIVEN


def if_given(check: Callable[[str, object], T], name: str, value: object) -> T | NotGiven:
    """Return what `check` returns, or `NOT_GIVEN` as it is."""
    return value if isinstance(value, NotGiven) else check(name, value)


def choice(name: str, value: object, allowed: Collection[str], *, upper: bool = False) -> str:
    """Return `value` in its canonical case; anything outside `allowed` is an error with a near miss."""
    if isinstance(value, str):
        folded = value.strip().upper() if upper else value.strip().lower()
        if folded in allowed:
            return folded
        near = difflib.get_close_matches(folded, allowed, n=1, cutoff=0.6)
        hint = f'; did you mean "{near[0]}"?' if near else ""
    else:
        hint = ""
    raise ArgumentError(f"{name} must be one of {', '.join(sorted(allowed))}, was {value!r}{hint}")


def is_number(value: object) -> TypeGuard[SupportsFloat]:
    """Tell whether a value is a real number of any common kind, and no bool."""
    return isinstance(value, (int, float, Decimal, Real)) and not isinstance(value, bool)


def number(
    name: str,
    value: object,
    *,
    above: float | None = None,
    minimum: float | None = None,
    maximum: float | None = None,
) -> float:
    """Return a finite float inside the bounds; bool, text, NaN and infinity are errors.

    Integers, floats, `Decimal`, `Fraction` and the scalars of numpy are numbers.
    """
    if not is_number(value):
        raise ArgumentError(f"{name} must be a number, was {value!r}")
    try:
        result = float(value)
    except (OverflowError, ValueError):
        # An integer beyond the floats, or a signalling NaN.
        result = math.nan
    if not math.isfinite(result):
        raise ArgumentError(f"{name} must be a finite number, was {value!r}")
    if above is not None and result <= above:
        raise ArgumentError(f"{name} must be greater than {above:g}, was {value!r}")
    if minimum is not None and result < minimum:
        raise ArgumentError(f"{name} must be at least {minimum:g}, was {value!r}")
    if maximum is not None and result > maximum:
        raise ArgumentError(f"{name} must be at most {maximum:g}, was {value!r}")
    return result


def limit(name: str, value: object, *, maximum: float | None = None) -> float | None:
    """Return a positive limit, or None when it is off: `None`, `False` and 0 all switch it off."""
    if value is None or value is False:
        return None
    result = number(name, value, minimum=0, maximum=maximum)
    return result if result > 0 else None


def whole(name: str, value: object, *, minimum: int, maximum: int | None = None) -> int:
    """Return an int inside the bounds; a float with a fraction is an error."""
    checked = number(name, value, minimum=minimum, maximum=maximum)
    if checked != int(checked):
        raise ArgumentError(f"{name} must be a whole number, was {value!r}")
    return int(checked)


def whole_limit(name: str, value: object) -> int | None:
    """Return a positive whole limit, or None when it is off (`None`, `False` or 0)."""
    if value is None or value is False:
        return None
    return whole(name, value, minimum=0) or None


def flag(name: str, value: object) -> bool:
    """Return a bool; anything else is an error, so that "false" is never taken for true."""
    if not isinstance(value, bool):
        raise ArgumentError(f"{name} must be True or False, was {value!r}")
    return value


def text(name: str, value: object) -> str:
    """Return a string that is not empty."""
    if not isinstance(value, str) or not value.strip():
        raise ArgumentError(f"{name} must be a text that is not empty, was {value!r}")
    return value


def optional_text(name: str, value: object) -> str | None:
    """Return a string, or None for `None` and the empty text."""
    if value is None or value == "":
        return None
    return text(name, value)


def number_set(name: str, value: object, *, minimum: int, maximum: int) -> frozenset[int] | None:
    """Return a set of whole numbers inside the bounds, or None when it is `None` or empty."""
    if value is None:
        return None
    if isinstance(value, Integral) and not isinstance(value, bool):
        value = {value}
    if isinstance(value, str) or not isinstance(value, Iterable):
        raise ArgumentError(
            f"{name} must be a set of whole numbers from {minimum} to {maximum}, was {value!r}"
        )
    return frozenset(whole(f"{name} entry", item, minimum=minimum, maximum=maximum) for item in value) or None


def symbols(name: str, value: object) -> tuple[str, ...]:
    """Return upper-case symbols without separators, in a stable order, from a text or a set of texts."""
    items = [value] if isinstance(value, str) else value
    if not isinstance(items, (list, tuple, set, frozenset)) or not items:
        raise ArgumentError(f'{name} must be a symbol such as "BTCUSDT" or a set of them, was {value!r}')
    found = dict.fromkeys(normalized_symbol(name, item) for item in items)
    return tuple(found) if isinstance(items, (list, tuple)) else tuple(sorted(found))


def normalized_symbol(name: str, value: object) -> Symbol:
    """Return `BTC/USDT`, `btc-usdt` and `BTC_USDT` as `BTCUSDT`; `ArgumentError` for what is no symbol."""
    symbol = normalise(text(name, value))
    if not symbol.isalnum():
        raise ArgumentError(f'{name} must be letters and digits such as "BTCUSDT", was {value!r}')
    return symbol


def moment(name: str, value: object, *, end: bool = False) -> datetime | None:
    """Return a UTC time from a datetime, a date or ISO text; None stays None.

    A bare date means its first instant, or with `end` the first instant of the next day, so that
    a range given by two dates includes both. A time without zone is UTC.
    """
    if value is None or value == "":
        return None
    if isinstance(value, str):
        stripped = value.strip()
        try:
            value = date.fromisoformat(stripped) if len(stripped) <= 10 else datetime.fromisoformat(stripped)
        except ValueError:
            raise ArgumentError(
                f'{name} must be a date such as "2024-01-31" or "2024-01-31 12:00", was {stripped!r}'
            ) from None
    if isinstance(value, datetime):
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    if isinstance(value, date):
        try:
            return datetime.combine(value + timedelta(days=1 if end else 0), time(), UTC)
        except OverflowError:
            raise ArgumentError(f"{name} is out of range: {value}") from None
    raise ArgumentError(f"{name} must be a date or a time, was {value!r}")

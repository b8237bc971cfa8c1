"""A dictionary that cannot be changed, for the tables of frozen values: configurations, counters, reports."""

from __future__ import annotations

from typing import Any, NoReturn, TypeVar

_Key = TypeVar("_Key")
_Value = TypeVar("_Value")


class FrozenDict(dict[_Key, _Value]):
    """A `dict` whose changing methods raise TypeError; it reads, compares, copies and pickles as a `dict`."""

    def _refuse(self, *_args: Any, **_options: Any) -> NoReturn:
        raise TypeError("this cannot be changed; copy it with dict(), or give new settings to configure()")

    __setitem__ = __delitem__ = __ior__ = _refuse
    update = setdefault = pop = popitem = clear = _refuse

    def __reduce__(self) -> tuple[type[FrozenDict[_Key, _Value]], tuple[dict[_Key, _Value]]]:
        return type(self), (dict(self),)

"""`DeferredConfiguration`: a `LogConfiguration` that is made when somebody looks at it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from metaexpert.logger.config.levels import parse_level

if TYPE_CHECKING:
    from metaexpert.logger.config.models import LogConfiguration


class DeferredConfiguration:
    """A valid `LogConfiguration` that is not made yet, because that takes pydantic.

    It is one to whoever asks (`isinstance`), and has all of its attributes and methods. Those `known` are
    what logging itself reads, and are there without it. `make` returns the whole.
    """

    __slots__ = ("_known", "_make", "_whole")
    #: Marks it, for a record that it is a field of, as what declares its fields: those of the whole.
    __pydantic_fields__: ClassVar[Mapping[str, Any]] = {}
    # As that of the models, which are compared by value.
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, known: Mapping[str, Any], make: Callable[[], LogConfiguration]) -> None:
        object.__setattr__(self, "_known", known)
        object.__setattr__(self, "_make", make)
        object.__setattr__(self, "_whole", None)

    def logger_levels(self) -> dict[str, int]:
        """Return the levels of `loggers` as numbers, by logger name."""
        return {name: parse_level(level) for name, level in self._known["loggers"].items()}

    def whole(self) -> LogConfiguration:
        """Return the configuration itself."""
        whole: LogConfiguration | None = self._whole
        if whole is None:
            # Two threads may make one each, which are equal.
            whole = self._make()
            object.__setattr__(self, "_whole", whole)
        return whole

    def __getattr__(self, name: str) -> Any:
        known: Mapping[str, Any] = object.__getattribute__(self, "_known")
        return known[name] if name in known else getattr(self.whole(), name)

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(self.whole(), name, value)

    def __delattr__(self, name: str) -> None:
        delattr(self.whole(), name)

    @property  # type: ignore[misc]
    def __class__(self) -> Any:
        return type(self.whole())

    def __eq__(self, other: object) -> bool:
        if type(other) is DeferredConfiguration:
            other = other.whole()
        return self.whole() == other

    def __repr__(self) -> str:
        return repr(self.whole())

    def __str__(self) -> str:
        return str(self.whole())

    def __iter__(self) -> Any:
        return iter(self.whole())

    def __dir__(self) -> list[str]:
        return dir(self.whole())

    def __reduce_ex__(self, protocol: Any) -> Any:
        return self.whole().__reduce_ex__(protocol)

    def __copy__(self) -> LogConfiguration:
        return self.whole().__copy__()

    def __deepcopy__(self, memo: dict[int, Any] | None = None) -> LogConfiguration:
        return self.whole().__deepcopy__(memo)

"""Requests of a strategy to a venue, their answers, and the notifications to its event handlers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final


class Unset:
    """The type of `UNSET`."""

    def __repr__(self) -> str:
        return "UNSET"


UNSET: Final = Unset()
"""Stands for "leave as it is", where None means "remove"."""


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry as the strategy asks for it; without `qty` the size is that of `on_init`."""

    side: str
    order_type: str = "MARKET"
    qty: float | None = None
    price: float | None = None
    stop_loss: float | None = None
    take_profit: float | None = None
    reduce_only: bool = False
    comment: str = ""


@dataclass(frozen=True, slots=True)
class Exits:
    """The stop loss and take profit that positions get: a price, None for none, `UNSET` to keep theirs."""

    stop_loss: float | Unset | None = UNSET
    take_profit: float | Unset | None = UNSET


@dataclass(frozen=True, slots=True)
class TradeRequest:
    """A request of the strategy to the venue."""

    action: str
    """open_position, close_position, modify_position, open_order or cancel_order."""
    symbol: str
    side: str | None = None
    order_type: str | None = None
    qty: float | None = None
    price: float | None = None
    position_id: int | None = None
    order_id: int | None = None


@dataclass(frozen=True, slots=True)
class TradeResult:
    """The answer of the venue, or of a limit of the strategy's own: accepted or not, and why not."""

    accepted: bool
    order_id: int | None = None
    position_id: int | None = None
    reason: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Notification:
    """Something that happened at the venue, waiting to be told to the strategy's event handlers."""

    event: str
    """on_order, on_position, on_account or on_transaction."""
    arguments: tuple[Any, ...]

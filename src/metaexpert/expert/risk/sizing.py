"""The size of an entry: the four size types, and the cap on a position's worth."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from metaexpert.expert.model.contracts import Contract
from metaexpert.expert.settings.strategy import StrategySettings

MONEY_SIZES: Final = ("percent_equity", "fixed_quote")
"""The size types that say what an entry is worth; it becomes smaller where the money ends."""


@dataclass(frozen=True, slots=True)
class Size:
    """A quantity to order, or 0 with the reason why nothing can be ordered."""

    qty: float
    capped: bool = False
    reason: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Sizing:
    """The facts that an entry's size depends on besides the settings; `equity` is in settlement currency."""

    price: float
    equity: float
    stop_price: float | None
    held_qty: float = 0.0
    """Quantity already in the position that the entry would add to; below zero, that it reduces first."""


def entry_size(
    settings: StrategySettings, contract: Contract, basis: Sizing, asked_qty: float | None = None
) -> Size:
    """Return the quantity of an entry, rounded down to a step.

    - fixed_base: `size_value` base coins; fixed_quote: `size_value` of quote currency
    - percent_equity: a position worth `size_value` percent of the equity
    - risk_based: as much as loses `size_value` percent of the equity when `stop_price` is hit

    `asked_qty` replaces the size type. `max_position_size_quote` caps every size, what is held counted.
    """
    if asked_qty is not None:
        wanted = Size(contract.rounded_qty(asked_qty))
    elif settings.size_type == "risk_based":
        wanted = _risk_based(settings.size_value, contract, basis)
    elif settings.size_type == "fixed_base":
        wanted = Size(contract.qty_from_base(settings.size_value, basis.price))
    else:
        worth = settings.size_value
        if settings.size_type == "percent_equity":
            worth = contract.to_quote(basis.equity, basis.price) * settings.size_value / 100
        wanted = Size(contract.qty_from_quote(worth, basis.price))
    if wanted.reason:
        return wanted
    capped = _capped(wanted, settings.max_position_size_quote, contract, basis)
    if capped.qty <= 0 and not capped.reason:
        return Size(
            0.0, reason="size_too_small", detail=f"{settings.size_type} gives less than the smallest step"
        )
    return capped


def _risk_based(risk_pct: float, contract: Contract, basis: Sizing) -> Size:
    if basis.stop_price is None:
        return Size(
            0.0, reason="no_stop_loss", detail="size_type risk_based needs a stop loss; set stop_loss_pct"
        )
    loss_of_one = abs(contract.pnl(1, basis.price, basis.stop_price, 1.0))
    if loss_of_one <= 0:
        return Size(
            0.0, reason="no_stop_loss", detail=f"the stop loss {basis.stop_price:g} is at the entry price"
        )
    return Size(contract.rounded_qty(max(0.0, basis.equity) * risk_pct / 100 / loss_of_one))


def _capped(wanted: Size, cap: float | None, contract: Contract, basis: Sizing) -> Size:
    if cap is None:
        return wanted
    room = contract.qty_from_quote(cap, basis.price) - basis.held_qty
    if wanted.qty <= room:
        return wanted
    qty = contract.rounded_qty(max(0.0, room))
    if qty <= 0:
        return Size(
            0.0, reason="max_position_size_quote", detail=f"the position is already worth {cap:g} of quote"
        )
    return Size(qty, capped=True)

"""The stop loss and take profit of a position: at its entry, checked, and as they follow the price."""

from __future__ import annotations

from metaexpert.expert.model.orders import Order, Side
from metaexpert.expert.model.positions import Position
from metaexpert.expert.risk.refusal import Refusal
from metaexpert.expert.settings.strategy import StrategySettings


def initial_stops(settings: StrategySettings, side: Side, price: float) -> tuple[float | None, float | None]:
    """Return the stop loss and take profit prices that the settings give an entry at `price`."""
    stop_pct, target_pct = settings.stop_loss_pct, settings.take_profit_pct
    stop = None if stop_pct is None else price * (1 - side.sign * stop_pct / 100)
    target = None if target_pct is None else price * (1 + side.sign * target_pct / 100)
    # A short's target of 100 % or more has no price: it could never be reached.
    return stop, target if target is None or target > 0 else None


def bad_stops(held: Order | Position, price: float) -> Refusal | None:
    """Refuse a stop or target on the wrong side of the price."""
    sign = held.side.sign
    if held.stop_loss is not None and (price - held.stop_loss) * sign <= 0:
        return Refusal("bad_stop_loss", f"stop_loss {held.stop_loss:g} is on the wrong side of {price:g}")
    if held.take_profit is not None and (held.take_profit - price) * sign <= 0:
        return Refusal(
            "bad_take_profit", f"take_profit {held.take_profit:g} is on the wrong side of {price:g}"
        )
    return None


def follow(position: Position, settings: StrategySettings, best: float) -> bool:
    """Move the stop by breakeven and trailing for a favourable price `best`; returns whether it moved.

    A stop moves only towards profit. The new level counts from the next step on.
    """
    sign = position.side.sign
    if (best - position.best_price) * sign > 0:
        position.best_price = best
    # Rounded, so that 101.5 is 1.5 % over 100, which it is not in binary.
    gain_pct = round((position.best_price / position.entry_price - 1) * 100 * sign, 9)
    moved = False
    if settings.breakeven_pct is not None and gain_pct >= settings.breakeven_pct:
        moved = _tighten(position, position.entry_price, "breakeven")
    trailing = settings.trailing_stop_pct
    if trailing is not None and gain_pct >= (settings.trailing_activation_pct or 0.0):
        moved = (
            _tighten(position, position.best_price * (1 - sign * trailing / 100), "trailing_stop") or moved
        )
    return moved


def _tighten(position: Position, level: float, reason: str) -> bool:
    if position.stop_loss is not None and (level - position.stop_loss) * position.side.sign <= 0:
        return False
    position.stop_loss, position.stop_reason = level, reason
    return True

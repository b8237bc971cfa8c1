"""Prices on a way of the market at which a position's protection ends it, or a waiting order fills."""

from __future__ import annotations

from typing import NamedTuple

from metaexpert.expert.model.contracts import Contract, InverseContract
from metaexpert.expert.model.orders import Order, OrderType, Side
from metaexpert.expert.model.positions import Position
from metaexpert.expert.venue.simulated.market import MarketMove


class Exit(NamedTuple):
    """A position's way out: the price before slippage, and what triggered it."""

    price: float
    reason: str
    order_type: OrderType
    level: float
    """The price that triggers it; the market may have passed it by more."""


def protective_exit(position: Position, move: MarketMove, liquidation: float | None = None) -> Exit | None:
    """Return how a step of the market ends a position, or None when it survives.

    What the open already passed happens at the open. Inside the step the worse comes first: the stop or the
    liquidation, whichever is nearer, before the take profit. On a straight way only one of them can come.
    """
    long = position.side is Side.BUY
    opened = move.open_bid if long else move.open_ask
    worst = move.low_bid if long else move.high_ask
    best = move.high_bid if long else move.low_ask
    adverse = _nearest_adverse(position, liquidation)
    if adverse is not None and passed(opened, adverse.level, down=long):
        return adverse._replace(price=opened)
    target = position.take_profit
    if target is not None and passed(opened, target, down=not long):
        return Exit(opened, "take_profit", OrderType.TAKE_PROFIT, target)
    if adverse is not None and passed(worst, adverse.level, down=long):
        return adverse
    if target is not None and passed(best, target, down=not long):
        return Exit(target, "take_profit", OrderType.TAKE_PROFIT, target)
    return None


def _nearest_adverse(position: Position, liquidation: float | None) -> Exit | None:
    stop = position.stop_loss
    if liquidation is not None and (stop is None or (liquidation - stop) * position.side.sign > 0):
        return Exit(liquidation, "liquidation", OrderType.LIQUIDATION, liquidation)
    return None if stop is None else Exit(stop, position.stop_reason, OrderType.STOP, stop)


def passed(price: float, level: float, *, down: bool) -> bool:
    """Tell whether a price is at a level or beyond it, on the way down or up."""
    return price <= level if down else price >= level


def isolated_liquidation_price(position: Position, contract: Contract) -> float | None:
    """Return the price at which an isolated position's margin falls to the maintenance margin.

    Linear: entry x (1 - sign x (1/leverage - rate)); inverse: entry / (1 + sign x (1/leverage - rate)), where
    the rate is that of the position's worth at its entry. None when no price can take the margin: a long
    without leverage.
    """
    qty, entry = position.qty, position.entry_price
    rate = contract.maintenance(qty, entry) / contract.notional(qty, entry)
    return _price_of_loss(position, contract, 1 / position.leverage - rate)


def bankruptcy_price(position: Position, contract: Contract) -> float | None:
    """Return the price at which an isolated position has lost its whole margin; exchanges take over there."""
    return _price_of_loss(position, contract, 1 / position.leverage)


def _price_of_loss(position: Position, contract: Contract, share: float) -> float | None:
    """Return the price at which the loss is `share` of the position's worth at entry, if there is one."""
    sign = position.side.sign
    if isinstance(contract, InverseContract):
        divisor = 1 + sign * share
        return position.entry_price / divisor if divisor > 0 else None
    factor = 1 - sign * share
    return position.entry_price * factor if factor > 0 else None


def trigger_price(order: Order, move: MarketMove) -> float | None:
    """Return the price before slippage at which a waiting limit or stop order fills, or None.

    A price that the open has already passed fills at the open: better for a limit, worse for a stop.
    """
    level = order.price
    if level is None:
        return None
    buy = order.side is Side.BUY
    opened = move.open_ask if buy else move.open_bid
    falls = buy if order.order_type is OrderType.LIMIT else not buy
    extreme = (
        (move.low_ask if falls else move.high_ask) if buy else (move.low_bid if falls else move.high_bid)
    )
    if passed(opened, level, down=falls):
        return opened
    return level if passed(extreme, level, down=falls) else None

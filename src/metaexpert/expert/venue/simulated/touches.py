"""Touches: what prices meet on a straight way, of all that waits for a price in the books."""

from __future__ import annotations

from typing import NamedTuple

from metaexpert.expert.model.orders import Order, OrderType, Side
from metaexpert.expert.model.positions import Position
from metaexpert.expert.venue.simulated.account import AccountBook, Ruin
from metaexpert.expert.venue.simulated.execution import MarketRules
from metaexpert.expert.venue.simulated.exits import (
    Exit,
    isolated_liquidation_price,
    protective_exit,
    trigger_price,
)
from metaexpert.expert.venue.simulated.market import MarketMove

_EXIT, _RUIN, _REDUCES, _ENTERS = range(4)


class Touch(NamedTuple):
    """A price that something waits for, met on a way."""

    distance: float
    """How far along the way it is."""
    beyond: float
    """By how much the market had passed it at the beginning of the way; 0 if not at all."""
    rank: int
    """What comes first at one price: exits, the account's ruin, what reduces, entries."""
    number: int
    """Of the position or order: the oldest comes first."""
    price: float
    """The price of the market, before slippage."""
    cause: Order | tuple[Position, Exit] | Ruin
    rests_at_price: bool
    """Whether it is a limit order which the market finds in the book, so that it fills at its own price."""

    def order_of_events(self) -> tuple[float, float, int, int]:
        """Return the key that sorts the touches of a way by time."""
        return self.distance, -self.beyond, self.rank, self.number

    @property
    def is_entry(self) -> bool:
        """Whether it may open a position."""
        return isinstance(self.cause, Order) and not self.cause.reduce_only


def touches_of(
    book: AccountBook, move: MarketMove, rules: MarketRules, *, at_open: bool = False
) -> list[Touch]:
    """Return what prices meet on a straight way, in no order; `at_open` says that a step begins with it."""
    found = []
    for position in book.positions:
        liquidation = None
        if rules.liquidates and rules.isolated:
            liquidation = isolated_liquidation_price(position, book.contract)
        way_out = protective_exit(position, move, liquidation)
        if way_out is not None:
            found.append(_of_exit(position, way_out, move))
    if rules.liquidates and not rules.isolated and (ruin := book.ruin(move)) is not None:
        price = (ruin.bid + ruin.ask) / 2
        found.append(Touch(abs(ruin.bid - move.open_bid), 0.0, _RUIN, 0, price, ruin, False))
    for order in book.working.values():
        if order.order_type is not OrderType.MARKET and (level := trigger_price(order, move)) is not None:
            found.append(_of_order(order, level, move, at_open=at_open))
    return found


def _of_exit(position: Position, found: Exit, move: MarketMove) -> Touch:
    opened = move.open_bid if position.side is Side.BUY else move.open_ask
    rests = found.order_type is OrderType.TAKE_PROFIT and found.price == found.level
    distance, beyond = _way(found.price, found.level, opened)
    return Touch(distance, beyond, _EXIT, position.position_id, found.price, (position, found), rests)


def _of_order(order: Order, price: float, move: MarketMove, *, at_open: bool) -> Touch:
    opened = move.open_ask if order.side is Side.BUY else move.open_bid
    level = price if order.price is None else order.price
    distance, beyond = _way(price, level, opened)
    # One that arrives at a price which it takes trades at once; `maker` says that it was there before.
    rests = order.order_type is OrderType.LIMIT and price == level and (order.maker or not at_open)
    rank = _REDUCES if order.reduce_only else _ENTERS
    return Touch(distance, beyond, rank, order.order_id, price, order, rests)


def _way(price: float, level: float, opened: float) -> tuple[float, float]:
    """Return how far from the open a price is, and how far beyond a level the open is."""
    return abs(price - opened), abs(level - opened) if price == opened else 0.0

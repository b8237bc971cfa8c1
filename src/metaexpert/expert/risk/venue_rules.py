"""The rules of an exchange for orders: multiples of the tick and of the step, smallest quantity and worth.

An order is brought onto the grid of the exchange to the side that cannot cost more than was asked for, and
says so in its `detail`. One that is too small is refused, as the exchange refuses it. Orders that only reduce
need no smallest size, because what is left of a position may be smaller.
"""

from __future__ import annotations

from metaexpert.expert.model.contracts import Contract, ceil_to_step, floor_to_step, is_multiple
from metaexpert.expert.model.orders import Order, OrderType, Side
from metaexpert.expert.risk.refusal import Refusal


def bring_on_ticks(order: Order, contract: Contract) -> None:
    """Round the prices of an order to ticks.

    A limit is rounded away from the market and a stop towards more distance, so that neither fills earlier
    than was asked for; a stop loss is rounded towards less loss, a target towards more profit.
    """
    tick = contract.rules.tick_size
    if tick is None:
        return
    falls = (order.side is Side.BUY) == (order.order_type is OrderType.LIMIT)
    order.price = _on_tick(order, "price", order.price, tick, up=not falls)
    order.stop_loss = _on_tick(order, "stop_loss", order.stop_loss, tick, up=order.side is Side.BUY)
    order.take_profit = _on_tick(order, "take_profit", order.take_profit, tick, up=order.side is Side.BUY)


def _on_tick(order: Order, name: str, price: float | None, tick: float, *, up: bool) -> float | None:
    if price is None or is_multiple(price, tick):
        return price
    rounded = ceil_to_step(price, tick) if up else floor_to_step(price, tick)
    if rounded <= 0:
        rounded = tick
    _note(order, f"{name} {price:.12g} is {rounded:.12g} in ticks of {tick:.12g}")
    return rounded


def note_cut(order: Order, asked_qty: float | None, contract: Contract) -> None:
    """Say that a size which was asked for is not a number of steps."""
    step = contract.rules.qty_step
    if step is not None and asked_qty is not None and not is_multiple(asked_qty, step):
        _note(order, f"size {asked_qty:.12g} is {order.qty:.12g} in steps of {step:.12g}")


def _note(order: Order, remark: str) -> None:
    order.detail = f"{order.detail}; {remark}" if order.detail else remark


def too_small(order: Order, price: float, contract: Contract) -> Refusal | None:
    """Return why an entry is too small for the exchange, or None."""
    rules = contract.rules
    if rules.min_qty is not None and order.qty < rules.min_qty * (1 - 1e-12):
        return Refusal("min_qty", f"{order.qty:.12g} is under the smallest quantity of {rules.min_qty:.12g}")
    if rules.min_notional is None:
        return None
    worth = contract.quote_value(order.qty, price)
    if worth >= rules.min_notional * (1 - 1e-12):
        return None
    return Refusal("min_notional", f"it is worth {worth:.12g}, under the least of {rules.min_notional:.12g}")

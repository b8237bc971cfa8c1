"""The answers of a venue: each is taken once, put on record, counted, and kept for its event handlers.

Answers may come late, in parts, or twice (see `venue.protocol`). What was told before is left out here, so
that no fill is counted or told a second time; an account alone may be told again, because it is a state and
no change. A request of the strategy has its `on_transaction` when its answer has come.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from metaexpert.expert.journal import Journal
from metaexpert.expert.model.funding import FundingPayment
from metaexpert.expert.model.orders import Order, OrderStatus
from metaexpert.expert.model.positions import Position
from metaexpert.expert.model.requests import Notification, TradeRequest, TradeResult
from metaexpert.expert.run.recorder import Recorder
from metaexpert.expert.run.tally import Tally
from metaexpert.expert.venue.protocol import (
    AccountUpdate,
    OrderUpdate,
    PositionUpdate,
    VenueEvent,
)

#: An answer that comes again after so many other orders, or positions, are over is not known any more.
REMEMBERED: Final = 10_000


@dataclass(slots=True)
class Followed:
    """An order that is followed until it is over."""

    order: Order
    """The order as it was last reported."""
    request: TradeRequest | None = None
    """The request that it was made for, until that has been answered."""
    cancelling: TradeRequest | None = None
    """The strategy's request to take it back, until that has been answered."""
    fills: set[str] = field(default_factory=set)
    """The fills that are known."""


class LatestNumbers:
    """The numbers that were added last, a bounded many."""

    def __init__(self, most: int) -> None:
        self._order = deque[int](maxlen=most)
        self._numbers: set[int] = set()

    def add(self, number: int) -> None:
        """Add a number; beyond the bound the oldest gives way."""
        if len(self._order) == self._order.maxlen:
            self._numbers.discard(self._order[0])
        self._order.append(number)
        self._numbers.add(number)

    def __contains__(self, number: int) -> bool:
        return number in self._numbers


class Answers:
    """Takes what a venue answers, each answer once."""

    def __init__(self, journal: Journal, recorder: Recorder | None = None) -> None:
        """`recorder` follows what the figures of the run are made of."""
        self.notifications: list[Notification] = []
        """The notifications for the strategy's event handlers, oldest first."""
        self.tally = Tally()
        self.recorder = recorder or Recorder()
        self._journal = journal
        self._open: dict[int, Followed] = {}
        self._over = LatestNumbers(REMEMBERED)
        self._positions: dict[int, Position] = {}
        self._closed = LatestNumbers(REMEMBERED)

    # -- what is expected -----------------------------------------------------------------------------

    def follow(self, order: Order, request: TradeRequest) -> Followed:
        """Follow an order from now on; its first answer is that of the `request` that it was made for."""
        followed = self._open[order.order_id] = Followed(order, request)
        return followed

    def expect_cancelled(self, order_id: int, request: TradeRequest) -> None:
        """Wait for an order to be taken back, at the strategy's `request`."""
        if (known := self._open.get(order_id)) is not None:
            known.cancelling = request

    def adopt(self, orders: Iterable[Order]) -> None:
        """Know the orders that an earlier run left waiting."""
        self._open.update((order.order_id, Followed(order)) for order in orders)

    # -- what comes -----------------------------------------------------------------------------------

    def take(self, events: Iterable[VenueEvent]) -> None:
        """Take what happened at a venue, oldest first."""
        for event in events:
            if isinstance(event, OrderUpdate):
                self._take_order(event)
            elif isinstance(event, PositionUpdate):
                self._take_position(event)
            elif isinstance(event, FundingPayment):
                self._take_funding(event)
            else:
                self._take_account(event)

    def answer(self, request: TradeRequest, result: TradeResult) -> None:
        """Tell the strategy how a request of its own came out."""
        self.notifications.append(Notification("on_transaction", (request, result)))

    def _take_order(self, update: OrderUpdate) -> None:
        order = update.order
        known = self._open.get(order.order_id)
        if known is None:
            if order.order_id in self._over:
                return
            # An order that the venue made itself.
            known = self._open[order.order_id] = Followed(order)
        elif not _is_news(known, update):
            return
        was_taken = known.order.answered_at is not None
        known.order = order
        if update.fill is not None:
            known.fills.add(update.fill.fill_id)
        self._record(update)
        self._answer_requests(known, order)
        if order.status.is_final:
            if was_taken:
                self.recorder.order_over(order)
            del self._open[order.order_id]
            self._over.add(order.order_id)

    def _record(self, update: OrderUpdate) -> None:
        order, tally = update.order, self.tally
        if update.fill is not None:
            tally.fills += 1
            self.recorder.filled(update.fill)
            self._journal.order_filled(order, update.fill, update.balance)
        elif order.status is OrderStatus.NEW:
            tally.orders += 1
            self._journal.order_created(order)
        elif order.status is OrderStatus.CANCELLED:
            tally.cancelled += 1
            self._journal.order_cancelled(order)
        elif order.status is OrderStatus.REJECTED:
            tally.count_rejected(order)
            self._journal.order_rejected(order)
        self.notifications.append(Notification("on_order", (order,)))

    def _answer_requests(self, known: Followed, order: Order) -> None:
        if known.request is not None:
            request, known.request = known.request, None
            accepted = order.status is not OrderStatus.REJECTED
            why = ("", "") if accepted else (order.reason, order.detail)
            self.answer(request, TradeResult(accepted, order.order_id, order.position_id, *why))
        if known.cancelling is not None and order.status.is_final:
            request, known.cancelling = known.cancelling, None
            cancelled = order.status is OrderStatus.CANCELLED
            why = (
                ("", "") if cancelled else ("no_order", f"order {order.order_id} was {order.status.lower()}")
            )
            self.answer(request, TradeResult(cancelled, order.order_id, None, *why))

    def _take_position(self, update: PositionUpdate) -> None:
        position = update.position
        number = position.position_id
        if number in self._closed or position == self._positions.get(number):
            return
        if not position.is_open:
            self._positions.pop(number, None)
            self._closed.add(number)
            self.tally.count_closed(position)
            self.recorder.closed(position, update.reason)
            self._journal.position_closed(position, update.reason)
        else:
            self._positions[number] = position
            if update.opened:
                self._journal.position_opened(position)
            else:
                self._journal.position_changed(position, update.reason)
        self.notifications.append(Notification("on_position", (position,)))

    def _take_funding(self, payment: FundingPayment) -> None:
        self._positions[payment.position.position_id] = payment.position
        self._journal.funding_paid(payment)
        self.notifications.append(Notification("on_position", (payment.position,)))

    def _take_account(self, update: AccountUpdate) -> None:
        self._journal.account_updated(update.account)
        self.notifications.append(Notification("on_account", (update.account,)))


def _is_news(known: Followed, update: OrderUpdate) -> bool:
    """Tell whether an update of an open order says what was not known."""
    if update.fill is not None:
        return update.fill.fill_id not in known.fills
    if update.order.status is OrderStatus.NEW:
        return known.order.answered_at is None
    return update.order.status.is_final

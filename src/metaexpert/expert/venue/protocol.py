"""The port between a run and the place where its orders go.

A `Venue` takes orders and answers with events, which the run takes from it: after each event of the market,
and after each request. An answer may come later, in parts, twice, or not at all. So the code that takes them

- knows an order by its number and a fill by its `fill_id`, and leaves out what it was told before;
- counts an order as open until an update with a final status comes, however many fills that takes;
- does not wait: until `answered_at` is set nothing is known of an order, and it may be filled meanwhile.

The simulated venue answers each request before the call returns, and fills at the next event of the market.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, Protocol

from metaexpert.expert.model.accounts import Account
from metaexpert.expert.model.bars import Bar
from metaexpert.expert.model.fills import Fill
from metaexpert.expert.model.funding import FundingPayment
from metaexpert.expert.model.orders import Order
from metaexpert.expert.model.positions import Position
from metaexpert.expert.model.ticks import Tick
from metaexpert.expert.risk.account_view import AccountView


class OrderUpdate(NamedTuple):
    """What became of an order: taken (NEW), filled in part or whole, cancelled or rejected."""

    order: Order
    """A copy, as the order is after this."""
    fill: Fill | None = None
    """The execution that this update reports, if there is one."""
    balance: float | None = None
    """The balance of the account after the fill."""


class PositionUpdate(NamedTuple):
    """A position was opened, changed (in size or in its stops) or closed."""

    position: Position
    """A copy, as the position is after this; closed if `is_open` is False."""
    reason: str
    """Why: the reason of the order that did it, or what moved its stop."""
    opened: bool = False


class AccountUpdate(NamedTuple):
    """The balance of the account changed."""

    account: Account


VenueEvent = OrderUpdate | PositionUpdate | AccountUpdate | FundingPayment


@dataclass(frozen=True, slots=True)
class VenueState:
    """An account as it is kept from one run to the next; positions and orders are copies."""

    balance: float
    positions: Sequence[Position]
    orders: Sequence[Order]
    next_order_id: int


class Venue(Protocol):
    """Takes orders and answers with events; see the module for when they come."""

    # -- requests -------------------------------------------------------------------------------------

    def submit(self, order: Order) -> None:
        """Send an order, which has passed all checks of ours.

        It is answered by an `OrderUpdate` that is NEW, or REJECTED with the venue's reason. The venue keeps a
        copy: what happens to the order is in the updates alone.
        """

    def amend(self, position_id: int, *, stop_loss: float | None, take_profit: float | None) -> None:
        """Replace the stop loss and take profit (prices) of an open position; None removes one.

        It is answered by a `PositionUpdate` if they were others before, and by nothing for a position that is
        not open any more.
        """

    def cancel(self, order_id: int, reason: str, detail: str = "") -> None:
        """Take back an order that waits; the answer, an `OrderUpdate`, says why in these words.

        An order that was filled or cancelled before stays so, and nothing more is answered.
        """

    def close_out(self, reason: str) -> None:
        """Close every open position at the last price, at once, because no other price will come."""

    # -- answers --------------------------------------------------------------------------------------

    def take_events(self) -> Sequence[VenueEvent]:
        """Return what has happened since the last call, oldest first, and forget it."""

    # -- questions ------------------------------------------------------------------------------------

    @property
    def account(self) -> Account:
        """The account, as far as the venue has told."""

    @property
    def positions(self) -> tuple[Position, ...]:
        """Copies of the open positions of all symbols, oldest first."""

    @property
    def orders(self) -> tuple[Order, ...]:
        """Copies of the orders that wait to be filled, oldest first."""

    @property
    def view(self) -> AccountView:
        """The same for checks of orders: the live objects, for reading alone."""

    # -- the market, shown to it ----------------------------------------------------------------------

    def open_bar(self, bar: Bar) -> None:
        """Show that a bar opens; a simulated venue knows nothing of it but time and `open` yet.

        This and the next two are for venues that fill orders at the prices they are shown; one with a market
        of its own does nothing.
        """

    def close_bar(self, bar: Bar, closed: datetime) -> None:
        """Show that the bar which was opened last is over, and when."""

    def show_tick(self, tick: Tick) -> None:
        """Show a trade or a quote."""

    # -- state ----------------------------------------------------------------------------------------

    def snapshot(self) -> VenueState:
        """Return what another run needs to go on from here."""

    def restore(self, state: VenueState) -> None:
        """Go on from what an earlier run kept; comes before the first event of the market."""

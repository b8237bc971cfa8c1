"""The trading calls and questions that a strategy's event handlers use while a run is going on."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from metaexpert.expert.errors import NotRunningError
from metaexpert.expert.model.accounts import Account
from metaexpert.expert.model.orders import Order
from metaexpert.expert.model.positions import Position
from metaexpert.expert.model.requests import UNSET, Entry, Exits, Unset
from metaexpert.expert.settings.arguments import normalized_symbol
from metaexpert.expert.settings.guessed_names import unknown_attribute
from metaexpert.expert.settings.guesses import advised
from metaexpert.expert.settings.strategy import timeframe_name

if TYPE_CHECKING:
    from metaexpert.expert.model.bars import Bar
    from metaexpert.expert.run.session import Session


class TradingCalls:
    """The calls that `MetaExpert` offers inside its event handlers.

    Outside a run every call raises `NotRunningError`.

    A refused request is an order with `status` "REJECTED", its `reason` and `detail`, and a record; it does
    not raise. An argument that makes no sense raises `ArgumentError`. Sizes are in base coins, or in
    contracts of one quote unit for inverse contracts; prices in quote currency.
    """

    def __init__(self) -> None:
        self._session: Session | None = None
        self.state: dict[str, Any] = {}
        """JSON values of the strategy's own, kept from run to run in paper mode (`persist_state`)."""

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            """Refuse an unknown name, and say which one is probably meant. Raises AttributeError."""
            raise unknown_attribute(type(self), name)

    # -- orders ---------------------------------------------------------------------------------------

    @advised
    def open_position(
        self,
        side: str,
        size: float | None = None,
        symbol: str | None = None,
        *,
        stop_loss: float | None = None,
        take_profit: float | None = None,
        comment: str = "",
    ) -> Order:
        """Order an entry at the market: "BUY" for a long, "SELL" for a short.

        Decided on a bar, it fills at the next bar's open; on a tick, at the next tick. Without `size` it is
        as large as the size type of `on_init` says; `stop_loss` and `take_profit` (prices) replace the
        percentages of `on_init`.
        """
        entry = Entry(side, qty=size, stop_loss=stop_loss, take_profit=take_profit, comment=comment)
        return self._running("open_position").desk.enter(entry, _symbol(symbol))

    @advised
    def open_order(
        self,
        side: str,
        price: float,
        size: float | None = None,
        symbol: str | None = None,
        *,
        order_type: str = "LIMIT",
        stop_loss: float | None = None,
        take_profit: float | None = None,
        reduce_only: bool = False,
        comment: str = "",
    ) -> Order:
        """Place an order that waits: "LIMIT" fills at `price` or better, "STOP" once `price` is reached.

        It waits until it fills or is cancelled. `reduce_only` makes it an exit: a SELL that reduces longs,
        or a BUY that reduces shorts, by `size` or whole.
        """
        entry = Entry(side, order_type, size, price, stop_loss, take_profit, reduce_only, comment)
        return self._running("open_order").desk.enter(entry, _symbol(symbol))

    @advised
    def close_position(
        self,
        side: str | None = None,
        size: float | None = None,
        symbol: str | None = None,
        *,
        position_id: int | None = None,
    ) -> list[Order]:
        """Order the close at the market of the longs ("BUY"), the shorts ("SELL"), or both without a side.

        `size` closes a part of each. Returns the orders, none when there is nothing to close.
        """
        session = self._running("close_position")
        if symbol is not None and _symbol(symbol) != session.instrument.symbol:
            return []
        return session.desk.close(side, size, position_id)

    @advised
    def close_all_positions(self) -> list[Order]:
        """Order the close of every open position at the market."""
        return self._running("close_all_positions").desk.close()

    @advised
    def modify_position(
        self,
        side: str | None = None,
        *,
        stop_loss: float | Unset | None = UNSET,
        take_profit: float | Unset | None = UNSET,
        position_id: int | None = None,
    ) -> bool:
        """Set the stop loss and take profit (prices) of open positions; None removes one.

        Returns whether any position changed; a level on the wrong side of the price is refused.
        """
        desk = self._running("modify_position").desk
        return desk.modify(side, Exits(stop_loss, take_profit), position_id)

    @advised
    def cancel_order(self, order_id: int | Order) -> bool:
        """Take back an order that waits; False if it waits no more, or closes for `max_drawdown_pct`."""
        wanted = order_id.order_id if isinstance(order_id, Order) else order_id
        return self._running("cancel_order").desk.cancel(wanted)

    @advised
    def cancel_all_orders(self) -> int:
        """Take back every order that waits; returns how many."""
        session = self._running("cancel_all_orders")
        return sum(session.desk.cancel(order.order_id) for order in session.venue.orders)

    @advised
    def stop(self, reason: str = "stopped") -> None:
        """End the run after the event in hand; `on_deinit` gets the reason."""
        self._running("stop").loop.stop_reason = reason

    # -- questions ------------------------------------------------------------------------------------

    @property
    def is_running(self) -> bool:
        """Whether a run is going on."""
        return self._session is not None

    @property
    def account(self) -> Account:
        """The account at the last price."""
        return self._running("account").venue.account

    @property
    def positions(self) -> tuple[Position, ...]:
        """The open positions, oldest first; copies."""
        return self._running("positions").venue.positions

    @property
    def orders(self) -> tuple[Order, ...]:
        """The orders that wait, oldest first; copies."""
        return self._running("orders").venue.orders

    @property
    def time(self) -> datetime:
        """The simulated time, in UTC."""
        return self._running("time").clock.now

    @property
    def symbol(self) -> str:
        """The symbol of the run's market data."""
        return self._running("symbol").instrument.symbol

    @advised
    def position(self, side: str | None = None) -> Position | None:
        """Return the oldest open position, of one side if it is given, or None."""
        wanted = None if side is None else side.upper()
        return next((p for p in self.positions if wanted is None or p.side == wanted), None)

    @advised
    def history(self, count: int | None = None, timeframe: str | None = None) -> list[Bar]:
        """Return the latest closed bars, oldest first: `count` of them, or all that `lookback_bars` keeps.

        Kept are the timeframes of `on_init`, of every `on_bar`, and of the data; without `timeframe` it is
        that of `on_init`. Fewer bars are returned while there are fewer. In an `on_bar` event handler the
        last one is the bar it was called with.
        """
        session = self._running("history")
        name = str(session.timeframe) if timeframe is None else timeframe_name("timeframe", timeframe)
        return session.history.last(name, count)

    def _running(self, call: str) -> Session:
        if self._session is None:
            raise NotRunningError(
                f"expert.{call} works while expert.run() is going on; use it inside an event handler"
            )
        return self._session


def _symbol(symbol: str | None) -> str | None:
    return None if symbol is None else str(normalized_symbol("symbol", symbol))

"""The simulated venue: an account that trades one symbol at the prices that it is shown."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from datetime import datetime

from metaexpert.expert.market_data.funding import FundingRates
from metaexpert.expert.model.accounts import Account
from metaexpert.expert.model.bars import Bar
from metaexpert.expert.model.contracts import NO_RULES, ContractRules, contract_for
from metaexpert.expert.model.funding import FundingPayment
from metaexpert.expert.model.orders import Order, OrderNumbers
from metaexpert.expert.model.positions import Position
from metaexpert.expert.model.ticks import Tick
from metaexpert.expert.risk.account_view import AccountView
from metaexpert.expert.settings.expert import ExpertSettings
from metaexpert.expert.settings.strategy import StrategySettings
from metaexpert.expert.venue.protocol import (
    AccountUpdate,
    PositionUpdate,
    VenueEvent,
    VenueState,
)
from metaexpert.expert.venue.simulated.account import AccountBook
from metaexpert.expert.venue.simulated.execution import MarketRules
from metaexpert.expert.venue.simulated.fees import FeeSchedule
from metaexpert.expert.venue.simulated.market import TickMoves, move_of_bar
from metaexpert.expert.venue.simulated.matching import MatchingEngine


class SimulatedVenue:
    """A `Venue` without a market of its own: it answers each request at once, and fills at the next price."""

    def __init__(
        self,
        expert: ExpertSettings,
        strategy: StrategySettings,
        symbol: str,
        *,
        capital: float,
        first_price: float,
        starts: datetime,
        fees: FeeSchedule,
        numbers: OrderNumbers,
        contract_rules: ContractRules = NO_RULES,
        funding: FundingRates | None = None,
    ) -> None:
        """`capital` is in quote currency; an inverse account holds the coins it buys at `first_price`.

        `starts` is the time of requests that come before the first event of the market.
        """
        spot = expert.market_type == "spot"
        contract = contract_for(expert.market_type, expert.contract_type, symbol, contract_rules)
        self._book = AccountBook(
            contract,
            contract.from_quote(capital, first_price),
            leverage=1 if spot else strategy.leverage,
            symbol=str(symbol),
            netting=spot or expert.position_mode == "oneway",
            taker_fee_pct=fees.taker_pct,
        )
        self._events: list[VenueEvent] = []
        rules = MarketRules(fees, isolated=expert.margin_mode == "isolated", liquidates=not spot)
        self._matching = MatchingEngine(self._book, strategy, rules, numbers, self._events.append)
        self._numbers = numbers
        self._moves = TickMoves()
        self._time = starts
        self._funding = funding
        self._funded_until = starts

    # -- requests -------------------------------------------------------------------------------------

    def submit(self, order: Order) -> None:
        """Take an order, always; it fills at the next event of the market or later."""
        self._matching.accept(copy(order), order.submitted_at or self._time)

    def amend(self, position_id: int, *, stop_loss: float | None, take_profit: float | None) -> None:
        """Replace the stop loss and take profit of an open position."""
        position = self._book.position(position_id)
        if position is None or (stop_loss, take_profit) == (position.stop_loss, position.take_profit):
            return
        if stop_loss != position.stop_loss:
            position.stop_reason = "stop_loss"
        position.stop_loss, position.take_profit = stop_loss, take_profit
        self._events.append(PositionUpdate(copy(position), "strategy"))

    def cancel(self, order_id: int, reason: str, detail: str = "") -> None:
        """Take back an order that waits."""
        order = self._book.working.get(order_id)
        if order is not None:
            self._matching.cancel(order, reason, detail)

    def close_out(self, reason: str) -> None:
        """Close every open position at the last price, as of the last event of the market."""
        price = self._book.mark_price
        if price is None:
            return
        self._matching.close_all(price, reason, self._time)
        self._book.end_step(price)

    # -- answers --------------------------------------------------------------------------------------

    def take_events(self) -> Sequence[VenueEvent]:
        """Return what has happened since the last call, oldest first."""
        if not self._events:
            return ()
        events = self._events[:]
        self._events.clear()
        return events

    # -- questions ------------------------------------------------------------------------------------

    @property
    def account(self) -> Account:
        """The account at the last price."""
        return self._book.account()

    @property
    def positions(self) -> tuple[Position, ...]:
        """Copies of the open positions, oldest first."""
        return tuple(map(copy, self._book.positions))

    @property
    def orders(self) -> tuple[Order, ...]:
        """Copies of the orders that wait to be filled, oldest first."""
        return tuple(map(copy, self._book.waiting))

    @property
    def view(self) -> AccountView:
        """The books themselves."""
        return self._book

    # -- the market -----------------------------------------------------------------------------------

    def open_bar(self, bar: Bar) -> None:
        """Fill what the bar's open fills."""
        self._time = bar.time
        if self._funding is not None:
            self._settle_funding(self._funding, bar.time)
        if self._book.working or self._book.is_open:
            self._matching.fill_at_open(move_of_bar(bar), bar.time)

    def close_bar(self, bar: Bar, closed: datetime) -> None:
        """Apply the rest of the bar, as of its closing time."""
        self._time, self._book.spread_pct = closed, None
        self._matching.fill_inside(move_of_bar(bar), closed)

    def show_tick(self, tick: Tick) -> None:
        """Fill at the bid and ask, or at the trade's price where no quote is known."""
        self._time = tick.time
        if self._funding is not None:
            self._settle_funding(self._funding, tick.time)
        move = self._moves.of(tick)
        if move is not None:
            self._matching.fill_at_open(move, tick.time)
            self._book.spread_pct = move.spread_pct
            self._matching.fill_inside(move, tick.time)

    def _settle_funding(self, rates: FundingRates, until: datetime) -> None:
        """Pay what has become due, at the last price; a position pays what comes after its opening."""
        after, self._funded_until = self._funded_until, max(until, self._funded_until)
        price = self._book.mark_price
        if price is None or not self._book.is_open:
            return
        for payment in rates.between(after, until):
            for position in self._book.positions:
                if position.opened_at < payment.time:
                    amount = self._book.pay_funding(position, payment.rate, price)
                    balance = self._book.ledger.balance
                    self._events.append(
                        FundingPayment(copy(position), amount, payment.rate, price, payment.time, balance)
                    )
            self._events.append(AccountUpdate(self._book.account()))

    # -- state ----------------------------------------------------------------------------------------

    def snapshot(self) -> VenueState:
        """Return the account with its open positions and waiting orders."""
        return VenueState(self._book.ledger.balance, self.positions, self.orders, self._numbers.upcoming)

    def restore(self, state: VenueState) -> None:
        """Continue the account of an earlier run; profit counts from here."""
        self._book.restore(state.balance, state.positions)
        self._book.working.update((order.order_id, copy(order)) for order in state.orders)
        self._numbers.continue_from(state.next_order_id)

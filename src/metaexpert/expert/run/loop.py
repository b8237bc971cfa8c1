"""The loop of a run: one event after the other, first the venue, then the records, then the strategy.

For each bar: orders fill at its open, protective stops and waiting orders inside it (see
`venue.simulated.matching`), then the bar is on record, and at its close `on_tick`, `on_bar` and `on_timer`
are called, in this order, each followed by the notifications (`on_transaction`, `on_order`, `on_position`,
`on_account`) of what it caused.

For each trade or quote: bars that ended before it close first, then the order book is shown, orders fill at
its price, and `on_tick` is called.

The time of the run (`sim_time` of every record) is a bar's opening time for fills at its open, and its
closing time for everything else. A timer is called at most once between two events of the data: calls whose
time passed unseen are not made up for.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import groupby
from operator import itemgetter
from typing import Any, Final

from metaexpert.expert.errors import ExpertError
from metaexpert.expert.event_handlers.dispatch import Dispatcher, StopRunError
from metaexpert.expert.event_handlers.registry import EventHandler, EventHandlerRegistry
from metaexpert.expert.journal import Journal
from metaexpert.expert.market_data.aggregate import BarAggregator
from metaexpert.expert.market_data.history import BarHistory
from metaexpert.expert.market_data.source import Instrument, Source
from metaexpert.expert.metrics import ExpertMeter
from metaexpert.expert.model.bars import Bar
from metaexpert.expert.model.books import OrderBook
from metaexpert.expert.model.requests import Notification
from metaexpert.expert.model.ticks import Tick
from metaexpert.expert.model.timeframes import Timeframe
from metaexpert.expert.run.clock import Clock, Timer
from metaexpert.expert.run.desk import Desk
from metaexpert.logger import log_context

MAX_NOTIFICATIONS_PER_STEP: Final = 10_000
_PROGRESS_EVERY: Final = 500
#: A bar that ends at midnight belongs to the day before; a tick at midnight to the day that begins.
_INSTANT: Final = timedelta(microseconds=1)


class Loop:
    """Takes the events of a source to one venue and one strategy."""

    def __init__(
        self,
        source: Source,
        *,
        desk: Desk,
        clock: Clock,
        handlers: EventHandlerRegistry,
        dispatcher: Dispatcher,
        journal: Journal,
        history: BarHistory,
        timeframe: Timeframe,
        warmup_bars: int,
        on_progress: Callable[[int, int], None] | None = None,
        meter: ExpertMeter | None = None,
    ) -> None:
        """`timeframe` is the strategy's, for `on_bar` event handlers that name none.

        Raises `ExpertError` for a timeframe that the data cannot be made into.
        """
        self.bars = 0
        """How many bars have closed, of the data's timeframe or, for ticks, of the shortest one."""
        self.stop_reason: str | None = None
        self._source = source
        self._desk = desk
        self._venue = desk.venue
        self._recorder = desk.answers.recorder
        self._clock = clock
        self._handlers = handlers
        self._dispatcher = dispatcher
        self._journal = journal
        self._history = history
        self._warmup_bars = warmup_bars
        self._on_progress = on_progress
        self._meter = meter
        self._bar_event_handlers = _event_handlers_by_timeframe(handlers, timeframe)
        used = {*self._bar_event_handlers, str(timeframe)}
        names = sorted(used, key=lambda name: Timeframe.parse(name).seconds)
        self.has_one_timeframe = len(names) == 1
        """True if all event handlers, and so their records, are of one timeframe."""
        (instrument,) = source.instruments
        for name in names:
            _check_buildable(name, instrument, source.name)
        self._length = timedelta(0) if instrument.timeframe is None else instrument.timeframe.delta
        self._name = "tick" if instrument.timeframe is None else str(instrument.timeframe)
        """The timeframe of the data, as records name it."""
        self._aggregators = [BarAggregator(instrument.symbol, name) for name in names if name != self._name]
        self._counted = names[0] if instrument.timeframe is None else self._name
        self._timers = [(_timer(handler), handler) for handler in handlers.of("on_timer")]
        self._wants_ticks = bool(handlers.of("on_tick"))

    def run(self) -> str:
        """Run to the end of the data or until `stop_reason` is set; returns which it was, as a reason."""
        total, meter = len(self._source), self._meter
        self.deliver_notifications()
        if self.stop_reason is not None:
            return self.stop_reason
        for done, event in enumerate(self._source.events(), 1):
            if meter is not None:
                meter.event_arrived()
            if isinstance(event, Bar):
                self._take_bar(event)
            elif isinstance(event, Tick):
                self._take_tick(event)
            else:
                self._take_tick(event.tick, event.book)
            if self._on_progress is not None and (done % _PROGRESS_EVERY == 0 or done == total):
                self._on_progress(done, total)
            if meter is not None and meter.is_due():
                with log_context(sim_time=self._clock.now):
                    self._journal.expert_metrics(meter.figures())
            if self.stop_reason is not None:
                return self.stop_reason
        return "end_of_data"

    def deliver_notifications(self) -> None:
        """Tell the strategy what happened at the venue, including what its own answers to that cause."""
        notifications = self._desk.answers.notifications
        delivered = 0
        while notifications:
            batch = notifications[:]
            notifications.clear()
            for notification in batch:
                self._deliver(notification)
            delivered += len(batch)
            if delivered > MAX_NOTIFICATIONS_PER_STEP:
                error = RuntimeError(
                    f"notifications keep causing new ones: {delivered} orders and positions "
                    f"at {self._clock.now}"
                )
                self._journal.event_handler_failed(batch[-1].event, error, consecutive=1)
                raise StopRunError("error", error)

    def _deliver(self, notification: Notification) -> None:
        for handler in self._handlers.of(notification.event):
            self._dispatcher.call(handler, *notification.arguments)

    def _call(self, handlers: list[EventHandler], *arguments: Any) -> None:
        for handler in handlers:
            self._dispatcher.call(handler, *arguments)
        if self._desk.answers.notifications:
            self.deliver_notifications()

    # -- bars -----------------------------------------------------------------------------------------

    def _take_bar(self, bar: Bar) -> None:
        desk, venue, clock, recorder = self._desk, self._venue, self._clock, self._recorder
        closed = bar.time + self._length
        if closed > recorder.day_ends:
            recorder.end_days(closed, venue.view.equity)
        venue.open_bar(bar)
        if events := venue.take_events():
            clock.advance(bar.time)
            with log_context(timeframe=self._name, sim_time=clock.now):
                desk.answers.take(events)
        clock.advance(closed)
        with log_context(timeframe=self._name, sim_time=clock.now):
            venue.close_bar(bar, closed)
            self._end_step(closed - _INSTANT)
            if recorder.open:
                recorder.saw_bar(closed, bar.high, bar.low, bar.close)
            self._journal.bar_closed(bar)
            completed = [bar, *(b for a in self._aggregators for b in a.add_bar(bar))]
            if desk.answers.notifications:
                self.deliver_notifications()
            if self._wants_ticks:
                self._call(
                    self._handlers.of("on_tick"),
                    Tick(bar.symbol, closed, bar.close, bar.close, bar.close, bar.volume),
                )
            self._close_bars(completed, recorded=bar)
            self._run_timers()

    def _close_bars(self, completed: list[Bar], recorded: Bar | None = None) -> None:
        """Put bars on record and into the history, all of them before any event handler sees one."""
        for bar in completed:
            if bar.timeframe == self._counted:
                self.bars += 1
                self._recorder.bars += 1
                if self._meter is not None:
                    self._meter.bars += 1
            if bar is not recorded:
                with log_context(timeframe=bar.timeframe):
                    self._journal.bar_closed(bar)
            if bar.timeframe in self._history.timeframes:
                self._history.add(bar)
        for bar in completed:
            handlers = self._bar_event_handlers.get(bar.timeframe)
            if handlers and self._history.closed(bar.timeframe) > self._warmup_bars:
                with log_context(timeframe=bar.timeframe):
                    self._call(handlers, bar)

    # -- ticks ----------------------------------------------------------------------------------------

    def _take_tick(self, tick: Tick, book: OrderBook | None = None) -> None:
        if self._meter is not None:
            self._meter.ticks += 1
        self._end_quiet_bars(tick.time)
        if tick.time >= self._recorder.day_ends:
            self._recorder.end_days(tick.time + _INSTANT, self._venue.view.equity)
        self._clock.advance(tick.time)
        with log_context(timeframe="tick", sim_time=self._clock.now):
            if book is not None:
                self._call(self._handlers.of("on_book"), book)
            self._venue.show_tick(tick)
            self._end_step(tick.time)
            if self._recorder.open and (price := self._venue.view.price_of(tick.symbol)) is not None:
                self._recorder.saw_price(price)
            self.deliver_notifications()
            if self._wants_ticks:
                self._call(self._handlers.of("on_tick"), tick)
            self._run_timers()
        for aggregator in self._aggregators:
            aggregator.add_tick(tick)

    def _end_quiet_bars(self, now: datetime) -> None:
        """Close the bars whose time was over before this tick, each at its own closing time."""
        ended = [(bar.time + a.timeframe.delta, bar) for a in self._aggregators for bar in a.close_until(now)]
        for closed, group in groupby(sorted(ended, key=itemgetter(0)), key=itemgetter(0)):
            self._clock.advance(closed)
            with log_context(timeframe="tick", sim_time=self._clock.now):
                self._close_bars([bar for _, bar in group])

    # -- both -----------------------------------------------------------------------------------------

    def _end_step(self, moment: datetime) -> None:
        """Take what the venue made of an event, and look at the losses; `moment` is the last of the event."""
        if events := self._venue.take_events():
            self._desk.answers.take(events)
        passed = self._desk.watch_losses(moment)
        if (moments := self._recorder.moments) is not None:
            moments.append((self._clock.now, self._venue.view.equity))
        if passed is not None:
            self._journal.warn("Loss limit passed", "risk.limit", reason=passed.reason, detail=passed.detail)

    def _run_timers(self) -> None:
        for timer, handler in self._timers:
            if timer.is_due(self._clock.now):
                self._call([handler])


def history_capacities(
    handlers: EventHandlerRegistry,
    instrument: Instrument,
    timeframe: Timeframe,
    *,
    bars: int,
    span: timedelta | None,
    filters: int,
) -> dict[str, int]:
    """Return how many bars to keep of each timeframe: `bars`, or as many as `span` or the filters need."""
    kept = {}
    own = () if instrument.timeframe is None else (str(instrument.timeframe),)
    for name in {*_event_handlers_by_timeframe(handlers, timeframe), str(timeframe), *own}:
        spanned = 0 if span is None else math.ceil(span / Timeframe.parse(name).delta)
        kept[name] = max(bars, spanned, filters if name == str(timeframe) else 1)
    return kept


def _timer(handler: EventHandler) -> Timer:
    return Timer(timedelta(seconds=handler.interval_seconds or 0))


def _event_handlers_by_timeframe(
    handlers: EventHandlerRegistry, default: Timeframe
) -> dict[str, list[EventHandler]]:
    """Group the on_bar event handlers, by the one spelling of their timeframe."""
    groups: dict[str, list[EventHandler]] = {}
    for handler in handlers.of("on_bar"):
        timeframe = default if handler.timeframe is None else Timeframe.parse(handler.timeframe)
        groups.setdefault(str(timeframe), []).append(handler)
    return groups


def _check_buildable(name: str, instrument: Instrument, source: str) -> None:
    if instrument.timeframe is not None and not Timeframe.parse(name).is_multiple_of(instrument.timeframe):
        raise ExpertError(
            f"timeframe {name} cannot be made of {source}, which has {instrument.timeframe} bars; "
            f"use a multiple of {instrument.timeframe}, or finer data"
        )

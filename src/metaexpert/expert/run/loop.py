"""Replays market data in simulated time: the broker first, then the records, then the strategy.

For each bar: orders fill at its open, protective stops and waiting orders inside it (see
`venue.simulated.matching`), then the bar is on record, and at its close `on_tick`, `on_bar` and `on_timer`
are called, in this order, each followed by the notices (`on_transaction`, `on_order`, `on_position`,
`on_account`) of what it caused.

For each trade or quote: bars that ended before it close first, then the order book is shown, orders fill at
its price, and `on_tick` is called.

Simulated time (`sim_time` of every record) is a bar's opening time for fills at its open, and its closing
time for everything else. A timer is called at most once between two events of the data: calls whose time
passed unseen are not made up for.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from itertools import groupby, repeat
from operator import itemgetter
from typing import Any, Final

from metaexpert.expert.errors import ExpertError
from metaexpert.expert.handlers.dispatch import Dispatcher, StopRunError
from metaexpert.expert.handlers.registry import Handler, HandlerRegistry
from metaexpert.expert.journal import Journal
from metaexpert.expert.market_data.aggregate import BarAggregator
from metaexpert.expert.market_data.feed import Feed
from metaexpert.expert.market_data.history import BarHistory
from metaexpert.expert.metrics import ExpertMeter
from metaexpert.expert.model.bars import Bar
from metaexpert.expert.model.books import OrderBook
from metaexpert.expert.model.requests import Notice
from metaexpert.expert.model.ticks import Tick
from metaexpert.expert.model.timeframes import Timeframe
from metaexpert.expert.venue.simulated.market import MarketMove, move_of_bar, move_of_tick
from metaexpert.expert.venue.simulated.venue import SimulatedBroker
from metaexpert.logger import log_context

MAX_NOTICES_PER_STEP: Final = 10_000
_PROGRESS_EVERY: Final = 500


class Timer:
    """One `on_timer` handler in simulated time."""

    def __init__(self, handler: Handler, interval: timedelta) -> None:
        self.handler = handler
        self._interval = interval
        self._due: datetime | None = None

    def is_due(self, now: datetime) -> bool:
        """Whether to call it now; the next time is the next whole interval after now."""
        if self._due is None:
            self._due = now + self._interval
            return False
        if now < self._due:
            return False
        self._due += self._interval * ((now - self._due) // self._interval + 1)
        return True


class Replay:
    """Drives one broker and one strategy through a feed."""

    def __init__(
        self,
        feed: Feed,
        *,
        broker: SimulatedBroker,
        handlers: HandlerRegistry,
        dispatcher: Dispatcher,
        journal: Journal,
        history: BarHistory,
        timeframe: Timeframe,
        warmup_bars: int,
        on_progress: Callable[[int, int], None] | None = None,
        meter: ExpertMeter | None = None,
    ) -> None:
        """`timeframe` is the strategy's, for `on_bar` handlers that name none.

        Raises `ExpertError` for a timeframe that the data cannot be made into.
        """
        self.bars = 0
        """How many bars have closed, of the data's timeframe or, for ticks, of the shortest one."""
        self.stop_reason: str | None = None
        self._feed = feed
        self._broker = broker
        self._handlers = handlers
        self._dispatcher = dispatcher
        self._journal = journal
        self._history = history
        self._warmup_bars = warmup_bars
        self._on_progress = on_progress
        self._meter = meter
        self._bar_handlers = _handlers_by_timeframe(handlers, timeframe)
        names = sorted({*self._bar_handlers, str(timeframe)}, key=lambda name: Timeframe.parse(name).seconds)
        self.has_one_timeframe = len(names) == 1
        """True if all handlers, and so their records, are of one timeframe."""
        self._source = None if feed.timeframe is None else str(feed.timeframe)
        for name in names:
            _check_buildable(name, feed)
        self._aggregators = [BarAggregator(feed.symbol, name) for name in names if name != self._source]
        self._counted = self._source or names[0]
        self._timers = [Timer(h, timedelta(seconds=h.interval_seconds or 0)) for h in handlers.of("on_timer")]
        self._wants_ticks = bool(handlers.of("on_tick"))
        self._bid = self._ask = math.nan
        self.now = feed.starts

    def run(self) -> str:
        """Run to the end of the data or until `stop_reason` is set; returns which it was, as a reason."""
        total = len(self._feed)
        self.deliver_notices()
        if self.stop_reason is not None:
            return self.stop_reason
        steps = self._bar_steps() if self._feed.timeframe is not None else self._tick_steps()
        for done in steps:
            if self._on_progress is not None and (done % _PROGRESS_EVERY == 0 or done == total):
                self._on_progress(done, total)
            if self._meter is not None and self._meter.is_due():
                with log_context(sim_time=self.now):
                    self._journal.expert_metrics(self._meter.figures())
            if self.stop_reason is not None:
                return self.stop_reason
        return "end_of_data"

    def deliver_notices(self) -> None:
        """Tell the strategy what happened at the broker, including what its own answers to that cause."""
        notices = self._broker.notices
        delivered = 0
        while notices:
            batch = notices[:]
            notices.clear()
            for notice in batch:
                self._deliver(notice)
            delivered += len(batch)
            if delivered > MAX_NOTICES_PER_STEP:
                error = RuntimeError(
                    f"notices keep causing new ones: {delivered} orders and positions at {self.now}"
                )
                self._journal.handler_failed(batch[-1].event, error, consecutive=1)
                raise StopRunError("error", error)

    def _deliver(self, notice: Notice) -> None:
        for handler in self._handlers.of(notice.event):
            self._dispatcher.call(handler, *notice.arguments)

    def _call(self, handlers: list[Handler], *arguments: Any) -> None:
        for handler in handlers:
            self._dispatcher.call(handler, *arguments)
        if self._broker.notices:
            self.deliver_notices()

    # -- bars -----------------------------------------------------------------------------------------

    def _bar_steps(self) -> Iterator[int]:
        broker, name, meter = self._broker, self._source, self._meter
        length = self._feed.timeframe.delta if self._feed.timeframe is not None else timedelta(0)
        for done, bar in enumerate(self._feed.bars, 1):
            if meter is not None:
                meter.event_arrived()
            opened, closed = bar.time, bar.time + length
            move = move_of_bar(bar)
            if broker.has_waiting_orders:
                self.now = opened
                with log_context(timeframe=name, sim_time=opened):
                    broker.open_step(move, opened)
            self.now = closed
            with log_context(timeframe=name, sim_time=closed):
                self._finish_step(move, opened, closed)
                self._journal.bar_closed(bar)
                completed = [bar, *(b for a in self._aggregators for b in a.add_bar(bar))]
                if broker.notices:
                    self.deliver_notices()
                if self._wants_ticks:
                    self._call(
                        self._handlers.of("on_tick"),
                        Tick(bar.symbol, closed, bar.close, bar.close, bar.close, bar.volume),
                    )
                self._close_bars(completed, recorded=bar)
                self._run_timers(closed)
            yield done

    def _close_bars(self, completed: list[Bar], recorded: Bar | None = None) -> None:
        """Put bars on record and into the history, all of them before any handler sees one."""
        for bar in completed:
            if bar.timeframe == self._counted:
                self.bars += 1
                if self._meter is not None:
                    self._meter.bars += 1
            if bar is not recorded:
                with log_context(timeframe=bar.timeframe):
                    self._journal.bar_closed(bar)
            if bar.timeframe in self._history.timeframes:
                self._history.add(bar)
        for bar in completed:
            handlers = self._bar_handlers.get(bar.timeframe)
            if handlers and self._history.closed(bar.timeframe) > self._warmup_bars:
                with log_context(timeframe=bar.timeframe):
                    self._call(handlers, bar)

    # -- ticks ----------------------------------------------------------------------------------------

    def _tick_steps(self) -> Iterator[int]:
        books: Iterable[OrderBook | None] = self._feed.books or repeat(None, len(self._feed.ticks))
        meter = self._meter
        for done, (tick, book) in enumerate(zip(self._feed.ticks, books, strict=True), 1):
            if meter is not None:
                meter.event_arrived()
                meter.ticks += 1
            self._end_quiet_bars(tick.time)
            self.now = tick.time
            with log_context(timeframe="tick", sim_time=tick.time):
                self._take_tick(tick, book)
                self._run_timers(tick.time)
            for aggregator in self._aggregators:
                aggregator.add_tick(tick)
            yield done

    def _end_quiet_bars(self, now: datetime) -> None:
        """Close the bars whose time was over before this tick, each at its own closing time."""
        ended = [(bar.time + a.timeframe.delta, bar) for a in self._aggregators for bar in a.close_until(now)]
        for closed, group in groupby(sorted(ended, key=itemgetter(0)), key=itemgetter(0)):
            self.now = closed
            self._broker.set_time(closed)
            with log_context(timeframe="tick", sim_time=closed):
                self._close_bars([bar for _, bar in group])

    def _take_tick(self, tick: Tick, book: OrderBook | None) -> None:
        if not math.isnan(tick.bid):
            self._bid, self._ask = tick.bid, tick.ask
        if book is not None:
            self._broker.set_time(tick.time)
            self._call(self._handlers.of("on_book"), book)
        move = move_of_tick(tick, self._bid, self._ask)
        if move is not None:
            self._broker.open_step(move, tick.time)
            self._finish_step(move, tick.time, tick.time)
            self.deliver_notices()
        if self._wants_ticks:
            self._call(self._handlers.of("on_tick"), tick)

    # -- both -----------------------------------------------------------------------------------------

    def _finish_step(self, move: MarketMove, opened: datetime, closed: datetime) -> None:
        passed = self._broker.finish_step(move, opened, closed)
        if passed is not None:
            self._journal.notice(
                "Loss limit passed", "risk.limit", reason=passed.reason, detail=passed.detail
            )

    def _run_timers(self, now: datetime) -> None:
        for timer in self._timers:
            if timer.is_due(now):
                self._call([timer.handler])


def history_capacities(
    handlers: HandlerRegistry,
    feed: Feed,
    timeframe: Timeframe,
    *,
    bars: int,
    span: timedelta | None,
    filters: int,
) -> dict[str, int]:
    """Return how many bars to keep of each timeframe: `bars`, or as many as `span` or the filters need."""
    kept = {}
    for name in {*_handlers_by_timeframe(handlers, timeframe), str(timeframe), *_source_name(feed)}:
        spanned = 0 if span is None else math.ceil(span / Timeframe.parse(name).delta)
        kept[name] = max(bars, spanned, filters if name == str(timeframe) else 1)
    return kept


def _source_name(feed: Feed) -> tuple[str, ...]:
    return () if feed.timeframe is None else (str(feed.timeframe),)


def _handlers_by_timeframe(handlers: HandlerRegistry, default: Timeframe) -> dict[str, list[Handler]]:
    """Group the on_bar handlers, by the one spelling of their timeframe."""
    groups: dict[str, list[Handler]] = {}
    for handler in handlers.of("on_bar"):
        timeframe = default if handler.timeframe is None else Timeframe.parse(handler.timeframe)
        groups.setdefault(str(timeframe), []).append(handler)
    return groups


def _check_buildable(name: str, feed: Feed) -> None:
    if feed.timeframe is not None and not Timeframe.parse(name).is_multiple_of(feed.timeframe):
        raise ExpertError(
            f"timeframe {name} cannot be made of {feed.source}, which has {feed.timeframe} bars; "
            f"use a multiple of {feed.timeframe}, or finer data"
        )

"""One run of an expert, from its start over its events to its figures."""

from __future__ import annotations

import math
import secrets
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import Any

from metaexpert.expert.errors import ExpertError
from metaexpert.expert.event_handlers.dispatch import Dispatcher, StopRunError
from metaexpert.expert.event_handlers.registry import EventHandlerRegistry
from metaexpert.expert.journal import Journal
from metaexpert.expert.market_data.feed import feed_of_file
from metaexpert.expert.market_data.history import BarHistory
from metaexpert.expert.market_data.source import Instrument
from metaexpert.expert.metrics import ExpertMeter
from metaexpert.expert.metrics.prometheus import publish
from metaexpert.expert.model.orders import OrderNumbers
from metaexpert.expert.model.timeframes import Timeframe
from metaexpert.expert.risk.entry_rules import FILTER_BARS
from metaexpert.expert.run.desk import Desk
from metaexpert.expert.run.event_loop import OwnEventLoop
from metaexpert.expert.run.loop import Loop, history_capacities
from metaexpert.expert.run.modes import ports_of
from metaexpert.expert.run.options import Overrides, RunOptions
from metaexpert.expert.run.recorder import order_row, position_row
from metaexpert.expert.run.records import settle
from metaexpert.expert.run.result import RunResult, counted_figures, money_figures, recorded_figures
from metaexpert.expert.run.state import SavedState, load_state, save_state
from metaexpert.expert.settings.arguments import is_number
from metaexpert.expert.settings.expert import ExpertSettings
from metaexpert.expert.settings.strategy import StrategySettings
from metaexpert.logger import log_context


class Session:
    """Everything that lives as long as one run; `run` makes it, once."""

    def __init__(
        self,
        expert: ExpertSettings,
        strategy: StrategySettings,
        *,
        handlers: EventHandlerRegistry,
        options: RunOptions,
        state: dict[str, Any],
        overrides: Overrides,
        meter: ExpertMeter | None = None,
    ) -> None:
        """Load and check all that the run needs; raises `ExpertError` or `MarketDataError`."""
        self.options = options
        self.strategy = strategy
        self.state = state
        self.session_id = f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{secrets.token_hex(4)}"
        numbers = OrderNumbers()
        load = overrides.load or feed_of_file
        ports = ports_of(expert, strategy, options, overrides.feed, numbers, load)
        self.source, self.venue, self.clock = ports
        self.starts = self.clock.now
        (self.instrument,) = self.source.instruments
        self.journal = Journal(strategy.comment)
        self.timeframe = _timeframe(strategy, handlers, self.instrument)
        self.history = self._empty_history(handlers)
        self.desk = self._make_desk(numbers, spot=expert.market_type == "spot")
        self._event_loop = OwnEventLoop()
        self.dispatcher = Dispatcher(handlers, self.journal, self._event_loop, meter)
        self.loop = self._make_loop(handlers, overrides, meter)
        self._meter = meter
        self._expert = expert
        self._handlers = handlers
        self._overrides = overrides
        self._criterion: float | None = None
        self._error: Exception | None = None

    def run(self) -> RunResult:
        """Make the run; returns its figures, also when a strategy's error ended it."""
        context = self._context()
        # The formats for people leave out what stands before the simulated time: see encode/views.rs.
        constant = context if self.loop.has_one_timeframe else _without(context, "timeframe")
        started = time.perf_counter()
        if self._meter is not None:
            self._meter.begin()
            publish(self._meter, self.strategy.strategy_name)
        with log_context(**constant):
            try:
                reason = self._play()
                with self._now():
                    reason = self._wind_up(reason)
                    result = self._result(reason, time.perf_counter() - started)
                    self.journal.stopped(**_without(result.to_dict(), *context))
            finally:
                self._event_loop.close()
                if self._meter is not None:
                    self._meter.end()
        settle()
        return result

    def _empty_history(self, handlers: EventHandlerRegistry) -> BarHistory:
        strategy = self.strategy
        capacities = history_capacities(
            handlers,
            self.instrument,
            self.timeframe,
            bars=strategy.lookback_bars,
            span=strategy.lookback_time,
            filters=FILTER_BARS,
        )
        return BarHistory(capacities)

    def _make_desk(self, numbers: OrderNumbers, *, spot: bool) -> Desk:
        return Desk(
            self.venue,
            self.strategy,
            self.instrument.symbol,
            clock=self.clock,
            numbers=numbers,
            journal=self.journal,
            recent_bars=lambda count: self.history.last(str(self.timeframe), count),
            spot=spot,
            client=f"{self.session_id}-",
        )

    def _make_loop(
        self, handlers: EventHandlerRegistry, overrides: Overrides, meter: ExpertMeter | None
    ) -> Loop:
        return Loop(
            self.source,
            desk=self.desk,
            clock=self.clock,
            handlers=handlers,
            dispatcher=self.dispatcher,
            journal=self.journal,
            history=self.history,
            timeframe=self.timeframe,
            warmup_bars=self.strategy.warmup_bars,
            on_progress=overrides.on_progress,
            meter=meter,
        )

    def _context(self) -> dict[str, Any]:
        return {
            "strategy_id": self.strategy.strategy_id,
            "strategy_name": self.strategy.strategy_name,
            "mode": self.options.mode,
            "session_id": self.session_id,
            "symbol": self.instrument.symbol,
            "timeframe": str(self.timeframe),
        }

    def _now(self) -> log_context:
        return log_context(sim_time=self.clock.now, timeframe=str(self.timeframe))

    # -- the phases of a run --------------------------------------------------------------------------

    def _play(self) -> str:
        """Call the event handlers of the start and play the data; returns why it ended."""
        with _stop_on_signals(self.loop), self._now():
            try:
                self._begin()
                return self.loop.run()
            except StopRunError as stop:
                self._error = stop.cause
                return stop.reason
            except KeyboardInterrupt:
                return "interrupted"
            except SystemExit:
                # The strategy asked for the end of the process: it gets its on_deinit first.
                self._wind_up("stopped")
                raise

    def _begin(self) -> None:
        account = self.venue.account
        self.desk.answers.recorder.begin(self.clock.now, by_bar=self.options.equity_by_bar)
        self.journal.started(
            # As fields of its own: the console shows them with this record alone.
            **self._context(),
            source=self.source.name,
            events=len(self.source),
            initial_capital=account.initial_capital,
            currency=account.currency,
            exchange=self._expert.exchange,
            market_type=self._expert.market_type,
            contract_type=self._expert.contract_type,
        )
        if self.source.symbol_note:
            self.journal.remark(self.source.symbol_note, "data.symbol")
        if self.source.missing_bars:
            self.journal.remark(
                "Bars are missing from the data", "data.gaps", missing_bars=self.source.missing_bars
            )
        if self._is_persistent:
            self._restore()
        if self._overrides.on_start is not None:
            self._overrides.on_start(self.source)
        if self.options.mode == "backtest":
            self.dispatcher.emit("on_backtest_init")
        if False in self.dispatcher.emit("on_init"):
            raise StopRunError("init_failed", ExpertError("on_init returned False"))

    def _wind_up(self, reason: str) -> str:
        """Close the books and take leave of the strategy; returns why the run ended."""
        backtest = self.options.mode == "backtest"
        steps: list[Callable[[], object]] = []
        if reason == "end_of_data" and backtest:
            steps.append(self._close_out)
        if backtest and reason != "init_failed":
            steps += [self._score, lambda: self.dispatcher.emit("on_backtest_pass")]
        steps.append(lambda: self.dispatcher.emit("on_deinit", reason))
        if backtest:
            steps.append(lambda: self.dispatcher.emit("on_backtest_deinit"))
        for step in steps:
            try:
                step()
            except StopRunError as stop:
                self._error, reason = stop.cause, "error"
            except KeyboardInterrupt:
                reason = "interrupted"
        if self._meter is not None:
            for handler in self._handlers.all():
                if handler.calls:
                    self.journal.metrics(handler.name, {"event": handler.event, **handler.figures()})
            self.journal.expert_metrics(self._meter.figures())
        if self._is_persistent and reason != "init_failed":
            self._save()
        return reason

    def _close_out(self) -> None:
        self.desk.close_out("end_of_data")
        self.loop.deliver_notifications()

    def _score(self) -> None:
        for value in self.dispatcher.emit("on_backtest"):
            if (number := _finite(value)) is not None:
                self._criterion = number
            elif value is not None:
                self.journal.warn(
                    "on_backtest did not return a number", "strategy.criterion", returned=str(value)
                )

    def _result(self, reason: str, duration_s: float) -> RunResult:
        error, account = self._error, self.venue.account
        recorder = self.desk.answers.recorder
        recorder.finish(self.clock.now, account.equity)
        positions = self.venue.positions
        return RunResult(
            session_id=self.session_id,
            mode=self.options.mode,
            strategy_name=self.strategy.strategy_name,
            symbol=self.instrument.symbol,
            timeframe=str(self.timeframe),
            source=self.source.name,
            start=self.starts,
            end=self.clock.now,
            stop_reason=reason,
            error=None if error is None else f"{type(error).__name__}: {error}",
            bars=self.loop.bars,
            events=len(self.source),
            handler_errors=self.dispatcher.errors,
            criterion=self._criterion,
            duration_s=round(duration_s, 6),
            open_positions=len(positions),
            max_drawdown_pct=round(self.desk.limits.max_drawdown * 100, 6),
            **money_figures(account),
            **counted_figures(self.desk.answers.tally),
            **recorded_figures(
                recorder,
                account,
                span=self.clock.now - self.starts,
                orders=map(order_row, self.venue.orders),
                positions=map(position_row, positions),
            ),
        )

    # -- state ----------------------------------------------------------------------------------------

    @property
    def _is_persistent(self) -> bool:
        # A backtest starts from nothing by definition, and must not overwrite what a paper account keeps.
        return self._expert.persist_state and self.options.mode == "paper"

    def _restore(self) -> None:
        path = Path(self._expert.state_file)
        saved = load_state(path)
        if saved is None:
            return
        if problem := self._mismatch(saved):
            self.journal.warn(f"{path} is not continued: {problem}", "state.ignored")
            return
        self.state.update(saved.state)
        self.desk.restore(saved.account)

    def _mismatch(self, saved: SavedState) -> str:
        if saved.strategy_id != self.strategy.strategy_id:
            return f"it is of strategy {saved.strategy_id}"
        if saved.symbol != self.instrument.symbol or saved.currency != self.venue.account.currency:
            return f"it is of {saved.symbol} in {saved.currency}"
        if saved.sim_time > self.starts:
            return f"it is of {saved.sim_time}, after the data's start {self.starts}"
        return ""

    def _save(self) -> None:
        saved = SavedState(
            sim_time=self.clock.now,
            strategy_id=self.strategy.strategy_id,
            symbol=self.instrument.symbol,
            currency=self.venue.account.currency,
            account=self.venue.snapshot(),
            state=self.state,
        )
        try:
            save_state(Path(self._expert.state_file), saved)
        except ExpertError as error:
            self.journal.warn(str(error), "state.not_saved")


def _finite(value: object) -> float | None:
    """Return `value` as a float, or None if JSON has no such number."""
    if not is_number(value):
        return None
    try:
        number = float(value)
    except (OverflowError, ValueError):
        return None
    return number if math.isfinite(number) else None


def _without(fields: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if name not in names}


def _timeframe(
    strategy: StrategySettings, handlers: EventHandlerRegistry, instrument: Instrument
) -> Timeframe:
    """Return the timeframe that on_init names, else the shortest of an `on_bar`, else the data's, else 1m."""
    if strategy.timeframe is not None:
        return Timeframe.parse(strategy.timeframe)
    named = [Timeframe.parse(h.timeframe) for h in handlers.of("on_bar") if h.timeframe is not None]
    return min(named, default=instrument.timeframe or Timeframe(60))


@contextmanager
def _stop_on_signals(loop: Loop) -> Iterator[None]:
    """Let Ctrl-C and SIGTERM end the run after its present event; a second Ctrl-C interrupts that."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(number: int, _frame: FrameType | None) -> None:
        if number == signal.SIGINT and loop.stop_reason == "interrupted":
            raise KeyboardInterrupt
        loop.stop_reason = "interrupted" if number == signal.SIGINT else "terminated"

    # A signal handler that somebody else installed is theirs.
    default: dict[signal.Signals, Callable[[int, FrameType | None], Any] | signal.Handlers] = {
        signal.SIGINT: signal.default_int_handler,
        signal.SIGTERM: signal.SIG_DFL,
    }
    taken = [number for number, handler in default.items() if signal.getsignal(number) is handler]
    for number in taken:
        signal.signal(number, stop)
    try:
        yield
    finally:
        for number in taken:
            signal.signal(number, default[number])

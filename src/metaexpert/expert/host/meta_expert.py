"""`MetaExpert`, the object that a strategy file builds: settings, decorators, trading calls and `run`."""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection, Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, overload

from metaexpert.expert.errors import ArgumentError, ExpertError
from metaexpert.expert.event_handlers.registration import Event
from metaexpert.expert.event_handlers.registry import EVENT_ARGUMENTS, EventHandlerRegistry
from metaexpert.expert.host.log_setup import configure_logging
from metaexpert.expert.host.trading import TradingCalls
from metaexpert.expert.loggers import STRATEGY_LOGGER
from metaexpert.expert.market_data.files.errors import MarketDataError
from metaexpert.expert.metrics import ExpertMeter, ExpertMetrics
from metaexpert.expert.run.options import Overrides, RunOptions, current_overrides, run_options
from metaexpert.expert.settings.arguments import NOT_GIVEN, NotGiven, number
from metaexpert.expert.settings.expert import ExpertSettings, expert_settings
from metaexpert.expert.settings.guesses import advised
from metaexpert.expert.settings.strategy import StrategySettings, strategy_settings, timeframe_name
from metaexpert.logger import MetaLogger, get_logger
from metaexpert.streams import tell

if TYPE_CHECKING:
    from metaexpert.expert.run.result import RunResult

F = TypeVar("F", bound=Callable[..., Any])


class MetaExpert(TradingCalls):
    """A trading expert: its connection and account settings, its event handlers, and its runs.

    Event handlers may be sync or async functions, and may take fewer arguments than they are offered.
    """

    on_deinit = Event("Decorate `f(reason)`: the run is over; the last call, whatever ended it.")
    on_tick = Event("Decorate `f(rates)`: a `Tick`; when the data has bars, one at each bar's close.")
    on_order = Event("Decorate `f(order)`: an order was created, filled, cancelled or rejected.")
    on_position = Event("Decorate `f(pos)`: a position was opened, changed or closed.")
    on_transaction = Event("Decorate `f(request, result)`: the venue answered a trading call.")
    on_book = Event("Decorate `f(orderbook)`: the best bid and ask changed; when the data has quotes.")
    on_error = Event("Decorate `f(err)`: an event handler raised `err`; returning False stops the run.")
    on_account = Event("Decorate `f(acc)`: the balance changed.")
    on_backtest_init = Event("Decorate `f()`: a backtest starts; comes before on_init.")
    on_backtest_deinit = Event("Decorate `f()`: a backtest is over; comes after on_deinit.")
    on_backtest = Event("Decorate `f() -> float`: the pass is complete; what it returns is its criterion.")
    on_backtest_pass = Event("Decorate `f()`: a pass of the backtest was scored; comes after on_backtest.")

    logger: MetaLogger
    """The strategy's logger: records carry strategy, symbol, timeframe and simulated time."""
    _strategy: StrategySettings | None = None

    @advised
    def __init__(
        self,
        exchange: str,
        *,
        api_key: str | None = None,
        api_secret: str | None = None,
        api_passphrase: str | None = None,
        subaccount: str | None = None,
        base_url: str | None = None,
        testnet: bool = False,
        proxy: Mapping[str, str] | None = None,
        market_type: str = "futures",
        contract_type: str = "linear",
        margin_mode: str = "isolated",
        position_mode: str = "hedge",
        log_level: str | NotGiven = NOT_GIVEN,
        log_file: str | NotGiven | None = NOT_GIVEN,
        trade_log_file: str | NotGiven | None = NOT_GIVEN,
        error_log_file: str | NotGiven | None = NOT_GIVEN,
        log_to_console: bool | NotGiven = NOT_GIVEN,
        record_bars: bool | NotGiven = NOT_GIVEN,
        rate_limit: int = 1200,
        enable_metrics: bool = True,
        persist_state: bool = True,
        state_file: str = "state.json",
        metrics_interval: float | None = 60.0,
    ) -> None:
        """Check every argument and configure logging; the template documents each argument's values.

        A logging argument that is not given leaves its value to environment, `.env`, `metaexpert.toml` and
        `pyproject.toml`, and then to its default: `log_level` "INFO", `log_file` "expert.log",
        `trade_log_file` "trades.log", `error_log_file` "errors.log", `log_to_console` and `record_bars` True.

        `log_level` is the level of all loggers and of the console. Each closed bar is on record in `log_file`
        whatever it says, until `record_bars=False`; so is each order and each fill.

        With `enable_metrics`, a record of the expert's metrics is made every `metrics_interval` seconds of
        real time (None or 0: none of these) and at the end of a run.

        Raises `ArgumentError` naming the argument, and `ConfigurationError` when logging cannot be set up,
        for example because the log directory cannot be written.
        """
        super().__init__()
        given = {name: value for name, value in locals().items() if name not in ("self", "__class__")}
        self._settings = expert_settings(**given)
        self.event_handlers = EventHandlerRegistry()
        self._meter = _meter(self._settings)
        configure_logging(self._settings, current_overrides())
        self.logger = get_logger(STRATEGY_LOGGER)

    def __repr__(self) -> str:
        return f"MetaExpert(exchange={self._settings.exchange!r}, market_type={self._settings.market_type!r})"

    # -- decorators with arguments --------------------------------------------------------------------

    @overload
    def on_init(self, symbol: F) -> F: ...
    @overload
    def on_init(
        self,
        symbol: str | Collection[str] = ...,
        timeframe: str | None = ...,
        *,
        lookback_bars: int | None = ...,
        lookback_time: str | float | timedelta | None = ...,
        warmup_bars: int | None = ...,
        strategy_id: int | str = ...,
        strategy_name: str = ...,
        comment: str | None = ...,
        leverage: int | None = ...,
        max_drawdown_pct: float | None = ...,
        daily_loss_limit: float | None = ...,
        size_type: str | None = ...,
        size_value: float | None = ...,
        max_position_size_quote: float | None = ...,
        stop_loss_pct: float | None = ...,
        take_profit_pct: float | None = ...,
        trailing_stop_pct: float | None = ...,
        trailing_activation_pct: float | None = ...,
        breakeven_pct: float | None = ...,
        slippage_pct: float | None = ...,
        max_spread_pct: float | None = ...,
        max_open_positions: int | None = ...,
        max_positions_per_symbol: int | None = ...,
        trade_hours: Collection[int] | None = ...,
        allowed_days: Collection[int] | None = ...,
        min_volume: float | None = ...,
        volatility_filter: bool | float | None = ...,
        trend_filter: bool | None = ...,
    ) -> Callable[[F], F]: ...
    @advised
    def on_init(
        self,
        symbol: Any = "BTCUSDT",
        timeframe: str | None = None,
        *,
        lookback_bars: int | None = 100,
        lookback_time: str | float | timedelta | None = None,
        warmup_bars: int | None = 0,
        strategy_id: int | str = 1001,
        strategy_name: str = "My Strategy",
        comment: str | None = "my_strategy",
        leverage: int | None = 1,
        max_drawdown_pct: float | None = None,
        daily_loss_limit: float | None = None,
        size_type: str | None = None,
        size_value: float | None = None,
        max_position_size_quote: float | None = None,
        stop_loss_pct: float | None = None,
        take_profit_pct: float | None = None,
        trailing_stop_pct: float | None = None,
        trailing_activation_pct: float | None = None,
        breakeven_pct: float | None = None,
        slippage_pct: float | None = None,
        max_spread_pct: float | None = None,
        max_open_positions: int | None = None,
        max_positions_per_symbol: int | None = None,
        trade_hours: Collection[int] | None = None,
        allowed_days: Collection[int] | None = None,
        min_volume: float | None = None,
        volatility_filter: bool | float | None = False,
        trend_filter: bool | None = False,
    ) -> Any:
        """Decorate `f()`, called once before the first event, and set what the strategy trades and how.

        A limit that is not given, None or 0 is off. Without a size type entries are worth 10 % of the equity.
        Without a timeframe it is the shortest that an `on_bar` names, else that of the data (1m for ticks).
        Returning False from the function stops the run. Raises `ArgumentError` naming the argument.
        """
        given = {name: value for name, value in locals().items() if name != "self"}
        overrides = current_overrides()
        tried = {} if overrides is None else dict(overrides.init_arguments)
        if callable(symbol):
            return self._register_init(symbol, given | {"symbol": "BTCUSDT"} | tried)
        given |= tried
        settings = strategy_settings(**given)

        def register(function: F) -> F:
            self.event_handlers.add("on_init", function)
            self._strategy = settings
            return function

        return register

    def _register_init(self, function: F, given: dict[str, Any]) -> F:
        self.event_handlers.add("on_init", function)
        self._strategy = strategy_settings(**given)
        return function

    @overload
    def on_bar(self, timeframe: F) -> F: ...
    @overload
    def on_bar(self, timeframe: str | None = None) -> Callable[[F], F]: ...
    @advised
    def on_bar(self, timeframe: Any = None) -> Any:
        """Decorate `f(rates)`, called with each `Bar` of `timeframe` when it closes.

        Without a timeframe it is that of `on_init`. Several functions may be registered, for the same or for
        different timeframes.
        """
        if callable(timeframe):
            self.event_handlers.add("on_bar", timeframe)
            return timeframe
        name = None if timeframe is None else timeframe_name("on_bar timeframe", timeframe)
        return self._decorator("on_bar", timeframe=name)

    @advised
    def on_timer(self, interval: float = 60.0) -> Callable[[F], F]:
        """Decorate `f()`, called every `interval` seconds, of simulated time on recorded data."""
        if callable(interval):
            raise ArgumentError("on_timer needs its interval in seconds: @expert.on_timer(interval=60)")
        seconds = number("on_timer interval", interval, minimum=0.001, maximum=366 * 86400)
        return self._decorator("on_timer", interval_seconds=seconds)

    def _decorator(self, event: str, **options: Any) -> Callable[[F], F]:
        def register(function: F) -> F:
            self.event_handlers.add(event, function, **options)
            return function

        return register

    # -- runs -----------------------------------------------------------------------------------------

    @advised
    def run(
        self,
        mode: str = "paper",
        backtest_start: str | date | None = None,
        backtest_end: str | date | None = None,
        initial_capital: float = 10_000,
        *,
        data: str | Path | Collection[str | Path] | None = None,
        symbol: str | None = None,
        allow_gaps: bool = False,
        fee_pct: float | None = None,
        rules: str | Path | None = None,
        funding: float | str | Path | None = None,
        equity_by_bar: bool = False,
    ) -> RunResult:
        """Run the expert and return the figures of the run.

        `mode` is "backtest" or "paper" on `data`, one market data file, from `backtest_start` to the end of
        the day `backtest_end` (UTC); "live", and paper without data, need an exchange connection, which this
        release does not have. `initial_capital` is in quote currency. `fee_pct` replaces the exchange's
        published fees. `rules` names a file of contract rules (tick, step, smallest order, tiers), or is
        "published". `funding` is a rate in percent per 8 hours, or names a file of rates. With
        `equity_by_bar` the result has the equity after each bar or tick, too. What the command line says goes
        before all of these.

        Raises `ExpertError` and `MarketDataError` for what prevents the run. A run that an error of the
        strategy ended returns its figures with `ok` False. Called by a script that is run as a program, it
        prints the figures on stdout, prints instead of raising, and ends the process: with 2 for what
        prevents the run, with 1 when an error stopped it, with 130 or 143 after Ctrl-C or SIGTERM.
        """
        overrides = current_overrides()
        # Between here and the caller is the check of the arguments' names.
        is_program = overrides is None and _is_program(sys._getframe(2).f_globals)
        overrides = overrides or Overrides()
        try:
            options = run_options(
                mode,
                backtest_start,
                backtest_end,
                initial_capital,
                data=data,
                symbol=symbol,
                allow_gaps=allow_gaps,
                fee_pct=fee_pct,
                rules=rules,
                funding=funding,
                equity_by_bar=equity_by_bar,
                overrides=overrides,
            )
            return self._reported(options) if is_program else self._run(options, overrides)
        except (ExpertError, MarketDataError) as error:
            if not is_program:
                raise
            tell(f"error: {error}")
            raise SystemExit(2) from None

    def metrics(self) -> ExpertMetrics:
        """Return what the expert has done so far, over all its runs: a frozen snapshot, from any thread.

        Latencies of event handlers, ticks and bars per second, queue delay, CPU, memory; zeros before the
        first run and with `enable_metrics=False`.
        """
        return ExpertMetrics() if self._meter is None else self._meter.snapshot()

    def _reported(self, options: RunOptions) -> RunResult:
        """Run, and print the figures as the command `metaexpert` does; a run that failed ends the process."""
        from metaexpert.expert.run import report
        from metaexpert.expert.run.records import RecordCounter

        counter = RecordCounter()
        result = self._run(options, Overrides())
        records = counter.finish()
        report.publish(result, records)
        if code := report.exit_code(result):
            raise SystemExit(code)
        return result

    def _run(self, options: RunOptions, overrides: Overrides) -> RunResult:
        # Loaded when it is needed: a strategy file that is only imported stays light.
        from metaexpert.expert.run.session import Session
        from metaexpert.logger.live import presence

        if self._session is not None:
            raise ExpertError("expert.run() was called while a run is going on; let the first one end")
        strategy = self._strategy or StrategySettings()
        session = Session(
            self._settings,
            strategy,
            handlers=self.event_handlers,
            options=options,
            state=self.state,
            overrides=overrides,
            meter=self._meter,
        )
        self._session = session
        presence.announce_run(strategy.strategy_name, options.mode)
        try:
            result = session.run()
        finally:
            self._session = None
            presence.withdraw_run()
        overrides.results.append(result)
        return result


def _meter(settings: ExpertSettings) -> ExpertMeter | None:
    return ExpertMeter(EVENT_ARGUMENTS, settings.metrics_interval) if settings.enable_metrics else None


def _is_program(caller: Mapping[str, Any]) -> bool:
    """Whether the caller is a script that was started as a program, not a module, a notebook or a prompt."""
    return caller.get("__name__") == "__main__" and "__file__" in caller and not hasattr(sys, "ps1")

"""A trading expert: rename it, change what it decides, and run it.

    metaexpert backtest FILE --data CSV        try it on recorded market data
    metaexpert run FILE --mode paper --data CSV

Everything it does is on record in logs/: expert.log (everything), trades.log, and errors.log after an error.
"""

from metaexpert import MetaExpert
from metaexpert.expert import Account, Bar, Order, OrderBook, Position, Tick, TradeRequest, TradeResult

expert = MetaExpert(
    # --- Exchange ---
    exchange="binance",  # binance, bybit, okx, bitget, kucoin
    # --- Credentials, for live mode alone; better read from the environment than written here ---
    api_key=None,
    api_secret=None,
    api_passphrase=None,  # okx and kucoin
    # --- Connection ---
    subaccount=None,  # name of a subaccount
    base_url=None,  # another API address, such as "https://host"
    testnet=False,  # True: the exchange's test network
    proxy=None,  # {"http": "http://host:port", "https": "http://host:port"}
    # --- Market ---
    market_type="futures",  # spot, futures, options
    contract_type="linear",  # linear, inverse (futures)
    margin_mode="isolated",  # isolated, cross (futures)
    position_mode="hedge",  # hedge: longs and shorts side by side; oneway: one net position
    # --- Logging: the defaults; what is named here goes before environment, .env and metaexpert.toml ---
    # log_level="INFO",  # DEBUG, INFO, WARNING, ERROR, CRITICAL; bars and trades are on record at any level
    # log_file="expert.log",  # everything; None: no such file
    # trade_log_file="trades.log",  # orders, fills, positions, account
    # error_log_file="errors.log",  # ERROR and above, with traceback
    # log_to_console=True,  # False: nothing on the console
    # record_bars=True,  # each closed bar in log_file, about 450 bytes; False: none
    # --- System ---
    rate_limit=1200,  # requests a minute to the exchange
    enable_metrics=True,  # put on record how long event handlers take
    persist_state=True,  # keep the paper account and expert.state from run to run
    state_file="state.json",
)

FAST_BARS = 10
SLOW_BARS = 30


@expert.on_init(
    # --- What to trade ---
    symbol="BTCUSDT",  # a symbol, or a set of them
    timeframe="1h",  # s, m, h, d, w with a count: "30s", "1m", "15m", "4h", "1d", "1w"
    lookback_bars=100,  # bars that expert.history() keeps
    lookback_time=None,  # the same as a duration: "12h", "3d"
    warmup_bars=0,  # bars to gather before on_bar is called
    # --- Who trades; on every record ---
    strategy_id=1001,
    strategy_name="My Strategy",
    comment="my_strategy",  # on every fill
    # --- Risk of the account; None or 0 switches a limit off, here and below ---
    leverage=10,  # 1 to 200; what the exchange allows
    max_drawdown_pct=0.2,  # fraction of the peak equity (0.2 is 20 %): closes everything for good
    daily_loss_limit=1000.0,  # quote currency a day (UTC): no entries until the next day
    # --- Size of an entry ---
    size_type="risk_based",  # fixed_base, fixed_quote, percent_equity, risk_based
    size_value=1.5,  # base coins; quote currency; % of the equity; % of the equity lost at the stop
    max_position_size_quote=50000.0,  # quote currency
    # --- Exits, in % of the entry price ---
    stop_loss_pct=2.0,
    take_profit_pct=4.0,
    trailing_stop_pct=1.0,  # distance from the best price
    trailing_activation_pct=2.0,  # profit from which it trails
    breakeven_pct=1.5,  # profit from which the stop is at the entry price
    # --- Execution ---
    slippage_pct=0.1,  # % against you, for market and stop orders in simulation
    max_spread_pct=0.1,  # % between bid and ask, where the data has them
    # --- Filters of entries ---
    max_open_positions=3,
    max_positions_per_symbol=1,
    trade_hours={9, 10, 11, 15},  # hours of the day, UTC, 0 to 23
    allowed_days={1, 2, 3, 4, 5},  # Monday 1 to Sunday 7
    min_volume=1000000,  # quote currency traded in the last bar
    volatility_filter=True,  # no entry while the market moves over twice as much as usual
    trend_filter=True,  # BUY above the 50-bar average alone, SELL below it
)
def init() -> None:
    """Called once, before the first event; returning False stops the run."""
    expert.logger.info("Ready", fast_bars=FAST_BARS, slow_bars=SLOW_BARS)


@expert.on_deinit
def deinit(reason: str) -> None:
    """Called once, after the last event: end_of_data, interrupted, error, ..."""
    expert.logger.info("Done", reason=reason)


@expert.on_tick
def tick(rates: Tick) -> None:
    """Called with each trade or quote (symbol, time, bid, ask, last, volume), or at each bar's close."""


@expert.on_bar(timeframe="1h")
def bar(rates: Bar) -> None:
    """Called with each closed bar (symbol, timeframe, time, open, high, low, close, volume)."""
    closes = [each.close for each in expert.history(SLOW_BARS)]
    if len(closes) < SLOW_BARS:
        return
    fast = sum(closes[-FAST_BARS:]) / FAST_BARS
    slow = sum(closes) / SLOW_BARS
    expert.logger.debug("Averages", close=rates.close, fast=fast, slow=slow)
    if fast > slow:
        expert.close_position("SELL")
        if expert.position("BUY") is None:
            expert.open_position("BUY")
    elif fast < slow:
        expert.close_position("BUY")
        if expert.position("SELL") is None:
            expert.open_position("SELL")


@expert.on_timer(interval=60)
def timer() -> None:
    """Called every 60 seconds, of simulated time in a backtest."""


@expert.on_order
def order(order: Order) -> None:
    """Called when an order was created, filled, cancelled or rejected (order.status, order.reason)."""


@expert.on_position
def position(pos: Position) -> None:
    """Called when a position was opened, changed or closed (pos.side, pos.qty, pos.is_open)."""
    if not pos.is_open:
        expert.logger.info("Position over", realized_pnl=pos.realized_pnl, fees=pos.fees)


@expert.on_transaction
def transaction(request: TradeRequest, result: TradeResult) -> None:
    """Called with each trading call and the broker's answer (result.accepted, result.reason)."""


@expert.on_book
def book(orderbook: OrderBook) -> None:
    """Called when the best bid or ask changed (symbol, time, bids, asks)."""


@expert.on_error
def error(err: Exception) -> bool | None:
    """Called with the exception of an event handler, which is in errors.log; returning False stops the
    run."""
    return None


@expert.on_account
def account(acc: Account) -> None:
    """Called when the balance changed (acc.balance, acc.equity, acc.free_margin)."""


@expert.on_backtest_init
def backtest_init() -> None:
    """Called before on_init when a backtest starts."""


@expert.on_backtest_deinit
def backtest_deinit() -> None:
    """Called after on_deinit when a backtest is over."""


@expert.on_backtest
def backtest() -> float:
    """Called when a backtest is complete; what it returns is the criterion to compare passes by."""
    return expert.account.equity


@expert.on_backtest_pass
def backtest_pass() -> None:
    """Called when a pass of a backtest was scored."""


if __name__ == "__main__":
    expert.run(
        mode="paper",  # paper, live, backtest
        backtest_start="2024-01-01",  # first day of a backtest
        backtest_end="2025-08-31",  # last day of a backtest
        initial_capital=10000,  # quote currency
    )

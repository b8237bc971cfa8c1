"""A moving-average cross, long and short: it enters when the averages cross and leaves when they cross back.

    metaexpert backtest examples/ma_cross.py --data CSV

An entry risks 1 % of the equity between its price and its stop. The stop follows the price once the position
is 1.5 % in profit.
"""

from metaexpert import MetaExpert
from metaexpert.expert import Bar, Position
from metaexpert.expert.indicators import sma

FAST_BARS = 12
SLOW_BARS = 48

expert = MetaExpert(exchange="binance", market_type="futures", contract_type="linear")


@expert.on_init(
    symbol="BTCUSDT",
    timeframe="15m",
    lookback_bars=SLOW_BARS + 1,
    warmup_bars=SLOW_BARS,
    strategy_id=2001,
    strategy_name="MA cross",
    comment="ma_cross",
    leverage=5,
    max_drawdown_pct=0.3,
    size_type="risk_based",
    size_value=1.0,
    max_position_size_quote=50_000.0,
    stop_loss_pct=2.0,
    trailing_stop_pct=1.0,
    trailing_activation_pct=1.5,
    slippage_pct=0.02,
    max_positions_per_symbol=1,
)
def init() -> None:
    """Log the strategy's settings."""
    expert.logger.info("Crossing averages", fast_bars=FAST_BARS, slow_bars=SLOW_BARS)


@expert.on_bar
def bar(rates: Bar) -> None:
    """Trade where the fast average crosses the slow one at this bar's close."""
    closes = [each.close for each in expert.history(SLOW_BARS + 1)]
    before, now = difference(closes[:-1]), difference(closes[1:])
    if before <= 0 < now:
        reverse_to("BUY", rates)
    elif before >= 0 > now:
        reverse_to("SELL", rates)


def difference(closes: list[float]) -> float:
    """Return the fast average minus the slow one."""
    fast, slow = sma(closes, FAST_BARS), sma(closes, SLOW_BARS)
    return 0.0 if fast is None or slow is None else fast - slow


def reverse_to(side: str, rates: Bar) -> None:
    """Close the other side and enter this one; both fill at the next bar's open."""
    expert.logger.info("Averages crossed", signal=side, close=rates.close)
    expert.close_position("SELL" if side == "BUY" else "BUY")
    expert.open_position(side)


@expert.on_position
def position(pos: Position) -> None:
    """Put the outcome of each trade on record."""
    if not pos.is_open:
        net_pnl = pos.realized_pnl - pos.fees
        expert.logger.info("Trade over", outcome="won" if net_pnl > 0 else "lost", net_pnl=net_pnl)


@expert.on_backtest
def backtest() -> float:
    """Judge a pass by its return, in percent."""
    account = expert.account
    return (account.equity / account.initial_capital - 1) * 100


@expert.on_deinit
def deinit(reason: str) -> None:
    """Log why the run is over."""
    expert.logger.info("Crossing averages over", reason=reason)


if __name__ == "__main__":
    expert.run(mode="backtest", initial_capital=10_000)

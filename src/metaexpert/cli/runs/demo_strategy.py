"""The strategy of `metaexpert demo`: a moving-average cross on one-minute bars."""

from __future__ import annotations

from metaexpert.expert import Bar, MetaExpert
from metaexpert.expert.indicators import sma

FAST_BARS = 20
SLOW_BARS = 60


def demo_expert() -> MetaExpert:
    """Return the expert of the demonstration; building it configures logging."""
    expert = MetaExpert(exchange="binance", log_to_console=False, persist_state=False)

    @expert.on_init(
        symbol="BTCUSDT",
        timeframe="1m",
        lookback_bars=SLOW_BARS + 1,
        warmup_bars=SLOW_BARS,
        strategy_id=1,
        strategy_name="Demo MA cross",
        comment="demo",
        leverage=5,
        size_type="percent_equity",
        size_value=50.0,
        stop_loss_pct=1.0,
        take_profit_pct=3.0,
        slippage_pct=0.01,
        max_positions_per_symbol=1,
    )
    def init() -> None:
        expert.logger.info("Demonstration starts", fast_bars=FAST_BARS, slow_bars=SLOW_BARS)

    @expert.on_bar
    def bar(rates: Bar) -> None:
        closes = [each.close for each in expert.history(SLOW_BARS + 1)]
        before, now = _difference(closes[:-1]), _difference(closes[1:])
        if before <= 0 < now:
            expert.logger.info("Averages crossed", signal="BUY", close=rates.close)
            expert.close_position("SELL")
            expert.open_position("BUY")
        elif before >= 0 > now:
            expert.logger.info("Averages crossed", signal="SELL", close=rates.close)
            expert.close_position("BUY")
            expert.open_position("SELL")

    return expert


def _difference(closes: list[float]) -> float:
    fast, slow = sma(closes, FAST_BARS), sma(closes, SLOW_BARS)
    return 0.0 if fast is None or slow is None else fast - slow

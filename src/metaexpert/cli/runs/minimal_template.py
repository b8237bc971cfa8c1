"""A trading expert in its shortest form: run it with `metaexpert backtest FILE --data CSV`."""

from metaexpert import MetaExpert
from metaexpert.expert import Bar

expert = MetaExpert(exchange="binance")


@expert.on_init(
    symbol="BTCUSDT", timeframe="1h", size_type="percent_equity", size_value=10.0, stop_loss_pct=2.0
)
def init() -> None:
    """Called once, before the first event."""


@expert.on_bar
def bar(rates: Bar) -> None:
    """Buy above the average of the last 30 closes, go flat below it."""
    closes = [each.close for each in expert.history(30)]
    if len(closes) < 30:
        return
    average = sum(closes) / len(closes)
    if rates.close > average and expert.position() is None:
        expert.open_position("BUY")
    elif rates.close < average:
        expert.close_position("BUY")


if __name__ == "__main__":
    expert.run(mode="backtest", initial_capital=10000)

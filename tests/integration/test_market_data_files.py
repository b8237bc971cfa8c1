"""Every file of real market data loads as it is, with the numbers that its text shows."""

import itertools
import math
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from metaexpert.expert.market_data import Bar, BarAggregator, MarketData, OrderBook, Tick, Timeframe, load

DATA = Path(__file__).parents[2].parent / "shared" / "data"


@pytest.fixture
def real() -> Callable[[str], MarketData]:
    """Give a function that loads one of the real files, or skips the test where there are none."""

    def load_real(name: str) -> MarketData:
        path = DATA / name
        if not path.is_file():
            pytest.skip(f"real market data is not here: ../shared/data/{name}")
        return load(path)

    return load_real


def test_btc_perpetual_minutes(real: Callable[[str], MarketData]) -> None:
    """45,031 minutes with a header and text times without zone; the name tells no pair, so the user does."""
    data = real("btc_perp_1m_2022-01.csv")
    assert (data.kind, data.symbol, data.timeframe, data.rows) == (
        "bars",
        None,
        Timeframe.parse("1m"),
        45_031,
    )
    bars = data.with_symbol("BTCUSDT").bars
    assert bars[0] == Bar(
        "BTCUSDT",
        "1m",
        datetime(2021, 12, 31, 23, 1, tzinfo=UTC),
        46319.0,
        46385.0,
        46319.0,
        46377.0,
        2300413.7295,
    )
    assert bars[-1] == Bar(
        "BTCUSDT",
        "1m",
        datetime(2022, 2, 1, 5, 31, tzinfo=UTC),
        38525.0,
        38546.0,
        38525.0,
        38544.0,
        685906.9735,
    )
    assert (data.first, data.last) == (bars[0].time, bars[-1].time)


def test_btcusdt_five_minute_klines(real: Callable[[str], MarketData]) -> None:
    """2,881 klines without header, in float seconds; the name tells the pair."""
    data = real("btcusdt_klines_5m_2020-07.csv")
    assert (data.kind, data.symbol, data.timeframe) == ("bars", "BTCUSDT", Timeframe.parse("5m"))
    assert len(data.events) == data.rows == 2_881
    assert data.events[0] == Bar(
        "BTCUSDT", "5m", datetime(2020, 7, 1, tzinfo=UTC), 9138.08, 9138.16, 9100.0, 9117.23, 365.82786
    )
    assert data.events[-1] == Bar(
        "BTCUSDT", "5m", datetime(2020, 7, 11, tzinfo=UTC), 9288.34, 9299.28, 9287.09, 9289.43, 159.980106
    )


def test_bnbusdt_hourly_klines(real: Callable[[str], MarketData]) -> None:
    """500 klines without header, in milliseconds."""
    data = real("bnbusdt_klines_1h_2024-07.csv")
    assert (data.kind, data.symbol, data.timeframe) == ("bars", "BNBUSDT", Timeframe.parse("1h"))
    assert len(data.events) == data.rows == 500
    assert data.events[0] == Bar(
        "BNBUSDT", "1h", datetime(2024, 7, 3, 21, tzinfo=UTC), 552.8, 557.4, 552.6, 557.0, 6002.135
    )
    assert data.events[-1] == Bar(
        "BNBUSDT", "1h", datetime(2024, 7, 24, 16, tzinfo=UTC), 583.0, 585.0, 581.3, 584.4, 4335.045
    )


def test_btcusdt_trades(real: Callable[[str], MarketData]) -> None:
    """2,001 trades, CRLF line ends, microsecond text times, many at the same moment."""
    data = real("btcusdt_trades_2021-01-08.csv")
    assert (data.kind, data.symbol, data.timeframe) == ("trades", "BTCUSDT", None)
    assert len(data.events) == data.rows == 2_001
    first = datetime(2021, 1, 8, 0, 0, 0, 278_000, tzinfo=UTC)
    last = datetime(2021, 1, 8, 0, 0, 46, 355_000, tzinfo=UTC)
    assert data.events[0] == Tick("BTCUSDT", first, math.nan, math.nan, 39432.48, 0.000263)
    assert data.events[-1] == Tick("BTCUSDT", last, math.nan, math.nan, 39491.76, 0.014596000000000001)


def test_btcusdt_quotes(real: Callable[[str], MarketData]) -> None:
    """451 quotes with their sizes, ask before bid, and the symbol in a column."""
    data = real("btcusdt_quotes_2021-01-08.csv")
    assert (data.kind, data.symbol, data.timeframe) == ("quotes", "BTCUSDT", None)
    assert len(data.books) == len(data.ticks) == data.rows == 451
    first = datetime(2021, 1, 8, 0, 0, 1, 76_000, tzinfo=UTC)
    last = datetime(2021, 1, 8, 0, 0, 46, 674_000, tzinfo=UTC)
    assert data.books[0] == OrderBook("BTCUSDT", first, ((39432.99, 0.0031),), ((39433.62, 0.066851),))
    assert data.books[-1] == OrderBook("BTCUSDT", last, ((39490.97, 0.131467),), ((39490.98, 0.884984),))
    assert data.ticks[-1] == Tick("BTCUSDT", last, 39490.97, 39490.98, math.nan, 0.0)


@pytest.mark.parametrize("timeframe", ["5m", "1h", "1d"])
def test_real_minutes_add_up(real: Callable[[str], MarketData], timeframe: str) -> None:
    """The minutes of a month become longer bars without one lost, each ready with its last minute."""
    minutes = real("btc_perp_1m_2022-01.csv").with_symbol("BTCUSDT").bars
    aggregator = BarAggregator("BTCUSDT", timeframe)
    longer: list[Bar] = []
    for minute in minutes:
        for bar in aggregator.add_bar(minute):
            assert bar.time + Timeframe.parse(timeframe).delta == minute.time + timedelta(minutes=1)
            assert bar.close == minute.close
            longer.append(bar)
    rest = aggregator.flush()
    assert rest is not None
    longer.append(rest)
    assert math.fsum(bar.volume for bar in longer) == pytest.approx(math.fsum(bar.volume for bar in minutes))
    assert max(bar.high for bar in longer) == max(bar.high for bar in minutes)
    assert min(bar.low for bar in longer) == min(bar.low for bar in minutes)
    steps = {after.time - before.time for before, after in itertools.pairwise(longer)}
    assert steps == {Timeframe.parse(timeframe).delta}


def test_real_trades_and_quotes_become_bars(real: Callable[[str], MarketData]) -> None:
    """Ten-second bars of the real trades lie within the range of all trades, and hold their whole volume."""
    data = real("btcusdt_trades_2021-01-08.csv")
    aggregator = BarAggregator("BTCUSDT", "10s")
    bars = [bar for tick in data.ticks for bar in aggregator.add_tick(tick)]
    rest = aggregator.flush()
    assert rest is not None
    bars.append(rest)
    assert [bar.time.second for bar in bars] == [0, 10, 20, 30, 40]
    assert math.fsum(bar.volume for bar in bars) == pytest.approx(
        math.fsum(tick.volume for tick in data.ticks)
    )
    assert max(bar.high for bar in bars) == max(tick.last for tick in data.ticks)
    quotes = real("btcusdt_quotes_2021-01-08.csv")
    middle = BarAggregator("BTCUSDT", "1m")
    assert [bar for tick in quotes.ticks for bar in middle.add_tick(tick)] == []
    assert middle.parts == 451

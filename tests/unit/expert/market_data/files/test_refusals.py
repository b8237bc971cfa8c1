"""Files that look like a market's data and are none are refused by name."""

from pathlib import Path

import pytest

from metaexpert.expert.market_data import MarketDataError, load

KLINES = (
    "open_time,open,high,low,close,volume,close_time,quote_volume,count,taker_buy_volume,"
    "taker_buy_quote_volume,ignore"
)


def refusal(path: Path) -> MarketDataError:
    """Return why a file is refused."""
    with pytest.raises(MarketDataError) as caught:
        load(path)
    return caught.value


@pytest.mark.parametrize(
    ("header", "row", "what"),
    [
        (
            "exchange,symbol,timestamp,local_timestamp,is_snapshot,side,price,amount",
            "deribit,BTC-PERPETUAL,1700000000000000,1700000000000001,true,bid,35000.5,10",
            "changes of an order book (Tardis incremental_book_L2)",
        ),
        (
            "symbol,timestamp,trans_id,first_update_id,last_update_id,side,update_type,price,qty",
            "BTCUSDT,1700000000000,1,2,3,a,set,35000.5,10",
            "changes of an order book (Binance T_DEPTH)",
        ),
        (
            "timestamp,percentage,depth,notional",
            "2024-01-01 00:00:08,-5,1234.5,50000000",
            "sums of an order book by distance (Binance bookDepth)",
        ),
        (
            "create_time,symbol,sum_open_interest,sum_open_interest_value",
            "2024-01-01 00:05:00,BTCUSDT,80000.1,3400000000",
            "open interest and ratios of traders (Binance metrics)",
        ),
        (
            "time,side,order_type,time_in_force,original_quantity,price,average_price,order_status,"
            "last_fill_quantity,accumulated_fill_quantity",
            "1700000000000,BUY,LIMIT,IOC,1,35000.5,35000.5,FILLED,1,1",
            "liquidations (Binance liquidationSnapshot)",
        ),
        (
            "calc_time,funding_interval_hours,last_funding_rate",
            "1700000000000,8,0.0001",
            "funding rates (Binance fundingRate)",
        ),
        (
            "ts_event,rtype,publisher_id,instrument_id,open,high,low,close,volume",
            "1700000000000000000,33,1,2,35000500000000,35000500000000,35000500000000,35000500000000,10",
            "records of Databento, whose prices may be integers x 1e9",
        ),
    ],
)
def test_what_was_not_traded_is_refused_by_name(header: str, row: str, what: str, tmp_path: Path) -> None:
    """Each has a price or a time that could be taken for a trade's."""
    path = tmp_path / "btcusdt.csv"
    path.write_text(f"{header}\n{row}\n{row}\n")

    assert refusal(path).problem.startswith(f"has {what}, not what was traded; ")


@pytest.mark.parametrize("header", [KLINES + "\n", ""])
def test_klines_that_nobody_traded_are_refused(header: str, tmp_path: Path) -> None:
    """A premium index has the columns of klines; a quiet market has bars that do not move."""
    times = [1_700_000_040_000 + 60_000 * minute for minute in range(3)]
    tail = "0,{end},0,12,0,0,0\n"
    path = tmp_path / "BTCUSDT-1m-2023-11.csv"
    moving = [f"{time},0.0003,0.0004,0.0002,0.0003,{tail.format(end=time + 59_999)}" for time in times]
    path.write_text(header + "".join(moving))
    assert "a mark price, an index or a premium" in refusal(path).problem

    quiet = [f"{time},5,5,5,5,{tail.format(end=time + 59_999)}" for time in times]
    path.write_text(header + "".join(quiet))
    assert len(load(path).bars) == 3


def test_an_unfinished_bar_is_refused_with_its_line(tmp_path: Path) -> None:
    """OKX marks it by `confirm` 0."""
    path = tmp_path / "candles.csv"
    header = "instrument_name,open,high,low,close,vol,vol_ccy,vol_quote,open_time,confirm\n"
    rows = [
        f"BTC-USDT,1,2,0.5,1.5,10,10,15,{1_700_000_040_000 + 60_000 * n},{int(n < 2)}\n" for n in range(3)
    ]
    path.write_text(header + "".join(rows))
    error = refusal(path)
    assert (error.line, error.column) == (4, "confirm")
    assert error.problem == "is 0: the bar was not finished when the file was made; leave the line out"

    path.write_text(header + "".join(rows[:2]))
    assert len(load(path).bars) == 2

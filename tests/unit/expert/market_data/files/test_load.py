import gzip
import math
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from metaexpert.expert.market_data import Bar, Gap, MarketDataError, OrderBook, Tick, Timeframe, load

Write = Callable[..., Path]
MIDNIGHT = datetime(2021, 1, 8, tzinfo=UTC)
HEADER = "timestamp,open,high,low,close,volume\n"
TWO_MINUTES = "2021-01-08 00:00:00,1,4,0.5,2,10\n2021-01-08 00:01:00,2,3,1.5,2.5,0\n"
TWO_BARS = [
    Bar("BTCUSDT", "1m", MIDNIGHT, 1.0, 4.0, 0.5, 2.0, 10.0),
    Bar("BTCUSDT", "1m", MIDNIGHT + timedelta(minutes=1), 2.0, 3.0, 1.5, 2.5, 0.0),
]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Give a function that writes a data file, BTCUSDT by its name, and returns its path."""

    def write_file(content: str | bytes, name: str = "btcusdt.csv") -> Path:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write_file


def test_bars_with_a_header_become_events(write: Write) -> None:
    """Rows become bars with UTC opening times, and the file's facts are known without looking at them."""
    data = load(write(HEADER + TWO_MINUTES))
    assert list(data.events) == TWO_BARS
    assert (data.kind, data.symbol, data.timeframe, data.rows) == ("bars", "BTCUSDT", Timeframe(60), 2)
    assert (data.first, data.last) == (MIDNIGHT, MIDNIGHT + timedelta(minutes=1))
    assert data.bars[0].time.tzinfo is UTC
    assert (list(data.ticks), list(data.books), data.gaps) == ([], [], ())


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(TWO_MINUTES.encode(), id="no header"),
        pytest.param((HEADER + TWO_MINUTES).replace("\n", "\r\n").encode(), id="CRLF"),
        pytest.param(b"\xef\xbb\xbf" + (HEADER + TWO_MINUTES).encode(), id="BOM"),
        pytest.param((HEADER + TWO_MINUTES).rstrip().encode(), id="no last line end"),
        pytest.param((HEADER + TWO_MINUTES + "\n \r\n\n").encode(), id="trailing blank lines"),
        pytest.param((HEADER + TWO_MINUTES).replace(",", ";").encode(), id="semicolons"),
        pytest.param((HEADER + TWO_MINUTES).replace(",", "\t").encode(), id="tabs"),
        pytest.param((HEADER + TWO_MINUTES).replace(",", " , ").encode(), id="spaces"),
        pytest.param(gzip.compress((HEADER + TWO_MINUTES).encode()), id="gzip"),
        pytest.param(
            b'"Open Time","Open","High","Low","Close","Volume"\n"2021-01-08","1","4","0.5","2","10"\n'
            b'"2021-01-08T00:01Z","2","3","1.5","2.5","0"\n',
            id="quoted",
        ),
        pytest.param(
            b",v,c,l,h,o,date,note_\n0,10,2,.5,4,1.,2021-01-08,\n1,0,2.5,1.5,3,2,2021-01-08 00:01,\xc3\xbc\n",
            id="other order and names, and columns without a role",
        ),
        pytest.param(b"1610064000,1,4,0.5,2,10\n1610064060,2,3,1.5,2.5,0\n", id="seconds"),
        pytest.param(b"1610064000.0,1,4,0.5,2,10\n1610064060.0,2,3,1.5,2.5,0\n", id="float seconds"),
        pytest.param(b"1610064000000000,1,4,0.5,2,10\n1610064060000000,2,3,1.5,2.5,0\n", id="microseconds"),
        pytest.param(
            b"1610064000000000000,1,4,0.5,2,10\n1610064060000000000,2,3,1.5,2.5,0\n", id="nanoseconds"
        ),
        pytest.param(
            b"1610064000000,1,4,0.5,2,10,1610064059999,20,7,5,10,0\n"
            b"1610064060000,2,3,1.5,2.5,0,1610064119999,0,0,0,0,0\n",
            id="klines",
        ),
    ],
)
def test_one_market_in_many_spellings(write: Write, content: bytes) -> None:
    """However a file is written, the events are the same."""
    assert list(load(write(content)).events) == TWO_BARS


def test_a_file_larger_than_a_block_keeps_every_row(write: Write) -> None:
    """Reading goes in blocks; no row is lost or cut where two meet, and line numbers go on."""
    lines = [f"{1_610_064_000 + 60 * i},1,4,0.5,{1 + i / 100_000},{i}" for i in range(60_000)]
    bars = load(write("\n".join(lines))).bars
    assert len(bars) == 60_000
    assert [bar.volume for bar in bars] == [float(i) for i in range(60_000)]
    lines[54_321] = "junk"
    with pytest.raises(MarketDataError) as caught:
        load(write("\n".join(lines)))
    assert caught.value.line == 54_322


def test_trades_become_ticks(write: Write) -> None:
    """A trade is a tick with last and volume; what nobody said, bid and ask, is NaN."""
    time_text = "2021-01-08T00:00:00.5+00:00"
    rows = f"{time_text},7,39432.48,0.000263,True\n{time_text},8,39432.5,1,False\n"
    data = load(write("timestamp,trade_id,price,quantity,buyer_maker\n" + rows))
    assert (data.kind, data.timeframe, data.rows) == ("trades", None, 2)
    first, second = data.events
    time = MIDNIGHT + timedelta(milliseconds=500)
    assert first == Tick("BTCUSDT", time, math.nan, math.nan, 39432.48, 0.000263)
    assert (second.time, second[4:]) == (time, (39432.5, 1.0))
    assert (list(data.bars), list(data.books)) == ([], [])
    assert list(data.ticks) == list(data.events)


@pytest.mark.parametrize(
    "row",
    [
        "553287559,39432.48,0.25,9858.12,1610064000278,True",
        "553287559,39432.48,0.25,9858.12,1610064000278,true,true",
        "553287559,39432.48,0.25,100,101,1610064000278,false",
        "553287559,39432.48,0.25,100,101,1610064000278,False,True",
    ],
)
def test_exchange_trades_need_no_header(write: Write, row: str) -> None:
    """Tables of trades and aggregated trades are told by their flags, never taken for six-column bars."""
    (tick,) = load(write(row + "\n")).ticks
    assert (tick.time, tick.last, tick.volume) == (MIDNIGHT + timedelta(milliseconds=278), 39432.48, 0.25)


def test_quotes_become_books_and_ticks(write: Write) -> None:
    """A quote is a book with one level a side, and at the same index a tick with bid and ask."""
    data = load(write("timestamp,symbol,ask_size,ask,bid_size,bid\n2021-01-08,ETH/USDT,0.5,101,2,100\n"))
    assert (data.kind, data.symbol, data.timeframe) == ("quotes", "ETHUSDT", None)
    assert list(data.events) == list(data.books)
    assert list(data.books) == [OrderBook("ETHUSDT", MIDNIGHT, ((100.0, 2.0),), ((101.0, 0.5),))]
    assert list(data.ticks) == [Tick("ETHUSDT", MIDNIGHT, 100.0, 101.0, math.nan, 0.0)]
    assert list(data.bars) == []


def test_quotes_may_lack_sizes(write: Write) -> None:
    """The size of a level that the file does not tell is NaN."""
    (book,) = load(write("time,bid,ask\n2021-01-08,100,100\n")).books
    assert (book.bids[0][0], book.asks[0][0]) == (100.0, 100.0)
    assert math.isnan(book.bids[0][1])
    assert math.isnan(book.asks[0][1])


def test_the_symbol_comes_from_the_nearest_source(write: Write) -> None:
    """The argument wins over the column, the column over the file's name."""
    content = "time,symbol,price,qty\n2021-01-08,ETH/USDT,1,1\n"
    assert load(write(content), symbol="XBTUSD").ticks[0].symbol == "XBTUSD"
    assert load(write(content)).symbol == "ETHUSDT"
    assert load(write("time,price,qty\n2021-01-08,1,1\n")).symbol == "BTCUSDT"


def test_an_unknown_symbol_is_none_until_it_is_given(write: Write) -> None:
    """Without any source the facts are there, events are refused, and a symbol can be given later."""
    data = load(write(HEADER + TWO_MINUTES, "btc_perp.csv"))
    assert (data.symbol, data.rows) == (None, 2)
    with pytest.raises(ValueError, match=r"with_symbol"):
        _ = data.events
    assert list(data.with_symbol("BTCUSDT").events) == TWO_BARS
    assert data.symbol is None


def test_events_are_a_sequence(write: Write) -> None:
    """They can be counted, indexed from both ends, cut and gone through again."""
    rows = "".join(f"{1_610_064_000 + 60 * i},1,4,0.5,2,{i}\n" for i in range(10))
    bars = load(write(rows)).bars
    every = list(bars)
    assert len(bars) == 10
    assert list(bars) == every
    assert [bars[i] for i in range(-10, 10)] == every + every
    assert list(bars[2:9:3]) == every[2:9:3]
    assert list(bars[::-1]) == every[::-1]
    assert every[4] in bars
    for outside in (10, -11):
        with pytest.raises(IndexError):
            bars[outside]


def test_holes_are_kept_when_they_are_accepted(write: Write) -> None:
    """With `allow_gaps` the timeframe is still the usual spacing, each hole is told with line and size."""
    minutes = (0, 1, 2, 5, 6, 16)
    rows = "".join(f"{1_610_064_000 + 60 * i},1,4,0.5,2,1\n" for i in minutes)
    data = load(write(HEADER + rows), allow_gaps=True)
    assert data.timeframe == Timeframe(60)
    assert data.gaps == (Gap(5, 2), Gap(7, 9))
    assert [bar.time for bar in data.bars] == [MIDNIGHT + timedelta(minutes=i) for i in minutes]


def test_a_single_bar_needs_its_timeframe_told(write: Write) -> None:
    """One row has no spacing: an error that says so, or the timeframe of the caller."""
    path = write("1610064000,1,4,0.5,2,10\n")
    with pytest.raises(MarketDataError, match="single bar does not determine a timeframe"):
        load(path)
    assert load(path, timeframe="1h").bars[0].timeframe == "1h"


def test_a_given_timeframe_is_held_against_the_file(write: Write) -> None:
    """Bars five minutes apart are no hourly bars, and are one-minute bars with holes."""
    path = write("".join(f"{1_610_064_000 + 300 * i},1,4,0.5,2,1\n" for i in range(3)))
    with pytest.raises(MarketDataError, match="in a file of 1h bars"):
        load(path, timeframe="1h")
    with pytest.raises(MarketDataError, match="4 bars are missing"):
        load(path, timeframe="1m")
    assert len(load(path, timeframe="1m", allow_gaps=True).gaps) == 2


@pytest.mark.parametrize(
    ("arguments", "reason"), [({"symbol": " "}, "symbol"), ({"timeframe": "1M"}, "months")]
)
def test_senseless_load_arguments_are_refused(write: Write, arguments: dict[str, str], reason: str) -> None:
    """The error names the argument before the file is looked at."""
    with pytest.raises(ValueError, match=reason) as caught:
        load("no such file", **arguments)  # type: ignore[arg-type]
    assert not isinstance(caught.value, MarketDataError)


def test_a_bar_s_time_is_its_opening_where_both_ends_are_there(write: Write) -> None:
    """`timestamp` is the close in files that have `start`, too."""
    header, stop = "start,stop,open,high,low,close,volume,timestamp\n", "2021-01-08 00:00:59"
    first = f"2021-01-08 00:00:00,{stop},1,4,0.5,2,10,2021-01-08 00:01:00\n"
    second = f"2021-01-08 00:01:00,{stop},2,3,1.5,2.5,0,2021-01-08 00:02:00\n"
    assert list(load(write(header + first + second)).events) == TWO_BARS


@pytest.mark.parametrize("column", ["transact_time", "trade_time"])
def test_trades_name_their_time_as_exchanges_do(write: Write, column: str) -> None:
    """The dumps of aggregated trades have `transact_time`."""
    (tick,) = load(write(f"agg_trade_id,price,quantity,{column},m\n7,5,2,1610064000000,false\n")).ticks
    assert (tick.time, tick.last, tick.volume) == (MIDNIGHT, 5.0, 2.0)


@pytest.mark.parametrize("column", ["instrument_name", "instrument_id", "instId"])
def test_two_instruments_in_one_file_are_refused(write: Write, column: str) -> None:
    """Whatever the exchange calls the column."""
    rows = "2021-01-08,1,1,BTC-PERPETUAL\n2021-01-08,1,1,BTC-26DEC25\n"
    with pytest.raises(MarketDataError, match="one file per symbol"):
        load(write(f"timestamp,price,amount,{column}\n" + rows))


def test_days_of_an_exchange_whose_clocks_change(write: Write) -> None:
    """A day of 23 hours is one bar, as is one of 25; a weekend between them lacks two."""
    days = ["2023-03-10 00:00:00-05:00", "2023-03-13 00:00:00-04:00", "2023-03-14 00:00:00-04:00"]
    days += ["2023-03-15 00:00:00-05:00", "2023-03-16 00:00:00-05:00"]
    data = load(write(HEADER + "".join(f"{day},1,1,1,1,1\n" for day in days)), allow_gaps=True)
    assert (data.timeframe, data.gaps) == (Timeframe(86_400), (Gap(3, 2),))


@pytest.mark.parametrize("last", ["2023-03-10 00:30:00", "2023-03-10 21:00:00", "2023-03-11 02:30:00"])
def test_days_that_are_off_by_more_than_an_hour_are_refused(write: Write, last: str) -> None:
    """A change of clocks is one hour, and two bars of one day are no change of clocks."""
    days = ["2023-03-08 00:00:00", "2023-03-09 00:00:00", "2023-03-10 00:00:00", last]
    with pytest.raises(MarketDataError, match="in a file of 1d bars"):
        load(write(HEADER + "".join(f"{day},1,1,1,1,1\n" for day in days)), allow_gaps=True)


_TITLE = "https://www.example.com\n"
_DOWNLOADED = "unix,date,symbol,open,high,low,close,Volume {base},Volume {quote},tradecount\n"


@pytest.mark.parametrize(("base", "quote"), [("BTC", "USDT"), ("ETH", "BTC"), ("BTC", "USD")])
@pytest.mark.parametrize("order", ["base first", "quote first"])
def test_a_file_as_sites_offer_it_loads_as_it_is(write: Write, base: str, quote: str, order: str) -> None:
    """An address above the header, two volumes that name their currencies, newest first."""
    names = _DOWNLOADED.format(base=base, quote=quote)
    volumes = ("7.5", "900")
    if order == "quote first":
        names, volumes = _DOWNLOADED.format(base=quote, quote=base), ("900", "7.5")
    rows = [
        f"1616716800000,2021-03-26 00:00:00,{base}/{quote},2,4,1,3,{','.join(volumes)},70\n",
        f"1616713200000,2021-03-25 23:00:00,{base}/{quote},1,3,1,2,{','.join(volumes)},50\n",
    ]
    data = load(write(_TITLE + names + "".join(rows)))

    assert data.symbol == base + quote
    assert str(data.timeframe) == "1h"
    assert [(bar.time.hour, bar.close, bar.volume) for bar in data.bars] == [(23, 2.0, 7.5), (0, 3.0, 7.5)]


def test_volumes_of_which_none_is_the_base_s_are_refused(write: Write) -> None:
    """The money that was traded is no quantity; nor is a volume known where no symbol is."""
    row = "2021-03-26,1,1,1,1,5\n"
    for names in ("date,open,high,low,close,Volume USDT\n", "date,open,high,low,close,Volume ETH\n"):
        with pytest.raises(MarketDataError, match="need a volume column"):
            load(write(names + row), symbol="BTCUSDT")


def test_rows_that_stand_newest_first_are_turned_around(write: Write) -> None:
    """The same data either way; a hole is named by its own line, which is above the row that it follows."""
    head = "# exported\ntime,open,high,low,close,volume\n"
    rows = [f"2021-01-0{day},{day},{day},{day},{day},{day}\n" for day in (1, 2, 3, 6, 7)]
    forward = load(write(head + "".join(rows)), allow_gaps=True)
    backward = load(write(head + "".join(rows[::-1])), allow_gaps=True)

    assert list(backward.bars) == list(forward.bars)
    assert [(gap.line, gap.missing) for gap in forward.gaps] == [(6, 2)]
    assert [(gap.line, gap.missing) for gap in backward.gaps] == [(4, 2)]
    with pytest.raises(MarketDataError, match="2 bars are missing between 2021-01-03") as caught:
        load(write(head + "".join(rows[::-1])))
    assert caught.value.line == 4


def test_a_bad_row_below_a_title_has_its_own_line(write: Write) -> None:
    """Lines are counted from the first of the file, whatever is passed over."""
    with pytest.raises(MarketDataError) as caught:
        load(write("# one\n# two\ntime,open,high,low,close,volume\n2021-01-01,1,1,1,x,1\n"))
    assert (caught.value.line, caught.value.column) == (4, "close")
    for content, line in (("# one\ntime,open\n", 2), ("# one\ntime,open,high,low,close,volume\n", 2)):
        with pytest.raises(MarketDataError) as caught:
            load(write(content))
        assert caught.value.line == line

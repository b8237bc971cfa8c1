import contextlib
import tempfile
from datetime import UTC, datetime, timedelta
from math import inf, nan
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from metaexpert.expert.market_data import Bar, MarketDataError, OrderBook, Tick, Timeframe, load

# A busy machine is no failure.
UNTIMED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
MIDNIGHT = datetime(2021, 1, 8, tzinfo=UTC)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
BAR_COLUMNS = ("time", "open", "high", "low", "close", "volume")
PRICES = st.floats(1e-9, 1e9)
AMOUNTS = st.floats(0, 1e15)
OHLC = st.lists(PRICES, min_size=4, max_size=4).flatmap(
    lambda values: st.permutations(sorted(values)[1:3]).map(
        lambda inner: (inner[0], max(values), min(values), inner[1])
    )
)
NOTATIONS = {
    "text": lambda time: time.isoformat(),
    "text without zone": lambda time: time.replace(tzinfo=None).isoformat(" "),
    "s": lambda time: str((time - EPOCH) // timedelta(seconds=1)),
    "float s": lambda time: f"{(time - EPOCH) // timedelta(microseconds=1) / 1e6!r}",
    "ms": lambda time: str((time - EPOCH) // timedelta(milliseconds=1)),
    "us": lambda time: str((time - EPOCH) // timedelta(microseconds=1)),
    "ns": lambda time: str((time - EPOCH) // timedelta(microseconds=1) * 1000),
}
JUNK = st.one_of(
    st.sampled_from(
        ["", " ", "nan", "NaN", "-inf", "Infinity", "1e999", "-1", "0x10", "1_0", "--1", "1 2", "None"]
    ),
    st.sampled_from(["null", "1.2.3", "1e", "١", "½", "-0.5", "\x1b[31m", "1\u00a0\u00a02"]),
    st.text(st.characters(exclude_characters=',;\t\n\r"\0', exclude_categories=["Cs", "N"]), max_size=20),
)


@st.composite
def bar_files(draw: st.DrawFn) -> tuple[list[Bar], list[list[str]]]:
    """Give bars and their rendered rows."""
    timeframe = draw(st.sampled_from(["1s", "1m", "5m", "1h", "1d", "1w"]))
    write_time = NOTATIONS[draw(st.sampled_from(sorted(NOTATIONS)))]
    values = draw(st.lists(st.tuples(OHLC, AMOUNTS), min_size=2, max_size=8))
    bars = [
        Bar("BTCUSDT", timeframe, MIDNIGHT + i * Timeframe.parse(timeframe).delta, *prices, volume)
        for i, (prices, volume) in enumerate(values)
    ]
    return bars, [[write_time(bar.time), *map(repr, bar[3:])] for bar in bars]


def load_text(text: str) -> list[Any]:
    """Write the text to a real file and give its events."""
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "btcusdt.csv"
        path.write_bytes(text.encode())
        return list(load(path).events)


@UNTIMED
@given(
    bar_files(),
    st.permutations(range(6)),
    st.booleans(),
    st.sampled_from(",;\t"),
    st.sampled_from(["\n", "\r\n"]),
    st.sampled_from(["", "\ufeff"]),
)
def test_rendered_bars_are_read_back_exactly(
    file: tuple[list[Bar], list[list[str]]],
    order: list[int],
    header: bool,
    delimiter: str,
    line_end: str,
    mark: str,
) -> None:
    """Whatever the notation of times, the delimiter, line ends and order of columns, bars come back equal."""
    bars, rows = file
    if header:
        rows = [list(BAR_COLUMNS), *rows]
        rows = [[row[i] for i in order] for row in rows]
    text = mark + line_end.join(delimiter.join(row) for row in rows) + line_end
    assert load_text(text) == bars


@UNTIMED
@given(
    st.lists(st.tuples(st.integers(0, 10**6), PRICES, AMOUNTS), min_size=1),
    st.sampled_from(["us", "ns", "text"]),
)
def test_rendered_trades_are_read_back_exactly(values: list[tuple[int, float, float]], notation: str) -> None:
    """Trades come back equal to the microsecond, also several at the same time."""
    times = [MIDNIGHT + timedelta(microseconds=value[0]) for value in sorted(values)]
    ticks = [
        Tick("BTCUSDT", time, nan, nan, price, amount)
        for time, (_, price, amount) in zip(times, sorted(values), strict=True)
    ]
    rows = [f"{NOTATIONS[notation](tick.time)},{tick.last!r},{tick.volume!r}" for tick in ticks]
    assert load_text("\n".join(["time,price,quantity", *rows])) == ticks


@UNTIMED
@given(st.lists(st.tuples(st.tuples(PRICES, PRICES), AMOUNTS, AMOUNTS), min_size=1))
def test_rendered_quotes_are_read_back_exactly(
    values: list[tuple[tuple[float, float], float, float]],
) -> None:
    """Quotes come back as the books they were."""
    books = [
        OrderBook(
            "BTCUSDT", MIDNIGHT + timedelta(seconds=i), ((min(pair), bid_size),), ((max(pair), ask_size),)
        )
        for i, (pair, bid_size, ask_size) in enumerate(values)
    ]
    rows = []
    for book in books:
        (bid,), (ask,) = book.bids, book.asks
        rows.append(f"{book.time.isoformat()},{bid[0]!r},{bid[1]!r},{ask[0]!r},{ask[1]!r}")
    assert load_text("\n".join(["timestamp,bid,bid_size,ask,ask_size", *rows])) == books


@UNTIMED
@given(bar_files(), st.booleans(), st.integers(0, 7), st.integers(0, 5), JUNK)
def test_junk_in_any_cell_is_named(
    file: tuple[list[Bar], list[list[str]]], header: bool, row: int, column: int, junk: str
) -> None:
    """Whatever cell of a valid file is spoilt, and how: the error names exactly its line and its column."""
    _, rows = file
    row %= len(rows)
    rows[row][column] = junk
    lines = [",".join(cells) for cells in ([list(BAR_COLUMNS), *rows] if header else rows)]
    with pytest.raises(MarketDataError) as caught:
        load_text("\n".join(lines))
    assert (caught.value.line, caught.value.column) == (row + 1 + header, BAR_COLUMNS[column])
    assert isinstance(caught.value.path, Path)


@UNTIMED
@given(st.binary(max_size=300))
def test_no_bytes_cause_any_other_error(content: bytes) -> None:
    """A file of arbitrary bytes is market data or a MarketDataError, nothing else."""
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "btcusdt.csv"
        path.write_bytes(content)
        with pytest.raises(MarketDataError) as caught:
            load(path)
        assert caught.value.path == path


@UNTIMED
@given(
    bar_files(),
    st.integers(0, 7),
    st.text(st.characters(codec="utf-8"), max_size=30),
)
def test_junk_instead_of_a_line_is_data_or_an_error(
    file: tuple[list[Bar], list[list[str]]], row: int, junk: str
) -> None:
    """Arbitrary text in a line never ends in another error, and no invalid bar ever comes out."""
    _, rows = file
    lines = [",".join(cells) for cells in rows]
    lines[row % len(lines)] = junk
    bars: list[Bar] = []
    with contextlib.suppress(MarketDataError):
        bars = load_text("\n".join(lines))
    for bar in bars:
        assert 0 < bar.low <= min(bar.open, bar.close) <= max(bar.open, bar.close) <= bar.high
        assert 0 <= bar.volume < inf

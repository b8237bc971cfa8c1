import gzip
import pickle
from collections.abc import Callable
from pathlib import Path

import pytest

from metaexpert.expert.market_data import MarketDataError, load

Write = Callable[..., Path]
HEADER = "Time,Open,High,Low,Close,Volume\n"
ROWS = [f"{1_610_064_000 + 60 * i},1,4,0.5,2,10" for i in range(6)]
BARS = HEADER + "\n".join(ROWS) + "\n"


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Give a function that writes a data file and returns its path."""

    def write_file(content: str | bytes) -> Path:
        path = tmp_path / "btcusdt.csv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write_file


def refusal(path: Path, **arguments: bool) -> MarketDataError:
    """Load a file that must be refused; check that the message names all that the error knows."""
    with pytest.raises(MarketDataError) as caught:
        load(path, **arguments)
    error = caught.value
    assert isinstance(error, ValueError)
    assert error.path == path
    expected = str(path)
    if error.line is not None:
        expected += f", line {error.line}"
    if error.column is not None:
        expected += f', column "{error.column}"'
    assert str(error) == f"{expected}: {error.problem}"
    return error


def test_the_valid_file_is_valid(write: Write) -> None:
    """What the other tests spoil loads unspoilt."""
    assert load(write(BARS)).rows == 6


@pytest.mark.parametrize(
    ("old", "new", "line", "column", "found"),
    [
        ("1610064120,1,4,0.5,2,10", "1610064120,1,four,0.5,2,10", 4, "High", "'four' where a number belongs"),
        ("1610064120,1,4", "1610064120,,4", 4, "Open", "is empty"),
        ("1610064120,1,4", ",1,4", 4, "Time", "is empty"),
        ("1610064120,1,4", "yesterday,1,4", 4, "Time", "'yesterday' where seconds since 1970 belongs"),
        ("1610064120,1,4", "1610064120000,1,4", 4, "Time", "outside 1980 to 2100"),
        ("1610064120,1,4", "2021-01-08 00:02:00,1,4", 4, "Time", "as in the first row"),
        ("1610064120,1,4", "nan,1,4", 4, "Time", "'nan'"),
        ("1610064120,1,4", "inf,1,4", 4, "Time", "'inf'"),
        ("1610064000,1,4", "yesterday,1,4", 2, "Time", "write it as text such as"),
        ("1610064120,1,4,0.5,2,10", "1610064120,1,nan,0.5,2,10", 4, "High", "finite number"),
        ("1610064120,1,4,0.5,2,10", "1610064120,1,1e999,0.5,2,10", 4, "High", "finite number"),
        ("1610064120,1,4,0.5,2,10", "1610064120,1,4,0.5,2,inf", 4, "Volume", "finite number"),
        ("1610064120,1,4,0.5,2,10", "1610064120,1,4,0,2,10", 4, "Low", "more than 0"),
        ("1610064120,1,4,0.5,2,10", "1610064120,-1,4,-2,2,10", 4, "Open", "more than 0"),
        ("1610064120,1,4,0.5,2,10", "1610064120,1,4,0.5,2,-10", 4, "Volume", "0 or more"),
        ("1610064120,1,4,0.5,2,10", "1610064120,1,1_0,0.5,2,10", 4, "High", "'1_0' where a number belongs"),
        ("1610064120,1,4,0.5,2,10", "1610064120,1,\u0664,0.5,2,10", 4, "High", "where a number belongs"),
        ("1610064120,1,4,0.5,2,10", "1610064120,0.6,0.5,0.7,0.6,10", 4, "High", "high 0.5 is below low 0.7"),
        ("1610064120,1,4,0.5,2,10", "1610064120,5,4,0.5,2,10", 4, "Open", "outside low 0.5 to high 4.0"),
        ("1610064120,1,4,0.5,2,10", "1610064120,1,4,0.5,0.4,10", 4, "Close", "outside low 0.5 to high 4.0"),
        ("1610064120,1,4,0.5,2,10", "1610064120,1,4,0.5,2", 4, None, "has 5 cells where the header has 6"),
        ("1610064120,1,4,0.5,2,10", "1610064120", 4, None, "has 1 cell where the header has 6"),
        ("1610064120,1,4,0.5,2,10", "1610064120,1,4,0.5,2,10,1", 4, None, "has 7 cells"),
        ("1610064120,1,4,0.5,2,10", "", 4, None, "is blank, with data after it"),
        ("1610064120,1,4,0.5,2,10", '1610064120,1,4,0.5,2,"10', 4, None, "quoted cell is malformed"),
        ("1610064120,1,4,0.5,2,10", "1610064120,1,4,0.5,2,1\x000", 4, None, "NUL byte"),
        ("1610064120,1,4,0.5,2,10", "1610064120,1,4,0.5,2," + "1" * 70_000, 4, None, "longer than 65536"),
        ("1610064120", "1610064060", 4, "Time", "2021-01-08 00:01:00 UTC appears twice"),
        ("1610064120", "1610063880", 4, "Time", "sort the file by time"),
        ("1610064120", "1610064090", 4, "Time", "comes 30 s after the one before, in a file of 1m bars"),
    ],
)
def test_a_bad_row_is_named(
    write: Write, old: str, new: str, line: int, column: str | None, found: str
) -> None:
    """One bad row among good ones is an error that names its line, its column and what was found."""
    assert old in BARS
    error = refusal(write(BARS.replace(old, new, 1)))
    assert (error.line, error.column) == (line, column)
    assert found in error.problem


def test_a_hole_is_named_with_its_size(write: Write) -> None:
    """Missing bars are an error at the line after the hole that counts them and names the switch."""
    error = refusal(write(HEADER + "\n".join(ROWS[:3] + ROWS[5:])))
    assert (error.line, error.column) == (5, "Time")
    assert "2 bars are missing between 2021-01-08 00:02:00 UTC and 2021-01-08 00:05:00 UTC" in error.problem
    assert "--allow-gaps" in error.problem


def test_later_holes_are_counted(write: Write) -> None:
    """The user learns at once how much is missing in all."""
    rows = [f"{1_610_064_000 + 60 * i},1,4,0.5,2,10" for i in (0, 1, 2, 4, 5, 8, 9, 13)]
    error = refusal(write(HEADER + "\n".join(rows)))
    assert error.line == 5
    assert "1 bar is missing" in error.problem
    assert "(and 5 more in 2 later holes)" in error.problem


@pytest.mark.parametrize("old_new", [("1610064120", "1610064060"), ("1610064120", "1610064090")])
def test_allowing_gaps_allows_nothing_else(write: Write, old_new: tuple[str, str]) -> None:
    """Duplicates and bars off the grid stay errors."""
    assert refusal(write(BARS.replace(*old_new)), allow_gaps=True).line == 4


@pytest.mark.parametrize(
    ("content", "line", "found"),
    [
        (b"", None, "is empty"),
        (b"\n\n \n", None, "is empty"),
        (b"\xef\xbb\xbf", None, "is empty"),
        (gzip.compress(b""), None, "is empty"),
        (HEADER.encode(), 1, "only a header"),
        (b"hello\nworld\n", 1, "unknown format: 'hello' is no header"),
        (b"a,b,c\n1,2,3\n", 1, "unknown format"),
        (b"1,2,3\n", 1, "unknown format: no header, and 3 cells"),
        (b'{"time": 1}\n', 1, "unknown format"),
        (b"time,open,high,low,close\n", 1, "bars need a volume column"),
        (b"open,high,low,close,volume\n", 1, "bars need a time column"),
        (b"time,price\n", 1, "trades need a quantity column"),
        (b"date,time,open,high,low,close,volume\n", 1, "split the time"),
        (b"time,bid,bid,ask\n", 1, "more than once"),
        (b"\n" + BARS.encode(), 1, "is blank"),
        (BARS.encode("utf-16"), None, "UTF-16"),
        (b"PK\x03\x04rest", None, "zip archive"),
        (b"PAR1rest", None, "Parquet"),
        (BARS.encode() + b"\xff\xfe,1\n", 8, "byte 0xff is not UTF-8"),
        (b"\x00" * 100, 1, "NUL byte"),
        (b"1" * 5_000_000, 1, "longer than 65536"),
        (gzip.compress(BARS.encode())[:-12], None, "damaged gzip"),
        (gzip.compress(BARS.encode())[:20] + b"garbage" * 9, None, "damaged gzip"),
        (b"1610064000.0,1,4,0.5,2,10\n1610064000.5,1,4,0.5,2,10\n", 2, "whole number of seconds"),
        (b"2021-01-01,1,4,0.5,2,10\n2023-01-01,1,4,0.5,2,10\n", 2, "366 days"),
    ],
)
def test_a_bad_file_is_refused_with_the_reason(
    write: Write, content: bytes, line: int | None, found: str
) -> None:
    """Empty, foreign, damaged or unknown files are errors that say which of these."""
    error = refusal(write(content))
    assert error.line == line
    assert found in error.problem


def test_junk_in_the_first_row_without_header_is_a_bad_row(write: Write) -> None:
    """A file without header is not taken for one with a strange header."""
    error = refusal(write("junk,1,4,0.5,2,10\n" + "\n".join(ROWS)))
    assert (error.line, error.column) == (1, "time")


@pytest.mark.parametrize(
    ("content", "line", "column", "found"),
    [
        ("time,price,qty\n2021-01-08,0,1\n", 2, "price", "more than 0"),
        ("time,price,qty\n2021-01-08,1,-1\n", 2, "qty", "0 or more"),
        ("time,price,qty\n2021-01-08,1,1\n2021-01-09,1,1\n2021-01-07,1,1\n", 4, "time", "sort the file"),
        ("time,bid,ask\n2021-01-08,2,1\n", 2, "bid", "bid 2.0 is above ask 1.0"),
        ("time,bid,ask\n2021-01-08,2,\n", 2, "ask", "is empty"),
        ("time,bid,ask,bid_size,ask_size\n2021-01-08,1,2,x,1\n", 2, "bid_size", "'x' where a number"),
        ("time,bid,ask\n2021-01-08,1,2\n2021-01-09,1,2\n2021-01-07,1,2\n", 4, "time", "sort the file"),
        ("time,pair,price,qty\n2021-01-08,A/B,1,1\n2021-01-08,C/D,1,1\n", 3, "pair", "one file per symbol"),
        ("time,pair,price,qty\n2021-01-08,A/B,1,1\n2021-01-08,,1,1\n", 3, "pair", "where a symbol"),
        ("time,pair,price,qty\n2021-01-08,,1,1\n", 2, "pair", "where a symbol"),
    ],
)
def test_bad_ticks_are_named(write: Write, content: str, line: int, column: str, found: str) -> None:
    """Trades and quotes are checked as bars are."""
    error = refusal(write(content))
    assert (error.line, error.column) == (line, column)
    assert found in error.problem


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    """A missing file, a directory and an impossible name are errors of the same kind."""
    assert "no such file" in refusal(tmp_path / "missing.csv").problem
    assert "is a directory" in refusal(tmp_path).problem
    assert "cannot be read" in refusal(tmp_path / "a\0b.csv").problem
    (tmp_path / "file").touch()
    assert "cannot be read" in refusal(tmp_path / "file" / "below.csv").problem


def test_long_junk_is_cut_in_the_message(write: Write) -> None:
    """A cell of thousands of characters does not flood the terminal, and control characters are escaped."""
    error = refusal(write(BARS.replace("0.5", "\x1b[31m" + "x" * 5_000, 1)))
    assert len(error.problem) < 200
    assert "\x1b" not in str(error)


def test_the_error_survives_a_process_boundary(write: Write) -> None:
    """A worker process can hand it over with all it knows."""
    error = refusal(write(BARS.replace("0.5", "x", 1)))
    copy = pickle.loads(pickle.dumps(error))
    assert (str(copy), copy.path, copy.line, copy.column) == (str(error), error.path, 2, "Low")

"""Market data files: recognised, checked from the first line to the last, and handed out as events."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from os import PathLike
from pathlib import Path

from metaexpert.expert.market_data.files.errors import MarketDataError, Place, shown
from metaexpert.expert.market_data.files.layout import (
    Kind,
    Layout,
    is_title,
    recognise_layout,
    split_row,
)
from metaexpert.expert.market_data.files.lines import Block, read_blocks
from metaexpert.expert.market_data.files.refusals import (
    KLINE_COLUMNS,
    refuse_unfinished,
    refuse_untraded,
)
from metaexpert.expert.market_data.files.rows import CellReader, Table, cell_reader, explain, read_rows
from metaexpert.expert.market_data.files.series import (
    EventSeries,
    bar_builder,
    book_builder,
    quote_tick_builder,
    trade_tick_builder,
)
from metaexpert.expert.market_data.files.spacing import Gap, Rows, check_bars, check_ticks
from metaexpert.expert.market_data.files.symbols import symbol_from_file_name
from metaexpert.expert.market_data.files.times import TimeFormat, recognise_time, to_datetime
from metaexpert.expert.model.bars import Bar
from metaexpert.expert.model.books import OrderBook
from metaexpert.expert.model.symbols import normalise
from metaexpert.expert.model.ticks import Tick
from metaexpert.expert.model.timeframes import Timeframe


@dataclass(frozen=True, slots=True)
class MarketData:
    """A market data file, checked as a whole; its events are immutable and in order of time."""

    path: Path
    kind: Kind
    """``"bars"``, ``"trades"`` or ``"quotes"``."""
    symbol: str | None
    """The symbol of every event; None when neither the caller, the file nor its name told it."""
    timeframe: Timeframe | None
    """The length of a bar; None for trades and quotes."""
    gaps: tuple[Gap, ...]
    """The holes that `allow_gaps` accepted, in order; always empty for trades and quotes."""
    _table: Table = field(repr=False)

    @property
    def rows(self) -> int:
        """How many rows of data the file has, at least 1."""
        return len(self._table.times_us)

    @property
    def first(self) -> datetime:
        """Time of the first row, in UTC; a bar's is when it opened."""
        return to_datetime(self._table.times_us[0])

    @property
    def last(self) -> datetime:
        """Time of the last row, in UTC; a bar's is when it opened."""
        return to_datetime(self._table.times_us[-1])

    @property
    def events(self) -> Sequence[Bar] | Sequence[Tick] | Sequence[OrderBook]:
        """One event per row: bars, trades' ticks or quotes' books. Raises ValueError without a symbol."""
        if self.kind == "bars":
            return self.bars
        return self.ticks if self.kind == "trades" else self.books

    @property
    def bars(self) -> Sequence[Bar]:
        """The bars, empty for trades and quotes; raises ValueError when the symbol is not known."""
        symbol = self._known_symbol()
        if self.timeframe is None:
            return ()
        return EventSeries(self._table.times_us, self._table.values, bar_builder(symbol, str(self.timeframe)))

    @property
    def ticks(self) -> Sequence[Tick]:
        """One tick per trade or quote, empty for bars; raises ValueError when the symbol is not known.

        A trade is a tick with `last` and `volume`, its `bid` and `ask` NaN. A quote is a tick with `bid` and
        `ask`, its `last` NaN and its `volume` 0.
        """
        symbol = self._known_symbol()
        if self.kind == "bars":
            return ()
        build = trade_tick_builder(symbol) if self.kind == "trades" else quote_tick_builder(symbol)
        return EventSeries(self._table.times_us, self._table.values, build)

    @property
    def books(self) -> Sequence[OrderBook]:
        """One order book per quote, with one level a side; empty for bars and trades.

        `books` and `ticks` of quotes are parallel: the same row at the same index.
        Raises ValueError when the symbol is not known.
        """
        symbol = self._known_symbol()
        if self.kind != "quotes":
            return ()
        return EventSeries(self._table.times_us, self._table.values, book_builder(symbol))

    def with_symbol(self, symbol: str) -> "MarketData":
        """Return the same data under another symbol, uncopied; raises ValueError for an empty one."""
        return replace(self, symbol=_given_symbol(symbol))

    def _known_symbol(self) -> str:
        if self.symbol is None:
            raise ValueError(
                f"{self.path} does not tell its symbol; "
                f"give it to load(..., symbol=...), or use with_symbol(...)"
            )
        return str(self.symbol)


def load(
    path: str | PathLike[str],
    *,
    symbol: str | None = None,
    timeframe: str | Timeframe | None = None,
    allow_gaps: bool = False,
) -> MarketData:
    """Read bars, trades or quotes from a delimited text file, the format recognised from its content.

    A header line may name the columns, below comments (``#``) and addresses of sites; without one, 12 columns
    are exchange klines, 6 are time, open, high, low, close and volume, and the exchanges' own tables of
    trades are known. Times are ISO 8601 text (UTC when they have no zone) or seconds, milliseconds,
    microseconds or nanoseconds since 1970, from 1980 to 2100. Rows may stand newest first. Cells are
    separated by comma, semicolon or tab; gzip-compressed files are read as they are. Columns with no role are
    not looked at. Of volumes that name their currency (``Volume BTC``, ``Volume USDT``), the base currency's
    is the bars' volume.

    `symbol` names the data; without it the file's symbol column does (``BTC/USDT`` is ``BTCUSDT``), then the
    file's name (``btcusdt_klines_5m.csv``), else it stays None. `timeframe` of bars is their most frequent
    spacing unless given. `allow_gaps` accepts missing bars, and lists them in `MarketData.gaps`.

    Raises MarketDataError, with path, line and column, for anything that cannot be traded on: no such file,
    no rows, an unknown format, a cell that is no number or time, a price that is not above 0, a high below a
    low, an open or close outside them, a bid above an ask, unordered or duplicate bars, missing bars. Raises
    ValueError for an empty `symbol` and a `timeframe` that cannot be read.
    """
    given_symbol = None if symbol is None else _given_symbol(symbol)
    given_timeframe = None if timeframe is None else Timeframe.parse(timeframe)
    file = _File(Path(path), given_symbol)
    for block in read_blocks(file.path):
        file.take(block)
    layout, rows = file.finish()
    found_timeframe: Timeframe | None = None
    gaps: tuple[Gap, ...] = ()
    if layout.kind == "bars":
        if layout.width == KLINE_COLUMNS:
            refuse_untraded(file.path, file.table.values)
        found_timeframe, gaps = check_bars(rows, given_timeframe, allow_gaps=allow_gaps)
    else:
        check_ticks(rows)
    found_symbol = given_symbol or file.symbol or symbol_from_file_name(file.path)
    return MarketData(file.path, layout.kind, found_symbol, found_timeframe, gaps, file.table)


def _given_symbol(symbol: str) -> str:
    if not symbol.strip():
        raise ValueError("symbol must name a trading pair such as BTCUSDT, was empty")
    # A `Symbol` stays one.
    return symbol if symbol == symbol.strip() else symbol.strip()


class _File:
    """What has been read of a file so far, with what its first lines told about the others."""

    def __init__(self, path: Path, given_symbol: str | None) -> None:
        self.path = path
        self._given_symbol = given_symbol
        self.symbol: str | None = None
        self.table: Table
        self._layout: Layout | None = None
        #: Number of the first line with data.
        self._first_line = 1
        self._time_format: TimeFormat | None = None
        self._symbol_cell: str | None = None

    def take(self, block: Block) -> None:
        """Read the next lines; raises MarketDataError at the first bad one."""
        lines, line = block.lines, block.first_line
        if self._layout is None:
            titles = next((count for count, each in enumerate(lines) if not is_title(each)), len(lines))
            lines, line = lines[titles:], line + titles
            if not lines:
                return
            pair = self._given_symbol or symbol_from_file_name(self.path)
            named = None if pair is None else normalise(pair)
            self._layout = recognise_layout(Place(self.path, line), lines, named)
            self.table = Table(self._layout.kind)
            if self._layout.has_header:
                lines, line = lines[1:], line + 1
            self._first_line = line
        if lines:
            self._take_rows(self._layout, lines, line, is_simple=block.is_simple)

    def finish(self) -> tuple[Layout, Rows]:
        """Return the layout and the times; raises MarketDataError when there was no row."""
        if self._layout is None:
            raise MarketDataError(self.path, "is empty; give a file with at least a few rows of market data")
        if not self.table.times_us:
            problem = "is only a header, without a row of data; give a file with market data"
            raise MarketDataError(self.path, problem, line=self._first_line - 1)
        rows = Rows(self.path, self.table.times_us, self._first_line, self._layout.names["time"])
        if self.table.is_newest_first():
            self.table.reverse()
            rows = rows._replace(first_line=rows.line(len(rows.times_us) - 1), direction=-1)
        return self._layout, rows

    def _take_rows(self, layout: Layout, lines: list[str], line: int, *, is_simple: bool) -> None:
        rows = self._split(layout, lines, line)
        if self._time_format is None:
            self._time_format = self._recognise_time(layout, rows[0], line)
        before = len(self.table.times_us)
        cells: CellReader = cell_reader(self._time_format, is_simple=is_simple)
        try:
            read_rows(rows, layout, cells, self.table)
        except (ValueError, OverflowError) as error:
            bad = len(self.table.times_us) - before
            raise explain(self.path, line + bad, rows[bad], layout, self._time_format) from error
        if "symbol" in layout.columns:
            self._take_symbols(layout, rows, line)
        if "confirm" in layout.columns:
            refuse_unfinished(
                Place(self.path, line), layout.names["confirm"], rows, layout.columns["confirm"]
            )

    def _split(self, layout: Layout, lines: list[str], line: int) -> list[list[str]]:
        delimiter = layout.delimiter
        rows: list[list[str]] = []
        try:
            for each in lines:
                rows.append(split_row(each, delimiter))
        except ValueError as error:
            raise MarketDataError(self.path, str(error), line=line + len(rows)) from error
        return rows

    def _recognise_time(self, layout: Layout, row: list[str], line: int) -> TimeFormat:
        time_format = recognise_time(row[layout.columns["time"]]) if len(row) == layout.width else None
        if time_format is None:
            raise explain(self.path, line, row, layout, None)
        return time_format

    def _take_symbols(self, layout: Layout, rows: list[list[str]], line: int) -> None:
        position = layout.columns["symbol"]
        if self._symbol_cell is None:
            self._symbol_cell = rows[0][position]
            self.symbol = normalise(self._symbol_cell)
        first = self._symbol_cell
        for index, row in enumerate(rows):
            if row[position] != first or not self.symbol:
                found = shown(row[position])
                problem = f"found {found} in a file of {shown(first)}; give one file per symbol"
                if not normalise(row[position]):
                    problem = f"found {found} where a symbol such as BTCUSDT belongs; fill the cell"
                raise MarketDataError(self.path, problem, line=line + index, column=layout.names["symbol"])

"""The market data of one run: one symbol's bars, or its ticks with their order books."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from metaexpert.expert.errors import ExpertError
from metaexpert.expert.market_data.files.load import MarketData, load
from metaexpert.expert.market_data.source import Instrument, MarketEvent
from metaexpert.expert.model.bars import Bar
from metaexpert.expert.model.books import OrderBook, Quote
from metaexpert.expert.model.ticks import Tick
from metaexpert.expert.model.timeframes import Timeframe

E = TypeVar("E", Bar, Tick, OrderBook)


@dataclass(frozen=True, slots=True)
class Feed:
    """A finite `Source` of one instrument: `bars`, or `ticks` with `books` parallel to them or empty."""

    name: str
    """Where the data come from, as records call it."""
    symbol: str
    timeframe: Timeframe | None
    """Length of a bar; None for ticks."""
    bars: Sequence[Bar] = ()
    ticks: Sequence[Tick] = ()
    books: Sequence[OrderBook] = ()
    missing_bars: int = 0
    """Bars that the data skips, accepted by `allow_gaps`."""
    symbol_note: str = ""
    """A note for the user about the symbol, if there is one."""

    @property
    def instruments(self) -> tuple[Instrument, ...]:
        """The one instrument."""
        return (Instrument(str(self.symbol), self.timeframe),)

    def events(self) -> Iterator[MarketEvent]:
        """Yield the bars, the ticks, or a quote for each tick and its book."""
        if self.bars:
            return iter(self.bars)
        return map(Quote, self.ticks, self.books) if self.books else iter(self.ticks)

    def __len__(self) -> int:
        return len(self.bars) or len(self.ticks)

    @property
    def first_price(self) -> float:
        """The first price of the data."""
        if self.bars:
            return self.bars[0].open
        tick = self.ticks[0]
        # NaN is the only float that differs from itself: a quote has no last price.
        return tick.last if tick.last == tick.last else (tick.bid + tick.ask) / 2

    @property
    def starts(self) -> datetime:
        """Time of the first event."""
        return (self.bars or self.ticks)[0].time


def feed_of_file(
    path: str | Path,
    symbols: tuple[str, ...],
    *,
    symbol: str | None = None,
    start: datetime | None = None,
    end: datetime | None = None,
    allow_gaps: bool = False,
) -> Feed:
    """Load a market data file for a strategy that names `symbols`, from `start` to before `end`.

    The symbol is `symbol` if given, or that of the file, or the strategy's first. If the file's differs from
    the strategy's, the file's counts, because its prices are those of its symbol. Raises `MarketDataError`
    for a bad file and `ExpertError` when no event lies in the range.
    """
    data = load(path, symbol=symbol, allow_gaps=allow_gaps)
    note = ""
    if data.symbol is None:
        data = data.with_symbol(symbols[0])
        note = f"{data.path.name} does not name its symbol: taken for the strategy's {symbols[0]}"
    elif data.symbol not in symbols and symbol is None:
        named = ", ".join(symbols)
        note = f"{data.path.name} has {data.symbol}, the strategy names {named}: running on {data.symbol}"
    feed = Feed(
        name=str(path),
        symbol=data.symbol or symbols[0],
        timeframe=data.timeframe,
        bars=_between(data.bars, start, end),
        ticks=_between(data.ticks, start, end),
        books=_between(data.books, start, end),
        missing_bars=sum(gap.missing for gap in data.gaps),
        symbol_note=note,
    )
    if not len(feed):
        raise ExpertError(_out_of_range(data, start, end))
    return feed


def feed_of_bars(bars: Sequence[Bar], name: str) -> Feed:
    """Return a feed of bars that are in memory; at least one is needed."""
    if not bars:
        raise ExpertError("at least one bar is needed")
    return Feed(name, bars[0].symbol, Timeframe.parse(bars[0].timeframe), bars=bars)


def _between(events: Sequence[E], start: datetime | None, end: datetime | None) -> Sequence[E]:
    low = 0 if start is None else bisect_left(events, start, key=lambda event: event.time)
    high = len(events) if end is None else bisect_left(events, end, key=lambda event: event.time)
    return events if (low, high) == (0, len(events)) else events[low:high]


def _out_of_range(data: MarketData, start: datetime | None, end: datetime | None) -> str:
    asked = f"from {start or 'the beginning'} to {end or 'the end'}"
    return (
        f"{data.path} has no data {asked}: it goes from {data.first} to {data.last}; "
        f"change --from and --to, or leave them out to run all of it"
    )

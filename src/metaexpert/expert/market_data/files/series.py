"""Sequences of events that are kept as columns of numbers, and become objects when they are looked at."""

from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import repeat
from math import nan
from typing import TypeVar, overload

from metaexpert.expert.model.bars import Bar
from metaexpert.expert.model.books import OrderBook
from metaexpert.expert.model.ticks import Tick

E = TypeVar("E")
Column = Iterable[float]
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class EventSeries(Sequence[E]):
    """An immutable sequence of events, in order of time: a few dozen bytes each, however many there are."""

    __slots__ = ("_build", "_columns", "_times")

    def __init__(
        self,
        times_us: "array[int]",
        columns: "tuple[array[float], ...]",
        build: Callable[[Iterator[datetime], tuple[Column, ...]], Iterator[E]],
    ) -> None:
        """`times_us`: microseconds since the Unix epoch; `build` makes events of times and columns."""
        self._times = times_us
        self._columns = columns
        self._build = build

    def __len__(self) -> int:
        return len(self._times)

    def __iter__(self) -> Iterator[E]:
        times = map(_EPOCH.__add__, map(timedelta, repeat(0), repeat(0), self._times))
        return self._build(times, self._columns)

    @overload
    def __getitem__(self, index: int) -> E: ...
    @overload
    def __getitem__(self, index: slice) -> "EventSeries[E]": ...
    def __getitem__(self, index: int | slice) -> "E | EventSeries[E]":
        if isinstance(index, slice):
            return EventSeries(
                self._times[index], tuple(column[index] for column in self._columns), self._build
            )
        position = range(len(self))[index]
        return next(iter(self[position : position + 1]))

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {len(self)} events>"


def bar_builder(
    symbol: str, timeframe: str
) -> Callable[[Iterator[datetime], tuple[Column, ...]], Iterator[Bar]]:
    """Make bars of the columns open, high, low, close, volume."""

    def build(times: Iterator[datetime], columns: tuple[Column, ...]) -> Iterator[Bar]:
        return map(Bar, repeat(symbol), repeat(timeframe), times, *columns)

    return build


def trade_tick_builder(symbol: str) -> Callable[[Iterator[datetime], tuple[Column, ...]], Iterator[Tick]]:
    """Make ticks of the columns price, quantity."""

    def build(times: Iterator[datetime], columns: tuple[Column, ...]) -> Iterator[Tick]:
        return map(Tick, repeat(symbol), times, repeat(nan), repeat(nan), *columns)

    return build


def quote_tick_builder(symbol: str) -> Callable[[Iterator[datetime], tuple[Column, ...]], Iterator[Tick]]:
    """Make ticks of the columns bid, ask, and two more that are left out."""

    def build(times: Iterator[datetime], columns: tuple[Column, ...]) -> Iterator[Tick]:
        bid, ask = columns[:2]
        return map(Tick, repeat(symbol), times, bid, ask, repeat(nan), repeat(0.0))

    return build


def book_builder(symbol: str) -> Callable[[Iterator[datetime], tuple[Column, ...]], Iterator[OrderBook]]:
    """Make order books of one level of the columns bid, ask, bid size, ask size."""

    def build(times: Iterator[datetime], columns: tuple[Column, ...]) -> Iterator[OrderBook]:
        bid, ask, bid_size, ask_size = columns
        bids, asks = zip(zip(bid, bid_size, strict=True)), zip(zip(ask, ask_size, strict=True))
        return map(OrderBook, repeat(symbol), times, bids, asks)

    return build

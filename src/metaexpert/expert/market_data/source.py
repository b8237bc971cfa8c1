"""The port through which market data come into a run."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple, Protocol

from metaexpert.expert.model.bars import Bar
from metaexpert.expert.model.books import Quote
from metaexpert.expert.model.ticks import Tick
from metaexpert.expert.model.timeframes import Timeframe

MarketEvent = Bar | Tick | Quote
"""An event of a market: a bar that has closed, a trade (or a bare quote), or a quote with its book."""


class Instrument(NamedTuple):
    """An instrument that a source has data of."""

    symbol: str
    timeframe: Timeframe | None
    """Length of a bar; None for ticks."""


class Source(Protocol):
    """Yields the events of one market or several, in order of time.

    Events of the same time come in the order in which they happened. An event is yielded once; one that comes
    late, after a later event, is left out by the source and never yielded. A source may end, as a file does,
    or go on for ever.
    """

    @property
    def name(self) -> str:
        """Where the data come from, as records call it."""

    @property
    def instruments(self) -> tuple[Instrument, ...]:
        """What the events are about, each symbol once."""

    @property
    def missing_bars(self) -> int:
        """How many bars the data lack."""

    @property
    def symbol_note(self) -> str:
        """A note for the user about the symbols, if there is one."""

    def events(self) -> Iterator[MarketEvent]:
        """Yield the events from the first on."""

    def __len__(self) -> int:
        """Return how many events there are, or 0 if that is not known."""

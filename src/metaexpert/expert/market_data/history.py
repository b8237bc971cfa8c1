"""The closed bars a strategy may look back on, a bounded number for each timeframe."""

from __future__ import annotations

from collections import deque
from itertools import islice
from numbers import Integral

from metaexpert.expert.errors import ArgumentError
from metaexpert.expert.model.bars import Bar


class BarHistory:
    """Keeps the latest closed bars of several timeframes, oldest first."""

    def __init__(self, capacities: dict[str, int]) -> None:
        """Keep for each timeframe named in `capacities` that many bars."""
        self._bars: dict[str, deque[Bar]] = {name: deque(maxlen=max(1, n)) for name, n in capacities.items()}
        self._closed = dict.fromkeys(capacities, 0)

    @property
    def timeframes(self) -> tuple[str, ...]:
        """The timeframes that are kept."""
        return tuple(self._bars)

    def add(self, bar: Bar) -> None:
        """Append a closed bar; one of a timeframe that is not kept is an error."""
        self._kept(bar.timeframe).append(bar)
        self._closed[bar.timeframe] += 1

    def closed(self, timeframe: str) -> int:
        """Return how many bars of a timeframe have closed since the start, kept or not."""
        self._kept(timeframe)
        return self._closed[timeframe]

    def last(self, timeframe: str, count: int | None = None) -> list[Bar]:
        """Return up to `count` of the latest bars, all that are kept without it; raises `ArgumentError`."""
        bars = self._kept(timeframe)
        if count is None:
            return list(bars)
        if isinstance(count, bool) or not isinstance(count, Integral) or count < 0:
            raise ArgumentError(f"count must be a whole number of bars from 0, was {count!r}")
        return list(islice(bars, max(0, len(bars) - int(count)), None))

    def _kept(self, timeframe: str) -> deque[Bar]:
        try:
            return self._bars[timeframe]
        except KeyError:
            raise ArgumentError(
                f"no history of timeframe {timeframe!r} is kept; there is one of {', '.join(self._bars)}"
            ) from None

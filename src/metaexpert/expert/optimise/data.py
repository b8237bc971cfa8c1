"""The market data of passes: a process loads a file once, and each pass takes its range of it."""

from __future__ import annotations

import os
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from metaexpert.expert.market_data.feed import Feed, feed_of_file

#: Whole files, by what they were loaded as. More than this would be a strategy that names another each time.
_feeds: Final[dict[Any, Feed]] = {}
_MOST: Final = 2


def remembered_feed(
    path: str | Path,
    symbols: tuple[str, ...],
    *,
    symbol: str | None = None,
    start: datetime | None = None,
    end: datetime | None = None,
    allow_gaps: bool = False,
) -> Feed:
    """Return what `feed_of_file` returns, which loads the file if it has changed since the last time."""
    state = os.stat(path) if os.path.exists(path) else None
    key = (str(path), state and (state.st_mtime_ns, state.st_size), symbols, symbol, allow_gaps)
    whole = _feeds.get(key)
    if whole is None:
        while len(_feeds) >= _MOST:
            del _feeds[next(iter(_feeds))]
        whole = _feeds[key] = feed_of_file(path, symbols, symbol=symbol, allow_gaps=allow_gaps)
    part = replace(
        whole,
        bars=_between(whole.bars, start, end),
        ticks=_between(whole.ticks, start, end),
        books=_between(whole.books, start, end),
    )
    if len(part):
        return part
    # It has the words for a range without data.
    return feed_of_file(path, symbols, symbol=symbol, start=start, end=end, allow_gaps=allow_gaps)


def _between(events: Sequence[Any], start: datetime | None, end: datetime | None) -> Sequence[Any]:
    low = 0 if start is None else bisect_left(events, start, key=lambda event: event.time)
    high = len(events) if end is None else bisect_left(events, end, key=lambda event: event.time)
    return events[low:high]

"""Bars of a longer timeframe, put together from shorter bars or from ticks."""

from datetime import datetime
from math import isnan

from metaexpert.expert.model.bars import Bar
from metaexpert.expert.model.ticks import Tick
from metaexpert.expert.model.timeframes import Timeframe


class BarAggregator:
    """Builds the bars of one symbol and timeframe, each handed out as soon as it is known to be complete.

    From bars, one is complete when its last part arrives: the 1h bar of 10:00 comes with the 1m bar of 10:59.
    From ticks, it is complete when the first tick after its end arrives. Where the source has holes, a bar is
    made of what there is, and a period without any data has no bar. `flush` gives the unfinished rest.
    """

    def __init__(self, symbol: str, timeframe: str | Timeframe) -> None:
        """Raises ValueError for a timeframe that cannot be read."""
        self.symbol = symbol
        self.timeframe = Timeframe.parse(timeframe)
        self._name = str(self.timeframe)
        self._source_name: str | None = None
        self._source: Timeframe | None = None
        self._latest: datetime | None = None
        self._opened: datetime | None = None
        self._closes: datetime | None = None
        self._handed_out_until: datetime | None = None
        self._open = self._high = self._low = self._close = self._volume = 0.0
        self._parts = 0

    @property
    def partial(self) -> Bar | None:
        """The unfinished bar as it stands, or None when nothing has come since the last complete one."""
        if self._opened is None:
            return None
        return Bar(
            self.symbol,
            self._name,
            self._opened,
            self._open,
            self._high,
            self._low,
            self._close,
            self._volume,
        )

    @property
    def parts(self) -> int:
        """How many bars or ticks are in the unfinished bar."""
        return self._parts

    def add_bar(self, bar: Bar) -> tuple[Bar, ...]:
        """Take the next shorter bar; return the bars that it completes, oldest first.

        Mostly none or one; two when, after a hole, it both ends an unfinished period and fills its own.
        Raises ValueError, and takes nothing, when the bar is of another symbol, is not later than the one
        before, changes the source's timeframe, or does not fit as a whole into one bar of this timeframe.
        """
        source = self._accept_bar(bar)
        opened, closes = self._period_of(bar.time)
        ends = bar.time + source.delta
        if ends > closes:
            raise ValueError(
                f"the {source} bar of {bar.time.isoformat()} reaches past {closes.isoformat()}, where a "
                f"{self._name} bar ends; use data whose bars open on multiples of {source}"
            )
        self._latest = bar.time
        completed = self._start_period(opened, closes)
        self._extend(bar.open, bar.high, bar.low, bar.close, bar.volume)
        return completed + self._finish() if ends == closes else completed

    def add_tick(self, tick: Tick) -> tuple[Bar, ...]:
        """Take the next tick; return the bar that ended before it, if there is one.

        The price is that of the trade, or midway between bid and ask when the tick is a quote. Raises
        ValueError, and takes nothing, when the tick is of another symbol, is earlier than the one before, has
        no price, or when the aggregator has been given bars.
        """
        if self._source is not None:
            raise ValueError(f"this aggregator builds from {self._source} bars; use another one for ticks")
        self._check_symbol(tick.symbol)
        if self._latest is not None and tick.time < self._latest:
            raise ValueError(
                f"tick of {tick.time.isoformat()} came after {self._latest.isoformat()}; sort by time"
            )
        price = (tick.bid + tick.ask) / 2 if isnan(tick.last) else tick.last
        if isnan(price):
            raise ValueError(f"tick of {tick.time.isoformat()} has neither a last price nor a bid and an ask")
        self._check_not_handed_out(tick.time)
        self._latest = tick.time
        completed = self._start_period(*self._period_of(tick.time))
        self._extend(price, price, price, price, 0.0 if isnan(tick.volume) else tick.volume)
        return completed

    def close_until(self, time: datetime) -> tuple[Bar, ...]:
        """Return the unfinished bar if it ends by `time`: how a clock ends a quiet period."""
        if self._closes is None or time < self._closes:
            return ()
        return self._finish()

    def flush(self) -> Bar | None:
        """Return the unfinished bar, for the end of the data; None when there is nothing unfinished.

        Its period counts as handed out: data that still comes for it is refused.
        """
        unfinished = self._finish()
        return unfinished[0] if unfinished else None

    def _accept_bar(self, bar: Bar) -> Timeframe:
        self._check_symbol(bar.symbol)
        source = self._source
        if source is None or bar.timeframe != self._source_name:
            source = self._accept_source(bar.timeframe)
        if self._latest is not None and bar.time <= self._latest:
            raise ValueError(
                f"bar of {bar.time.isoformat()} came after {self._latest.isoformat()}; "
                f"give each bar once, by time"
            )
        self._check_not_handed_out(bar.time)
        self._source, self._source_name = source, bar.timeframe
        return source

    def _accept_source(self, name: str) -> Timeframe:
        source = Timeframe.parse(name)
        if self._source is None and self._latest is not None:
            raise ValueError("this aggregator builds from ticks; use another one for bars")
        if self._source is not None and source != self._source:
            raise ValueError(f"a {source} bar came after {self._source} bars; use one aggregator per source")
        if not self.timeframe.is_multiple_of(source):
            raise ValueError(
                f"{self._name} bars cannot be built from {source} bars: {self._name} is no multiple of "
                f"{source}; use a longer timeframe or finer data"
            )
        return source

    def _check_symbol(self, symbol: str) -> None:
        if symbol != self.symbol:
            raise ValueError(f"this aggregator builds bars of {self.symbol}, was given {symbol}")

    def _check_not_handed_out(self, time: datetime) -> None:
        # Only possible after `flush` or `close_until`: a period must never be handed out twice.
        if self._handed_out_until is not None and time < self._handed_out_until:
            raise ValueError(
                f"data of {time.isoformat()} came after its {self._name} bar, which ends at "
                f"{self._handed_out_until.isoformat()}, was handed out; close later, or drop late data"
            )

    def _period_of(self, time: datetime) -> tuple[datetime, datetime]:
        if self._opened is not None and self._closes is not None and self._opened <= time < self._closes:
            return self._opened, self._closes
        opened = self.timeframe.floor(time)
        return opened, opened + self.timeframe.delta

    def _start_period(self, opened: datetime, closes: datetime) -> tuple[Bar, ...]:
        """Make `opened` the period being built; return the bar of the one before, if unfinished."""
        if opened == self._opened:
            return ()
        completed = self._finish()
        self._opened, self._closes = opened, closes
        return completed

    def _extend(self, open_: float, high: float, low: float, close: float, volume: float) -> None:
        if self._parts == 0:
            self._open, self._high, self._low, self._volume = open_, high, low, 0.0
        self._high = max(self._high, high)
        self._low = min(self._low, low)
        self._close = close
        self._volume += volume
        self._parts += 1

    def _finish(self) -> tuple[Bar, ...]:
        bar = self.partial
        if bar is not None:
            self._handed_out_until = self._closes
        self._opened = self._closes = None
        self._parts = 0
        return () if bar is None else (bar,)

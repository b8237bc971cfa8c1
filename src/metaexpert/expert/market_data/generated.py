"""Made-up market data that is the same on every machine, for demonstrations and tests."""

import math
from datetime import UTC, datetime
from random import Random

from metaexpert.expert.model.bars import Bar
from metaexpert.expert.model.timeframes import Timeframe

_START = datetime(2024, 1, 1, tzinfo=UTC)
_MINUTES_PER_YEAR = 525_600
_REGIME_BARS = (120, 480)
_STEPS_PER_BAR = 8
_STEP_SCALE = math.sqrt(1 / _STEPS_PER_BAR)


def generate_bars(
    *,
    seed: int,
    count: int,
    symbol: str = "BTCUSDT",
    timeframe: str | Timeframe = "1m",
    start: datetime = _START,
    start_price: float = 40_000.0,
    tick_size: float = 0.1,
) -> list[Bar]:
    """Return `count` consecutive bars of a price that trends up, trends down and drifts sideways by turns.

    The price is a geometric random walk whose drift and volatility change every few hundred bars, at around
    60 % a year when quiet and up to three times that in a trend; volume, in base currency, rises with the
    move. Bars are whole ticks, each opens at the last close, and always low <= open, close <= high. The same
    arguments give the same bars on every platform and Python version.

    Raises ValueError for a negative `count`, a `start` without zone or off the timeframe's grid, a
    `start_price` below 1000 ticks, and a `tick_size` below 1e-8.
    """
    length = Timeframe.parse(timeframe)
    start = start.astimezone(UTC) if start.tzinfo is not None else start
    _check(count, start, length, start_price, tick_size)
    walk = _PriceWalk(Random(seed), start_price / tick_size, length)
    decimals = _decimals(tick_size)
    name = str(length)
    bars: list[Bar] = []
    for index in range(count):
        prices, volume = walk.next_bar()
        open_, high, low, close = (round(ticks * tick_size, decimals) for ticks in prices)
        bars.append(Bar(symbol, name, start + index * length.delta, open_, high, low, close, volume))
    return bars


def _check(count: int, start: datetime, length: Timeframe, start_price: float, tick_size: float) -> None:
    if count < 0:
        raise ValueError(f"count must be 0 or more, was {count}")
    if length.floor(start) != start:
        raise ValueError(f"start must be the opening of a {length} bar, was {start.isoformat()}")
    if not 1e-8 <= tick_size < math.inf:
        raise ValueError(f"tick_size must be at least 1e-8, was {tick_size}")
    if not 1_000 * tick_size <= start_price < math.inf:
        raise ValueError(f"start_price must be at least 1000 ticks of {tick_size}, was {start_price}")


def _decimals(tick_size: float) -> int:
    """Return how many decimals a price of whole ticks has."""
    text = format(tick_size, ".12f").rstrip("0")
    return len(text.partition(".")[2])


class _PriceWalk:
    """The price as a real number of ticks.

    Only `Random.random`, the four basic operations and the square root are used: IEEE 754 settles their last
    bit, while other methods of `Random` may change with Python, and `exp` or `log` differ between C
    libraries.
    """

    def __init__(self, random: Random, price_ticks: float, length: Timeframe) -> None:
        self._random = random.random
        self._price = price_ticks
        self._floor = price_ticks / 10
        self._ceiling = price_ticks * 10
        self._quiet = 0.60 * math.sqrt(length.seconds / 60 / _MINUTES_PER_YEAR)
        self._bars_left = 0
        self._drift = 0.0
        self._volatility = self._quiet
        self._direction = 0

    def next_bar(self) -> tuple[tuple[int, int, int, int], float]:
        """Return open, high, low and close in ticks, and the volume."""
        if self._bars_left == 0:
            self._change_regime()
        self._bars_left -= 1
        open_ = high = low = close = round(self._price)
        for _ in range(_STEPS_PER_BAR):
            self._step()
            close = round(self._price)
            high = max(high, close)
            low = min(low, close)
        move = (high - low) / (self._price * self._volatility)
        volume = (0.5 + self._random()) * (0.4 + move * move) * 12.0
        return (open_, high, low, close), round(volume, 5)

    def _step(self) -> None:
        change = self._drift / _STEPS_PER_BAR + self._volatility * self._normal() * _STEP_SCALE
        self._price = min(max(self._price * (1.0 + change), self._floor), self._ceiling)

    def _change_regime(self) -> None:
        shortest, longest = _REGIME_BARS
        self._bars_left = shortest + int(self._random() * (longest - shortest))
        # Never the same direction twice: every change of regime is one that a trend follower sees.
        self._direction = (self._direction + 1 + int(self._random() * 2) + 1) % 3 - 1
        self._volatility = self._quiet * (1.0 + self._random() * (2.0 if self._direction else 0.5))
        self._drift = self._direction * self._volatility * (0.08 + 0.10 * self._random())

    def _normal(self) -> float:
        """Return a number of mean 0 and variance 1, as good as normal up to three standard deviations."""
        total = -6.0
        # Not `sum`: since Python 3.12 it rounds differently.
        for _ in range(12):
            total += self._random()
        return total

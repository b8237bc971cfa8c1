import hashlib
import itertools
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from metaexpert.expert.market_data import Bar, generate_bars

# A busy machine is no failure.
UNTIMED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


def digest(bars: list[Bar]) -> str:
    """Fold prices and volumes into one text."""
    return hashlib.sha256(repr([tuple(bar)[3:] for bar in bars]).encode()).hexdigest()


def test_a_seed_gives_the_same_bars_everywhere() -> None:
    """The prices and volumes of seed 7 are pinned, to the last bit."""
    bars = generate_bars(seed=7, count=2_000)
    assert digest(bars) == "6e37c2aa942b5f822e0698b9c8bd372b919451dab402fdcb7a3d5df53f143aef"


def test_seeds_differ() -> None:
    """Another seed is another market, and a longer run begins like the shorter one."""
    assert digest(generate_bars(seed=1, count=50)) != digest(generate_bars(seed=2, count=50))
    assert generate_bars(seed=1, count=50) == generate_bars(seed=1, count=80)[:50]


@UNTIMED
@given(
    seed=st.integers(),
    timeframe=st.sampled_from(["1s", "1m", "1h", "1d"]),
    tick_size=st.sampled_from([0.01, 0.1, 0.5, 1.0, 10.0]),
)
def test_bars_are_valid_and_on_the_tick(seed: int, timeframe: str, tick_size: float) -> None:
    """Low <= open, close <= high, whole ticks, positive volume, each bar opens where the last one closed."""
    bars = generate_bars(seed=seed, count=60, timeframe=timeframe, tick_size=tick_size)
    assert len(bars) == 60
    for bar in bars:
        assert 0 < bar.low <= min(bar.open, bar.close) <= max(bar.open, bar.close) <= bar.high
        assert bar.volume > 0
        assert all(
            round(price / tick_size) * tick_size == pytest.approx(price, rel=1e-12) for price in bar[3:7]
        )
    assert [bar.open for bar in bars[1:]] == [bar.close for bar in bars[:-1]]


def test_bars_follow_each_other_from_start() -> None:
    """Times step by the timeframe from `start`; symbol and timeframe are as asked."""
    start = datetime(2020, 2, 28, 23, 55, tzinfo=UTC)
    bars = generate_bars(seed=3, count=4, symbol="ETHUSDT", timeframe="5m", start=start, start_price=200.0)
    assert [bar.time for bar in bars] == [start + i * timedelta(minutes=5) for i in range(4)]
    assert {(bar.symbol, bar.timeframe) for bar in bars} == {("ETHUSDT", "5m")}
    assert bars[0].open == 200.0


def test_the_market_has_trends() -> None:
    """Over ten days, moves of four hours are clearly larger than a plain random walk would make them."""
    closes = [bar.close for bar in generate_bars(seed=11, count=14_400)]
    minutes = [b / a - 1 for a, b in itertools.pairwise(closes)]
    hours = [b / a - 1 for a, b in zip(closes, closes[240:], strict=False)]
    variance_ratio = (sum(x * x for x in hours) / len(hours)) / (
        240 * sum(x * x for x in minutes) / len(minutes)
    )
    assert variance_ratio > 1.5


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ({"count": -1}, "count"),
        ({"start": datetime(2024, 1, 1)}, "no time zone"),
        ({"start": datetime(2024, 1, 1, 0, 0, 30, tzinfo=UTC)}, "opening of a 1m bar"),
        ({"start_price": 0.0}, "start_price"),
        ({"start_price": float("nan")}, "start_price"),
        ({"tick_size": 0.0}, "tick_size"),
        ({"timeframe": "1M"}, "months"),
    ],
)
def test_senseless_arguments_are_refused(arguments: dict[str, object], reason: str) -> None:
    """The error names the argument."""
    with pytest.raises(ValueError, match=reason):
        generate_bars(**{"seed": 1, "count": 10, **arguments})  # type: ignore[arg-type]


def test_no_bars_are_no_bars() -> None:
    """A count of 0 is an empty list."""
    assert generate_bars(seed=1, count=0) == []

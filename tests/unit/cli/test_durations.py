"""Facts about durations as options give them and as tables show them."""

import pytest

from metaexpert.cli.durations import duration_seconds, elapsed
from metaexpert.cli.failure import CommandFailedError


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("30s", 30), ("10m", 600), ("1h30m", 5400), ("2d", 172800), ("45", 45), ("0.5s", 0.5), ("500ms", 0.5)],
)
def test_a_time_has_units(text: str, seconds: float) -> None:
    """Seconds, minutes, hours and days, alone or together; a bare number is seconds."""
    assert duration_seconds("--ttl", text) == seconds


@pytest.mark.parametrize("text", ["", "m", "10 minutes", "-5s", "10x", "1h 30m", "nan"])
def test_what_is_no_time_is_refused(text: str) -> None:
    """With the option and what it must be."""
    with pytest.raises(CommandFailedError, match="--ttl must be a time such as 30s"):
        duration_seconds("--ttl", text)


@pytest.mark.parametrize(
    ("seconds", "shown"), [(0, "00:00:00"), (5405, "01:30:05"), (86399, "23:59:59"), (172810, "2d 00:00:10")]
)
def test_elapsed_time_counts_days_apart(seconds: int, shown: str) -> None:
    """Hours, minutes and seconds, and days before them once there are any."""
    assert elapsed(seconds) == shown

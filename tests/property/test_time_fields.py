"""Times as fields have the text that `isoformat` gives, on every path."""

from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from metaexpert.logger import get_logger

if TYPE_CHECKING:
    from support.logs import Logs

ZONES = st.sampled_from([None, UTC, timezone(timedelta(hours=5, minutes=30)), timezone(timedelta(0), "GMT")])


@pytest.mark.usefixtures("both_ways")
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(times=st.lists(st.datetimes(timezones=ZONES), min_size=1, max_size=6))
def test_times_are_written_with_their_full_precision(both_ways: "Logs", times: list[datetime]) -> None:
    """Any number of times in a call, with or without a zone, reads back exactly, UTC with a Z."""
    fields = {f"t{number}": time for number, time in enumerate(times)}
    get_logger("bot").info("times", list_of_them=times, **fields)
    record = both_ways.last()
    for name, time in fields.items():
        assert record[name] == time.isoformat().replace("+00:00", "Z")
        assert datetime.fromisoformat(record[name]) == time
    assert record["list_of_them"] == [record[name] for name in fields]

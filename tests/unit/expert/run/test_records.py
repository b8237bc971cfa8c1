"""Waiting for the records of a run at its end."""

import pytest

from metaexpert.expert.run import records
from metaexpert.logger.process.statistics import LoggerStats, SinkStats


@pytest.mark.parametrize(
    ("problem", "seconds"),
    [(None, records.FLUSH_TIMEOUT_S), ("No space left on device", records.TROUBLED_TIMEOUT_S)],
)
def test_the_end_of_a_run_hardly_waits_for_a_handler_that_fails(monkeypatch, problem, seconds):
    """A handler that fails may fail for hours; the records it owes stay where they are."""
    waited = []
    sinks = {"file": SinkStats(1, 0, 1, 0, None), "console": SinkStats(0, 0, 0, 1, problem)}
    monkeypatch.setattr(records, "stats", lambda: LoggerStats(sinks=sinks))
    monkeypatch.setattr(records, "flush", waited.append)
    records.settle()
    assert waited == [seconds]

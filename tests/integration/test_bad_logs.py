"""Logs with something wrong in them: records are read, nothing else passes for one, every fault is told."""

import re
import warnings
from pathlib import Path

import pytest

from metaexpert.logger import read_log
from support.bad_logs import TORN, BadLog, bad_logs

LOGS = bad_logs()


@pytest.fixture(params=LOGS)
def bad(request: pytest.FixtureRequest) -> BadLog:
    """Each of the logs."""
    return LOGS[request.param]


def without_unsure(bad: BadLog, messages: list[str]) -> list[str]:
    """Return the messages of the records that every reader has to give."""
    return [message for message in messages if message not in bad.unsure]


def test_read_log_gives_the_records_and_counts_the_rest(bad: BadLog, tmp_path: Path) -> None:
    """A torn last line is still being written and not counted; the damage of an archive is one fault."""
    path = bad.write(tmp_path)
    if not path.exists():
        pytest.skip("there is no file to read")

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        messages = [entry.message for entry in read_log(path)]

    records = without_unsure(bad, messages)
    assert records == list(bad.records)[: len(records)]
    assert bad.ends_early or records == list(bad.records)
    unread = len(set(bad.unsure) - set(messages))
    faults = sum(count for fault, count in bad.faults.items() if fault != TORN) + bad.others + unread
    told = [int(re.search(r": (\d+) lines? (?:is|are) no record", str(each.message))[1]) for each in caught]
    assert sum(told) == faults + bad.ends_early


def test_strict_reading_refuses_what_is_no_record(bad: BadLog, tmp_path: Path) -> None:
    """Each fault raises, and a log without one is read in full."""
    path = bad.write(tmp_path)
    if not path.exists():
        pytest.skip("there is no file to read")
    if bad.unsure:
        pytest.skip("readers need not agree about it")

    if bad.faults or bad.others or bad.ends_early:
        with pytest.raises(ValueError, match=re.escape(path.name)):
            list(read_log(path, strict=True))
    else:
        assert [entry.message for entry in read_log(path, strict=True)] == list(bad.records)

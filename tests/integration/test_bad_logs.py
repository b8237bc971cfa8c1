"""Logs with something wrong in them: records are read, nothing else passes for one, every fault is told."""

import re
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from metaexpert.cli.app import run_command_line
from metaexpert.logger import read_log
from metaexpert.reader import read
from support.bad_logs import DUPLICATE_KEY, TORN, BadLog, bad_logs

LOGS = bad_logs()


@pytest.fixture(params=LOGS)
def bad(request: pytest.FixtureRequest) -> BadLog:
    """Each of the logs."""
    return LOGS[request.param]


def without_unsure(bad: BadLog, messages: list[str]) -> list[str]:
    """Return the messages of the records that every reader has to give."""
    return [message for message in messages if message not in bad.unsure]


def told_by(caught: list[warnings.WarningMessage]) -> int:
    """Return how many lines warnings say are no records."""
    texts = [str(each.message) for each in caught]
    return sum(
        int(count) for text in texts for count in re.findall(r": (\d+) lines? (?:is|are) no record", text)
    )


def see_records(bad: BadLog, messages: list[str]) -> int:
    """Check the messages of a reader, and return how many records it did not take."""
    records = without_unsure(bad, messages)
    assert records == list(bad.records)[: len(records)]
    assert bad.ends_early or records == list(bad.records)
    return len(set(bad.unsure) - set(messages))


def test_read_log_gives_the_records_and_counts_the_rest(bad: BadLog, tmp_path: Path) -> None:
    """A torn last line is still being written and not counted; the damage of an archive is one fault."""
    path = bad.write(tmp_path)
    if not path.exists():
        pytest.skip("there is no file to read")

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        messages = [entry.message for entry in read_log(path)]

    unread = see_records(bad, messages)
    if bad.is_refused_by_some and not messages:
        assert told_by(caught) > 0
    else:
        faults = sum(count for fault, count in bad.faults.items() if fault != TORN)
        assert told_by(caught) == faults + bad.others + bad.blank + unread + bad.ends_early


def test_strict_read_log_refuses_what_is_no_record(bad: BadLog, tmp_path: Path) -> None:
    """Each fault raises, and a log without one is read in full."""
    path = bad.write(tmp_path)
    if not path.exists():
        pytest.skip("there is no file to read")
    if bad.unsure:
        pytest.skip("readers need not agree about it")

    if bad.faults or bad.others or bad.blank or bad.ends_early:
        with pytest.raises(ValueError, match=re.escape(path.name)):
            list(read_log(path, strict=True))
    else:
        assert [entry.message for entry in read_log(path, strict=True)] == list(bad.records)


def test_read_gives_the_records_and_counts_the_rest(bad: BadLog, tmp_path: Path) -> None:
    """A torn last line counts; of a damaged archive something is said; a blank line is nothing."""
    bad.write(tmp_path)

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        messages = [entry.message for entry in read(tmp_path)]

    unread = see_records(bad, messages)
    if bad.is_refused_by_some and not messages:
        assert [bad.name in str(each.message) for each in caught] == [True]
    else:
        assert told_by(caught) == sum(bad.faults.values()) + bad.others + unread
        assert bool(caught) == (told_by(caught) > 0 or bad.ends_early)


def test_strict_read_refuses_what_is_no_record(bad: BadLog, tmp_path: Path) -> None:
    """Each fault raises, and a log without one is read in full."""
    bad.write(tmp_path)
    if bad.unsure or bad.is_refused_by_some:
        pytest.skip("readers need not agree about it")

    if bad.faults or bad.others or bad.ends_early:
        with pytest.raises(ValueError, match=re.escape(bad.name)):
            list(read(tmp_path, strict=True))
    else:
        assert [entry.message for entry in read(tmp_path, strict=True)] == list(bad.records)


def test_look_alikes_fool_no_condition(tmp_path: Path) -> None:
    """What stands in a text, in a key or in a nested object is no member of the record."""
    bad = LOGS["look_alikes"]
    bad.write(tmp_path)

    assert list(read(tmp_path, "level = ERROR")) == []
    assert list(read(tmp_path, "symbol = BTCUSDT")) == []
    assert list(read(tmp_path, level="ERROR")) == []
    assert [entry.message for entry in read(tmp_path, "inner.symbol = BTCUSDT")] == ["nested"]
    assert len(list(read(tmp_path, "level = INFO"))) == len(bad.records)


def test_a_directory_that_is_missing_is_an_error_at_the_call(tmp_path: Path) -> None:
    """The message names it."""
    with pytest.raises(FileNotFoundError, match="missing"):
        read(tmp_path / "missing")


@dataclass(frozen=True, slots=True)
class Grepped:
    """What `metaexpert logs grep` said."""

    code: int
    out: bytes
    err: bytes


@pytest.fixture
def grep(capfdbinary: pytest.CaptureFixture[bytes]) -> Callable[..., Grepped]:
    """Run `metaexpert logs grep` about a directory."""

    def run(directory: Path, *options: str) -> Grepped:
        code = run_command_line(["logs", "grep", "--dir", str(directory), *options])
        return Grepped(code, *capfdbinary.readouterr())

    return run


def told_on(stderr: bytes) -> int:
    """Return how many lines a command says are no records."""
    return sum(map(int, re.findall(rb": (\d+) lines? (?:is|are) no record", stderr)))


@pytest.mark.parametrize("form", ["text", "csv", "raw"])
def test_grep_shows_every_line_or_tells_of_it(
    bad: BadLog, form: str, tmp_path: Path, grep: Callable[..., Grepped]
) -> None:
    """It never fails, and a terminal gets no byte that it would obey."""
    bad.write(tmp_path)

    done = grep(tmp_path, "-o", form)

    assert done.code in (0, 1), done.err
    assert b"Traceback (most recent" not in done.err
    if not bad.is_refused_by_some:
        assert told_on(done.err) == sum(bad.faults.values())
    assert bool(done.err) >= bad.ends_early
    if form != "raw":
        assert re.search(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]|\xc2[\x80-\x9f]", done.out) is None
        done.out.decode("utf-8")


def test_query_has_a_row_for_every_object_and_tells_of_the_rest(
    bad: BadLog, tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    """It tells of as many lines as grep; of two equal keys it takes the first."""
    pytest.importorskip("duckdb")
    bad.write(tmp_path)

    code = run_command_line(
        ["logs", "query", "--dir", str(tmp_path), "-o", "csv", "select count(*) from logs"]
    )
    out, err = capfdbinary.readouterr()

    assert code == 0, err
    rows = int(out.split()[-1])
    if bad.is_refused_by_some and rows == 0:
        assert bad.name.encode() in err
    else:
        assert told_on(err) == sum(bad.faults.values())
        whole = len(bad.records) + len(bad.unsure) + bad.others + bad.faults.get(DUPLICATE_KEY, 0)
        assert rows <= whole if bad.ends_early else rows == whole
    assert bool(err) >= bad.ends_early


def test_grep_counts_records_of_a_level_without_look_alikes(
    tmp_path: Path, grep: Callable[..., Grepped]
) -> None:
    """Nor does a text that is looked for in a field."""
    bad = LOGS["look_alikes"]
    bad.write(tmp_path)

    assert grep(tmp_path, "-c", "-l", "error").out == b"0\n"
    assert grep(tmp_path, "-c", "-w", "symbol = BTCUSDT").out == b"0\n"
    assert grep(tmp_path, "-c", "-w", "level = info").out == b"%d\n" % len(bad.records)


def test_grep_names_a_directory_that_is_missing(tmp_path: Path, grep: Callable[..., Grepped]) -> None:
    """With the option that says where to look."""
    done = grep(tmp_path / "missing")

    assert (done.code, done.out) == (2, b"")
    assert b"missing" in done.err
    assert b"--dir" in done.err

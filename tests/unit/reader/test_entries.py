"""Reading the records of logs: what is selected, in which order, and what is told of the rest."""

from __future__ import annotations

import gzip
import warnings
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from metaexpert.reader import read


def record(second: int, message: str, **more: object) -> str:
    """Return a line of the log, `second` seconds after ten."""
    fields = "".join(f',"{key}":{value}' for key, value in more.items())
    time = f"2026-12-01T10:00:{second:02}.000000001Z"
    level = "WARNING" if second % 2 else "INFO"
    return (
        f'{{"timestamp":"{time}","level":"{level}","module":"bot.orders","message":"{message}"'
        f'{fields},"seq":{second}}}\n'
    )


def messages(directory: Path, *arguments: str, **options: object) -> list[str]:
    """Return what the records say that are read."""
    return [entry.message for entry in read(directory, *arguments, **options)]  # type: ignore[arg-type]


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    """Return a directory with a rotated, packed file, the one that goes on, and another process's."""
    with gzip.open(tmp_path / "expert.log.1.gz", "wt") as packed:
        packed.write(record(1, "one", price=1) + record(2, "two", price=2))
    (tmp_path / "expert.log").write_text(record(4, "four", price='"4.0"') + record(5, "five"))
    (tmp_path / "expert.77.log").write_text(record(3, "three", price=3))
    (tmp_path / "trades.log").write_text(record(2, "two", price=2))
    return tmp_path


def test_all_files_are_read_in_order_of_time_and_copies_once(logs: Path) -> None:
    """A directory gives the records of all its logs; a log's path gives those of its family."""
    assert messages(logs) == ["one", "two", "three", "four", "five"]
    assert messages(logs / "trades.log") == ["two"]
    assert messages(logs / "expert.log") == ["one", "two", "three", "four", "five"]


def test_expressions_levels_and_times_select(logs: Path) -> None:
    """All that is given must hold."""
    assert messages(logs, "price >= 2 and message != three") == ["two", "four"]
    assert messages(logs, level="warning") == ["one", "three", "five"]
    assert messages(logs, since="2026-12-01T10:00:02Z", until="2026-12-01T10:00:04Z") == ["two", "three"]
    moment = datetime(2026, 12, 1, 10, 0, 4, tzinfo=UTC)
    assert messages(logs, since=moment, last=1) == ["five"]
    assert messages(logs, since=timedelta(days=36_500), last=2) == ["four", "five"]
    assert messages(logs, until=timedelta(days=36_500)) == []


def test_a_bad_selection_is_an_error_at_the_call(logs: Path) -> None:
    """An expression's error points at the mistake; a time's names what was given."""
    with pytest.raises(ValueError, match="== is no operator; write ="):
        read(logs, "price == 3")
    with pytest.raises(ValueError, match=r"since must be a time such as .* was yesterdy"):
        read(logs, since="yesterdy")
    with pytest.raises(ValueError, match="until must have a time zone"):
        read(logs, until=datetime(2026, 12, 1))
    with pytest.raises(ValueError, match="is no level with an order"):
        read(logs, level="loud")
    with pytest.raises(FileNotFoundError, match="there is no log directory"):
        read(logs / "nowhere")


def test_lines_that_are_no_records_are_told_of_at_the_end(logs: Path) -> None:
    """One warning has all files; `strict` ends at the first such line."""
    with (logs / "expert.log").open("a") as file:
        file.write('Traceback\n{"timestamp":"2026-12-01T10:00:06Z"}\n{"a":1,"a":2}\n{"torn')
    entries = read(logs)
    with pytest.warns(UserWarning, match=r"expert\.log: 4 lines are no records") as told:
        assert len(list(entries)) == 5
    assert "1 not JSON, 1 duplicate key, 1 no line end, 1 other JSON" in str(told[0].message)
    with pytest.raises(ValueError, match=r"expert\.log: a line is not a record: not JSON"):
        list(read(logs, strict=True))
    with pytest.raises(ValueError, match=r"expert\.log: 3 lines are no records"):
        list(read(logs, "message = nowhere", strict=True))


def append(path: Path, text: str) -> None:
    """Write `text` behind what a file has."""
    with path.open("a") as file:
        file.write(text)


def test_what_comes_is_followed(logs: Path) -> None:
    """Records that are appended come behind those that are there, through rotation and from new files."""
    entries = read(logs, "message != two", last=1, follow=True)
    assert next(entries).message == "five"
    (logs / "expert.log").rename(logs / "expert.log.1")
    append(logs / "expert.log", record(6, "two") + record(7, "seven"))
    assert next(entries).message == "seven"
    append(logs / "expert.9.log", record(8, "eight"))
    assert next(entries).message == "eight"
    append(logs / "expert.log", "no record\n" + record(9, "nine"))
    assert next(entries).message == "nine"
    append(logs / "expert.log", record(10, "ten"))
    with pytest.warns(UserWarning, match="1 line is no record"):
        assert next(entries).message == "ten"


def test_reading_that_is_given_up_leaves_nothing_behind(logs: Path) -> None:
    """A generator that is closed early ends its search without a warning."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        entries = read(logs)
        assert next(iter(entries)).message == "one"
        del entries

"""Facts about reading records back."""

import errno
import gzip
import json
import logging
import os
import socket
import subprocess
import sys
import warnings
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metaexpert.logger import entry, flush
from metaexpert.logger.entry import LogEntry, read_log

if TYPE_CHECKING:
    from support.logs import Logs

FLAT = (
    '{"timestamp":"2024-01-01T00:00:00.123456789Z","level":"INFO","module":"bot","message":"filled",'
    '"category":"trade","symbol":"BTCUSDT","price":50000.5,"seq":7,"run_id":"r1","thread_id":11,'
    '"process_id":22,"caller":{"file":"a.py","line":3,"function":"f"}}'
)


def lines(*messages: str) -> bytes:
    """Return a log of records with these messages."""
    records = [
        {"timestamp": "2024-01-01T00:00:00.000000000Z", "level": "INFO", "module": "m", "message": message}
        for message in messages
    ]
    return b"".join(json.dumps(record).encode() + b"\n" for record in records)


Pack = Callable[[bytes], bytes]


def zstd_frame(data: bytes) -> bytes:
    """Return a zstd frame of one block that is not compressed (RFC 8878, sections 3.1.1.1 and 3.1.1.2)."""
    assert len(data) < 2**17
    header = b"\x28\xb5\x2f\xfd" + b"\xa0" + len(data).to_bytes(4, "little")
    return header + (1 | len(data) << 3).to_bytes(3, "little") + data


def test_a_flat_record_is_told_apart_into_core_optional_and_fields() -> None:
    """Core keys become attributes, the rest is context, and the time keeps its nanoseconds."""
    entry = LogEntry.from_json(FLAT)

    assert entry.timestamp == datetime(2024, 1, 1, 0, 0, 0, 123456, tzinfo=UTC)
    assert entry.timestamp_ns == 1_704_067_200_123_456_789
    assert (entry.level, entry.module, entry.message, entry.category) == ("INFO", "bot", "filled", "trade")
    assert entry.context == {"symbol": "BTCUSDT", "price": 50000.5}
    assert (entry.seq, entry.run_id, entry.thread_id, entry.process_id) == (7, "r1", 11, 22)
    assert entry.caller == {"file": "a.py", "line": 3, "function": "f"}


def test_a_nested_record_gives_the_same_entry() -> None:
    """Both layouts of the same record read back as equal entries."""
    flat = json.loads(FLAT)
    fields = {"symbol": flat.pop("symbol"), "price": flat.pop("price")}

    assert LogEntry.from_json(json.dumps({**flat, "context": fields})) == LogEntry.from_json(FLAT)


def test_an_exception_is_not_a_field() -> None:
    """The traceback of an ERROR record is in `exception`."""
    line = FLAT.replace('"seq"', '"exception":{"type":"ValueError","message":"x","stacktrace":"…"},"seq"')

    entry = LogEntry.from_json(line.encode())

    assert entry.exception == {"type": "ValueError", "message": "x", "stacktrace": "…"}
    assert "exception" not in entry.context


def test_a_field_under_an_optional_name_with_another_type_stays_a_field() -> None:
    """A strategy's own `seq` text or `caller` text is not lost."""
    line = FLAT.replace('"seq":7', '"seq":"seven"').replace('"thread_id":11', '"thread_id":true')

    entry = LogEntry.from_json(line)

    assert entry.seq is None
    assert entry.context["seq"] == "seven"
    assert entry.context["thread_id"] is True


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("", "not JSON"),
        ("[]", "a JSON object was expected, found list"),
        ("{", "not JSON at column 2"),
        (FLAT.replace("INFO", "\\ud800").encode() + b"\xff", "not UTF-8"),
        (FLAT.replace('"symbol"', '"price"'), "'price' stands there twice"),
        (FLAT.replace("50000.5", "NaN"), "NaN is not a JSON number"),
        (FLAT.replace('"level":"INFO",', ""), "level must be text"),
        (FLAT.replace('"level":"INFO"', '"level":20'), "level must be text"),
        (FLAT.replace("2024-01-01T", "yesterday "), "timestamp must be RFC 3339"),
        (FLAT.replace("123456789Z", "123456789"), "timestamp must have a zone"),
        (FLAT.replace("2024-01-01T00:00:00.123456789Z", "0001-01-01T00:00:00+14:00"), "out of range"),
        ("[" * 100_000, "nested too deeply"),
    ],
)
def test_what_is_no_record_is_refused_with_a_reason(line: str | bytes, reason: str) -> None:
    """Every kind of broken line raises ValueError and says what is wrong with it."""
    with pytest.raises(ValueError, match=reason):
        LogEntry.from_json(line)


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(
    timestamp_ns=st.integers(-(10**18), 10**19),
    message=st.text(),
    context=st.dictionaries(st.text(), JSON_VALUES, max_size=4),
    seq=st.none() | st.integers(0, 2**63),
)
def test_an_entry_survives_the_way_through_json(
    timestamp_ns: int, message: str, context: dict[str, object], seq: int | None
) -> None:
    """`from_json(dumps(to_dict()))` is the same entry, to the nanosecond and the last bit."""
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=timestamp_ns // 1000)
    entry = LogEntry(moment, timestamp_ns, "INFO", "m", message, context, seq=seq)

    assert LogEntry.from_json(json.dumps(entry.to_dict())) == entry


@given(st.datetimes(datetime(1900, 1, 2), datetime(2200, 1, 1)), st.integers(-14 * 60, 14 * 60))
def test_a_time_in_any_zone_is_the_same_moment_in_utc(moment: datetime, offset_minutes: int) -> None:
    """Zones other than Z, and any number of digits, keep the moment."""
    zoned = moment.replace(tzinfo=timezone(timedelta(minutes=offset_minutes)))

    entry = LogEntry.from_json(FLAT.replace("2024-01-01T00:00:00.123456789Z", zoned.isoformat()))

    assert entry.timestamp == zoned
    assert entry.timestamp.utcoffset() == timedelta(0)
    assert entry.timestamp_ns // 1000 == (zoned - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(
        microseconds=1
    )


def test_a_file_is_read_in_order(tmp_path: Path) -> None:
    """Every record of an unpacked file arrives, first to last."""
    file = tmp_path / "expert.log"
    file.write_bytes(lines("a", "b", "c"))

    assert [entry.message for entry in read_log(file)] == ["a", "b", "c"]


@pytest.mark.parametrize("pack", [gzip.compress, zstd_frame])
@pytest.mark.parametrize("name", ["expert.log.1.gz", "expert.log.1.zst", "expert.log.1"])
def test_a_packed_file_is_read_as_the_unpacked_one(tmp_path: Path, name: str, pack: Pack) -> None:
    """It needs no unpacking first, whatever name it has at the moment; its parts are one text."""
    file = tmp_path / name
    file.write_bytes(pack(lines("a", "b")[:-5]) + pack(lines("a", "b")[-5:] + lines("c")))

    assert [entry.message for entry in read_log(str(file), strict=True)] == ["a", "b", "c"]


def test_a_torn_last_line_is_left_out_silently(tmp_path: Path) -> None:
    """A file that is being written to can be read at any moment: warnings are errors in this suite."""
    file = tmp_path / "expert.log"
    file.write_bytes(lines("a") + b'{"timestamp":"20')

    assert [entry.message for entry in read_log(file)] == ["a"]


def test_a_complete_record_without_its_line_break_counts_as_torn(tmp_path: Path) -> None:
    """What is not finished may still change, even when it happens to parse."""
    file = tmp_path / "expert.log"
    file.write_bytes(lines("a", "b")[:-1])

    assert [entry.message for entry in read_log(file)] == ["a"]


def test_bad_lines_are_passed_over_counted_and_told(tmp_path: Path) -> None:
    """The good records arrive, and one warning names file, number of bad lines and the first of them."""
    file = tmp_path / "expert.log"
    file.write_bytes(lines("a") + b"garbage\n\n" + lines("b"))

    with pytest.warns(UserWarning, match=r"expert\.log: 2 lines are no records .* line 2: not a record"):
        messages = [entry.message for entry in read_log(file)]

    assert messages == ["a", "b"]


@pytest.mark.parametrize(
    ("content", "where"),
    [
        (lines("a") + b"garbage\n" + lines("b"), "line 2: not a record"),
        (lines("a") + b"{", "line 2: torn"),
        (lines("a", "b")[:-1], "line 2: torn"),
        (b"\n", "line 1: not a record"),
    ],
)
def test_strict_reading_stops_at_the_first_bad_line(tmp_path: Path, content: bytes, where: str) -> None:
    """The error names file and line, for a torn end as well."""
    file = tmp_path / "expert.log"
    file.write_bytes(content)

    with pytest.raises(ValueError, match=rf"expert\.log, {where}"):
        list(read_log(file, strict=True))


@pytest.mark.parametrize(
    "damage",
    [lambda data: data[:-9], lambda data: data[: len(data) // 2], lambda _: b"no archive\n", lambda _: b""],
)
@pytest.mark.parametrize(("ending", "pack"), [("gz", gzip.compress), ("zst", zstd_frame)])
def test_a_damaged_archive_is_told_and_what_is_readable_arrives(
    tmp_path: Path, damage: Pack, ending: str, pack: Pack
) -> None:
    """A cut, foreign or empty archive gives a warning naming it, and an error in strict reading."""
    file = tmp_path / f"expert.log.1.{ending}"
    file.write_bytes(damage(pack(lines(*"abc"))))

    with pytest.warns(UserWarning, match=rf"expert\.log\.1\.{ending}: 1 line is no record"):
        assert len(list(read_log(file))) <= 3
    with pytest.raises(ValueError, match=rf"expert\.log\.1\.{ending}, line \d"):
        list(read_log(file, strict=True))


def test_a_missing_file_is_an_error_at_the_call(tmp_path: Path) -> None:
    """The mistake shows where it is made, not where the result is first used."""
    with pytest.raises(FileNotFoundError):
        read_log(tmp_path / "none.log")
    with pytest.raises(IsADirectoryError) as caught:
        read_log(tmp_path)
    assert caught.value.errno == errno.EISDIR
    assert str(caught.value).endswith(
        f"must be a file, was a directory; name one of the log files in it: '{tmp_path}'"
    )


def test_an_empty_file_has_no_records(tmp_path: Path) -> None:
    """`errors.log` of a good day is empty, and reading it is no error."""
    file = tmp_path / "errors.log"
    file.touch()

    assert list(read_log(file, strict=True)) == []


def test_reading_needs_no_pydantic() -> None:
    """Importing entries, errors and levels does not pay for the configuration's library."""
    program = (
        "import sys, metaexpert.logger.entry, metaexpert.logger.errors, metaexpert.logger.config.levels\n"
        "import metaexpert.logger.config.legacy\n"
        "print('pydantic' in sys.modules)"
    )

    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert result.stdout.strip() == "False"


def test_what_is_no_file_is_refused_at_the_call(tmp_path: Path) -> None:
    """Nobody is waited for at a pipe, and a device has no end."""
    os.mkfifo(tmp_path / "pipe.log")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "socket.log"))
        kinds = {
            "pipe.log": "a named pipe",
            "socket.log": "a socket",
            "/dev/zero": "a device",
            ".": "a directory",
        }
        for name, kind in kinds.items():
            with pytest.raises(OSError, match=f"must be a file, was {kind}"):
                read_log(tmp_path / name)


@pytest.mark.parametrize("pack", [bytes, gzip.compress, zstd_frame], ids=["unpacked", "gzip", "zstd"])
def test_a_line_without_end_is_bounded(tmp_path: Path, pack, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is passed over and told, and so is one that just fits and is no record; what follows is read."""
    monkeypatch.setattr(entry, "MAX_LINE_BYTES", 1000)
    file = tmp_path / "expert.log"
    file.write_bytes(pack(lines("a") + b"x" * 999 + b"\n" + b"x" * 1500 + b"\n" + lines("b")))

    with pytest.warns(
        UserWarning, match=r"2 lines are no records .* the first is line 2: not a record: not JSON"
    ):
        assert [each.message for each in read_log(file)] == ["a", "b"]
    with pytest.raises(ValueError, match=r"expert\.log, line 2"):
        list(read_log(file, strict=True))


def test_an_archive_that_goes_on_and_on_ends_reading(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether it unpacks to one line or to many, what stood before is read and the end is told."""
    monkeypatch.setattr(entry, "MAX_LINE_BYTES", 2**20)
    monkeypatch.setattr(entry, "MAX_PASSED_OVER", 1000)
    bombs = {
        "line.gz": (b"\0" * 2**24, "2 lines are no records .* line 2: .* without a line break"),
        "lines.gz": (b"\n" * 2**24, "1000 lines are no records .* ended after 1,000 of them in a row"),
    }
    for name, (bomb, words) in bombs.items():
        file = tmp_path / name
        file.write_bytes(gzip.compress(lines("a") + bomb + lines("b")))
        with pytest.warns(UserWarning, match=words):
            assert [each.message for each in read_log(file)] == ["a"]
        with pytest.raises(ValueError, match=rf"{name}, line 2: not a record"):
            list(read_log(file, strict=True))


def test_a_key_twice_among_many_is_found_in_one_go() -> None:
    """The test's own timeout is what a square would run into."""
    keys = "".join(f'"k{number}":1,' for number in range(300_000))
    with pytest.raises(ValueError, match="'last' stands there twice"):
        LogEntry.from_json("{" + keys + '"last":1,"last":2}')


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("14:12:42.478 INFO     bot   Order filled   side=BUY\n", 'the format "console"'),
        ("\x1b[2m14:12:42.478\x1b[0m INFO bot Order filled\n", 'the format "console"'),
        ("2026-11-23 14:12:42,478 INFO     bot: Order filled\n", 'the format "text" or a %-style one'),
        ("<14>Nov 23 14:12:42 bot[1]: Order filled\n", "a syslog format"),
        ("2024-01-31 09:15:00Z INFO bot Order filled\n", 'the format "console" or "text"'),
        ("\x1b[2m2024-01-31 09:15:00.5Z\x1b[0m INFO bot\n", 'the format "console" or "text"'),
    ],
)
@pytest.mark.parametrize("strict", [False, True])
@pytest.mark.parametrize("packed", [False, True])
def test_a_log_for_people_says_so(text: str, named: str, strict: bool, packed: bool, tmp_path: Path) -> None:
    """The error names the format that the handler had, and the way out."""
    file = tmp_path / "expert.log"
    file.write_bytes(gzip.compress(text.encode()) if packed else text.encode())

    with pytest.raises(ValueError, match="read_log reads JSON") as caught:
        list(read_log(file, strict=strict))
    assert str(caught.value) == (
        f'{file}: a log in {named}, and read_log reads JSON; give its handler the format "json", '
        "or read the file as text"
    )


@pytest.mark.parametrize("text", ["INFO:bot:Order filled\nWARNING:bot:Wide\n", "time,open,high\n1,2,3\n"])
@pytest.mark.parametrize("strict", [False, True])
def test_any_other_text_is_called_text(text: str, strict: bool, tmp_path: Path) -> None:
    """Nothing shows that a handler wrote it."""
    file = tmp_path / "notes.txt"
    file.write_text(text)

    with pytest.raises(ValueError, match=r"notes\.txt: text, and read_log reads JSON; if a handler wrote it"):
        list(read_log(file, strict=strict))


def test_records_behind_lines_for_people_are_read(tmp_path: Path) -> None:
    """A file whose handler got the format json later is a log: what is no record is told, as ever."""
    file = tmp_path / "expert.log"
    file.write_bytes(b"14:12:42.478 INFO bot Ready\n" + lines("filled"))

    with pytest.warns(UserWarning, match="1 line is no record"):
        assert [entry.message for entry in read_log(file)] == ["filled"]


def test_a_loop_may_log_into_the_file_that_it_reads(logs: "Logs", tmp_path: Path) -> None:
    """It ends: what is written after reading has begun is not read."""
    logs.configure()
    for number in range(3):
        logs.logger.info("tick %d", number)
    assert flush()
    (file,) = tmp_path.rglob("expert.log")

    seen = []
    for each in read_log(file):
        seen.append(each.message)
        logs.logger.info("read %s", each.message)
        assert flush()
    assert seen == ["tick 0", "tick 1", "tick 2"]
    assert len(list(read_log(file))) == 6


def test_the_warning_of_a_reader_is_no_record(
    logs: "Logs", tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Where warnings are logged, it would be in the file that is read; it is on stderr instead."""
    logs.configure()
    logs.logger.info("tick")
    assert flush()
    (file,) = tmp_path.rglob("expert.log")
    with file.open("ab") as log:
        log.write(b"{torn\n")

    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.showwarning = logging._showwarning  # type: ignore[attr-defined]
        assert [each.message for each in read_log(file)] == ["tick"]
        warnings.warn("somebody else's", UserWarning, stacklevel=1)
    assert flush()

    assert "1 line is no record and was passed over" in capsys.readouterr().err
    assert file.read_text().count("passed over") == 0
    assert [line for line in file.read_text().splitlines()[2:] if "somebody else's" in line]

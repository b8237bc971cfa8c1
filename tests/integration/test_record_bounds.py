"""Facts about the size of a record: it is bounded, it stays valid, and what was cut is said."""

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from metaexpert.logger import log_context, stats

if TYPE_CHECKING:
    from support.logs import Logs

MEBIBYTE = 2**20
CHARACTERS = ["x", "é", "\n", '"', "\x00", "\u2028", "🚀"]


def only_line(logs: "Logs") -> bytes:
    """Return the one line in the file, which parses strictly."""
    (record,) = logs.records()
    assert record["level"] == "INFO"
    return (logs.directory / "expert.log").read_bytes()


@pytest.mark.parametrize("text", CHARACTERS)
@pytest.mark.parametrize("length", [1_000_000, 3_000_000])
def test_a_large_message_is_cut(text: str, length: int, both_ways: "Logs") -> None:
    """However its characters are escaped, a message of millions of them gives a line below a mebibyte."""
    both_ways.logger.info(text * length, price=1, symbol="BTC")

    line = only_line(both_ways)
    record = both_ways.last()
    assert 2**18 < len(line) <= MEBIBYTE
    assert (record["price"], record["symbol"]) == (1, "BTC")
    assert record["message"].startswith(text * 1000)
    assert record["message"] == text * length or "bytes cut" in record["message"]


@pytest.mark.parametrize("text", CHARACTERS)
def test_everything_large_at_once_is_cut(text: str, both_ways: "Logs") -> None:
    """Context, bound fields, message, keywords and `extra` stay below a mebibyte together, each named."""
    big = text * 900_000
    with log_context(context=big):
        both_ways.logger.bind(bound=big).info(big, keyword=big, extra={"extra_field": big}, price=1)

    assert len(only_line(both_ways)) <= MEBIBYTE
    record = both_ways.last()
    for name in ("message", "context", "bound", "keyword", "extra_field"):
        assert "cut" in record[name]
    assert record["price"] == 1


def test_a_large_exception_is_cut(both_ways: "Logs") -> None:
    """An exception whose text has megabytes keeps its type, and the record is not lost."""
    both_ways.logger.info("failed", exc_info=ValueError("x" * 5_000_000), price=1)

    assert len(only_line(both_ways)) <= MEBIBYTE
    record = both_ways.last()
    assert (record["exception"]["type"], record["price"]) == ("ValueError", 1)
    assert "cut" in record["exception"]["message"]


def test_large_names_are_cut(both_ways: "Logs") -> None:
    """Names of fields, logger, category and level can't make a record too large either."""
    logging.addLevelName(21, "L" * 2_000_000)
    try:
        log = logging.getLogger("n" * 100_000)
        log.info("m", extra={"k" * 2_000_000: 1, "category": "c" * 2_000_000, "short": 2})
        both_ways.logger.info("m", category="c" * 2_000_000, **{"k" * 2_000_000: 1, "short": 2})
        both_ways.logger.log(21, "m", short=2)
    finally:
        logging.addLevelName(21, "Level 21")

    lines = both_ways.records() and (both_ways.directory / "expert.log").read_bytes().splitlines()
    assert len(lines) == 3
    assert all(len(line) <= MEBIBYTE for line in lines)
    assert [record["short"] for record in both_ways.records()] == [2, 2, 2]


def test_a_thousand_large_fields_are_cut(both_ways: "Logs") -> None:
    """The sum counts, not only the single value."""
    fields = {f"field_{number}": "\x00" * 4000 for number in range(999)}
    both_ways.logger.info("m", **fields)

    assert len(only_line(both_ways)) <= MEBIBYTE
    record = both_ways.last()
    assert all(name in record for name in fields)
    assert record["field_0"] == "\x00" * 4000
    assert "cut" in record["field_998"]


def test_a_smaller_limit_is_kept(logs: "Logs") -> None:
    """`limits.bytes` bounds a line, with room for the fields' names."""
    logs.configure(limits={"bytes": 8192})
    fields: dict[str, Any] = {f"field_{number}": number for number in range(20)}
    logs.logger.info("x" * 50_000, **fields)
    logs.logger.bind(bound="y" * 50_000).info("short", z="z" * 50_000)

    lines = logs.records() and (logs.directory / "expert.log").read_bytes().splitlines()
    assert [len(line) <= 8192 for line in lines] == [True, True]
    first, second = logs.records()
    assert {name: first[name] for name in fields} == fields
    assert second["message"] == "short"


def test_nothing_is_lost_for_its_size(both_ways: "Logs") -> None:
    """No record is dropped as too large, whatever it holds."""
    for size in (10**5, 10**6, 10**7):
        both_ways.logger.info("m", text="x" * size, rows=list(range(size // 10)), data=b"x" * size)

    assert len(both_ways.records()) == 3
    assert stats().dropped == 0


@pytest.mark.parametrize("way", ["keyword", "extra", "bind", "log_context"])
def test_a_field_named_like_the_note_about_left_fields_stays(way: str, both_ways: "Logs") -> None:
    """With more fields than a record holds, the note takes another name."""
    fields = {"fields_left_out": "mine"} | {f"f{index}": index for index in range(1500)}
    log = both_ways.logger
    calls: dict[str, Callable[[], None]] = {
        "keyword": lambda: log.info("m", **fields),
        "extra": lambda: log.info("m", extra=fields),
        "bind": lambda: log.bind(**fields).info("m"),
        "log_context": lambda: log_context(**fields)(log.info)("m"),
    }
    calls[way]()

    record = both_ways.last()
    assert (record["fields_left_out"], record["fields_left_out_"], record["f0"]) == ("mine", 501, 0)
    assert stats().dropped == 0


@pytest.mark.parametrize("name", ["format_error", "format_args"])
def test_a_field_named_like_the_note_about_arguments_stays(name: str, both_ways: "Logs") -> None:
    """What did not fit the message is told under another name."""
    both_ways.logger.info("%d", "x", extra={name: "mine"})

    record = both_ways.last()
    notes = {"format_error": "%d format: a real number is required, not str", "format_args": ["x"]}
    assert record[name] == "mine"
    assert record[f"{name}_"] == notes.pop(name)
    assert record.items() >= notes.items()
    assert stats().dropped == 0


def test_a_key_named_like_the_note_about_left_members_stays(both_ways: "Logs") -> None:
    """In a mapping that is cut the note takes another name."""
    both_ways.logger.info("m", value={"…": "mine"} | {f"k{index}": index for index in range(1500)})

    value = both_ways.last()["value"]
    assert (value["…"], value["…_"], value["k0"]) == ("mine", "501 more", 0)

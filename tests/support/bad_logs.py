"""Logs with something wrong in them: each says what a reader has to find, and what it has to say.

A `BadLog` is written by `write` into an empty directory. What it holds is told by its parts: `records` are
the messages of its records in their order, and `faults` says how many lines are not records and why, in the
words of a report. Some things are nobody's mistake: `others` are JSON objects of other programs, which are no
records of ours, and `unsure` are messages of records that some reader can not take, such as an integer of
5,000 digits. A log that `ends_early` is an archive that is damaged: its readable beginning has some of its
records.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

#: Why a line is no record.
NOT_JSON, NOT_UTF8, DUPLICATE_KEY, TOO_LONG, TORN = (
    *("not JSON", "not UTF-8", "duplicate key", "too long", "no line end"),
)
#: A reader takes lines of up to 8 MiB.
LONGEST_LINE: Final = 8 * 2**20
_SECOND: Final = "2026-01-01T00:00:{:02}.000000000Z"


@dataclass(frozen=True, slots=True)
class BadLog:
    """A log's content, and what is in it."""

    content: bytes | None
    records: Sequence[str] = ()
    faults: Mapping[str, int] = field(default_factory=dict)
    others: int = 0
    unsure: Sequence[str] = ()
    ends_early: bool = False
    #: Lines with nothing in them, which some readers count and others do not.
    blank: int = 0
    #: Whether a reader may pass over the whole file, and say so.
    is_refused_by_some: bool = False
    name: str = "expert.log"

    def write(self, directory: Path) -> Path:
        """Write the log into `directory`, which exists, and return its path."""
        path = directory / self.name
        if self.content is not None:
            path.write_bytes(self.content)
        return path


def record(message: str, second: int = 0, **fields: Any) -> bytes:
    """Return a record's line without its end; `second` is its time within a minute."""
    document = {"timestamp": _SECOND.format(second), "level": "INFO", "module": "bot", "message": message}
    return json.dumps(document | fields, ensure_ascii=False, separators=(",", ":")).encode()


def lines(*content: bytes) -> bytes:
    """Return lines, each with its end."""
    return b"".join(line + b"\n" for line in content)


def zstd_frame(data: bytes) -> bytes:
    """Return a zstd frame of one block that is not compressed (RFC 8878, sections 3.1.1.1 and 3.1.1.2)."""
    assert len(data) < 2**17
    header = b"\x28\xb5\x2f\xfd" + b"\xa0" + len(data).to_bytes(4, "little")
    return header + (1 | len(data) << 3).to_bytes(3, "little") + data


ONE, TWO, THREE = (record(message, second) for second, message in enumerate(("one", "two", "three")))
ALL: Final = ("one", "two", "three")


def half_a_last_line() -> BadLog:
    """A program is writing, or was killed."""
    return BadLog(lines(ONE, TWO) + THREE[:40], ("one", "two"), {TORN: 1})


def no_last_line_end() -> BadLog:
    """The last record is complete, and nothing says so."""
    return BadLog(lines(ONE, TWO) + THREE, ("one", "two"), {TORN: 1})


def half_a_line_and_the_next() -> BadLog:
    """A crash cut a line, and the next start wrote on behind it."""
    return BadLog(lines(ONE, TWO[:60] + TWO, THREE), ("one", "three"), {NOT_JSON: 1})


def cut_within_an_escape() -> BadLog:
    """The cut is behind a backslash, which would hide a quote."""
    return BadLog(lines(ONE, rb'{"message":"a\\\"' + TWO, THREE), ("one", "three"), {NOT_JSON: 1})


def foreign_lines() -> BadLog:
    """Another program writes to the same file: a traceback, the console's format, JSON of other shapes."""
    foreign = (
        b"Traceback (most recent call last):",
        b'  File "a.py", line 1, in <module>',
        b"2026-01-01 00:00:01 INFO bot: text",
        b"{not json}",
        b"[1, 2]",
        b'"text"',
        b"42",
        b"null",
        b"{}{}",
    )
    content = lines(ONE, *foreign[:6], TWO, *foreign[6:], b"", b"   ", THREE)
    return BadLog(content, ALL, {NOT_JSON: len(foreign)}, blank=2)


def objects_of_others() -> BadLog:
    """Objects without our keys, or with other types under them."""
    others = (
        b"{}",
        b'{"msg":"hello","ts":1}',
        record("no level").replace(b'"level":"INFO",', b""),
        record("a level that is a number").replace(b'"INFO"', b"20"),
        record("no text").replace(b'"no text"', b"null"),
    )
    return BadLog(lines(ONE, *others, THREE), ("one", "three"), others=len(others))


def carriage_returns() -> BadLog:
    """An editor of Windows saved the file: they are white space of JSON."""
    return BadLog(b"".join(line + b"\r\n" for line in (ONE, TWO, THREE)), ALL)


def white_space() -> BadLog:
    """JSON allows it between members and around the object."""
    spaced = ONE.replace(b'":"', b'" : \t"').replace(b'","', b'" ,\t "')
    return BadLog(lines(b"  " + spaced + b" \t", TWO, b"\t" + THREE), ALL)


def byte_order_mark() -> BadLog:
    """The mark of UTF-8 before the first line, as some editors write it; a reader takes the line or not."""
    return BadLog(lines(b"\xef\xbb\xbf" + ONE, TWO, THREE), ("two", "three"), unsure=("one",))


def byte_order_mark_within() -> BadLog:
    """Two such files were joined, so a mark stands in the middle: no JSON begins so."""
    return BadLog(lines(ONE, b"\xef\xbb\xbf" + TWO, THREE), ("one", "three"), {NOT_JSON: 1})


def zero_blocks() -> BadLog:
    """The disk lost a block when the power failed; the next line stands behind the zeros."""
    return BadLog(lines(ONE, bytes(4096) + TWO, bytes(64), THREE), ("one", "three"), {NOT_JSON: 2})


def zeros_at_the_end() -> BadLog:
    """A file that was made longer and never filled."""
    return BadLog(lines(ONE, TWO, THREE) + bytes(4096), ALL, {TORN: 1})


def invalid_utf8() -> BadLog:
    """Bytes of Latin-1, half a character, a surrogate, and more than Unicode has."""
    bad = [
        TWO.replace(b"two", each) for each in (b"\xe9t\xe9", b"\xc3", b"\xed\xa0\x80", b"\xf5\x80\x80\x80")
    ]
    return BadLog(lines(ONE, *bad, THREE), ("one", "three"), {NOT_UTF8: len(bad)})


def escape_sequences() -> BadLog:
    """A text with colours, a title, a cleared screen: escaped as JSON has to, and raw, which it forbids."""
    text = "\x1b[31mred\x1b]0;title\x07\x1b[2J\x9b1m\r\x7f"
    raw = TWO.replace(b"two", b"\x1b[31mred")
    return BadLog(lines(record(text), raw, THREE), (text, "three"), {NOT_JSON: 1})


def odd_characters() -> BadLog:
    """Line separators of Unicode, an override of the direction, zeros, surrogates in pairs: within a text."""
    texts = ("a\u2028b\u2029c\x85", "\u202egnp.exe", "a\0b", "\U0001f680", "")
    content = [record(text, second) for second, text in enumerate(texts)]
    content.append(record("", 9).replace(b'""', rb'"\ud83d\ude80 \/"'))
    return BadLog(lines(*content), (*texts, "\U0001f680 /"))


def lone_surrogate() -> BadLog:
    """An escape for half a character, which no text can hold; some readers replace it."""
    return BadLog(lines(ONE, TWO.replace(b"two", rb"\ud800"), THREE), ("one", "three"), unsure=("\ud800",))


def long_lines() -> BadLog:
    """A megabyte in a text, in a key, and in many small fields."""
    text = "x" * 2**20
    many = {f"field_{number}": number for number in range(50_000)}
    content = lines(record(text), record("key", 1, **{text: 1}), record("fields", 2, **many), THREE)
    return BadLog(content, (text, "key", "fields", "three"))


def line_without_end() -> BadLog:
    """More than a line may have, then records again."""
    return BadLog(lines(ONE, b"x" * (LONGEST_LINE + 1), THREE), ("one", "three"), {TOO_LONG: 1})


def deep_values() -> BadLog:
    """Two thousand levels of arrays and objects; Python's own decoder gives up there."""
    deep = b"[" * 2_000 + b"]" * 2_000
    objects = b'{"a":' * 2_000 + b"1" + b"}" * 2_000
    content = [
        record(name, 1)[:-1] + b',"deep":' + value + b"}"
        for name, value in (("arrays", deep), ("objects", objects))
    ]
    return BadLog(lines(ONE, *content, THREE), ("one", "three"), unsure=("arrays", "objects"))


def escaped_keys() -> BadLog:
    """Every key may be spelled with escapes."""
    escaped = TWO.replace(b'"level"', rb'"\u006cevel"').replace(b'"timestamp"', rb'"timest\u0061mp"')
    return BadLog(lines(ONE, escaped, THREE), ALL)


def reordered_keys() -> BadLog:
    """The order of members means nothing."""
    reordered = json.dumps(dict(reversed(json.loads(TWO).items()))).encode()
    return BadLog(lines(ONE, reordered, THREE), ALL)


def duplicate_keys() -> BadLog:
    """The same key twice, also where one is spelled with an escape: readers disagree about the value."""
    twice = (
        TWO[:-1] + b',"level":"ERROR"}',
        TWO[:-1] + rb',"l\u0065vel":"ERROR"}',
        TWO[:-1] + b',"price":1,"price":1}',
        TWO[:-1] + b',"":1,"":2}',
    )
    return BadLog(lines(ONE, *twice, THREE), ("one", "three"), {DUPLICATE_KEY: len(twice)})


def look_alikes() -> BadLog:
    """Texts, keys and nested objects that look like members of a record, `level` ERROR among them."""
    inner = {"level": "ERROR", "symbol": "BTCUSDT", "price": 100}
    text = '","level":"ERROR","symbol":"BTCUSDT","price":100,"x":"'
    content = (
        record(text),
        record("nested", 1, inner=inner, list=[inner]),
        record("key", 2, **{'"level":"ERROR': 1, "symbol ": "BTCUSDT", "Symbol": "BTCUSDT"}),
        record("value", 3, field='level":"ERROR', other="symbol", third="BTCUSDT"),
        record("prefix", 4, symbol="BTCUSDT2", price=1000),
        record("backslashes", 5, path="C:\\", then='\\","level":"ERROR'),
    )
    return BadLog(lines(*content), (text, "nested", "key", "value", "prefix", "backslashes"))


def numbers() -> BadLog:
    """Numbers beyond every type; as JSON they are in order."""
    texts = (
        *("1e400", "-1e400", "1e-400", "-0", "-0.0", "0e999999999", "1E+2", "18446744073709551616"),
        *("-9223372036854775809", "0.1000000000000000055511151231257827021181583404541015625", "9" * 4_000),
    )
    content = [record(text[:20], 1)[:-1] + b',"n":' + text.encode() + b"}" for text in texts]
    vast = record("vast", 2)[:-1] + b',"n":' + b"9" * 5_000 + b"}"
    return BadLog(lines(ONE, *content, vast), ("one", *(text[:20] for text in texts)), unsure=("vast",))


def no_numbers() -> BadLog:
    """What other languages call numbers, and JSON does not."""
    texts = ("NaN", "Infinity", "-Infinity", "01", "+1", "1.", ".5", "0x10", "1_000", "1e", "--1")
    content = [TWO[:-1] + b',"n":' + text.encode() + b"}" for text in texts]
    return BadLog(lines(ONE, *content, THREE), ("one", "three"), {NOT_JSON: len(texts)})


def no_json() -> BadLog:
    """Almost JSON: single quotes, trailing commas, comments, True, a missing colon, more behind the end."""
    bad = (
        b"{'a':1}",
        TWO[:-1] + b",}",
        TWO + b" // comment",
        TWO[:-1] + b',"a":True}',
        TWO[:-1] + b',"a" 1}',
        TWO[:-1] + b',"a":[1,]}',
        TWO[:-1] + rb',"a":"\x41"}',
        TWO[:-1] + rb',"a":"\u12"}',
        TWO[:-1] + b',"a":"tab\there"}',
        TWO[:-1] + b",1:2}",
        TWO[:-1],
        TWO + TWO,
    )
    return BadLog(lines(ONE, *bad, THREE), ("one", "three"), {NOT_JSON: len(bad)})


def _at(moment: str) -> bytes:
    """Return a record whose time, as JSON, and whose message are this."""
    return TWO.replace(b'"' + _SECOND.format(1).encode() + b'"', moment.encode()).replace(
        b'"two"', json.dumps(moment).encode()
    )


def times() -> BadLog:
    """The times of RFC 3339, with zones, any number of digits, and far from today; in the order of time."""
    moments = (
        "0001-01-01T00:00:00Z",
        "1969-12-31T23:59:59.999999999Z",
        "1970-01-01T00:00:00Z",
        "2026-01-01T00:00:00Z",
        "2026-01-01T00:00:00.1Z",
        "2026-01-01T00:00:00.100001Z",
        "2026-01-01T00:00:00.100001001Z",
        "2026-01-01T02:00:01+02:00",
        "2025-12-31T23:30:02-00:30",
        "2026-01-01T00:00:03.000000000000Z",
        "2026-06-30T23:59:60Z",
        "2026-07-01t00:00:00z",
        "2300-01-01T00:00:00Z",
        "9999-12-31T23:59:59.999999999Z",
    )
    texts = [json.dumps(moment) for moment in moments]
    # A leap second, and lower-case letters: allowed, and unknown to many.
    unsure = [text for text in texts if "23:59:60" in text or "t" in text]
    records = [text for text in texts if text not in unsure]
    return BadLog(lines(*map(_at, texts)), records, unsure=unsure)


def no_times() -> BadLog:
    """Times in other units and shapes: no record of ours has them, and none of them may be believed."""
    moments = (
        *("1767225600", "1767225600000", "1767225600000000", "1767225600000000000", "1767225600.5"),
        *('""', '"yesterday"', '"2026-13-01T00:00:00Z"', '"2026-01-01T25:00:00Z"', '"2026-01-01T00:00:00"'),
        *("null", "true", "[]", "{}", '"1767225600"', '"10000-01-01T00:00:00Z"', '"2026-02-30T00:00:00Z"'),
    )
    return BadLog(lines(ONE, *map(_at, moments), THREE), ("one", "three"), others=len(moments))


def _packed(*parts: bytes) -> Mapping[str, bytes]:
    return {
        "gz": b"".join(gzip.compress(part, mtime=0) for part in parts),
        "zst": b"".join(zstd_frame(part) for part in parts),
    }


def archives() -> Iterable[tuple[str, BadLog]]:
    """Yield archives that are whole in unusual ways, and damaged ones, of either packing."""
    plain = lines(ONE, TWO, THREE)
    long = lines(*(record("x" * 200, number % 60, number=number) for number in range(400)))
    for ending, packed in _packed(plain).items():
        name = f"expert.log.1.{ending}"
        damaged = _packed(long)[ending][:-200]
        yield f"{ending}_cut", BadLog(damaged, ["x" * 200] * 400, ends_early=True, name=name)
        yield f"{ending}_header_only", BadLog(packed[:5], ends_early=True, name=name)
        yield f"{ending}_garbage_behind", BadLog(packed + b"garbage", ALL, ends_early=True, name=name)
        yield f"{ending}_is_text", BadLog(plain, unsure=ALL, is_refused_by_some=True, name=name)
        yield f"{ending}_without_its_name", BadLog(packed, ALL, name="expert.log.1")
        yield (
            f"{ending}_half_a_last_line",
            BadLog(_packed(plain[:-40])[ending], ("one", "two"), {TORN: 1}, name=name),
        )
        for cut in (len(ONE) + 1, len(ONE) + 30):
            members = _packed(plain[:cut], b"", plain[cut:])[ending]
            yield f"{ending}_of_members_cut_at_{cut}", BadLog(members, ALL, name=name)
    padded = _packed(plain)["gz"] + bytes(512)
    yield "gz_padded", BadLog(padded, ALL, name="expert.log.1.gz")
    skippable = b"\x50\x2a\x4d\x18\x04\x00\x00\x00skip"
    yield "zst_skippable_frame", BadLog(skippable + _packed(plain)["zst"], ALL, name="expert.log.1.zst")
    yield "gz_of_nothing", BadLog(_packed(b"")["gz"], name="expert.log.1.gz")
    yield "zst_of_nothing", BadLog(_packed(b"")["zst"], name="expert.log.1.zst")


def empty_file() -> BadLog:
    """A log that nothing was written to."""
    return BadLog(b"")


def only_line_ends() -> BadLog:
    """Lines without anything in them."""
    return BadLog(b"\n\n\r\n", blank=3, is_refused_by_some=True)


def one_line_end_missing() -> BadLog:
    """A log of one byte."""
    return BadLog(b"{", (), {TORN: 1})


def nothing() -> BadLog:
    """An empty directory."""
    return BadLog(None)


_PLAIN: Final[Sequence[Callable[[], BadLog]]] = (
    *(half_a_last_line, no_last_line_end, half_a_line_and_the_next, cut_within_an_escape, foreign_lines),
    *(objects_of_others, carriage_returns, white_space, byte_order_mark, byte_order_mark_within, zero_blocks),
    *(zeros_at_the_end, invalid_utf8, escape_sequences, odd_characters, lone_surrogate, long_lines),
    *(line_without_end, deep_values, escaped_keys, reordered_keys, duplicate_keys, look_alikes, numbers),
    *(no_numbers, no_json, times, no_times, empty_file, only_line_ends, one_line_end_missing, nothing),
)


def bad_logs() -> Mapping[str, BadLog]:
    """Return all of them by name, for `pytest.mark.parametrize`."""
    return {make.__name__: make() for make in _PLAIN} | dict(archives())

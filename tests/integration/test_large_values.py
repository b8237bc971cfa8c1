"""The caller pays for the kept part of a value, not for the whole value."""

import logging
from array import array
from collections import Counter, OrderedDict, deque
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

from metaexpert.logger import stats
from support.large_values import (
    MOST,
    SIZE,
    OwnByteArray,
    OwnBytes,
    OwnDict,
    OwnError,
    OwnList,
    OwnSet,
    OwnTuple,
    peak_of,
)

if TYPE_CHECKING:
    from support.logs import Logs

#: What a record may have.
LIMIT = 1 << 16

#: What no value here can be shown with.
WRONG = "m %d %d"

TEXTS: dict[str, Callable[[], str]] = {
    "ASCII": lambda: "x" * SIZE,
    "Latin-1": lambda: "é" * SIZE,
    "two bytes a character": lambda: "€" * (SIZE // 2),
    "four bytes a character": lambda: "🚀" * (SIZE // 4),
    "half pairs": lambda: "\ud800" * (SIZE // 2),
    "to be escaped": lambda: "\x00" * SIZE,
}
VALUES: dict[str, Callable[[], Any]] = {
    **TEXTS,
    "bytes": lambda: b"\xff" * SIZE,
    "bytearray": lambda: bytearray(SIZE),
    "memoryview": lambda: memoryview(bytearray(SIZE)),
    "every second byte": lambda: memoryview(bytearray(2 * SIZE))[::2],
    "numbers in memory": lambda: memoryview(bytearray(SIZE)).cast("d"),
    "list": lambda: [10**18] * (SIZE // 8),
    "list of lists": lambda: [["x" * 20]] * (SIZE // 8),
    "list of texts": lambda: ["x" * 1000] * (SIZE // 8),
    "list of large texts": lambda: ["x" * SIZE] * 3,
    "tuple": lambda: (1234567.890625,) * (SIZE // 8),
    "dict": lambda: dict.fromkeys(range(SIZE // 100), 1),
    "set": lambda: set(range(SIZE // 100)),
    "frozenset": lambda: frozenset(range(SIZE // 100)),
    "deque": lambda: deque([10**18] * (SIZE // 8)),
    "OrderedDict": lambda: OrderedDict.fromkeys(range(SIZE // 500), 1),
    "Counter": lambda: Counter(range(SIZE // 100)),
    "large value of a dict": lambda: {"a": "x" * SIZE, "b": b"x" * SIZE},
    "large key": lambda: {"€" * (SIZE // 2): 1},
    "large integer": lambda: 1 << (8 * SIZE),
    "array": lambda: array("d", bytes(SIZE)),
    "keys": lambda: dict.fromkeys(range(SIZE // 100)).keys(),
    "items": lambda: dict.fromkeys(range(SIZE // 100)).items(),
    "bytes of an own class": lambda: OwnBytes(SIZE),
    "bytearray of an own class": lambda: OwnByteArray(SIZE),
    "list of an own class": lambda: OwnList([10**18] * (SIZE // 8)),
    "tuple of an own class": lambda: OwnTuple([10**18] * (SIZE // 8)),
    "dict of an own class": lambda: OwnDict(dict.fromkeys(range(SIZE // 100), 1)),
    "set of an own class": lambda: OwnSet(range(SIZE // 100)),
    "exception": lambda: ValueError([10**18] * (SIZE // 8)),
    "exception of an own class": lambda: OwnError(b"x" * SIZE, 1),
    "exception with many arguments": lambda: ValueError(*[10**18] * (SIZE // 80)),
    "missing key": lambda: KeyError("x" * SIZE),
    "failure of the system": lambda: OSError(2, "no such file", "x" * SIZE),
    "group of exceptions": lambda: ExceptionGroup("g", [ValueError([10**18] * (SIZE // 8))]),
}


@pytest.fixture(params=VALUES)
def value(request: pytest.FixtureRequest) -> Any:
    """One large value."""
    return VALUES[request.param]()


def calls_with(value: Any, log: Any) -> dict[str, Callable[[], object]]:
    """Return the calls that the value can be given to."""
    plain = logging.getLogger("library")
    return {
        "field": lambda: log.info("m", value=value),
        "nested": lambda: log.info("m", value=[value, {"a": value}]),
        "extra": lambda: log.info("m", extra={"value": value}),
        "message": lambda: log.info(value),
        "argument": lambda: log.info("m %s", value),
        "two arguments": lambda: log.info("m %s %r", value, value),
        "wrong argument": lambda: log.info(WRONG, value),
        "bound": lambda: log.bind(value=value).info("m"),
        "field of a plain logger": lambda: plain.info("m", extra={"value": value}),
        "argument of a plain logger": lambda: plain.info("m %s", value),
        "with an exception": lambda: log.info("m %s", value, exc_info=ValueError("x")),
    }


def test_a_large_value_is_not_copied(value: Any, logs: "Logs", monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor written out in full to be cut afterwards: as a field, as the message, among the arguments."""
    logs.configure(limits={"bytes": LIMIT})
    monkeypatch.setattr(logging, "raiseExceptions", False)
    calls = calls_with(value, logs.logger)
    for call in calls_with(1, logs.logger).values():
        # What is loaded with the first use is no part of a call.
        call()

    peaks = {name: peak_of(call) for name, call in calls.items()}

    assert {name: peak for name, peak in peaks.items() if peak > MOST} == {}
    assert len(logs.records()) == 2 * len(calls)
    assert stats().dropped == 0


@pytest.mark.parametrize("make", TEXTS.values(), ids=TEXTS)
def test_a_large_text_is_not_copied_wherever_it_stands(make: Callable[[], str], logs: "Logs") -> None:
    """As a name, a category, a format, in an exception or its notes."""
    logs.configure(limits={"bytes": LIMIT})
    text, problem, log = make(), ValueError("bad"), logs.logger
    problem.add_note(text)
    calls: dict[str, Callable[[], object]] = {
        "name": lambda: log.info("m", **{text: 1}),
        "name in extra": lambda: log.info("m", extra={text: 1}),
        "category": lambda: log.info("m", category=text),
        "format": lambda: log.info(text, 1),
        "exception": lambda: log.info("m", exc_info=ValueError(text)),
        "note": lambda: log.info("m", exc_info=problem),
        "exception of a plain logger": lambda: logging.getLogger("plain").info(
            "m", exc_info=ValueError(text)
        ),
    }
    log.info("m", exc_info=ValueError("short"))
    log.info("%d", "wrong", a=1)

    peaks = {name: peak_of(call) for name, call in calls.items()}

    assert {name: peak for name, peak in peaks.items() if peak > 2 * MOST} == {}
    assert len(logs.records()) == len(calls) + 2


class Counted(list[int]):
    """A list that counts what is taken of it."""

    taken = 0

    def __iter__(self) -> Iterator[int]:
        for item in super().__iter__():
            self.taken += 1
            yield item


def test_no_more_members_are_taken_than_are_kept(both_ways: "Logs") -> None:
    """Of an iterable, whatever its own code is."""
    values = Counted(range(100_000))
    both_ways.logger.info("m", values=values)

    assert values.taken <= 1_001
    assert both_ways.last()["values"][-1] == "… 99000 more"


def test_a_large_number_keeps_its_first_digits(both_ways: "Logs") -> None:
    """A negative one too; how many follow is said."""
    both_ways.logger.info("m", value=-(0xABC << 40_000_000))
    both_ways.logger.info("m", value=-(1 << 70_000))

    large, small = both_ways.records()
    assert large["value"].startswith("-0xabc000")
    assert "bytes cut" in large["value"]
    assert int(small["value"], 16) == -(1 << 70_000)


def test_bytes_keep_their_beginning(both_ways: "Logs") -> None:
    """In whole groups of base64, however they lie in memory."""
    import base64

    data = bytes(range(256)) * 20_000
    for value in (data, bytearray(data), memoryview(data), memoryview(data).cast("I")):
        both_ways.logger.info("m", value=value)
    both_ways.logger.info("m", value=memoryview(data)[::2])

    records = both_ways.records()
    for record, whole in zip(records, [data] * 4 + [data[::2]], strict=True):
        kept = record["value"].split("…")[0]
        assert len(kept) > 500_000
        assert base64.b64encode(whole).decode().startswith(kept)


def test_what_fits_of_a_large_container_is_kept(both_ways: "Logs") -> None:
    """A text in it that is too long is cut, and what comes before it stays."""
    both_ways.logger.info("m", book={"symbol": "BTC", "note": "x" * 5_000_000, "more": 1}, price=1.5)

    record = both_ways.last()
    assert (record["book"]["symbol"], record["price"]) == ("BTC", 1.5)
    assert "bytes cut" in record["book"]["note"]
    assert {"more", "…"} & record["book"].keys()

"""The caller of a logging call pays for what is kept of a value, not for the whole of it."""

import logging
import sys
import tracemalloc
from array import array
from collections import Counter, OrderedDict, defaultdict, deque
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

from metaexpert.logger import stats

if TYPE_CHECKING:
    from conftest import Logs

SIZE = 20_000_000
#: What a record may have.
LIMIT = 1 << 16
#: Bytes that a call may allocate: some times a record's limit, and far less than a copy of the value.
MOST = 8_000_000

#: What no value here can be shown with.
WRONG = "m %d %d"


class OwnText(str):
    """A text of a program's own class."""

    __slots__ = ()


class OwnBytes(bytes):
    """Bytes of a program's own class."""

    __slots__ = ()


class OwnByteArray(bytearray):
    """An array of bytes of a program's own class."""


class OwnList(list[Any]):
    """A list of a program's own class."""


class OwnTuple(tuple[Any, ...]):
    """A tuple of a program's own class."""

    __slots__ = ()


class OwnDict(dict[Any, Any]):
    """A mapping of a program's own class."""


class OwnSet(set[Any]):
    """A set of a program's own class."""


class Told(list[Any]):
    """A list that says itself what `str()` shows."""

    def __str__(self) -> str:
        return f"{len(self)} members"


class OwnError(Exception):
    """An exception of a program's own class."""


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


def peak_of(call: Callable[[], object]) -> int:
    """Return the bytes that the call had allocated at most, beyond what there was."""
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        call()
        return tracemalloc.get_traced_memory()[1] - before
    finally:
        tracemalloc.stop()


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


ARGUMENTS: dict[str, Callable[[], tuple[Any, ...]]] = {
    "bytes": lambda: (b"x" * SIZE,),
    "text": lambda: ("x" * SIZE, 1),
    "list": lambda: ([10**18] * (SIZE // 8),),
    "list of an own class": lambda: (OwnList([10**18] * (SIZE // 8)),),
    "dict": lambda: (dict.fromkeys(range(SIZE // 20), 1),),
    "many": lambda: (*range(SIZE // 20),),
    "a file": lambda: (2, "no such file", "x" * SIZE),
    "another exception": lambda: (KeyError("x" * SIZE),),
}


@pytest.mark.parametrize("kind", [ValueError, KeyError, OSError, OwnError])
@pytest.mark.parametrize("arguments", ARGUMENTS.values(), ids=ARGUMENTS)
def test_an_exception_with_large_arguments_is_shown_in_part(
    arguments: Callable[[], tuple[Any, ...]], kind: type[Exception], logs: "Logs"
) -> None:
    """Of its own name, with its cause and notes."""
    logs.configure()
    problem = kind(*arguments())
    problem.__cause__ = RuntimeError("the cause")
    problem.add_note("a note")

    assert peak_of(lambda: logs.logger.info("m", exc_info=problem)) < MOST
    exception = logs.last()["exception"]
    assert exception["type"].endswith(type(problem).__name__)
    assert "bytes cut>" in exception["message"]
    assert "RuntimeError: the cause" in exception["stacktrace"]
    assert "a note" in exception["stacktrace"]


def test_a_cause_with_large_arguments_is_shown_in_part(logs: "Logs") -> None:
    """So is one of a group; what is short stays whole, and the links between them what they are."""
    logs.configure()
    group = ExceptionGroup("together", [ValueError([1] * SIZE), KeyError("short")])
    group.__cause__ = OwnError({"list": [1] * SIZE})
    group.__cause__.__context__ = RuntimeError("while this")
    problem = RuntimeError("outermost")
    problem.__context__ = group

    assert peak_of(lambda: logs.logger.info("m", exc_info=problem)) < MOST
    exception = logs.last()["exception"]
    assert exception["message"] == "outermost"
    for text in (
        "RuntimeError: while this",
        f"{__name__}.OwnError: {{'list': [1, 1, ",
        "direct cause of the following exception",
        "ExceptionGroup: together (2 sub-exceptions)",
        "ValueError: [1, 1, ",
        "KeyError: 'short'",
        "During handling of the above exception",
        "RuntimeError: outermost",
    ):
        assert text in exception["stacktrace"]


def test_a_long_text_does_not_cost_an_exception_its_traceback(logs: "Logs") -> None:
    """The message is cut, and the frames are there."""
    logs.configure()
    try:
        raise ValueError("x" * SIZE)
    except ValueError:
        logs.logger.exception("m")

    exception = logs.last()["exception"]
    assert "bytes cut>" in exception["message"]
    assert "test_a_long_text_does_not_cost" in exception["stacktrace"]


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


@pytest.mark.parametrize("size", [10, 6_000])
def test_a_value_is_shown_as_the_interpreter_shows_it(size: int, logs: "Logs") -> None:
    """Also where it is large enough to be shown here: what fits is the same text."""
    logs.configure()
    values: list[Any] = [
        list(range(size)),
        tuple(range(size)),
        (1.5,) * size,
        {str(number): [number, None, True] for number in range(size)},
        set(range(size)),
        frozenset(range(size)),
        deque(range(size)),
        ["it's", 'a "quote"', "line\n", "é🚀"] * size,
        b"\x00'x" * size,
        bytearray(b"x\"'" * size),
        [[], (), {}, set(), frozenset(), (1,), {"a": (2,)}] * size,
        "x" * size,
        OwnText("x" * size),
        [OwnText("x'")] * size,
        OwnBytes(b"\x00'x" * size),
        OwnByteArray(b"\x00'x" * size),
        OwnList(range(size)),
        OwnTuple(range(size)),
        OwnDict.fromkeys(range(size)),
        OwnSet(range(size)),
        array("d", [1.5] * size),
        array("u", "x" * size),
        dict.fromkeys(range(size)).keys(),
        dict.fromkeys(range(size)).values(),
        dict.fromkeys(range(size)).items(),
        ValueError(),
        ValueError(list(range(size))),
        ValueError(*range(size)),
        ValueError("x" * size, b"x"),
        OwnError("x" * size),
        KeyError("x'" * size),
        KeyError(["x"] * size, 1),
        OSError("x" * size),
        OSError(2, "no such file", "x" * size),
        OSError(2, "no such file", "x" * size, None, b"y" * size),
        OSError(2, ["x"] * size),
        ExceptionGroup("x" * size, [ValueError(list(range(size)))]),
        ExceptionGroup("x" * size, [ValueError(1), KeyError(2)]),
        ValueError(KeyError(OwnList(range(size)))),
        Told(range(size)),
    ]
    for value in values:
        logs.logger.info("%s", value)
        logs.logger.info("%r", [value])

    shown = logs.messages()
    expected = [text for value in values for text in (str(value), repr([value]))]
    for message, text in zip(shown, expected, strict=True):
        kept = message.split("… <")[0]
        assert text.startswith(kept)
        assert kept == text or (len(kept) > 300_000 and "bytes cut>" in message)


def test_a_large_mapping_is_looked_into_by_name(both_ways: "Logs") -> None:
    """`%(name)s` finds its value, and a missing name is told."""
    table = dict.fromkeys(map(str, range(100_000)), 1) | {"big": [1] * 100_000, "text": "x" * 2_000_000}
    both_ways.logger.info("%(7)s", table)
    both_ways.logger.info("%(big)s", table)
    both_ways.logger.info("%(text)s", table)
    both_ways.logger.info("%(missing)s", table)

    first, big, text, missing = both_ways.records()
    assert first["message"] == "1"
    assert big["message"].startswith("[1, 1, 1")
    assert text["message"].startswith("xxx")
    assert "cut" in text["message"]
    assert (missing["message"], missing["format_error"]) == ("%(missing)s", "'missing'")


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


@pytest.mark.parametrize("conversion", ["x", "#X", "o", "i", "d", "s", ".3s"])
@pytest.mark.parametrize("begin", ["%", "%(a)"])
@pytest.mark.parametrize("number", [1 << 70_000, -(1 << 70_000)], ids=["positive", "negative"])
def test_a_large_integer_fits_every_conversion_of_numbers(
    conversion: str, begin: str, number: int, both_ways: "Logs", no_limit_of_digits: None
) -> None:
    """As `%` shows it; as text in hexadecimal, where decimal digits take too long."""
    both_ways.logger.info(begin + conversion, number if begin == "%" else {"a": number})

    record = both_ways.last()
    as_text = {"s": f"{number:#x}", ".3s": f"{number:#x}"[:3]}
    assert record["message"] == as_text.get(conversion, f"%{conversion}" % number)
    assert "format_error" not in record


@pytest.fixture
def no_limit_of_digits() -> Iterator[None]:
    """Let the interpreter convert integers of any size."""
    before = sys.get_int_max_str_digits()
    sys.set_int_max_str_digits(0)
    yield
    sys.set_int_max_str_digits(before)


def test_what_is_no_number_is_none_as_a_stand_in(both_ways: "Logs") -> None:
    """A list of many members does not fit `%x` either."""
    both_ways.logger.info("%x", [1] * 70_000)

    record = both_ways.last()
    assert record["message"] == "%x"
    assert "integer" in record["format_error"]


MAPPINGS: dict[str, Callable[[], Any]] = {
    "dict": lambda: {f"k{index}": 1 for index in range(70_000)},
    "OrderedDict": lambda: OrderedDict({f"k{index}": 1 for index in range(70_000)}),
    "defaultdict": lambda: defaultdict(lambda: "default", {f"k{index}": 1 for index in range(70_000)}),
    "Counter": lambda: Counter({f"k{index}": 1 for index in range(70_000)}),
}


@pytest.mark.parametrize("kind", MAPPINGS)
def test_a_message_looks_into_a_large_mapping(kind: str, both_ways: "Logs") -> None:
    """Whichever class of mappings it is, and with the default that it has for other keys."""
    absent = {"defaultdict": "default", "Counter": "0"}
    both_ways.logger.info("%(k5)s" + (" %(absent)s" if kind in absent else ""), MAPPINGS[kind]())

    record = both_ways.last()
    assert record["message"] == " ".join(["1", *([absent[kind]] if kind in absent else [])])
    assert "format_error" not in record

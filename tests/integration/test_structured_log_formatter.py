"""Facts about the structured form of a record: what each Python value becomes, and what the line looks like.

Every fact about a value holds on both ways into the file: straight into the engine, and through a
`logging.LogRecord` because another handler listens.
"""

import array
import base64
import collections
import dataclasses
import datetime as dt
import decimal
import enum
import fractions
import ipaddress
import math
import pathlib
import types
import uuid
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd
import pytest

if TYPE_CHECKING:
    from support.logs import Logs


class Side(enum.Enum):
    """An enumeration with text values."""

    BUY = "buy"


class Size(enum.IntEnum):
    """An enumeration of integers."""

    LOT = 7


class Venue(enum.StrEnum):
    """An enumeration of strings."""

    BYBIT = "bybit"


class Flags(enum.Flag):
    """A set of flags."""

    POST_ONLY = 1
    REDUCE = 2


class Fill(NamedTuple):
    """A named tuple."""

    price: float
    qty: int


@dataclasses.dataclass
class Order:
    """A dataclass with a container inside."""

    symbol: str
    fills: list[Fill]


@dataclasses.dataclass(slots=True, frozen=True)
class Slotted:
    """A dataclass without a `__dict__`."""

    a: int


class Book(Mapping[str, int]):
    """A mapping that is no dict."""

    def __getitem__(self, key: str) -> int:
        return {"bid": 1, "ask": 2}[key]

    def __iter__(self) -> Iterator[str]:
        return iter(("bid", "ask"))

    def __len__(self) -> int:
        return 2


class Ladder(Sequence[int]):
    """A sequence that is no list."""

    def __getitem__(self, index: Any) -> Any:
        return (10, 20)[index]

    def __len__(self) -> int:
        return 2


class Shown:
    """An object known by its text alone."""

    def __str__(self) -> str:
        return "shown"


class Text(str):
    """A string of a class of its own, which lies about itself."""

    def __str__(self) -> str:
        return "a lie"


class Price(float):
    """A float of a class of its own."""


UTC = dt.UTC
PLUS_TWO = dt.timezone(dt.timedelta(hours=2))
IDENT = uuid.UUID("12345678-1234-5678-1234-567812345678")

VALUES = {
    "none": (None, None),
    "true": (True, True),
    "false": (False, False),
    "zero": (0, 0),
    "int64_max": (2**63 - 1, 2**63 - 1),
    "int64_min": (-(2**63), -(2**63)),
    "uint64_max": (2**64 - 1, 2**64 - 1),
    "beyond_64_bits": (2**64, str(2**64)),
    "below_64_bits": (-(2**63) - 1, str(-(2**63) - 1)),
    "hundred_digits": (10**100, str(10**100)),
    "float": (0.1, 0.1),
    "float_extremes": ([5e-324, 1.7976931348623157e308], [5e-324, 1.7976931348623157e308]),
    "nan": (math.nan, None),
    "infinity": (math.inf, None),
    "minus_infinity": (-math.inf, None),
    "nan_inside": ([math.nan, {"x": math.inf}], [None, {"x": None}]),
    "text": ("цена €5 🚀", "цена €5 🚀"),
    "empty_text": ("", ""),
    "lone_surrogate": ("a\ud800b", "a\ufffdb"),
    "lone_surrogate_inside": (["\udfff"], ["\ufffd"]),
    "str_subclass": (Text("truth"), "truth"),
    "float_subclass": (Price(1.5), 1.5),
    "decimal_scale": (decimal.Decimal("1.50000000"), "1.50000000"),
    "decimal_nan": (decimal.Decimal("NaN"), "NaN"),
    "decimal_exponent": (decimal.Decimal("1E+5"), "1E+5"),
    "datetime_utc": (dt.datetime(2024, 1, 2, 3, 4, 5, 678901, UTC), "2024-01-02T03:04:05.678901Z"),
    "datetime_zone": (dt.datetime(2024, 1, 2, 3, 4, 5, tzinfo=PLUS_TWO), "2024-01-02T03:04:05+02:00"),
    "datetime_naive": (dt.datetime(2024, 1, 2, 3, 4, 5), "2024-01-02T03:04:05"),
    "date": (dt.date(2024, 1, 2), "2024-01-02"),
    "time": (dt.time(3, 4, 5, 6), "03:04:05.000006"),
    "pandas_timestamp": (pd.Timestamp("2024-01-02 03:04:05.123456789Z"), "2024-01-02T03:04:05.123456789Z"),
    "pandas_nat": (pd.NaT, None),
    "numpy_datetime": (np.datetime64("2024-01-02T03:04:05.123456789"), "2024-01-02T03:04:05.123456789"),
    "numpy_nat": (np.datetime64("NaT"), None),
    "numpy_float64": (np.float64(0.1), 0.1),
    "numpy_float32": (np.float32(0.5), 0.5),
    "numpy_int64": (np.int64(-5), -5),
    "numpy_uint64": (np.uint64(2**64 - 1), 2**64 - 1),
    "numpy_bool": (np.bool_(True), True),
    "numpy_nan": (np.float64("nan"), None),
    "numpy_str": (np.str_("x"), "x"),
    "numpy_array": (np.array([[1, 2], [3, 4]]), [[1, 2], [3, 4]]),
    "enum": (Side.BUY, "buy"),
    "int_enum": (Size.LOT, 7),
    "str_enum": (Venue.BYBIT, "bybit"),
    "flag": (Flags.POST_ONLY | Flags.REDUCE, 3),
    "uuid": (IDENT, "12345678-1234-5678-1234-567812345678"),
    "path": (pathlib.PurePosixPath("/a/b"), "/a/b"),
    "bytes": (b"\x00\xff", base64.b64encode(b"\x00\xff").decode()),
    "bytearray": (bytearray(b"abc"), base64.b64encode(b"abc").decode()),
    "memoryview": (memoryview(b"abc"), base64.b64encode(b"abc").decode()),
    "empty_bytes": (b"", ""),
    "dict": ({"a": {"b": [1, "x", None]}}, {"a": {"b": [1, "x", None]}}),
    "dict_keys": ({1: "a", None: "b", (2, 3): "c"}, {"1": "a", "None": "b", "(2, 3)": "c"}),
    "keys_that_become_equal": ({1: "a", "1": "b"}, {"1": "a", "1_": "b"}),
    "mapping": (Book(), {"bid": 1, "ask": 2}),
    "mapping_proxy": (types.MappingProxyType({"a": 1}), {"a": 1}),
    "ordered_dict": (collections.OrderedDict(b=1, a=2), {"b": 1, "a": 2}),
    "counter": (collections.Counter("aab"), {"a": 2, "b": 1}),
    "chain_map": (collections.ChainMap({"a": 1}), {"a": 1}),
    "dataclass": (Order("BTC", [Fill(1.5, 2)]), {"symbol": "BTC", "fills": [{"price": 1.5, "qty": 2}]}),
    "slotted_dataclass": (Slotted(1), {"a": 1}),
    "named_tuple": (Fill(1.5, 2), {"price": 1.5, "qty": 2}),
    "list": ([1, "a", None], [1, "a", None]),
    "tuple": ((1, (2, 3)), [1, [2, 3]]),
    "empty_containers": ([[], {}, (), set()], [[], {}, [], []]),
    "sequence": (Ladder(), [10, 20]),
    "range": (range(3), [0, 1, 2]),
    "deque": (collections.deque([1, 2]), [1, 2]),
    "set": ({7}, [7]),
    "frozenset": (frozenset({"x"}), ["x"]),
    "dict_keys_view": ({"a": 1}.keys(), ["a"]),
    "fraction": (fractions.Fraction(1, 3), "1/3"),
    "complex": (1 + 2j, "(1+2j)"),
    "ip_address": (ipaddress.ip_address("10.0.0.1"), "10.0.0.1"),
    "timedelta": (dt.timedelta(seconds=90), "0:01:30"),
    "object": (Shown(), "shown"),
    "exception": (ValueError("bad"), "bad"),
}


@pytest.mark.parametrize("name", VALUES)
def test_each_value_has_one_form(name: str, both_ways: "Logs") -> None:
    """A field's value is written as the interface says, alone and inside a list and a mapping."""
    value, expected = VALUES[name]

    both_ways.logger.info("m", value=value, inside=[value], under={"k": value})

    record = both_ways.last()
    shown = (record["value"], record["inside"], record["under"])
    assert shown == (expected, [expected], {"k": expected})
    assert type(record["value"]) is type(expected)


def test_a_set_is_an_array_of_its_elements(both_ways: "Logs") -> None:
    """No element of a set is lost or added."""
    both_ways.logger.info("m", symbols={"BTC", "ETH", "SOL"})

    assert sorted(both_ways.last()["symbols"]) == ["BTC", "ETH", "SOL"]


def test_array_elements_are_values(both_ways: "Logs") -> None:
    """An `array.array` of floats keeps its numbers."""
    both_ways.logger.info("m", closes=array.array("d", [1.5, 2.5]))

    shown = both_ways.last()["closes"]
    assert shown in ([1.5, 2.5], str(array.array("d", [1.5, 2.5])))


def test_text_in_extra_and_keywords_is_the_same(both_ways: "Logs") -> None:
    """A field gives the same member whether it came by keyword or in `extra`."""
    both_ways.logger.info("m", price=decimal.Decimal("1.10"))
    both_ways.logger.info("m", extra={"price": decimal.Decimal("1.10")})

    by_keyword, by_extra = (record["price"] for record in both_ways.records())
    assert by_keyword == by_extra == "1.10"


def test_a_keyword_wins_over_the_same_name_in_extra(both_ways: "Logs") -> None:
    """One name has one value, the one given at the call itself."""
    both_ways.logger.info("m", extra={"price": 1, "qty": 2}, price=3)

    record = both_ways.last()
    assert (record["price"], record["qty"]) == (3, 2)


class Broken:
    """An object whose every attempt at text fails."""

    def __str__(self) -> str:
        raise RuntimeError("no text")

    __repr__ = __str__


def test_a_value_that_refuses_its_text_becomes_a_note(both_ways: "Logs") -> None:
    """A raising `__str__` leaves a note naming class and error; the record and its neighbours stay."""
    both_ways.logger.info("kept", bad=Broken(), inside=[Broken(), 1], good=2)

    record = both_ways.last()
    note = "<unprintable Broken: RuntimeError>"
    assert (record["message"], record["good"]) == ("kept", 2)
    assert (record["bad"], record["inside"]) == (note, [note, 1])


def test_a_mapping_that_fails_half_way_becomes_a_note(both_ways: "Logs") -> None:
    """A container whose own code raises does not take the record with it."""

    class Half(Book):
        def __getitem__(self, key: str) -> int:
            raise OSError("gone")

    both_ways.logger.info("kept", book=Half(), good=2)

    record = both_ways.last()
    assert record["good"] == 2
    assert record["book"] == "<unprintable Half: OSError>"


def test_a_value_is_captured_at_the_call(both_ways: "Logs") -> None:
    """Changing an object after the call changes nothing in the record."""
    book = {"bids": [[1, 2]], "n": 1}
    order = Order("BTC", [Fill(1.0, 1)])

    both_ways.logger.info("m", book=book, order=order)
    book["bids"][0][0] = 99  # type: ignore[index]
    book["n"] = 99
    order.symbol = "changed"
    order.fills.clear()

    record = both_ways.last()
    assert record["book"] == {"bids": [[1, 2]], "n": 1}
    assert record["order"] == {"symbol": "BTC", "fills": [{"price": 1.0, "qty": 1}]}


def test_an_argument_is_formatted_at_the_call(both_ways: "Logs") -> None:
    """The message says what the argument was when the call was made."""
    bars = [1]

    both_ways.logger.info("bars: %s", bars)
    bars.append(2)

    assert both_ways.last()["message"] == "bars: [1]"


def test_a_deep_value_is_cut_and_says_so(both_ways: "Logs") -> None:
    """Nesting beyond `limits.depth` ends in a note; the line stays valid."""
    deep: Any = "bottom"
    for _ in range(100):
        deep = [deep]

    both_ways.logger.info("m", deep=deep)

    shown = both_ways.last()["deep"]
    levels = 0
    while isinstance(shown, list):
        shown = shown[0]
        levels += 1
    assert levels == 33
    assert shown == "<list: nested too deeply>"


def test_a_value_that_contains_itself_ends(both_ways: "Logs") -> None:
    """A cycle is cut like any other depth."""
    cycle: dict[str, Any] = {"n": 1}
    cycle["self"] = cycle

    both_ways.logger.info("m", cycle=cycle)

    record = both_ways.last()
    assert record["cycle"]["n"] == 1
    assert "nested too deeply" in str(record["cycle"])


def test_a_long_container_is_cut_and_says_by_how_much(logs: "Logs") -> None:
    """Beyond `limits.items` the rest is counted, in lists and in mappings."""
    logs.configure(limits={"items": 10})

    logs.logger.info("m", rows=list(range(25)), table={str(n): n for n in range(12)})

    record = logs.last()
    assert record["rows"] == [*range(10), "… 15 more"]
    assert record["table"] == {**{str(n): n for n in range(10)}, "…": "2 more"}


def test_more_fields_than_allowed_are_counted(logs: "Logs") -> None:
    """A call with too many fields keeps the first ones and says how many it left out."""
    logs.configure(limits={"items": 10})

    logs.logger.info("m", **{f"f{n}": n for n in range(12)})

    record = logs.last()
    assert [record[f"f{n}"] for n in range(10)] == list(range(10))
    assert record["fields_left_out"] == 2
    assert "f10" not in record


def test_a_large_container_is_left_out_with_its_size(both_ways: "Logs") -> None:
    """A value that alone exceeds the record's size is named by its size; the other fields stay."""
    both_ways.logger.info("kept", book={str(n): "x" * 10_000 for n in range(900)}, good=1)

    record = both_ways.last()
    assert (record["message"], record["good"]) == ("kept", 1)
    assert "left out" in str(record["book"]) or "more" in str(record["book"])


NASTY = {
    "newline": "a\nb",
    "carriage_return": "a\rb",
    "escape": "\x1b[2Jcleared",
    "bell_and_null": "\x07\x00",
    "line_separator": "a\u2028b\u2029c",
    "next_line": "a\x85b",
    "bidi_override": "a\u202eb\u2066c",
    "quotes": 'say "hi" \\ back',
    "forged_record": 'x"}\n{"timestamp":"2024","level":"INFO"',
    "delete": "\x7f",
}


@pytest.mark.parametrize("name", NASTY)
def test_a_record_is_one_line_whatever_it_says(name: str, both_ways: "Logs") -> None:
    """No text breaks its line or reaches a terminal as a control, and all of it reads back."""
    text = NASTY[name]

    both_ways.logger.info(text, **{text: text}, extra={"in_extra": text})

    record = both_ways.last()
    assert (record["message"], record[text], record["in_extra"]) == (text, text, text)
    line = (both_ways.directory / "expert.log").read_text(encoding="utf-8")
    assert line.count("\n") == len(line.splitlines()) == 1
    assert line.rstrip("\n").isprintable()


def test_members_stand_in_the_order_of_the_interface(logs: "Logs") -> None:
    """timestamp, level, module, message, category, fields, exception, seq, then what `include` adds."""
    logs.configure(include=["run_id", "thread_id", "process_id", "caller"])

    try:
        raise ValueError("x")
    except ValueError:
        logs.logger.error("m", exc_info=True, category="c", b=1, a=2)

    assert list(logs.last()) == [
        *("timestamp", "level", "module", "message", "category", "b", "a", "exception", "seq"),
        *("run_id", "thread_id", "process_id", "caller"),
    ]


def test_context_comes_before_bound_before_own_fields(both_ways: "Logs") -> None:
    """Fields are in the order from the outermost to the call; the innermost value of a name wins."""
    from metaexpert.logger import log_context

    with log_context(a="context", b="context", c="context"):
        both_ways.logger.bind(b="bound", c="bound", d="bound").info("m", c="own", e="own")

    record = both_ways.last()
    shown = {name: record[name] for name in "abcde"}
    assert shown == {"a": "context", "b": "bound", "c": "own", "d": "bound", "e": "own"}


RESERVED = ["timestamp", "level", "module", "message", "exception", "stack_info", "seq"]
RESERVED += ["run_id", "thread_id", "process_id", "caller"]


@pytest.mark.parametrize("name", [name for name in RESERVED if name != "stack_info"])
def test_a_field_named_like_a_core_key_gets_an_underscore(name: str, both_ways: "Logs") -> None:
    """The core key wins, the field stays under `<key>_`, by keyword, in `extra`, bound and from a context."""
    from metaexpert.logger import log_context

    both_ways.logger.info("m", **{name: "mine"})
    both_ways.logger.info("m", extra={name: "mine"})
    both_ways.logger.bind(**{name: "mine"}).info("m")
    with log_context(**{name: "mine"}):
        both_ways.logger.info("m")

    records = both_ways.records()
    assert len(records) == 4
    for record in records:
        assert record[f"{name}_"] == "mine"
        assert record.get(name) != "mine"
        assert (record["message"], record["level"], record["module"]) == ("m", "INFO", "bot")


@pytest.mark.parametrize("name", ["msg", "name", "args", "levelno", "self", "lineno", "process", "taskName"])
def test_a_field_named_like_an_attribute_of_logging_is_a_field(name: str, both_ways: "Logs") -> None:
    """What `logging` refuses in `extra` is an ordinary field here."""
    both_ways.logger.info("m", **{name: "mine"})
    both_ways.logger.info("m", extra={name: "mine"})

    assert [record[name] for record in both_ways.records()] == ["mine", "mine"]
    assert both_ways.last()["module"] == "bot"


def test_a_name_and_its_own_underscored_form_both_stay(both_ways: "Logs") -> None:
    """Two fields that would share a key after the collision rule are both kept under keys of their own."""
    both_ways.logger.info("m", level=1, level_=2, level__=3)

    record = both_ways.last()
    assert sorted(value for name, value in record.items() if name.startswith("level_")) == [1, 2, 3]


def test_nested_layout_has_the_fields_under_context(logs: "Logs") -> None:
    """With `field_layout` nested a record is the LogEntry entity, and names can't collide."""
    logs.configure(field_layout="nested")

    logs.logger.info("m", level="mine", price=1)
    logs.logger.info("none")

    with_fields, without = logs.records()
    assert list(with_fields) == ["timestamp", "level", "module", "message", "context", "seq"]
    assert with_fields["context"] == {"level": "mine", "price": 1}
    assert without["context"] == {}


def test_the_time_is_utc_with_nanoseconds(both_ways: "Logs") -> None:
    """The timestamp is RFC 3339 in UTC with nine digits, between the times before and after the call."""
    before = dt.datetime.now(UTC)
    both_ways.logger.info("m")
    after = dt.datetime.now(UTC)

    text = both_ways.last()["timestamp"]
    seconds, _, digits = text.removesuffix("Z").partition(".")
    made = dt.datetime.fromisoformat(f"{seconds}.{digits[:6]}+00:00")
    assert (len(digits), text[-1]) == (9, "Z")
    # A LogRecord's time is a float, rounded to the microsecond.
    assert before - dt.timedelta(microseconds=2) <= made <= after + dt.timedelta(microseconds=2)


def test_records_are_numbered_consecutively(both_ways: "Logs") -> None:
    """`seq` goes up by one for each record, whichever logger made it."""
    for number in range(10):
        both_ways.logger.getChild(str(number % 3)).info("m")

    numbers = [record["seq"] for record in both_ways.records()]
    assert numbers == list(range(numbers[0], numbers[0] + 10))


def test_a_digit_limit_of_the_interpreter_does_not_lose_a_number(both_ways: "Logs") -> None:
    """An integer too long for the interpreter's decimal conversion is written exactly, in hexadecimal."""
    number = 10**5000 + 7

    both_ways.logger.info("m", number=number)

    assert int(both_ways.last()["number"], 16) == number


def test_a_message_need_not_be_text(both_ways: "Logs") -> None:
    """Any object can be a message; it is shown by its text, and a failing one by a note."""
    for message in (42, None, ValueError("bad"), ["a"], Broken(), Text("truth")):
        both_ways.logger.info(message)

    messages = both_ways.messages()
    assert messages[:4] == ["42", "None", "bad", "['a']"]
    assert "unprintable Broken" in messages[4]


def test_mass_keys_beyond_the_dictionary_stay_unique(logs: "Logs") -> None:
    """When a program has used up the room for names, records still have every field once."""
    logs.configure(handlers={"trades": None, "errors": None})
    for length in (2000, 200, 20, 1):
        for number in range(600):
            logs.logger.info("fill", **{f"{number:05}" + "k" * length: number})

    logs.logger.info("m", **{"a" * 3: 1, "level": 2, "level_": 3}, extra={"1": "text", 1: "number"})
    bound = logs.logger.bind(**{"fresh_a": 1, "fresh_b": 2})
    bound.info("m", fresh_b=3, fresh_c=4)

    collided, shadowed = logs.records()[-2:]
    assert collided["aaa"] == 1
    assert sorted(value for name, value in collided.items() if name.startswith("level_")) == [2, 3]
    assert {value for name, value in collided.items() if name.startswith("1")} == {"text", "number"}
    assert (shadowed["fresh_a"], shadowed["fresh_b"], shadowed["fresh_c"]) == (1, 3, 4)


def test_a_member_of_an_enum_may_hold_any_value(both_ways: "Logs") -> None:
    """An enumeration's value is shown as that value would be."""
    holder = enum.Enum("holder", {"PAIR": ("BTC", decimal.Decimal("1.0"))})

    both_ways.logger.info("m", pair=holder.PAIR)

    assert both_ways.last()["pair"] == ["BTC", "1.0"]


@pytest.mark.parametrize("layout", ["flat", "nested"])
def test_keys_that_become_equal_stay_apart(layout: str, logs: "Logs") -> None:
    """Keys that are different objects but have one text are both kept, in either layout and when bound."""
    logs.configure(field_layout=layout)
    surrogates = {chr(0xD800): "c", chr(0xD801): "d"}
    extra = {1: "a", "1": "b"} | surrogates
    logs.logger.info("m", extra=extra)
    logs.logger.bind(**surrogates).info("m")
    logs.logger.info("m", **surrogates)

    records = logs.records()
    assert len(records) == 3
    first, second, third = (record["context"] if layout == "nested" else record for record in records)
    assert [first["1"], first["1_"], first["\ufffd"], first["\ufffd_"]] == ["a", "b", "c", "d"]
    assert [second["\ufffd"], second["\ufffd_"]] == ["c", "d"]
    assert [third["\ufffd"], third["\ufffd_"]] == ["c", "d"]

"""Values that need no Python code are captured as they are, and look as if it had run."""

import array
import collections
import dataclasses
import datetime as dt
import decimal
import enum
import gc
import math
import uuid
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

if TYPE_CHECKING:
    from support.logs import Logs

PROFILE = settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


class Foreign:
    """A value whose own code must run, so that the whole call goes the general way."""

    def __str__(self) -> str:
        return "foreign"


class Side(enum.Enum):
    """An enumeration of texts."""

    BUY = "buy"
    BOOK = (1, 2.5, None)


class Level(enum.IntEnum):
    """An enumeration of integers."""

    TOP = 7


class Rights(enum.Flag):
    """A set of bits."""

    READ = 1
    WRITE = 2


class Shown(enum.Enum):
    """An enumeration whose members show another value."""

    ONE = 1

    @property
    def value(self) -> Any:
        """A text made of what the member stands for."""
        return f"shown {self._value_}"


@dataclasses.dataclass
class Order:
    """A dataclass with a default, a hidden field, and one that is for the class."""

    symbol: str
    price: Any = 1.5
    note: str = dataclasses.field(default="s", repr=False)


@dataclasses.dataclass(frozen=True, slots=True)
class Tick:
    """A dataclass with slots."""

    price: Any
    qty: Any


class Fill(NamedTuple):
    """A named tuple."""

    price: Any
    qty: Any


class Reversed(Fill):
    """A named tuple that iterates in another order."""

    def __iter__(self) -> Any:
        return iter((self[1], self[0]))


class Name(str):
    """A text that shows itself in another way."""

    __slots__ = ()

    def __str__(self) -> str:
        return "shown"


class Ratio(float):
    """A number that shows itself in another way."""

    def __repr__(self) -> str:
        return "shown"


class Count(int):
    """An integer that pretends to be another."""

    def __index__(self) -> int:
        return 0

    def __int__(self) -> int:
        return 0


leaves = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.integers(-200, 200),
    st.floats(),
    st.text(st.characters(), max_size=20),
    st.decimals(allow_nan=True),
    st.uuids(),
    st.dates(),
    st.times(),
    st.timedeltas(),
    st.datetimes(timezones=st.sampled_from([None, dt.UTC, dt.timezone(dt.timedelta(hours=2))])),
    st.sampled_from([*Side, *Level, *Rights, *Shown, Rights.READ | Rights.WRITE]),
    st.builds(Name, st.text(max_size=5)),
    st.floats().map(Ratio),
    st.integers().map(Count),
    st.floats().map(np.float64),
    st.floats(width=32).map(np.float32),
    st.floats(width=16).map(np.float16),
    st.integers(-(2**63), 2**63 - 1).map(np.int64),
    st.integers(0, 2**64 - 1).map(np.uint64),
    st.integers(-128, 127).map(np.int8),
    st.booleans().map(np.bool_),
    st.datetimes(min_value=dt.datetime(1900, 1, 1), max_value=dt.datetime(2200, 1, 1)).map(pd.Timestamp),
    st.integers(0, 2**62).map(lambda ns: pd.Timestamp(ns, unit="ns", tz="UTC")),
)
names = st.text(st.characters(), max_size=8)
arrays = st.one_of(
    st.lists(st.floats(), max_size=6).map(np.array),
    st.lists(st.integers(-(2**31), 2**31 - 1), max_size=6).map(lambda each: np.array(each, dtype="i4")[::2]),
    st.lists(st.integers(0, 255), min_size=4, max_size=4).map(
        lambda each: np.array(each, dtype="u1").reshape(2, 2).T
    ),
    st.lists(st.floats(), max_size=4).map(lambda each: array.array("d", each)),
    st.lists(st.integers(-5, 5), max_size=4).map(lambda each: np.array(each, dtype=">i2")),
)
values = st.recursive(
    leaves | arrays,
    lambda inner: st.one_of(
        st.lists(inner, max_size=5),
        st.lists(inner, max_size=3).map(tuple),
        st.dictionaries(names, inner, max_size=4),
        st.dictionaries(st.integers() | st.none() | st.dates(), inner, max_size=2),
        st.builds(Order, st.text(max_size=4), inner),
        st.builds(Tick, inner, inner),
        st.builds(Fill, inner, inner),
        st.builds(Reversed, inner, inner),
        st.lists(inner, max_size=2).map(collections.deque),
    ),
    max_leaves=12,
)


def both(logs: "Logs", value: Any) -> tuple[Any, Any]:
    """Return what a record has of `value` where nothing else needs Python code, and where something does."""
    # A class is learnt when it is first met.
    logs.logger.info("learn", value=value, other=Foreign())
    logs.logger.info("both", value=value, other="foreign")
    native = logs.last()["value"]
    logs.logger.info("both", value=value, other=Foreign())
    return native, logs.last()["value"]


@PROFILE
@given(value=values)
@pytest.mark.filterwarnings("ignore")
def test_a_value_is_the_same_on_both_ways(logs: "Logs", value: Any) -> None:
    """Whatever a value consists of, its form does not depend on what else the call has."""
    logs.configure(limits={"items": 4, "depth": 3})
    native, general = both(logs, value)
    assert native == general


@pytest.mark.parametrize("extra", [False, True])
def test_each_kind_has_its_form(logs: "Logs", extra: bool) -> None:
    """Numbers stay numbers, decimals keep their digits, names of fields stay."""
    logs.configure()
    fields = {
        "decimal": decimal.Decimal("1.50"),
        "tiny": decimal.Decimal("1E-8"),
        "identifier": uuid.UUID(int=5),
        "member": Side.BUY,
        "several": Side.BOOK,
        "top": Level.TOP,
        "rights": Rights.READ,
        "order": Order("BTCUSDT", [1, -300, 2**40, 2.5]),
        "fill": Fill(1, {"a": {"b": (None, True)}}),
        "array": np.array([1.5, math.nan]),
        "span": -dt.timedelta(seconds=90),
        "at": pd.Timestamp("2024-01-01T00:00:00.000000001Z"),
    }
    for _ in range(3):
        if extra:
            logs.logger.info("each", extra=dict(fields))
        else:
            logs.logger.info("each", **fields)
    wanted = {
        "decimal": "1.50",
        "tiny": "1E-8",
        "identifier": "00000000-0000-0000-0000-000000000005",
        "member": "buy",
        "several": [1, 2.5, None],
        "top": 7,
        "rights": 1,
        "order": {"symbol": "BTCUSDT", "price": [1, -300, 2**40, 2.5], "note": "<hidden: repr=False>"},
        "fill": {"price": 1, "qty": {"a": {"b": [None, True]}}},
        "array": [1.5, None],
        "span": "-1 day, 23:58:30",
        "at": "2024-01-01T00:00:00.000000001Z",
    }
    for record in logs.records():
        assert {name: record[name] for name in wanted} == wanted


def test_what_a_class_becomes_later_counts(logs: "Logs") -> None:
    """A class that is changed after its first object was logged is looked at again."""

    @dataclasses.dataclass
    class Position:
        size: Any

    logs.configure()
    position = Position(1)
    assert both(logs, position) == ({"size": 1}, {"size": 1})
    Position.size = property(lambda self: "changed", lambda self, value: None)  # type: ignore[assignment]
    assert both(logs, position) == ({"size": "changed"}, {"size": "changed"})


def test_own_ways_to_find_attributes_are_not_bypassed(logs: "Logs") -> None:
    """A class that answers for its attributes itself is asked."""

    @dataclasses.dataclass
    class Asked:
        size: int

        def __getattribute__(self, name: str) -> Any:
            return "asked" if name == "size" else super().__getattribute__(name)

    logs.configure()
    assert both(logs, Asked(1)) == ({"size": "asked"}, {"size": "asked"})
    assert both(logs, Shown.ONE) == ("shown 1", "shown 1")
    assert both(logs, Reversed(1, 2)) == ({"price": 2, "qty": 1}, {"price": 2, "qty": 1})


def test_what_is_too_much_is_cut_and_marked(logs: "Logs") -> None:
    """Cycles, depth, a million elements and long texts end where the limits say."""
    logs.configure()
    circle: list[Any] = [1]
    circle.append(circle)
    deep: Any = 0
    for _ in range(1000):
        deep = [deep]
    for value in (
        circle,
        deep,
        list(range(1_000_000)),
        ["x" * 9_000_000],
        dict.fromkeys(map(str, range(5000))),
    ):
        native, general = both(logs, value)
        assert native == general
    logs.logger.info("million", value=list(range(1_000_000)))
    assert logs.last()["value"][-1] == "… 999000 more"


def test_a_member_that_stands_for_itself_ends(logs: "Logs") -> None:
    """A member of an enumeration whose value is the member is cut like a container inside of itself."""

    class Odd(enum.Enum):
        SELF = 1
        OTHER = 2

    Odd.SELF._value_ = Odd.SELF
    logs.configure()
    logs.logger.info("learn", value=Odd.OTHER)
    assert both(logs, Odd.SELF) == ("<Odd: nested too deeply>", "<Odd: nested too deeply>")


def test_a_finaliser_does_not_change_what_is_being_captured(logs: "Logs") -> None:
    """Garbage that clears a list and logs when it is collected cannot do so while the list is read."""
    logs.configure()
    shared: list[Any] = []

    class Garbage:
        def __init__(self) -> None:
            self.itself = self

        def __del__(self) -> None:
            shared.clear()
            logs.logger.info("collected", value=[decimal.Decimal(1)])

    threshold = gc.get_threshold()
    gc.set_threshold(1)
    try:
        for number in range(300):
            Garbage()
            shared[:] = [decimal.Decimal(number), {"n": number}, np.arange(3)]
            count = len(shared)
            logs.logger.info("shared", value=shared, n=number)
            assert count == 3
    finally:
        gc.set_threshold(*threshold)
    numbers = [record["n"] for record in logs.records() if record["message"] == "shared"]
    assert numbers == list(range(300))


def test_extra_is_what_it_is_on_the_general_way(logs: "Logs") -> None:
    """The fields of `extra` come first, a keyword wins, a category is one, and other names are fields."""
    logs.configure()
    for _ in range(3):
        logs.logger.info("plain", extra={"a": 1, "b": [1]}, c=3)
        logs.logger.info("same", extra={"a": 1, "b": 2}, b=3)
        logs.logger.info("trade", extra={"a": 1, "category": "trade"})
        logs.logger.info("words", extra={"exc_info": 1, "stack_info": 2})
        logs.logger.info("empty", extra={}, a=1)
        logs.logger.info("none", extra=None, a=1)
    core = {"timestamp", "level", "module", "message", "seq"}
    seen = [(each["message"], {k: v for k, v in each.items() if k not in core}) for each in logs.records()]
    one = seen[: len(seen) // 3]
    assert dict(one) == {
        "plain": {"a": 1, "b": [1], "c": 3},
        "same": {"a": 1, "b": 3},
        "trade": {"a": 1, "category": "trade"},
        "words": {"exc_info": 1, "stack_info_": 2},
        "empty": {"a": 1},
        "none": {"a": 1},
    }
    assert seen == one * 3


def test_a_call_site_may_change_what_it_logs(logs: "Logs") -> None:
    """One call with plain values, decimals, lists and foreign values in turns is right each time."""
    logs.configure()
    turns = [1, decimal.Decimal("1.5"), 2.5, [1, 2], Foreign(), None, {"a": 1}, "text", [Foreign()]]
    for number, value in enumerate(turns * 3):
        logs.logger.info("turn", value=value, other=[number, {"n": number}], n=number)
    written = [1, "1.5", 2.5, [1, 2], "foreign", None, {"a": 1}, "text", ["foreign"]] * 3
    for number, (record, value) in enumerate(zip(logs.records(), written, strict=True)):
        assert (record["value"], record["n"]) == (value, number)
        assert record["other"] == [number, {"n": number}]


def test_names_beyond_the_dictionary_keep_nested_values(logs: "Logs") -> None:
    """Records whose names no longer fit the queue's dictionary have lists and mappings as others do."""
    logs.configure()
    wide = "n" * 2000
    for number in range(400):
        fields = {f"{wide}{number}_{place}": [place, {"n": number}] for place in range(3)}
        logs.logger.info("many names", other=Foreign(), **fields)
        logs.logger.info("many names", extra=fields)
    records = logs.records()
    assert len(records) == 800
    for index, record in enumerate(records):
        number = index // 2
        assert record[f"{wide}{number}_2"] == [2, {"n": number}]


def test_extra_of_one_call_site_may_change(logs: "Logs") -> None:
    """One call with `extra=` of other names, orders, values and types is right each time."""
    logs.configure()
    own = {"ab"[:1] + "b": 1, "c": 2}
    turns: list[Any] = [
        {"a": 1, "b": 2},
        {"b": 3, "a": 4},
        {"a": 1, "b": 2, "c": 3},
        {"a": 1},
        {},
        {"a": [1], "b": decimal.Decimal("1.5")},
        {"a": Foreign(), "b": None},
        own,
        {f"n{number}": number for number in range(20)},
        {f"m{number}": [number] for number in range(40)},
        collections.OrderedDict(a=1, b=2),
        {1: "one", "a": 2},
        {"a": 1, "b": 2},
    ]
    wanted: list[Any] = [*turns]
    wanted[5], wanted[6] = {"a": [1], "b": "1.5"}, {"a": "foreign", "b": None}
    wanted[11] = {"1": "one", "a": 2}
    for extra in turns * 4:
        logs.logger.info("turn", extra=extra)
    core = {"timestamp", "level", "module", "message", "seq"}
    seen = [{name: each[name] for name in each if name not in core} for each in logs.records()]
    assert seen == wanted * 4

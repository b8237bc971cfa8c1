"""Values of polars, pyarrow, attrs, msgspec and pydantic keep what they are; tests skip what is missing."""

import datetime as dt
import decimal
import math
from typing import TYPE_CHECKING, Annotated, Any

import pydantic
import pytest

if TYPE_CHECKING:
    from support.logs import Logs

NS = 1_767_225_600_123_456_789


def logged(logs: "Logs", value: Any) -> Any:
    """Return what is in the record of a value, which is the same alone and in a list."""
    logs.logger.info("m", value=value, inside=[value])
    record = logs.last()
    assert record["inside"] == [record["value"]]
    return record["value"]


def polars_cases(pl: Any) -> list[tuple[Any, Any]]:
    """Return values of polars and their forms."""

    def times(unit: str, zone: str | None = None) -> Any:
        return pl.Series([NS, None]).cast(pl.Datetime("ns", zone)).cast(pl.Datetime(unit, zone))

    return [
        (pl.Series([0.123456789012, None, math.nan]), [0.123456789012, None, None]),
        (pl.Series([decimal.Decimal("1.50")]), ["1.50"]),
        (pl.Series([dt.date(2026, 1, 1)]), ["2026-01-01"]),
        (times("ns"), ["2026-01-01T00:00:00.123456789", None]),
        (times("ns", "UTC"), ["2026-01-01T00:00:00.123456789Z", None]),
        (times("ns", "Europe/Berlin"), ["2026-01-01T01:00:00.123456789+01:00", None]),
        (times("us", "UTC"), ["2026-01-01T00:00:00.123456Z", None]),
        (pl.Series([123_456_789]).cast(pl.Time), ["00:00:00.123456789"]),
        (pl.Series([5, None]).cast(pl.Duration("ns")), ["PT0.000000005S", None]),
        (pl.Series([1_000_005]).cast(pl.Duration("us")), ["0:00:01.000005"]),
        (pl.Series([[NS], None]).cast(pl.List(pl.Datetime("ns"))), [["2026-01-01T00:00:00.123456789"], None]),
        (
            pl.Series([{"t": NS}, None]).cast(pl.Struct({"t": pl.Datetime("ns")})),
            [{"t": "2026-01-01T00:00:00.123456789"}, None],
        ),
        (pl.Series([2**100], dtype=pl.Int128), [str(2**100)]),
        (pl.Series(["a", None], dtype=pl.Categorical), ["a", None]),
        (pl.Series([b"\xff"]), ["/w=="]),
        (pl.Series([[1, 2]], dtype=pl.Array(pl.Int64, 2)), [[1, 2]]),
        (
            pl.DataFrame({"t": times("ns"), "n": [1, None]}),
            [{"t": "2026-01-01T00:00:00.123456789", "n": 1}, {"t": None, "n": None}],
        ),
        (pl.Series([5_000_000]).cast(pl.Date), ["+15659-07-15"]),
        (pl.DataFrame(), []),
    ]


def test_polars_values_are_kept(both_ways: "Logs") -> None:
    """Times to the nanosecond, null, decimals, and nested columns."""
    for value, expected in polars_cases(pytest.importorskip("polars")):
        assert logged(both_ways, value) == expected, value


def test_a_long_polars_frame_says_how_much_is_left_out(logs: "Logs") -> None:
    """Rows beyond `limits.items` are counted."""
    pl = pytest.importorskip("polars")
    logs.configure(limits={"items": 10})
    frame = pl.DataFrame({"n": range(25)})

    assert logged(logs, frame) == [*({"n": n} for n in range(10)), "… 15 more"]
    assert logged(logs, frame["n"]) == [*range(10), "… 15 more"]


def arrow_cases(pa: Any, pd: Any) -> list[tuple[Any, Any]]:
    """Return values of pyarrow, and of pandas over it, and their forms."""
    times = pa.array([NS, None], pa.timestamp("ns", "UTC"))
    text = "2026-01-01T00:00:00.123456789Z"

    def series(values: Any, kind: Any) -> Any:
        return pd.Series(values, dtype=pd.ArrowDtype(kind))

    return [
        (series([2**62 + 1, None], pa.int64()), [2**62 + 1, None]),
        (series([decimal.Decimal("1.50")], pa.decimal128(10, 2)), ["1.50"]),
        (series([[1, None]], pa.list_(pa.int64())), [[1, None]]),
        (pd.Series(times.to_pandas()), [text, None]),
        (series([NS], pa.int64()).astype(pd.ArrowDtype(pa.timestamp("ns", "UTC"))), [text]),
        (pa.array([1, None, 2**62 + 1]), [1, None, 2**62 + 1]),
        (pa.chunked_array([[1], [2]]), [1, 2]),
        (pa.scalar(decimal.Decimal("1.50")), "1.50"),
        (pa.scalar(None), None),
        (times[0], text),
        (pa.array([5], pa.duration("ns"))[0], "5 nanoseconds"),
        (pa.array([5], pa.time64("ns")), ["00:00:00.000000005"]),
        (pa.array([[NS]], pa.list_(pa.timestamp("ns")))[0], ["2026-01-01T00:00:00.123456789"]),
        (pa.table({"t": times, "n": [1, 2]}), [{"t": text, "n": 1}, {"t": None, "n": 2}]),
        (pa.array([5_000_000], pa.date32()), ["15659-07-15"]),
        (pa.array(["a", None]).dictionary_encode(), ["a", None]),
        (pa.array([{"a": 1}, None]), [{"a": 1}, None]),
        (pa.array([[("k", 1)]], pa.map_(pa.string(), pa.int64())), [[{"key": "k", "value": 1}]]),
        (pa.array([b"\xff"]), ["/w=="]),
        (pa.record_batch({"n": [1]}), [{"n": 1}]),
        *arrow_time_cases(pa),
    ]


def arrow_time_cases(pa: Any) -> list[tuple[Any, Any]]:
    """Return scalars of times and spans, also such as Python has none for, and their forms."""

    def time(value: int, unit: str, zone: str | None = None) -> Any:
        return pa.scalar(value, pa.timestamp(unit, zone))

    at, far = NS // 10**9, 10**12
    return [
        (time(at, "s", "Asia/Tokyo"), "2026-01-01T09:00:00+09:00"),
        (time(NS // 1000, "us"), "2026-01-01T00:00:00.123456"),
        (time(NS, "ns", "Asia/Tokyo"), "2026-01-01T09:00:00.123456789+09:00"),
        (time(NS, "ns", "-03:30"), "2025-12-31T20:30:00.123456789-03:30"),
        (time(NS, "ns", "Europe/London"), "2026-01-01T00:00:00.123456789Z"),
        (
            time(-(2_208_988_800 * 10**9) + 1, "ns", "Europe/Amsterdam"),
            "1900-01-01T00:19:32.000000001+00:19:32",
        ),
        (time(-1, "ns"), "1969-12-31T23:59:59.999999999"),
        (time(500 * 10**9, "s", "Asia/Tokyo"), "17814-05-16T00:53:20Z"),
        (time(500 * 10**9, "s"), "17814-05-16T00:53:20"),
        (pa.array([at, 500 * 10**9], pa.timestamp("s")), ["2026-01-01T00:00:00", "17814-05-16T00:53:20"]),
        (time(far * 10, "s", "Asia/Tokyo"), f"<value out of range: {far * 10}>"),
        (pa.scalar(2**62, pa.duration("s")), f"{2**62} seconds"),
        (pa.array([1, 2**62], pa.duration("ms")), ["0:00:00.001000", f"{2**62} milliseconds"]),
        (pa.scalar(dt.timedelta(seconds=1, microseconds=5)), "0:00:01.000005"),
        (pa.scalar(dt.date(2026, 1, 1), pa.date64()), "2026-01-01"),
        (pa.scalar(dt.time(1, 2, 3, 4)), "01:02:03.000004"),
        (
            pa.scalar(
                [{"t": 1, "n": None}],
                pa.list_(pa.struct({"t": pa.timestamp("ns", "+01:00"), "n": pa.null()})),
            ),
            [{"t": "1970-01-01T01:00:00.000000001+01:00", "n": None}],
        ),
    ]


def test_arrow_values_are_kept(both_ways: "Logs") -> None:
    """Also in columns of pandas."""
    pa, pd = pytest.importorskip("pyarrow"), pytest.importorskip("pandas")
    for value, expected in arrow_cases(pa, pd):
        assert logged(both_ways, value) == expected, value


def test_a_missing_value_of_attrs_is_no_number(both_ways: "Logs") -> None:
    """`attrs.NOTHING` is a member of an enumeration, whose number means nothing."""
    attrs = pytest.importorskip("attrs")
    both_ways.logger.info("m", value=attrs.NOTHING, inside=[attrs.NOTHING])
    record = both_ways.last()
    assert (record["value"], record["inside"]) == (str(attrs.NOTHING), [str(attrs.NOTHING)])


def test_attrs_classes_are_objects(both_ways: "Logs") -> None:
    """With their fields' values; what their text hides or shows in a way of its own stays so."""
    attrs = pytest.importorskip("attrs")

    @attrs.define
    class Order:
        qty: decimal.Decimal
        hidden: str = attrs.field(repr=False, default="s3cr3t")
        masked: str = attrs.field(repr=lambda value: value[:1] + "***", default="value")

    assert logged(both_ways, Order(decimal.Decimal("1.50"))) == {
        "qty": "1.50",
        "hidden": "<hidden: repr=False>",
        "masked": "v***",
    }


def test_encoded_messages_of_msgspec_are_what_they_say(both_ways: "Logs") -> None:
    """JSON with its numbers as they are; what is none, as bytes; in a struct, too."""
    msgspec = pytest.importorskip("msgspec")

    class Event(msgspec.Struct):  # type: ignore[name-defined, misc]
        data: msgspec.Raw

    for text, expected in [
        ('{"a": [1, 2.50, null, true, "é"], "a": {}}', {"a": [1, 2.5, None, True, "é"], "a_": {}}),
        ("0.1234567890123456789", "0.1234567890123456789"),
        (f"[{2**62 + 1}, {2**70}, 1e400]", [2**62 + 1, str(2**70), "1E+400"]),
        ('"text"', "text"),
        ('{"api_secret": "s3cr3t"}', {"api_secret": "***"}),
        ("{damaged", "e2RhbWFnZWQ="),
        ("", ""),
    ]:
        assert logged(both_ways, msgspec.Raw(text)) == expected, text
        assert logged(both_ways, Event(msgspec.Raw(text))) == {"data": expected}, text
    assert logged(both_ways, msgspec.Raw(msgspec.msgpack.encode([1.5]))) == "kcs/+AAAAAAAAA=="
    assert logged(both_ways, msgspec.msgpack.Ext(5, b"\xff")) == {"code": 5, "data": "/w=="}


def test_a_large_message_of_msgspec_is_cut(logs: "Logs") -> None:
    """As its text, because its end is needed to read it."""
    msgspec = pytest.importorskip("msgspec")
    logs.configure(limits={"bytes": 2000})
    logs.logger.info("m", value=msgspec.Raw("[" + "1," * 10**6 + "1]"), price=1.5)

    record = logs.last()
    assert record["value"].startswith("[1,1,1,")
    assert "bytes cut>" in record["value"]
    assert record["price"] == 1.5


def test_msgspec_structs_are_objects(both_ways: "Logs") -> None:
    """With the names and the tag that they are encoded with, and with every field, also a default."""
    msgspec = pytest.importorskip("msgspec")

    class Order(msgspec.Struct, rename="camel", tag_field="kind", tag="limit", omit_defaults=True):  # type: ignore[name-defined, misc]
        order_qty: decimal.Decimal
        reduce_only: bool = False

    class Pair(msgspec.Struct, array_like=True):  # type: ignore[name-defined, misc]
        price: float
        qty: int

    assert logged(both_ways, [Order(decimal.Decimal("1.50")), Pair(0.1, 2)]) == [
        {"kind": "limit", "orderQty": "1.50", "reduceOnly": False},
        {"price": 0.1, "qty": 2},
    ]


class Leg(pydantic.BaseModel):
    """A part of a model."""

    qty: decimal.Decimal = decimal.Decimal("1.50")
    pin: str = pydantic.Field("1234", repr=False)


class Account(pydantic.BaseModel):
    """A model with something of everything."""

    model_config = pydantic.ConfigDict(extra="allow")

    name: str = pydantic.Field("main", alias="accountName")
    login: pydantic.SecretStr = pydantic.SecretStr("hunter2")
    card: str = "4111"
    shown: Annotated[int, pydantic.PlainSerializer(lambda value: f"#{value}")] = 1
    left_out: int = pydantic.Field(1, exclude=True)
    legs: list[Leg] = [Leg()]

    @pydantic.field_serializer("card")
    def _mask(self, card: str) -> str:
        return card[:1] + "***"

    @pydantic.computed_field  # type: ignore[prop-decorator]
    @property
    def count(self) -> int:
        """How many legs there are."""
        return len(self.legs)


class Failing(pydantic.BaseModel):
    """A model that cannot compute what it promises."""

    a: int = 1

    @pydantic.computed_field  # type: ignore[prop-decorator]
    @property
    def wrong(self) -> float:
        """What it cannot compute."""
        return self.a / 0


class Numbers(pydantic.RootModel[list[int]]):
    """A model of one value."""


class Whole(pydantic.BaseModel):
    """A model that says itself what it is."""

    a: int = 1

    @pydantic.model_serializer
    def _whole(self) -> dict[str, int]:
        return {"b": self.a}


def test_pydantic_models_are_objects(both_ways: "Logs") -> None:
    """As their own serializers show them: what is secret stays so, names are those of the code."""
    assert logged(both_ways, Account(extra_one=dt.date(2026, 1, 1))) == {  # type: ignore[call-arg]
        "name": "main",
        "login": "**********",
        "card": "4***",
        "shown": "#1",
        "legs": [{"qty": "1.50", "pin": "<hidden: repr=False>"}],
        "extra_one": "2026-01-01",
        "count": 1,
    }
    assert logged(both_ways, Leg.model_construct(_fields_set=set(), qty=1)) == {
        "qty": 1,
        "pin": "<hidden: repr=False>",
    }
    assert logged(both_ways, Failing()) == {"a": 1, "wrong": "<unprintable Failing: ZeroDivisionError>"}
    assert logged(both_ways, [Numbers([1, 2]), Whole(), Account]) == [[1, 2], {"b": 1}, str(Account)]


def test_a_model_that_holds_itself_ends(both_ways: "Logs") -> None:
    """As any cycle, at `limits.depth`."""

    class Node(pydantic.BaseModel):
        other: Any = None

    node = Node()
    node.other = node
    both_ways.logger.info("m", node=node)

    assert "<Node: nested too deeply>" in str(both_ways.last()["node"])

"""Values of Python and numpy, each with its form in a record."""

import array
import collections
import dataclasses
import datetime as dt
import decimal
import enum
import ipaddress
import pathlib
import types
import warnings
import zoneinfo
from typing import Any, ClassVar

import numpy as np

UTC = dt.UTC
BERLIN = zoneinfo.ZoneInfo("Europe/Berlin")
FIFTY_DIGITS = "1234567890" * 4 + ".1234567890"


class Side(enum.Enum):
    """An enumeration with text values."""

    BUY = "buy"


class Unnamed(enum.Enum):
    """An enumeration whose values say nothing."""

    FIRST = object()


class Lot(enum.IntEnum):
    """An enumeration of integers."""

    MINI = 7


class Venue(enum.StrEnum):
    """An enumeration of strings."""

    BYBIT = "bybit"


class Tick(decimal.Decimal, enum.Enum):
    """An enumeration of numbers that are exact."""

    CENT = "0.010"


class Day(dt.date, enum.Enum):
    """An enumeration of dates."""

    FIRST = 2026, 1, 1


class Money(decimal.Decimal):
    """A number that shows itself rounded."""

    def __str__(self) -> str:
        return "$1"


class Flags(enum.Flag):
    """A set of flags."""

    POST_ONLY = 1
    REDUCE = 2


@dataclasses.dataclass
class Order:
    """A dataclass with everything that is no field of its instances."""

    kind: ClassVar[str] = "limit"
    symbol: str
    seed: dataclasses.InitVar[int]
    note: str = dataclasses.field(default="n", repr=False)
    filled: float = dataclasses.field(init=False)

    def __post_init__(self, seed: int) -> None:
        pass

    @property
    def is_open(self) -> bool:
        """Whether it is open."""
        return True


class Upper(collections.UserString):
    """A string that is none."""


class Quantity(np.ndarray):
    """An array of somebody's own."""


def masked(values: Any, mask: Any, **more: Any) -> Any:
    """Return a masked array."""
    return np.ma.array(values, mask=mask, **more)


def matrix() -> Any:
    """Return a matrix, which numpy warns of."""
    with warnings.catch_warnings(action="ignore"):
        return np.asmatrix([[1, 2], [3, 4]])


def padded(*texts: str) -> Any:
    """Return an array of texts that are shown without the blanks behind them."""
    with warnings.catch_warnings(action="ignore"):
        return np.char.array(texts)


def table(*rows: Any, **fields: str) -> Any:
    """Return a structured array."""
    return np.array(list(rows), dtype=list(fields.items()))


HALF = np.longdouble(1) / 2

PYTHON: dict[str, tuple[Any, Any]] = {
    "decimal 50 digits": (decimal.Decimal(FIFTY_DIGITS), FIFTY_DIGITS),
    "decimal minus zero": (decimal.Decimal("-0.00"), "-0.00"),
    "decimal signalling": (decimal.Decimal("sNaN123"), "sNaN123"),
    "decimal infinity": (decimal.Decimal("-Infinity"), "-Infinity"),
    "decimal exponent": (decimal.Decimal("1E-50"), "1E-50"),
    "minus zero": (-0.0, -0.0),
    "complex": (complex("-0.1+nanj"), "(-0.1+nanj)"),
    "huge": (-(10**70), "-1" + "0" * 70),
    "time with zone": (dt.time(1, 2, 3, 4, tzinfo=UTC), "01:02:03.000004Z"),
    "fold 0": (dt.datetime(2024, 10, 27, 2, 30, tzinfo=BERLIN), "2024-10-27T02:30:00+02:00"),
    "fold 1": (dt.datetime(2024, 10, 27, 2, 30, fold=1, tzinfo=BERLIN), "2024-10-27T02:30:00+01:00"),
    "zone of seconds": (
        dt.datetime(2024, 1, 1, tzinfo=dt.timezone(dt.timedelta(seconds=-1))),
        "2024-01-01T00:00:00-00:00:01",
    ),
    "timedelta": (dt.timedelta(days=-1, microseconds=1), "-1 day, 0:00:00.000001"),
    "enum": (Side.BUY, "buy"),
    "enum without a value to show": (Unnamed.FIRST, "Unnamed.FIRST"),
    "decimal enum": (Tick.CENT, "0.010"),
    "date enum": (Day.FIRST, "2026-01-01"),
    "decimal of a class of its own": (Money("1.4900"), "1.4900"),
    "int enum": (Lot.MINI, 7),
    "str enum": (Venue.BYBIT, "bybit"),
    "flag": (Flags.POST_ONLY | Flags.REDUCE, 3),
    "memoryview of numbers": (memoryview(array.array("H", [1])), "AQA="),
    "array": (array.array("d", [0.1, 2.5]), [0.1, 2.5]),
    "windows path": (pathlib.PureWindowsPath(r"c:\logs"), r"c:\logs"),
    "network": (ipaddress.ip_network("10.0.0.0/8"), "10.0.0.0/8"),
    "interface": (ipaddress.ip_interface("10.0.0.1/8"), "10.0.0.1/8"),
    "dataclass": (
        Order("BTC", 1),
        {"symbol": "BTC", "note": "<hidden: repr=False>", "filled": "<unprintable Order: AttributeError>"},
    ),
    "namespace": (types.SimpleNamespace(qty=decimal.Decimal("1.50")), {"qty": "1.50"}),
    "mapping proxy": (types.MappingProxyType({"a": Side.BUY}), {"a": "buy"}),
    "chain map": (collections.ChainMap({"a": 1}, {"a": 2, "b": 3}), {"a": 1, "b": 3}),
    "user dict": (collections.UserDict({"a": 1}), {"a": 1}),
    "user list": (collections.UserList([1, 2]), [1, 2]),
    "user string": (Upper("abc"), "abc"),
    "range": (range(2**70, 2**70 + 2), [str(2**70), str(2**70 + 1)]),
    "keys that are enums": ({Side.BUY: 1, Lot.MINI: 2, Venue.BYBIT: 3}, {"buy": 1, "7": 2, "bybit": 3}),
    "keys that are times": (
        {dt.datetime(2024, 1, 2, tzinfo=UTC): 1, dt.date(2024, 1, 2): 2},
        {"2024-01-02T00:00:00Z": 1, "2024-01-02": 2},
    ),
    "keys that are bytes": ({b"\xff": 1}, {"/w==": 1}),
    "keys that are none": ({None: 1, "None": 2}, {"None": 1, "None_": 2}),
    "keys that are one number": ({"1": 1, 1: 2, "1_": 3}, {"1": 1, "1_": 2, "1__": 3}),
    "keys of several parts": ({("a", 1): 1}, {"('a', 1)": 1}),
    "keys that are numpy's": ({np.int64(5): 1, np.float64(0.1): 2}, {"5": 1, "0.1": 2}),
}

NUMPY: dict[str, tuple[Any, Any]] = {
    "float16": (np.float16(0.5), 0.5),
    "float32": (np.float32(0.1), float(np.float32(0.1))),
    "longdouble": (HALF, str(HALF)),
    "longdouble beyond double": (np.longdouble("0.1"), str(np.longdouble("0.1"))),
    "longdouble nan": (np.longdouble("nan"), None),
    "longdouble infinity": (np.longdouble("-inf"), None),
    "complex64": (np.complex64(1.5 - 2j), "(1.5-2j)"),
    "uint64": (np.uint64(2**64 - 1), 2**64 - 1),
    "bool_": (np.bool_(False), False),
    "bytes_": (np.bytes_(b"ab\xff"), "YWL/"),
    "void": (np.void(b"ab\0"), "YWIA"),
    "str_": (np.str_("a "), "a "),
    "big endian": (np.array([1, -2], ">i8"), [1, -2]),
    "year": (np.datetime64("2026"), "2026"),
    "week": (np.datetime64("2026-01-08", "W"), "2026-01-08"),
    "hour": (np.datetime64("2026-01-01T05"), "2026-01-01T05"),
    "attosecond": (np.datetime64(1, "as"), "1970-01-01T00:00:00.000000000000000001"),
    "far year": (np.datetime64("12026-01-01"), "12026-01-01"),
    "generic NaT": (np.datetime64("NaT"), None),
    "span": (np.timedelta64(5, "ns"), "5 nanoseconds"),
    "span without unit": (np.timedelta64(5), "5 generic time units"),
    "empty": (np.zeros((0, 2)), []),
    "objects": (np.array([1, "a", None, decimal.Decimal("1.0")], dtype=object), [1, "a", None, "1.0"]),
    "one object": (np.array({"a": 1}, dtype=object), {"a": 1}),
    "text array": (np.array(["a", "bc"]), ["a", "bc"]),
    "padded texts": (padded("a ", "b"), ["a ", "b"]),
    "matrix": (matrix(), [[1, 2], [3, 4]]),
    "array of one's own": (np.array([0.123456789012, 1.0]).view(Quantity), [0.123456789012, 1.0]),
    "row": (table((1, 0.1), a="i8", b="f8")[0], {"a": 1, "b": 0.1}),
    "table": (table((1, 0.1), (2, 0.2), a="i8", b="f8"), [{"a": 1, "b": 0.1}, {"a": 2, "b": 0.2}]),
    "table of lists": (np.array([(1, [2, 3])], [("a", int), ("b", int, (2,))]), [{"a": 1, "b": [2, 3]}]),
    "two dimensions of rows": (np.array([[(1,)], [(2,)]], [("a", int)]), [[{"a": 1}], [{"a": 2}]]),
    "polynomial": (np.poly1d([0.123456789012, 1.0]), {"coefficients": [0.123456789012, 1.0]}),
    "polynomial with a domain": (
        np.polynomial.Polynomial([0.123456789012, 1.0]),
        {"coef": [0.123456789012, 1.0], "domain": [-1.0, 1.0], "window": [-1.0, 1.0]},
    ),
    "random numbers": (np.random.PCG64, str(np.random.PCG64)),
    "type": (np.dtype("i8"), "int64"),
    "record array": (table((1, 0.1), a="i8", b="f8").view(np.recarray), [{"a": 1, "b": 0.1}]),
    "record": (table((1, 0.1), a="i8", b="f8").view(np.recarray)[0], {"a": 1, "b": 0.1}),
    "table without a dimension": (np.array((1, 2), dtype="i8,i8"), {"f0": 1, "f1": 2}),
    "times in a row": (
        table(("2026-01-01T00:00:00.000000001",), t="M8[ns]")[0],
        {"t": "2026-01-01T00:00:00.000000001"},
    ),
    "a row in a row": (
        np.array([(1, (2, 3))], [("a", int), ("b", "i8,i8")])[0],
        {"a": 1, "b": {"f0": 2, "f1": 3}},
    ),
    "masked objects": (masked(np.array([1, "a", None], dtype=object), [1, 0, 0]), [None, "a", None]),
    "masked complex": (masked([1j, 2j], [0, 1]), ["1j", None]),
    "masked matrix": (masked(matrix(), [[0, 1], [0, 0]]), [[1, None], [3, 4]]),
    "masked in a row": (
        masked([(1, (2, 3))], [(0, (0, 1))], dtype=[("a", int), ("b", "i8,i8")])[0],
        {"a": 1, "b": {"f0": 2, "f1": None}},
    ),
    "masked list in a row": (
        masked([(1, [2, 3])], [(1, [0, 1])], dtype=[("a", int), ("b", int, (2,))])[0],
        {"a": None, "b": [2, None]},
    ),
    "masked row without a dimension": (
        masked((1, 2), (1, 0), dtype="i8,i8"),
        {"f0": None, "f1": 2},
    ),
    "masked constant in objects": (np.array([np.ma.masked, 1], dtype=object), [None, 1]),
}

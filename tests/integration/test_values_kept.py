"""No value becomes another one on its way into a record: Python's own, numpy's and pandas'.

The value in a record is compared with the original, wherever a call may have it, on both paths into the file.
"""

import datetime as dt
import decimal
import itertools
import math
import pathlib
import uuid
import weakref
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

from support.value_cases import BERLIN, NUMPY, PYTHON, Side

if TYPE_CHECKING:
    from support.logs import Logs


def frame(**more: Any) -> pd.DataFrame:
    """Return a frame of two rows and columns of several kinds."""
    return pd.DataFrame({"n": [1, 2**62 + 1], "x": [0.123456789012, math.nan]}, **more)


TWO_DAYS = pd.DatetimeIndex(["2026-01-01T00:00:00.000000001Z", "2026-01-02T00:00:00Z"], name="at")

PANDAS: dict[str, tuple[Any, Any]] = {
    "timestamp": (
        pd.Timestamp("2026-01-01T00:00:00.000000001", tz=BERLIN),
        "2026-01-01T00:00:00.000000001+01:00",
    ),
    "timedelta": (pd.Timedelta(1, "ns"), "0 days 00:00:00.000000001"),
    "period": (pd.Period("2026Q1"), "2026Q1"),
    "interval": (pd.Interval(0.123456789012, 1.5), "(0.123456789012, 1.5]"),
    "series": (pd.Series([0.123456789012, math.nan]), [0.123456789012, None]),
    "series of integers": (pd.Series([2**64 - 1], dtype="uint64"), [2**64 - 1]),
    "series with an index": (
        pd.Series({"open": 1.5, "close": 0.123456789012}),
        {"open": 1.5, "close": 0.123456789012},
    ),
    "series over times": (
        pd.Series([1, 2], TWO_DAYS),
        {"2026-01-01T00:00:00.000000001Z": 1, "2026-01-02T00:00:00Z": 2},
    ),
    "series with one label twice": (pd.Series([1, 2], ["a", "a"]), {"a": 1, "a_": 2}),
    "nullable integers": (pd.Series([2**62 + 1, None], dtype="Int64"), [2**62 + 1, None]),
    "nullable truths": (pd.Series([True, None], dtype="boolean"), [True, None]),
    "nullable floats": (pd.Series([0.1, None], dtype="Float64"), [0.1, None]),
    "texts": (pd.Series(["a", None], dtype="string"), ["a", None]),
    "categories": (pd.Series(["a", None], dtype="category"), ["a", None]),
    "categorical": (pd.Categorical(["b", "a", None]), ["b", "a", None]),
    "spans": (pd.Series(pd.to_timedelta([1, None], "ns")), ["0 days 00:00:00.000000001", None]),
    "times in zone": (
        pd.Series(TWO_DAYS.tz_convert(BERLIN)),
        ["2026-01-01T01:00:00.000000001+01:00", "2026-01-02T01:00:00+01:00"],
    ),
    "sparse": (pd.Series(pd.arrays.SparseArray([0, 0, 5])), [0, 0, 5]),
    "intervals": (pd.IntervalIndex.from_breaks([0, 1, 2]), ["(0, 1]", "(1, 2]"]),
    "periods": (pd.period_range("2026-01", periods=2, freq="M"), ["2026-01", "2026-02"]),
    "index": (pd.Index(["a", None, 1]), ["a", None, 1]),
    "range index": (pd.RangeIndex(2, 6, 2), [2, 4]),
    "index of pairs": (pd.MultiIndex.from_tuples([("a", 1), ("b", 2)]), [["a", 1], ["b", 2]]),
    "extension array": (pd.array([1, None]), [1, None]),
    "frame": (frame(), [{"n": 1, "x": 0.123456789012}, {"n": 2**62 + 1, "x": None}]),
    "frame over times": (
        frame(index=TWO_DAYS),
        [
            {"at": "2026-01-01T00:00:00.000000001Z", "n": 1, "x": 0.123456789012},
            {"at": "2026-01-02T00:00:00Z", "n": 2**62 + 1, "x": None},
        ],
    ),
    "frame over an index without a name": (
        frame(index=["a", "b"]),
        [{"index": "a", "n": 1, "x": 0.123456789012}, {"index": "b", "n": 2**62 + 1, "x": None}],
    ),
    "frame over pairs": (
        pd.DataFrame({"n": [1]}, pd.MultiIndex.from_tuples([("a", 2)], names=["s", None])),
        [{"s": "a", "level_1": 2, "n": 1}],
    ),
    "frame with one name twice": (pd.DataFrame([[1, 0.5]], columns=["a", "a"]), [{"a": 1, "a_": 0.5}]),
    "frame with names of several parts": (pd.DataFrame({("a", "b"): [1]}), [{"('a', 'b')": 1}]),
    "frame without rows": (pd.DataFrame({"a": []}), []),
    "row of a frame": (frame().iloc[0], {"n": 1.0, "x": 0.123456789012}),
    "no column": (frame()[["n"]], [{"n": 1}, {"n": 2**62 + 1}]),
}

VALUES = {
    f"{package}: {name}": case
    for package, cases in (("python", PYTHON), ("numpy", NUMPY), ("pandas", PANDAS))
    for name, case in cases.items()
}


@pytest.mark.parametrize("name", VALUES)
def test_each_value_is_kept(name: str, both_ways: "Logs") -> None:
    """In a field, a list, a mapping, `extra`, bound to a logger, and in a context."""
    from metaexpert.logger import log_context

    value, expected = VALUES[name]
    both_ways.logger.info("m", value=value, inside=[value], under={"k": value}, extra={"more": value})
    both_ways.logger.bind(value=value).info("m")
    with log_context(value=value):
        both_ways.logger.info("m")

    first, *others = both_ways.records()
    shown = [first["value"], *first["inside"], first["under"]["k"], first["more"]]
    assert shown + [record["value"] for record in others] == [expected] * 6
    assert str(first["value"]) == str(expected)


def test_what_can_be_read_once_is_not_read(both_ways: "Logs") -> None:
    """A generator, an iterator and a file keep what they have."""
    generator, iterator = (n for n in (1, 2)), itertools.chain([1], [2])
    both_ways.logger.info("m", generator=generator, iterator=iterator, zipped=[zip([1], [2], strict=True)])

    assert "generator object" in both_ways.last()["generator"]
    assert [*generator, *iterator] == [1, 2, 1, 2]


def test_a_weak_reference_is_told_by_its_text(both_ways: "Logs") -> None:
    """Also one whose object is gone, and a proxy of it."""

    class Position:
        pass

    position = Position()
    reference, proxy = weakref.ref(position), weakref.proxy(position)
    del position
    both_ways.logger.info("m", reference=reference, proxy=proxy)

    record = both_ways.last()
    assert record["reference"].endswith("dead>")
    assert record["proxy"] == "<unprintable ProxyType: ReferenceError>"


def test_a_memory_map_is_read_as_an_array(both_ways: "Logs", tmp_path: pathlib.Path) -> None:
    """What stands in the file is in the record."""
    numbers = np.memmap(tmp_path / "numbers", "f8", "w+", shape=(1, 2))
    numbers[:] = [0.1, math.inf]
    both_ways.logger.info("m", numbers=numbers)

    assert both_ways.last()["numbers"] == [[0.1, None]]


def test_a_long_frame_says_how_much_is_left_out(logs: "Logs") -> None:
    """Rows, labels and elements beyond `limits.items` are counted."""
    logs.configure(limits={"items": 10})
    long = pd.DataFrame({"n": range(25)})
    logs.logger.info("m", frame=long, series=long["n"], labelled=long["n"].add_prefix("r"), index=long.index)

    record = logs.last()
    assert record["frame"] == [*({"n": n} for n in range(10)), "… 15 more"]
    assert record["series"] == record["index"] == [*range(10), "… 15 more"]
    assert record["labelled"] == {**{f"r{n}": n for n in range(10)}, "…": "15 more"}


def nested(levels: int, inside: Any) -> Any:
    """Return lists inside each other."""
    for _ in range(levels):
        inside = [inside]
    return inside


@pytest.mark.parametrize(
    "value", [decimal.Decimal("1.50"), dt.date(2026, 1, 1), Side.BUY, np.float64(0.5), uuid.UUID(int=1)]
)
def test_a_value_that_holds_no_others_has_no_depth(value: Any, both_ways: "Logs") -> None:
    """In the innermost container that is written, every value is written."""
    both_ways.configure(limits={"depth": 3})
    both_ways.logger.info("m", flat=value, deep=nested(4, value))

    record = both_ways.last()
    assert record["deep"] == nested(4, record["flat"])
    assert "nested" not in str(record["flat"])

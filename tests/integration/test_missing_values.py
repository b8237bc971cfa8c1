"""Values that numpy and pandas call masked or missing are null in a record."""

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from support.logs import Logs

numpy = pytest.importorskip("numpy")
pandas = pytest.importorskip("pandas")


def masked(values: Any, mask: Any, **more: Any) -> Any:
    """Return a masked array."""
    return numpy.ma.array(values, mask=mask, **more)


CASES: dict[str, tuple[Any, Any]] = {
    "masked array": (lambda: masked([101.5, 2.0, 103], [False, True, False]), [101.5, None, 103.0]),
    "masked integers": (lambda: masked([1, 2], [True, False]), [None, 2]),
    "masked texts": (lambda: masked(["a", "b"], [True, False]), [None, "b"]),
    "two dimensions": (lambda: masked([[1, 2], [3, 4]], [[0, 1], [1, 0]]), [[1, None], [None, 4]]),
    "no dimension, masked": (lambda: masked(1.5, True), None),
    "no dimension": (lambda: masked(1.5, False), 1.5),
    "nothing masked": (lambda: masked([1, 2], False), [1, 2]),
    "the masked scalar": (lambda: numpy.ma.masked, None),
    "in a list": (lambda: [numpy.ma.masked, 1], [None, 1]),
    "in a dict": (lambda: {"a": {"b": numpy.ma.masked}}, {"a": {"b": None}}),
    "a row of a table": (
        lambda: masked([(1, 2.5)], [(True, False)], dtype=[("a", int), ("b", float)])[0],
        {"a": None, "b": 2.5},
    ),
    "a table": (
        lambda: masked([(1, 2.5)], [(True, False)], dtype=[("a", int), ("b", float)]),
        [{"a": None, "b": 2.5}],
    ),
    "masked times": (
        lambda: masked(numpy.array(["2026-01-01", "2026-01-02"], "datetime64[D]"), [True, False]),
        [None, "2026-01-02"],
    ),
    "pandas.NA": (lambda: pandas.NA, None),
    "pandas.NaT": (lambda: pandas.NaT, None),
    "NA in a list": (lambda: [pandas.NA, pandas.NaT, 1], [None, None, 1]),
    "NaT of numpy": (lambda: [numpy.datetime64("NaT"), numpy.timedelta64("NaT")], [None, None]),
    "a time without a dimension": (
        lambda: numpy.array(numpy.datetime64("2026-01-01T00:00:00.123456789")),
        "2026-01-01T00:00:00.123456789",
    ),
    "a number without a dimension": (lambda: numpy.array(1.5), 1.5),
    "not a number": (lambda: numpy.float64("nan"), None),
}


@pytest.mark.parametrize("case", CASES)
def test_a_missing_value_is_null(case: str, both_ways: "Logs") -> None:
    """In a field, in a container, and bound to a logger."""
    make, expected = CASES[case]
    both_ways.logger.info("m", value=make())
    both_ways.logger.bind(value=make()).info("m")

    assert [record["value"] for record in both_ways.records()] == [expected] * 2

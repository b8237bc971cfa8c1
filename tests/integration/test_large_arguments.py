"""Large `%`-arguments: a message shows what it asks for, whatever else they hold."""

import sys
from collections import Counter, OrderedDict, defaultdict
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from support.logs import Logs


def test_a_large_mapping_is_looked_into_by_name(both_ways: "Logs") -> None:
    """`%(name)s` finds its value, and a missing name is reported."""
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

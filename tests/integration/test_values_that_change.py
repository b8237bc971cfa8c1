"""Values that change while they are being captured lose neither the record nor what was in them."""

import logging
import threading
from collections import OrderedDict, deque
from collections.abc import Callable
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from metaexpert.logger import stats

if TYPE_CHECKING:
    from support.logs import Logs


class Growing:
    """Something whose text puts one more of it where it lies."""

    def __init__(self, grow: Callable[[], object]) -> None:
        self.grow = grow

    def __str__(self) -> str:
        self.grow()
        return "grown"


def growing_dict(kind: type) -> Any:
    """Return a mapping of three values; the second adds more."""
    values = kind(first=1)
    values["second"] = Growing(lambda: values.__setitem__(f"more {len(values)}", 1))
    values["third"] = 3
    return values


def growing_set() -> Any:
    """Return a set of one that adds fifty more."""
    values: set[Any] = set()
    values.add(Growing(lambda: values.update(range(len(values), len(values) + 50))))
    return values


def growing_deque() -> Any:
    """Return a deque of three values; the second adds one."""
    values: deque[Any] = deque([1])
    values.append(Growing(lambda: values.append(2)))
    values.append(3)
    return values


def growing_list() -> Any:
    """Return a list of three values; the second adds one."""
    values: list[Any] = [1]
    values.append(Growing(lambda: values.append(2)))
    values.append(3)
    return values


IN_A_DICT = {"first": 1, "second": "grown", "third": 3}


@pytest.mark.parametrize(
    ("make", "captured"),
    [
        (lambda: growing_dict(dict), IN_A_DICT),
        (lambda: growing_dict(OrderedDict), IN_A_DICT),
        (growing_set, ["grown"]),
        (growing_deque, [1, "grown", 3]),
        (growing_list, [1, "grown", 3]),
    ],
    ids=["dict", "OrderedDict", "set", "deque", "list"],
)
def test_a_container_is_captured_as_it_was_at_the_call(
    both_ways: "Logs", make: Callable[[], Any], captured: Any
) -> None:
    """What a member's own code adds meanwhile is not in the record, and all that was there is."""
    both_ways.logger.info("one", values=make())
    both_ways.logger.info("two")

    first, second = both_ways.records()
    assert (first["message"], first["values"], second["message"]) == ("one", captured, "two")


def test_a_book_that_other_threads_change_is_on_record_each_time(logs: "Logs") -> None:
    """No call is lost while threads add to and take from what is logged."""
    logs.configure()
    book = {f"level {n}": Decimal(n) for n in range(20)}
    ended = threading.Event()

    def trade(own: int) -> None:
        n = 0
        while not ended.is_set():
            n += 1
            book[f"order {own} {n}"] = Decimal(n)
            book.pop(f"order {own} {n - 5}", None)

    threads = [threading.Thread(target=trade, args=(own,)) for own in range(2)]
    for thread in threads:
        thread.start()
    try:
        for n in range(500):
            logs.logger.info("book", n=n, book=book)
    finally:
        ended.set()
        for thread in threads:
            thread.join()

    records = logs.records()
    assert [record["n"] for record in records] == list(range(500))
    assert all(record["book"]["level 19"] == "19" for record in records)
    assert stats().dropped == 0


@pytest.mark.parametrize("kind", [dict, set])
@pytest.mark.parametrize("way", ["info", "nested", "log", "bind"])
def test_a_class_whose_metaclass_changes_the_value_costs_no_record(
    kind: type, way: str, both_ways: "Logs", capfd: pytest.CaptureFixture[str]
) -> None:
    """The arguments of a message are measured without running any of their code."""
    target: Any = kind()
    asked: list[str] = []

    class Meta(type):
        def __getattribute__(cls, name: str) -> Any:
            if name == "__module__":
                asked.append(name)
                target.update({len(target): 1} if kind is dict else {len(target)})
            return type.__getattribute__(cls, name)

    class Value(dict[Any, Any], metaclass=Meta):
        __hash__ = object.__hash__  # type: ignore[assignment]

    for _ in range(3):
        target.update({Value(): Value()} if kind is dict else {Value()})
    log = both_ways.logger
    {
        "info": lambda: log.info("m %s", target),
        "nested": lambda: log.info("m %s %s", 1, [target]),
        "log": lambda: log.log(logging.INFO, "m %s", target),
        "bind": lambda: log.bind(a=1).info("m %s", target),
    }[way]()

    assert both_ways.last()["message"].startswith("m ")
    assert (stats().dropped, asked) == (0, [])
    assert "panicked" not in capfd.readouterr().err

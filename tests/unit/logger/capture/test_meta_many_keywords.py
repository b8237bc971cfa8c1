"""Facts about calls whose keyword names come in a new tuple each time: a mapping of them, or very many."""

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from support.logs import Logs


@pytest.mark.parametrize("count", [1, 14, 27, 28, 64])
def test_a_mapping_of_keywords_is_written_each_time(logs: "Logs", count: int) -> None:
    """Each record has the values of its own call, in their order, however often the names come."""
    logs.configure()
    for turn in range(3):
        logs.logger.info("m", **{f"field_{index}": index * 10 + turn for index in range(count)})

    for turn, record in enumerate(logs.records()):
        own = [(name, value) for name, value in record.items() if name.startswith("field_")]
        assert own == [(f"field_{index}", index * 10 + turn) for index in range(count)]


def test_the_same_names_in_another_order_are_another_set(logs: "Logs") -> None:
    """A value stays with its name."""
    logs.configure()
    both: list[dict[str, Any]] = [{"a": 1, "b": 2}, {"b": 3, "a": 4}]
    for _ in range(3):
        for fields in both:
            logs.logger.info("m", **fields)

    shown = [(record["a"], record["b"]) for record in logs.records()]
    assert shown == [(1, 2), (4, 3)] * 3


@pytest.mark.parametrize("word", ["extra", "exc_info", "stack_info", "stacklevel", "category"])
def test_a_reserved_word_keeps_its_meaning_when_it_was_bound_before(logs: "Logs", word: str) -> None:
    """What is a field of a bound logger is not for that a field of a call."""
    logs.configure()
    value: Any = {"extra": {"x": 1}, "stacklevel": 1, "category": "audit"}.get(word)
    fields = {word: value, "y": 2}
    for _ in range(3):
        logs.logger.bind(y=2).info("before", **{word: value})
        logs.logger.info("m", **fields)

    last = logs.last()
    assert (last["message"], last["y"]) == ("m", 2)
    assert last.get("x") == (1 if word == "extra" else None)
    assert last.get("category") == ("audit" if word == "category" else None)
    assert word == "category" or word not in last


def test_names_that_are_no_plain_texts_are_written_too(logs: "Logs") -> None:
    """A subclass of `str` as a keyword's name is a name like any other."""

    class Name(str):
        __slots__ = ()

    logs.configure()
    for turn in range(3):
        logs.logger.info("m", **{Name("a"): turn})

    assert [record["a"] for record in logs.records()] == [0, 1, 2]

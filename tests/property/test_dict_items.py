"""Dicts in every state that they can be in: their items come in order, each once.

Where the items lie depends on a dict's history: the interpreter keeps them apart for instances of a class
and for keys that are not text, leaves places free that were used, and moves them as a dict grows.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metaexpert.logger import get_logger

if TYPE_CHECKING:
    from support.logs import Logs

KEYS = st.integers(0, 40).map("k{}".format)
STEPS = st.lists(
    st.tuples(st.sampled_from(["set", "delete", "pop", "copy", "update"]), KEYS, st.integers()), max_size=80
)


def after(steps: list[tuple[str, str, int]]) -> dict[str, int]:
    """Return a dict with a history."""
    items: dict[str, int] = {}
    for step, key, value in steps:
        if step == "set":
            items[key] = value
        elif step == "delete":
            items.pop(key, None)
        elif step == "pop" and items:
            items.popitem()
        elif step == "copy":
            items = items.copy()
        elif step == "update":
            items.update({key: value, key + "_": value})
    return items


def odd_dicts() -> dict[str, dict[Any, Any]]:
    """Return dicts whose items lie in unusual places."""
    shared = [SimpleNamespace(a=number, b=number) for number in range(3)]
    freed: dict[Any, Any] = dict.fromkeys(map(str, range(10)), 1)
    for key in "0349":
        del freed[key]
    mixed: dict[Any, Any] = {"a": 1, 2: "b", "c": 3}
    once_mixed = {"a": 1, 2: "b"}
    del once_mixed[2]
    return {
        "empty": {},
        "emptied": {key: 1 for key in "ab" if key > "z"},
        "of an instance": vars(shared[1]),
        "with free places": freed,
        "with other keys": mixed,
        "once with other keys": once_mixed,
        "large": dict.fromkeys(map(str, range(300)), 0.5),
    }


@pytest.mark.parametrize("name", odd_dicts())
def test_an_odd_dict_is_captured_whole(name: str, both_ways: Logs) -> None:
    """As a value, and as `extra`: all items, in order."""
    log, given = get_logger("bot"), odd_dicts()[name]
    expected = {str(key): value for key, value in given.items()}
    log.info("as a value", value=given)
    for _ in range(3):
        # The first call's names are remembered.
        log.info("as extra", extra=given)
    value, *extras = both_ways.records()

    assert list(value["value"].items()) == list(expected.items())
    for record in extras:
        assert [(key, record[key]) for key in record if key in expected] == list(expected.items())


def test_a_dict_with_any_history_is_captured_whole(logs: Logs) -> None:
    """Bound, nested, and as `extra`."""
    logs.configure()
    log = get_logger("bot")

    @given(STEPS)
    def check(steps: list[tuple[str, str, int]]) -> None:
        items = after(steps)
        exact = {key: value if -(2**63) <= value < 2**63 else str(value) for key, value in items.items()}
        before = len(logs.records())
        log.info("value", value=items)
        log.info("extra", extra=items)
        log.bind(**items).info("bound")
        value, extra, bound = logs.records()[before:]

        assert list(value["value"].items()) == list(exact.items())
        for record in (extra, bound):
            assert [(key, record[key]) for key in record if key in exact] == list(exact.items())

    check()

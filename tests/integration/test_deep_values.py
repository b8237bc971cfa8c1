"""Answers of exchanges are deep: `limits.depth` levels of any kind are kept, on any thread's stack."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from support.logs import Logs
    from support.processes import Outcome

LEVELS = 32

KINDS = """
import collections, dataclasses, types
from decimal import Decimal
import numpy, pandas
from pydantic import BaseModel

@dataclasses.dataclass
class Own:
    inside: object

class Model(BaseModel):
    inside: object

KINDS = {
    "list": lambda inside: [inside],
    "dict": lambda inside: {"inside": inside},
    "mapping": lambda inside: types.MappingProxyType({"inside": inside}),
    "deque": lambda inside: collections.deque([inside]),
    "dataclass": Own,
    "model": lambda inside: Model(inside=inside),
    "namespace": lambda inside: types.SimpleNamespace(inside=inside),
    "objects": lambda inside: numpy.array([inside, None], dtype=object)[:1],
    "series": lambda inside: pandas.Series({"inside": inside}, dtype=object),
}

def deep(kind, levels):
    value = Decimal("1.50")
    for _ in range(levels):
        value = KINDS[kind](value)
    return value
"""
NAMES = ("list", "dict", "mapping", "deque", "dataclass", "model", "namespace", "objects", "series")


def unwrapped(value: Any) -> tuple[int, Any]:
    """Return how many containers are inside each other, and what is in the last one."""
    levels = 0
    while isinstance(value, (list, dict)):
        (value,) = value.values() if isinstance(value, dict) else value
        levels += 1
    return levels, value


@pytest.fixture(scope="module")
def deep() -> Callable[[str, int], Any]:
    """A value inside so many containers of one kind."""
    pytest.importorskip("pandas")
    names: dict[str, Any] = {"__name__": "kinds"}
    exec(KINDS, names)
    made: Callable[[str, int], Any] = names["deep"]
    return made


@pytest.mark.parametrize("kind", NAMES)
def test_every_container_counts_as_one_level(
    kind: str, deep: Callable[[str, int], Any], both_ways: "Logs"
) -> None:
    """The field itself is the first container; what is in the last is written, and none beyond."""
    both_ways.logger.info("m", whole=deep(kind, LEVELS + 1), cut=deep(kind, LEVELS + 2))

    record = both_ways.last()
    assert unwrapped(record["whole"]) == (LEVELS + 1, "1.50")
    levels, note = unwrapped(record["cut"])
    assert (levels, note.partition(": ")[2]) == (LEVELS + 1, "nested too deeply>")


@pytest.mark.parametrize("is_first", [True, False])
@pytest.mark.parametrize("stack", [1 << 15, 1 << 16, 1 << 17, 1 << 18])
def test_a_small_stack_holds_what_it_can(
    stack: int, is_first: bool, run_python: "Callable[..., Outcome]"
) -> None:
    """A thread whose stack ends before the value does writes a note where it stopped, and goes on.

    Also when its values are the first of their kinds, for which modules are imported.
    """
    pytest.importorskip("pandas")
    outcome = run_python(
        KINDS
        + f"""
import threading
from metaexpert.logger import configure, flush, get_logger

configure({{"log_file_path": "logs", "handlers": {{"console": None}}, "limits": {{"depth": 64}}}})
log = get_logger("bot")

def run():
    for kind in KINDS:
        log.info(kind, value=values[kind])
        log.info("after")

values = {{kind: deep(kind, 60) for kind in KINDS}}
for value in () if {is_first} else values.values():
    log.info("first", value=value)
threading.stack_size({stack})
thread = threading.Thread(target=run)
thread.start()
thread.join()
assert flush(20)
"""
    )

    records = outcome.records()
    assert len(records) == (2 if is_first else 3) * len(NAMES)
    for record in records:
        if "value" in record:
            levels, inside = unwrapped(record["value"])
            assert (levels, inside) == (60, "1.50") or "nested too deeply" in inside or "Recursion" in inside

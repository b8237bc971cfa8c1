"""The shapes of calls and the bursts after other work: nothing passes that was not written or measured."""

import json
from array import array
from math import isnan, nan
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import cold
import shapes
from harness.event import strict
from harness.loggers import FILE, NOTHING, OWN
from harness.shapes import BY_NAME, SHAPES, Shape, loop_of

#: Each program is measured in a process of its own; here they share one.
pytestmark = pytest.mark.usefixtures("fresh_logging")

NAMES = list(BY_NAME)


def log_once(shape: Shape, call: str, path: Path) -> list[dict[str, Any]]:
    """Make a shape's call with the number 7, and return the lines of the file."""
    (log, close), context = shapes.open_logger(OWN, path)
    try:
        given = SimpleNamespace(log=log, context=context, **shape.values())
        loop_of(shape, call)(given, 7, array("q", [0]))
    finally:
        close()
    return [strict(line) for line in path.read_bytes().splitlines()]


@pytest.mark.parametrize("name", NAMES)
def test_a_shape_is_written_as_it_says(name: str, tmp_path: Path) -> None:
    """The call of each shape leaves one line, with the number of the call and all that it expects."""
    shape = BY_NAME[name]
    (line,) = log_once(shape, shape.call, tmp_path / FILE)
    assert shapes.number_in(line) == 7
    shapes.compare(shape, line, 7)


@pytest.mark.parametrize("name", NAMES)
def test_a_shape_expects_more_than_its_number(name: str) -> None:
    """A line without the values of its shape ends the program."""
    shape = BY_NAME[name]
    message = shape.message if shape.expected else "another"
    with pytest.raises(SystemExit, match="in the file, not"):
        shapes.compare(shape, {"message": message.format(number=7), "n": 7}, 7)


def test_names_of_shapes_are_unique() -> None:
    """Figures are found by a shape's name, so no two shapes have the same one."""
    assert len(BY_NAME) == len(SHAPES) > 20


def write_lines(directory: Path, numbers: list[int]) -> None:
    """Write the lines of these calls into the file of each shape."""
    for place, shape in enumerate(SHAPES):
        lines = [
            {"message": shape.message.format(number=number), **shape.expected, "n": number}
            for number in numbers
        ]
        (directory / f"{place}-{FILE}").write_text("".join(json.dumps(line) + "\n" for line in lines))


def test_lines_that_are_missing_are_lost(tmp_path: Path) -> None:
    """Each shape's file must have the warm-up, the timed calls and the probes."""
    calls = shapes.WARM_UP + 10 + shapes.PROBES
    write_lines(tmp_path, list(range(calls)))
    assert shapes.check(OWN, 10, tmp_path)["lost"] == 0
    write_lines(tmp_path, list(range(2, calls)))
    assert shapes.check(OWN, 10, tmp_path)["lost"] == 2 * len(SHAPES)


def test_a_line_twice_ends_the_program(tmp_path: Path) -> None:
    """A record that is in the file twice is no replacement for one that is missing."""
    write_lines(tmp_path, [0, 0])
    with pytest.raises(SystemExit, match="twice"):
        shapes.check(OWN, 10, tmp_path)


def test_a_record_takes_room_in_the_queue(tmp_path: Path) -> None:
    """What a call adds to the queue is seen: a book takes more of it than a message, which takes some."""
    added = {}
    for name in ("f-string", "order book 20 x 2", "exception, six frames"):
        (log, close), context = shapes.open_logger(OWN, tmp_path / FILE)
        given = SimpleNamespace(log=log, context=context, **BY_NAME[name].values())
        added[name] = shapes.queued_bytes(BY_NAME[name], given, 0)
        close()
    message, book, exception = added.values()
    assert 0 < message < book
    assert message < exception


def test_one_shape_without_a_figure_leaves_the_worst_unknown() -> None:
    """The worst of all shapes keeps no promise if one of them was not measured."""
    assert shapes.highest([1.0, 3.0, 2.0]) == 3.0
    assert isnan(shapes.highest([1.0, nan]))


def test_a_call_that_noise_makes_free_has_no_figure() -> None:
    """Where what came before took longer than both together, the call has no time that keeps a promise."""
    p50, p99 = shapes.net([500.0, 900.0], 600.0)
    assert isnan(p50)
    assert p99 == 300.0
    assert shapes.net([500.0, 900.0], 0.0) == [500.0, 900.0]


@pytest.mark.parametrize("records", [1, 49, 1_000])
def test_bursts_have_all_records(records: int) -> None:
    """Bursts are one to fifty calls long and have all records together, the same ones each time."""
    lengths = list(cold.bursts(records))
    assert sum(lengths) == records
    assert 0 < min(lengths) <= max(lengths) <= cold.LONGEST_BURST
    assert list(cold.bursts(records)) == lengths


def test_a_cold_call_is_beside_the_one_that_does_nothing() -> None:
    """Ratios are those of one process: of all calls, and of the first call of each burst."""
    own = cold.Samples(array("q", [90, 30, 30]), array("q", [90]))
    alone = cold.Samples(array("q", [45, 20, 20]), array("q", [45]))
    figures = cold.figures_of(own, alone)
    assert figures["p50_by_nothing"] == 1.5
    assert figures["p99_by_nothing"] == figures["first_by_nothing"] == 2.0


def test_each_subject_has_a_call_site_of_its_own() -> None:
    """What CPython remembers of one call site is not of use, nor in the way, at the other."""
    loops = [cold.call_site_of(name) for name in (OWN, NOTHING)]
    assert len({id(loop.__code__) for loop in loops}) == 2
    calls: list[int] = []
    log = SimpleNamespace(info=lambda _message, **fields: calls.append(fields["order_id"]))
    for loop in loops:
        loop(log, 5, array("q", [0, 0]))
    assert calls == [5, 6, 5, 6]

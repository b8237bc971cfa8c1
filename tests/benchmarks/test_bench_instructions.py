"""The counts of callgrind: read from its files, each for the shape or the kind of line that it belongs to."""

from pathlib import Path

import pytest

import instructions
from harness.shapes import SHAPES


def test_a_driver_has_the_count_of_its_whole_run(tmp_path: Path) -> None:
    """The summary is what was collected, and has the driver's own name."""
    (tmp_path / "counts").write_text("# callgrind format\nversion: 1\nevents: Ir\nsummary: 99\nfn=(1) f\n")
    assert instructions.READERS[instructions.CALLS]("capture", tmp_path / "counts") == {"capture": 99}


def test_a_shape_has_the_count_between_its_two_markers(tmp_path: Path) -> None:
    """The odd parts, which are warm-up and what comes in between, count for nobody."""
    for part in range(1, 2 * len(SHAPES) + 1):
        text = f"events: Ir\nsummary: {1000 * part}\n"
        (tmp_path / f"counts.{part}-01").write_text(text)
    found = instructions.READERS[instructions.BETWEEN]("shapes", tmp_path / "counts")
    assert [name.removeprefix("shapes: ") for name in found] == [shape.name for shape in SHAPES]
    assert list(found.values()) == [2000 * place for place in range(1, len(SHAPES) + 1)]


def test_cache_lines_are_misses_of_the_first_caches(tmp_path: Path) -> None:
    """Of code and of data, reads and writes together; zeros at the end of the totals are left out."""
    text = "events: Ir Dr Dw I1mr D1mr D1mw ILmr DLmr DLmw\nsummary: 900 300 200 40 7 5\n"
    (tmp_path / "counts").write_text(text)
    found = instructions.READERS[instructions.LINES]("cold", tmp_path / "counts")
    assert found == {"cold: lines of code": 40, "cold: lines of data": 12}


def test_files_without_counts_are_nothing(tmp_path: Path) -> None:
    """A part that was never dumped is no shape of no cost."""
    assert instructions.READERS[instructions.BETWEEN]("shapes", tmp_path / "counts") == {}


@pytest.mark.parametrize("name", instructions.DRIVERS)
def test_each_driver_is_there(name: str) -> None:
    """What is run exists, and has a way to be counted and read."""
    driver = instructions.DRIVERS[name]
    if driver.package:
        place = instructions.ROOT / "crates" / driver.package / "examples" / f"{driver.example}.rs"
    else:
        place = instructions.ROOT / "benchmarks" / driver.example
    assert place.is_file()
    assert driver.kind in instructions.OPTIONS_OF.keys() & instructions.READERS.keys()

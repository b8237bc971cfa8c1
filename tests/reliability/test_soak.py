"""A small soak: the program that runs for an hour before a release, and the reader that it trusts."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from harness.histogram import Histogram
from harness.soak_following import Family, findings

SOAK = Path(__file__).resolve().parents[2] / "benchmarks" / "soak.py"

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="memory is read from /proc")


def line(seq: int, **fields: object) -> str:
    """Return a record as the soak's threads log them, one call a record."""
    return (
        json.dumps({"message": "Tick", "worker": 0, "n": seq, "seq": seq} | fields, separators=(",", ":"))
        + "\n"
    )


def write(path: Path, *numbers: int) -> None:
    """Append the records with these numbers."""
    with path.open("a") as file:
        file.writelines(map(line, numbers))


def test_soak_of_some_seconds_loses_nothing(tmp_path: Path) -> None:
    """The program logs, disturbs itself, finds each call in the files, and says so by its exit code."""
    figures = tmp_path / "figures.json"
    command = [
        sys.executable,
        SOAK,
        "--seconds",
        "7",
        "--rate",
        "20000",
        "--check",
    ]
    done = subprocess.run(
        [*command, "--directory", tmp_path / "logs", "--json", figures],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"TMPDIR": str(tmp_path)},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    told = json.loads(figures.read_text())
    assert told["lost"] == 0
    assert sum(told["end"]["calls"]) == told["found"]["of_workers"]["expert"] > 1000
    assert all((told["found"]["moved"], told["end"]["reconfigurations"], told["reader_stops"]))
    assert "kept: records lost" in done.stdout


def test_reader_follows_rotation_while_it_goes_on(tmp_path: Path) -> None:
    """Lines of a file that was rotated, and removed, after the reader saw it are counted."""
    path = tmp_path / "expert.log"
    family = Family(tmp_path, path.name, is_dense=True)
    write(path, 1, 2)
    family.poll()
    write(path, 3)
    path.rename(tmp_path / "expert.log.1")
    write(path, 4, 5)
    family.poll()
    (tmp_path / "expert.log.1").unlink()
    family.poll(is_end=True)
    found = findings(dict.fromkeys(("expert", "trades", "errors"), family))
    assert (found["missing"], found["complaints"], family.lines()) == (0, [], 5)


@pytest.mark.parametrize(
    ("first", "second", "missing"),
    [
        ((1, 2, 4), (5,), 1),
        ((1, 2), (5, 6), 2),
        ((1, 2, 2), (3,), 0),
        ((1, 3, 2, 4), (5,), 0),
        ((2, 3), (4,), 1),
    ],
    ids=["hole in a file", "hole between files", "twice", "out of order", "beginning"],
)
def test_reader_tells_of_what_is_not_in_order(
    tmp_path: Path, first: tuple[int, ...], second: tuple[int, ...], missing: int
) -> None:
    """A number that is missing, doubled or misplaced is a complaint, and missing ones are counted."""
    write(tmp_path / "expert.log.1", *first)
    write(tmp_path / "expert.log", *second)
    family = Family(tmp_path, "expert.log", is_dense=True)
    family.poll(is_end=True)
    assert family.missing() == missing
    assert family.complaints


@pytest.mark.parametrize("end", ['{"seq":2', '{"seq":2,"seq":2}\n', '{"seq":2,"price":NaN}\n'])
def test_reader_tells_of_a_line_that_is_no_record(tmp_path: Path, end: str) -> None:
    """A torn line at the end, a doubled key and an invalid number are complaints."""
    path = tmp_path / "expert.log"
    path.write_text(line(1) + end)
    family = Family(tmp_path, path.name, is_dense=True)
    family.poll(is_end=True)
    assert family.complaints


def test_lines_repeated_after_a_deletion_count_once(tmp_path: Path) -> None:
    """What is written again because its file was deleted is not counted twice."""
    path = tmp_path / "side.log"
    family = Family(tmp_path, path.name, may_repeat=True)
    write(path, 3, 7)
    family.poll()
    path.unlink()
    write(path, 7, 9)
    family.poll(is_end=True)
    assert (family.lines(), family.complaints) == (3, [])


def test_percentiles_are_those_of_the_durations() -> None:
    """A percentile is at most a thirty-second above the duration that it stands for, at every size."""
    histogram = Histogram()
    for duration in range(1, 100_001):
        histogram.add(duration)
    for fraction in (0.0001, 0.5, 0.99, 0.999):
        exact = fraction * 100_000
        assert exact <= histogram.percentile(fraction) <= exact * 33 / 32 + 1
    assert histogram.percentile(1) == histogram.largest == 100_000

"""The proof of loss: what a log told as lost is what its numbers lack, and a line taken away is noticed."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from metaexpert.reader import statistics

if TYPE_CHECKING:
    from support.processes import Outcome

Run = Callable[..., "Outcome"]

OVERLOADED = """
import json
from metaexpert.logger import configure, flush, get_logger, stats
configure(
    default_level="DEBUG",
    handlers={"console": None},
    include=INCLUDE,
    queue={"capacity_bytes": 65536, "wait_ms": 0},
)
log = get_logger("bot")
for number in range(200_000):
    log.debug("Tick", n=number, text="x" * 2000)
    if number % 1_000 == 999 and stats().dropped > 20:
        break
log.error("last")
flush(30)  # False, because of what was lost
found = stats()
print(json.dumps([found.logged, found.dropped]))
"""


@pytest.mark.parametrize("include", [[], ["run_id"]])
def test_what_an_overloaded_queue_lost_is_missing_and_told(run_python: Run, include: list[str]) -> None:
    """Two processes, one after the other, lose records: no number is unexplained."""
    script = OVERLOADED.replace("INCLUDE", repr(include))
    outcomes = [json.loads(run_python(script).stdout) for _ in range(2)]
    directory = run_python("print()").directory / "logs"

    runs = statistics(directory).runs

    assert runs is not None
    assert [run.missing for run in runs] == [run.told for run in runs]
    assert [run.unexplained for run in runs] == [0, 0]
    assert [run.told for run in runs] == [dropped for _, dropped in outcomes]
    assert all(dropped > 20 for _, dropped in outcomes)
    assert [run.last_seq for run in runs] == [logged for logged, _ in outcomes]
    take_a_line_away(directory / "expert.log")
    assert sum(run.unexplained for run in statistics(directory).runs or ()) == 1


def take_a_line_away(path: Path) -> None:
    """Remove a record that is neither the first nor a report of a gap."""
    lines = path.read_bytes().splitlines(keepends=True)
    place = next(index for index, line in enumerate(lines) if index > 3 and b'"message":"Tick"' in line)
    path.write_bytes(b"".join(lines[:place] + lines[place + 1 :]))

"""The way figures are taken: one fresh process per measurement, with the subjects taking turns, round after
round.

What a machine does to a round it does to all subjects in it. So a ratio is taken within a round, and the
median over the rounds is shown. Figures of different runs cannot be compared.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from math import nan
from pathlib import Path
from statistics import median
from typing import Any

from harness.report import note_progress

_CHILD = "--measure-here"

Figures = dict[str, float]
Measure = Callable[[str, int, Path], Figures]
"""Takes the figures of one subject: its name, how many records, and a directory of its own."""
Rounds = list[dict[str, Figures]]


def measure_here_if_asked(measure: Measure) -> None:
    """In a process that `take_rounds` started, take the figures that it wants, and exit."""
    if len(sys.argv) < 2 or sys.argv[1] != _CHILD:
        return
    subject, records, directory = sys.argv[2], int(sys.argv[3]), Path(sys.argv[4])
    figures = measure(subject, records, directory)
    (directory / "figures.json").write_text(json.dumps(figures))
    sys.exit(0)


def take_rounds(
    records_of: Mapping[str, int | Sequence[int]],
    *,
    rounds: int,
    check: Callable[[str, int, Path], Mapping[str, float]] | None = None,
) -> Rounds:
    """Return the figures of each subject in each round; `records_of` says how many records each logs.

    Several numbers are those of the first rounds, and the last of them that of all others.

    `check` looks at what a subject left in its directory, and its figures are added. The order of subjects
    turns from round to round, so that none always follows the same. Exits with the child's own words when a
    measurement fails.
    """
    subjects = list(records_of)
    results: Rounds = []
    for number in range(rounds):
        turn = number % len(subjects)
        results.append({})
        for subject in subjects[turn:] + subjects[:turn]:
            note_progress(f"round {number + 1} of {rounds}: {subject}")
            with _scratch_directory() as directory:
                records = in_round(records_of[subject], number)
                figures = _in_fresh_process(subject, records, directory)
                if check is not None:
                    figures |= check(subject, records, directory)
                results[-1][subject] = figures
    note_progress("")
    return results


def in_round(records: int | Sequence[int], number: int) -> int:
    """Return how many records are logged in the round `number`, counted from 0."""
    return records if isinstance(records, int) else records[min(number, len(records) - 1)]


def of_subject(rounds: Rounds, subject: str, figure: str) -> list[float]:
    """Return one figure of one subject in every round."""
    return [figures[subject][figure] for figures in rounds]


def typical(rounds: Rounds, subject: str, figure: str) -> float:
    """Return the median of one figure over the rounds."""
    return median(of_subject(rounds, subject, figure))


def total(rounds: Rounds, subject: str, figure: str) -> float:
    """Return the sum of one figure over the rounds, for counts such as lost records."""
    return sum(of_subject(rounds, subject, figure))


def points(rounds: Rounds, subject: str, prefix: str) -> list[tuple[float, float]]:
    """Return the typical figures whose names are `prefix` and a number: that number, and the figure."""
    names = [name for name in rounds[0][subject] if name.startswith(prefix)]
    return [(float(name.removeprefix(prefix)), typical(rounds, subject, name)) for name in names]


def ratio(rounds: Rounds, subject: str, base: str, figure: str, *, less: float = 0.0) -> float:
    """Return the median over the rounds of a subject's figure by the base's, with `less` subtracted from
    both.

    It is `nan` where nothing is left of the base in a round.
    """
    bases = [figures[base][figure] - less for figures in rounds]
    if min(bases) <= 0:
        return nan
    subjects = [figures[subject][figure] - less for figures in rounds]
    return median(own / other for own, other in zip(subjects, bases, strict=True))


def _in_fresh_process(subject: str, records: int, directory: Path) -> Figures:
    command: Sequence[str] = [sys.executable, sys.argv[0], _CHILD, subject, str(records), str(directory)]
    done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False)
    if done.returncode != 0:
        trouble = done.stderr.decode("utf-8", "replace")
        sys.exit(f"the measurement of {subject} failed with exit code {done.returncode}:\n{trouble}")
    figures: dict[str, Any] = json.loads((directory / "figures.json").read_text())
    return figures


@contextmanager
def _scratch_directory() -> Iterator[Path]:
    directory = Path(tempfile.mkdtemp(prefix="metaexpert-bench-"))
    try:
        yield directory
    finally:
        shutil.rmtree(directory, ignore_errors=True)

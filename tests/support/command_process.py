"""Runs the command `metaexpert` as a process of its own, in a directory of the test's own."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

PROJECT = Path(__file__).parents[2]
DATA = PROJECT.parent / "shared" / "data"
TIMEOUT_S = 100
FULL = Path("/dev/full")

needs_full_device = pytest.mark.skipif(
    not (FULL.exists() and stat.S_ISCHR(FULL.stat().st_mode) and os.access(FULL, os.W_OK)),
    reason="needs the device /dev/full, on which every write finds no space",
)


@dataclass(frozen=True)
class Done:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def figures(self) -> dict[str, Any]:
        """The figures that --json printed, which must be all of stdout."""
        parsed = json.loads(self.out)
        assert isinstance(parsed, dict)
        return parsed


def environment() -> dict[str, str]:
    """Return the environment without what configures logging."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("LOG_", "METAEXPERT_"))}


def metaexpert(directory: Path, *arguments: object, timeout_s: float = TIMEOUT_S) -> Done:
    """Run the command in a directory; it must never end with a traceback of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "metaexpert", *map(str, arguments)],
        cwd=directory,
        env=environment(),
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=timeout_s,
        check=False,
    )
    # A strategy's traceback, on the console as part of a record, is indented.
    assert not any(line.startswith("Traceback") for line in done.stderr.splitlines()), done.stderr
    return Done(done.returncode, done.stdout, done.stderr)


def records(path: Path, **wanted: Any) -> list[dict[str, Any]]:
    """Return the records of a log file whose fields have the wanted values."""
    with path.open(encoding="utf-8") as file:
        found = [json.loads(line) for line in file]
    return [r for r in found if all(r.get(name) == value for name, value in wanted.items())]


def real_data(name: str) -> Path:
    """Return a real market data file, or skip the test."""
    path = DATA / name
    if not path.is_file():
        pytest.skip(f"needs the real market data file {name} beside the project")
    return path


def write_bars(path: Path, count: int, *, seed: int = 5) -> Path:
    """Write generated one-minute bars as a CSV file."""
    from metaexpert.expert.market_data import generate_bars

    rows = ["timestamp,open,high,low,close,volume"]
    for bar in generate_bars(seed=seed, count=count):
        time = bar.time.strftime("%Y-%m-%d %H:%M:%S")
        rows.append(f"{time},{bar.open},{bar.high},{bar.low},{bar.close},{bar.volume}")
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return path

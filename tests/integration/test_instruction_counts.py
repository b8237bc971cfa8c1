"""The check of instruction counts: what counts as a regression, and its behaviour where it cannot count."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from instructions import BASELINES, DRIVERS, verdict

PROGRAM = Path(__file__).resolve().parents[2] / "benchmarks" / "instructions.py"


@pytest.mark.parametrize(
    ("measured", "baseline", "expected"),
    [
        (1020.0, 1000, "kept"),
        (1021.0, 1000, "REGRESSION"),
        (980.0, 1000, "kept"),
        (979.0, 1000, "better"),
        (1000.0, None, "no baseline"),
    ],
)
def test_as_much_as_the_kind_allows_is_tolerated(
    measured: float, baseline: float | None, expected: str
) -> None:
    """A count within two per cent of its baseline is kept; beyond that it is worse or better."""
    assert verdict(measured, baseline, 0.02) == expected


def test_every_driver_has_a_baseline_and_a_program() -> None:
    """No driver is counted without being judged, and each is an example of its crate."""
    baselines = json.loads(BASELINES.read_text())
    assert baselines["compiler"].startswith("rustc ")
    # Some count several things, each with a name of its own behind the driver's.
    assert {name.partition(":")[0] for name in baselines["instructions"]} == set(DRIVERS) != set()
    assert all(count > 0 for count in baselines["instructions"].values())
    for driver in DRIVERS.values():
        if driver.package:
            source = PROGRAM.parents[1] / "crates" / driver.package / "examples" / f"{driver.example}.rs"
            assert f"fn {driver.function}(" in source.read_text()
        else:
            assert (PROGRAM.parent / driver.example).is_file()


def test_missing_tools_are_named_and_no_failure(tmp_path: Path) -> None:
    """Without valgrind the program says that it is missing and passes."""
    done = subprocess.run(
        [sys.executable, PROGRAM, "--check"],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"PATH": str(tmp_path)},
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("skipped: not installed: valgrind")

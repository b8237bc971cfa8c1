"""Fixtures of the reliability tests: recovery as another process does it."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from metaexpert.logger.process.recovery import recover
from support.environment import clean_environment

if TYPE_CHECKING:
    from support.processes import Outcome

PROGRAMS = Path(__file__).parents[1] / "support"

RECOVER = """
import json
from metaexpert.logger.process.recovery import recover
print(json.dumps(recover("logs").to_dict()))
"""


@pytest.fixture(autouse=True)
def leave_no_rings(tmp_path: Path) -> Iterator[None]:
    """Recover what the test's processes left, because nothing starts there again and rings fill a tmpfs."""
    yield
    if (tmp_path / "logs").is_dir():
        recover(tmp_path / "logs")


@pytest.fixture
def recover_logs(run_python: Callable[..., "Outcome"]) -> Callable[[], dict[str, Any]]:
    """Recover what earlier processes left in `logs`, in a process of its own; returns the report."""

    def recover_elsewhere() -> dict[str, Any]:
        report = json.loads(run_python(RECOVER).stdout)
        assert isinstance(report, dict)
        assert [ring for ring in report["rings"] if ring["status"] not in ("recovered", "alive")] == []
        return report

    return recover_elsewhere


@pytest.fixture
def run_program(tmp_path: Path) -> Callable[..., dict[str, Any]]:
    """Run a program of `tests/support`, which must find nothing wrong; returns the figures that it prints."""

    def run(name: str, *arguments: object, timeout_s: float) -> dict[str, Any]:
        done = subprocess.run(
            [sys.executable, str(PROGRAMS / name), *map(str, arguments), "--json"],
            env={**clean_environment(), "TMPDIR": str(tmp_path)},
            capture_output=True,
            text=True,
            timeout=timeout_s,
            check=False,
        )
        assert done.returncode == 0, f"exit code {done.returncode}\n{done.stdout}\n{done.stderr}"
        figures = json.loads(done.stdout)
        assert isinstance(figures, dict)
        return figures

    return run

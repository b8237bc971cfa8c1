"""Facts about the report of a recovery, and about what it is asked for."""

import copy
import dataclasses
import json
import pickle
from pathlib import Path
from typing import Any, Final

import pytest

from metaexpert.logger.process.recovery import RecoveryReport, recover

DOCUMENT: Final[dict[str, Any]] = {
    "directory": "/d",
    "rings": [
        {
            "process": 7,
            "run_id": "a" * 32,
            "started": "2026-01-31T12:00:00.000000000Z",
            "status": "recovered",
            "records": 5,
            "already_written": 4,
            "unreadable": 3,
            "lost": 2,
            "files": {"/d/expert.log": 5},
            "problem": None,
        }
    ],
    "repaired": {"/d/expert.log": 9},
    "elsewhere": 1,
}


def test_the_report_goes_there_and_back() -> None:
    """`to_dict` returns the engine's document, as plain values that are ready for JSON."""
    assert json.loads(json.dumps(RecoveryReport.of(DOCUMENT).to_dict())) == DOCUMENT


def test_the_report_may_leave_the_process() -> None:
    """It is pickled, copied deeply and made a dictionary of."""
    report = RecoveryReport.of(DOCUMENT)

    assert pickle.loads(pickle.dumps(report)) == copy.deepcopy(report) == report
    assert dataclasses.asdict(report)["rings"][0]["files"] == {"/d/expert.log": 5}


def test_the_report_cannot_be_changed() -> None:
    """It is frozen, also in its parts."""
    report = RecoveryReport.of(DOCUMENT)
    with pytest.raises(dataclasses.FrozenInstanceError):
        report.elsewhere = 5  # type: ignore[misc]
    with pytest.raises(TypeError):
        report.rings[0].files["x"] = 1  # type: ignore[index]


@pytest.mark.parametrize(
    ("status", "ok"), [("recovered", True), ("alive", True), ("foreign", True), ("failed", False)]
)
def test_only_a_failure_is_not_ok(status: str, ok: bool) -> None:
    """`ok` is false where something is left for a later recovery."""
    (ring,) = DOCUMENT["rings"]
    assert RecoveryReport.of(DOCUMENT | {"rings": [ring | {"status": status}]}).ok is ok


def test_a_missing_directory_is_not_made(tmp_path: Path) -> None:
    """A directory that is not there is an error that names it, and stays away."""
    with pytest.raises(FileNotFoundError, match="no such log directory") as caught:
        recover(tmp_path / "none")
    assert caught.value.filename == str(tmp_path / "none")
    assert not (tmp_path / "none").exists()


def test_a_file_is_no_directory(tmp_path: Path) -> None:
    """A file in place of the directory is an error that names it."""
    (tmp_path / "file").touch()
    with pytest.raises(NotADirectoryError, match="not a log directory"):
        recover(tmp_path / "file")

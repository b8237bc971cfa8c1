"""Facts about the document that the native engine is configured with."""

import json
import os
from pathlib import Path

import pytest

from metaexpert.logger.config.engine import engine_document, log_directory
from metaexpert.logger.config.models import LogConfiguration
from metaexpert.logger.errors import ConfigurationError
from metaexpert.logger.shared.known_views import KNOWN_VIEWS


def sinks(configuration: LogConfiguration) -> dict[str, dict]:
    """Return the sinks by handler name."""
    return {sink["name"]: sink for sink in engine_document(configuration)["sinks"]}


def test_the_whole_document_of_the_defaults(tmp_path: Path) -> None:
    """Levels are numbers, paths absolute, and each sink has what its type needs and no more."""
    document = engine_document(LogConfiguration(log_file_path=tmp_path))

    every = {"max_level": None, "category": None, "loggers": [], "where": None, "format": {"kind": "json"}}
    file = {"type": "file", "max_size": 104857600, "backup_count": 10, "rotate": "size", "compress": "none"}
    file |= {"max_age_days": None, "sync": "never", "delay": True}

    def to(filename: str, **options: object) -> dict[str, object]:
        return {"destination": {**file, "path": str(tmp_path / filename), **options}}

    assert document == {
        "directory": str(tmp_path),
        "sinks": [
            {
                "name": "console",
                "level": 20,
                "max_level": None,
                "category": None,
                "loggers": [],
                "where": None,
                "format": {"kind": "console"},
                "destination": {"type": "console", "stream": "stdout", "color": "auto"},
            },
            {"name": "file", "level": 10} | every | to("expert.log"),
            {"name": "trades", "level": 20}
            | every
            | {"category": "trade"}
            | to("trades.log", backup_count=100),
            {"name": "errors", "level": 40} | every | to("errors.log"),
        ],
        "include": [],
        "field_layout": "flat",
        "views": KNOWN_VIEWS,
        "redact": {"defaults": True, "keys": [], "patterns": [], "passes": []},
        "queue": {"capacity_bytes": 8388608, "protect_level": 30, "wait_ms": 100, "crash_safe": True},
        "limits": {"depth": 32, "items": 1000, "bytes": 1048576},
    }
    assert json.loads(json.dumps(document)) == document


def test_a_percent_format_is_passed_as_a_pattern() -> None:
    """Presets go by name, everything else is a pattern."""
    configuration = LogConfiguration(
        handlers={"file": {"format": "%(message)s"}, "errors": {"format": "text"}}
    )

    assert sinks(configuration)["file"]["format"] == {
        "kind": "percent",
        "pattern": "%(message)s",
    }
    assert sinks(configuration)["errors"]["format"] == {"kind": "text"}


def test_a_removed_handler_is_no_sink() -> None:
    """None for a handler leaves nothing of it."""
    assert set(sinks(LogConfiguration(handlers={"console": None, "trades": None}))) == {"file", "errors"}


def test_filters_and_levels_arrive_as_numbers() -> None:
    """What limits a handler reaches the engine."""
    chosen = {"max_level": "warn", "loggers": ["a", "b"], "category": "c", "where": "price > 1"}
    sink = sinks(LogConfiguration(handlers={"file": {"level": "DEBUG", "filter": chosen}}))["file"]

    assert (sink["level"], sink["max_level"], sink["loggers"], sink["category"]) == (10, 30, ["a", "b"], "c")
    assert sink["where"] == "price > 1"


def test_an_absolute_filename_leaves_the_directory(tmp_path: Path) -> None:
    """Code and operators may put a file where they want."""
    configuration = LogConfiguration(handlers={"file": {"filename": str(tmp_path / "x.log")}})

    assert sinks(configuration)["file"]["destination"]["path"] == str(tmp_path / "x.log")


def test_without_backups_a_file_is_never_rotated_by_size() -> None:
    """As in `logging.handlers`: rotation without backups would only throw records away."""
    sink = sinks(LogConfiguration(handlers={"file": {"backup_count": 0, "max_size": 4096}}))["file"][
        "destination"
    ]

    assert (sink["max_size"], sink["backup_count"]) == (0, 0)


def test_packing_age_and_sync_reach_the_engine() -> None:
    """What becomes of finished files, and when lines are forced to the disk, is the engine's to do."""
    options = {"compress": "zstd", "max_age_days": 30, "sync": "error"}
    sink = sinks(LogConfiguration(handlers={"file": options}))["file"]["destination"]

    assert {name: sink[name] for name in options} == options


def test_relative_directories_are_taken_from_here_and_home(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A later change of directory moves no file, and `~` is the user's home."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("USERPROFILE", str(tmp_path / "home"))

    assert log_directory(LogConfiguration()) == os.path.join(os.getcwd(), "logs")
    assert log_directory(LogConfiguration(log_file_path="~/x")) == str(tmp_path / "home" / "x")


def test_a_current_directory_that_is_gone_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A relative log directory needs a current directory; an absolute one does not."""
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()

    with pytest.raises(ConfigurationError, match="log_file_path must be an absolute path here"):
        log_directory(LogConfiguration())
    assert log_directory(LogConfiguration(log_file_path=str(tmp_path))) == str(tmp_path)

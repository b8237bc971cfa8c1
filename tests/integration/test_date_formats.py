"""`datefmt` of a handler shows what `logging.Formatter(datefmt=...)` shows."""

from __future__ import annotations

import logging
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from metaexpert.logger import flush, log_context

if TYPE_CHECKING:
    from pathlib import Path

    from support.logs import Logs

DATE_FORMAT = "%d.%m.%Y %H:%M %z"


class Times(logging.Handler):
    """Collects times as a formatter of `logging` shows them."""

    def __init__(self) -> None:
        super().__init__()
        self.shown: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep the time of `record`."""
        self.shown.append(logging.Formatter(datefmt=DATE_FORMAT).formatTime(record, DATE_FORMAT))


@pytest.mark.parametrize("form", ["%(asctime)s|%(message)s", "text", "console"])
def test_a_file_shows_times_as_logging_does(form: str, logs: Logs, tmp_path: Path) -> None:
    """In each format for people the time is that of `logging` in the same `datefmt`, without milliseconds."""
    times = Times()
    logging.root.addHandler(times)
    people = {
        "type": "file",
        "filename": str(tmp_path / "people.log"),
        "format": form,
        "datefmt": DATE_FORMAT,
    }
    logs.configure(handlers={"people": people})
    logs.logger.info("Ready")
    assert flush()
    logging.root.removeHandler(times)

    line = (tmp_path / "people.log").read_text()
    assert line.startswith(times.shown[0])
    assert line[len(times.shown[0])] in "| "


def test_a_change_of_the_datefmt_counts_at_once(logs: Logs, tmp_path: Path) -> None:
    """None brings the default back."""
    for datefmt in ("%Y", None):
        logs.configure(handlers={"file": {"format": "text", "datefmt": datefmt}})
        logs.logger.info("Ready")
    assert flush()

    first, second = next(tmp_path.rglob("expert.log")).read_text().splitlines()
    assert first.startswith(time.strftime("%Y INFO"))
    assert "," in second.split(" INFO")[0]


@pytest.mark.parametrize("form", ["%(asctime)s|%(message)s", "text", "console"])
@pytest.mark.parametrize(
    ("datefmt", "shown"), [(None, "2024-01-31 09:15:00Z"), (DATE_FORMAT, "31.01.2024 09:15 +0000")]
)
def test_a_simulated_time_takes_the_place_of_the_clocks(
    form: str, datefmt: str | None, shown: str, logs: Logs, tmp_path: Path
) -> None:
    """Each format for people shows it, in UTC, and in `datefmt` where there is one."""
    logs.configure(handlers={"file": {"format": form, "datefmt": datefmt}})
    with log_context(sim_time=datetime(2024, 1, 31, 9, 15, tzinfo=UTC)):
        logs.logger.info("Ready")
    assert flush()

    line = next(tmp_path.rglob("expert.log")).read_text()
    assert line.startswith(shown)
    assert "sim_time" not in line

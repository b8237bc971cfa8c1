"""Facts about views, which shorten a program's records for people."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from metaexpert.logger import configure, flush, get_logger, log_context
from metaexpert.logger.shared.known_views import KNOWN_VIEWS
from metaexpert.logger.views import View, register_view


@pytest.fixture(autouse=True)
def no_other_views(fresh_logging: None) -> Iterator[None]:
    """Have each test begin with the views that no program has registered, and leave none."""
    before = KNOWN_VIEWS[:]
    del KNOWN_VIEWS[1:]
    yield
    KNOWN_VIEWS[:] = before


def lines(directory: Path, name: str) -> list[str]:
    """Return what a file in `directory` has, once all is written."""
    assert flush()
    return (directory / name).read_text().splitlines()


def test_a_view_shortens_lines_for_people_and_no_others(tmp_path: Path) -> None:
    """What stays the same and what an event leaves out is in JSON alone."""
    register_view(
        View(
            constant=("service",),
            loggers=("shop.orders",),
            event_field="event_name",
            left_out={"order.shipped": ("weight",)},
        )
    )
    people = {"type": "file", "filename": "people.log", "format": "text"}
    configure(log_file_path=tmp_path, handlers={"people": people, "console": None})
    with log_context(service="shop"):
        get_logger("shop.orders").info("Shipped", event_name="order.shipped", weight=3, to="Riga")
        get_logger("shop").info("Shipped", event_name="order.shipped", weight=3)

    shipped, other = (line.split(": ", 1)[1] for line in lines(tmp_path, "people.log"))
    assert shipped == "Shipped to=Riga"
    assert other == "Shipped event_name=order.shipped weight=3"
    full = json.loads(lines(tmp_path, "expert.log")[0])
    assert (full["service"], full["event_name"], full["weight"]) == ("shop", "order.shipped", 3)


def test_the_view_of_simulated_time_is_one_like_any_other() -> None:
    """It stands in plain values, because the class costs a program's start a millisecond."""
    assert [View(time="sim_time").document()] == KNOWN_VIEWS


def test_a_view_counts_from_the_next_configuration_on(tmp_path: Path) -> None:
    """A view may be registered while the system runs; registered twice it counts once."""
    for _ in range(2):
        configure(log_file_path=tmp_path, handlers={"file": {"format": "text"}, "console": None})
        get_logger("shop").info("Open", at="2024-01-31T09:15:00Z")
        register_view(View(time="at"))

    before, after = lines(tmp_path, "expert.log")
    assert before.endswith("Open at=2024-01-31T09:15:00Z")
    assert after.startswith("2024-01-31 09:15:00Z")
    assert len(KNOWN_VIEWS) == 2

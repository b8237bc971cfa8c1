"""Facts about loggers that `capture_stdlib` cannot see."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from metaexpert.logger import PipelineHandler, get_logger
from metaexpert.logger.config.unseen import note_on, unseen_loggers

if TYPE_CHECKING:
    from support.logs import Logs


@pytest.fixture
def server() -> Iterator[logging.Logger]:
    """Return a logger as servers have them: with a handler of its own, and not propagating."""
    logger = logging.getLogger("someserver")
    logger.propagate = False
    logger.addHandler(logging.StreamHandler())
    yield logger
    logger.handlers.clear()
    logger.propagate = True


def test_a_logger_that_does_not_propagate_is_named(logs: Logs, server: logging.Logger) -> None:
    """`describe()` says beside `capture_stdlib` whom it cannot see, and how it would."""
    configuration = logs.configure()

    assert server.name in unseen_loggers()
    (line,) = [line for line in configuration.describe().splitlines() if line.startswith("capture_stdlib")]
    assert line.startswith("capture_stdlib = true  # cannot see ")
    assert "someserver" in line
    assert line.endswith("not propagate: get_logger(name) lets it")


def test_a_logger_that_reaches_the_pipeline_is_not_named(logs: Logs, server: logging.Logger) -> None:
    """With our handler on it, or silent, or once it was got from us: then a copy goes to the pipeline."""
    configuration = logs.configure()
    ours = PipelineHandler()
    server.addHandler(ours)
    assert server.name not in unseen_loggers()
    server.removeHandler(ours)
    assert server.name in unseen_loggers()

    get_logger(server.name)
    assert server.name not in unseen_loggers()
    assert "someserver" not in configuration.describe()
    server.warning("A request")
    assert logs.messages()[-1] == "A request"


def test_children_are_cut_off_with_their_parent(logs: Logs, server: logging.Logger) -> None:
    """A logger that propagates to one that does not is named as well; got from us, it is seen."""
    logs.configure()
    child = logging.getLogger("someserver.error")
    assert {"someserver", "someserver.error"} <= set(unseen_loggers())

    get_logger(child.name)
    assert "someserver.error" not in unseen_loggers()
    child.warning("A failure")
    assert logs.messages()[-1] == "A failure"


def test_the_note_is_beside_one_setting_alone() -> None:
    """Others say nothing, and neither does it where all are seen."""
    assert note_on("default_level", ["a"]) == ""
    assert note_on("capture_stdlib", []) == ""
    assert "a, b, which do not propagate" in note_on("capture_stdlib", ["a", "b"])

"""Facts about a logging method that is taken from its logger: it is as good as one of `logging`'s."""

import copy
import inspect
import pickle
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from metaexpert.logger import MetaLogger, get_logger

if TYPE_CHECKING:
    from conftest import Logs

NAMES = ("debug", "info", "warning", "error", "critical", "fatal", "log", "trade", "exception", "warn")


LOAD = "import pickle, sys; pickle.load(sys.stdin.buffer).info('m', price=1)"


def loggers_of(logs: "Logs") -> list[MetaLogger]:
    """Return a logger, a bound one, the root, and one whose levels are off."""
    quiet = get_logger("quiet")
    quiet.setLevel(100)
    return [logs.logger, logs.logger.bind(a=1), get_logger(), quiet]


@pytest.mark.parametrize("name", NAMES)
def test_a_taken_method_says_what_it_is(name: str, both_ways: "Logs") -> None:
    """By name, documentation and signature."""
    for logger in loggers_of(both_ways):
        method: Any = getattr(logger, name)
        of_class = getattr(MetaLogger, name)
        assert (method.__name__, method.__qualname__) == (name, f"MetaLogger.{name}")
        assert method.__doc__.splitlines()[0] == of_class.__doc__.splitlines()[0]
        parameters = list(inspect.signature(of_class).parameters.values())[1:]
        taken = inspect.signature(method).parameters.values()
        assert [(each.name, each.kind) for each in taken] == [(each.name, each.kind) for each in parameters]
        assert (method.__self__.name, method.__self__.level) == (logger.name, logger.level)


@pytest.mark.parametrize("name", ["debug", "info", "warning", "error", "critical", "fatal", "trade"])
def test_a_taken_method_can_be_pickled(name: str, both_ways: "Logs") -> None:
    """With every protocol, and comes back as the method of the same logger, with the same fields."""
    for logger in loggers_of(both_ways)[:3]:
        for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
            method = pickle.loads(pickle.dumps(getattr(logger, name), protocol))
            method(f"{name} {protocol}")

    records = both_ways.records()
    assert len(records) == 3 * (pickle.HIGHEST_PROTOCOL + 1)
    assert [record.get("a") for record in records] == [None] * 6 + [1] * 6 + [None] * 6


def test_a_taken_method_can_be_copied(both_ways: "Logs") -> None:
    """Also deeply, as part of something."""
    for logger in loggers_of(both_ways)[:3]:
        copy.copy(logger.info)("one")
        copy.deepcopy({"log": logger.info})["log"]("two")

    assert both_ways.messages() == ["one", "two"] * 3


def test_the_method_log_can_be_pickled(both_ways: "Logs") -> None:
    """It takes the level first, here as there."""
    pickle.loads(pickle.dumps(both_ways.logger.log))(40, "m")

    assert both_ways.last()["level"] == "ERROR"


def test_loggers_can_be_pickled(both_ways: "Logs") -> None:
    """A logger comes back as itself, a bound one with its fields."""
    logger = both_ways.logger
    assert pickle.loads(pickle.dumps(logger)) is logger
    assert copy.deepcopy(logger) is logger
    pickle.loads(pickle.dumps(logger.bind(a=1, b=[2]))).info("m", c=3)
    copy.deepcopy(logger.bind(a=1, b=[2])).info("m", c=3)

    assert [(record["a"], record["b"], record["c"]) for record in both_ways.records()] == [(1, [2], 3)] * 2


def test_a_logger_has_keyword_fields_in_another_process(logs: "Logs") -> None:
    """One that was pickled is there what it is here, before anything is configured."""
    logs.configure()
    for pickled in (pickle.dumps(logs.logger.info), pickle.dumps(logs.logger)):
        program = LOAD if pickled == pickle.dumps(logs.logger) else LOAD.replace(".info", "")
        done = subprocess.run(
            [sys.executable, "-c", program], input=pickled, capture_output=True, timeout=60, check=False
        )
        assert (done.returncode, done.stderr) == (0, b"")

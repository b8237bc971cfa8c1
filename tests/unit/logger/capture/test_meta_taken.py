"""Facts about a logging method that is taken from its logger: it is as good as one of `logging`'s."""

import copy
import gc
import inspect
import pickle
import subprocess
import sys
import weakref
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from types import MethodType
from typing import TYPE_CHECKING, Any

import pytest

from metaexpert.logger import MetaLogger, get_logger

if TYPE_CHECKING:
    from support.logs import Logs

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
        assert method.__self__ is logger
        assert method.__func__ is of_class
        assert repr(method) == f"<bound method MetaLogger.{name} of {logger!r}>"
        assert inspect.isroutine(method)


@pytest.mark.parametrize("name", NAMES)
def test_a_taken_method_can_be_referred_to_weakly(name: str, both_ways: "Logs") -> None:
    """`WeakMethod` lives as long as the logger, and gives its method."""
    for logger in loggers_of(both_ways):
        reference = weakref.WeakMethod(getattr(logger, name))
        again = reference()
        assert again == getattr(logger, name)
        assert hash(again) == hash(getattr(logger, name))
        assert reference == weakref.WeakMethod(getattr(logger, name))
    bound = both_ways.logger.bind(a=1)
    bound.info("1")
    bound.info("2")
    reference = weakref.WeakMethod(getattr(bound, name))
    assert reference() is not None
    del again, bound
    gc.collect()
    assert reference() is None


def test_taken_methods_are_equal_as_methods_are(both_ways: "Logs") -> None:
    """Of the same logger and name, whatever serves them; of others they differ."""
    log, other = both_ways.logger, get_logger("other")
    before = log.info
    log.setLevel("DEBUG")
    after = log.info
    assert before == after == MethodType(MetaLogger.info, log)
    assert len({before, after, MethodType(MetaLogger.info, log)}) == 1
    assert before != log.debug
    assert before != other.info
    assert (before == 1, before != "info") == (False, True)
    with pytest.raises(TypeError, match="not supported"):
        assert before < after  # type: ignore[operator]


def test_taken_methods_work_where_callables_do(both_ways: "Logs") -> None:
    """In `partial`, in a pool's threads, as an attribute of a class, and with attributes of no name."""
    log = both_ways.logger
    partial(log.info, "m1", a=1)(b=2)
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(log.info, "m2").result(60) is None
        assert list(pool.map(log.info, ["m3", "m4"])) == [None, None]

    class Strategy:
        say = log.info

    Strategy().say("m5")
    pickle.loads(pickle.dumps(partial(log.info, "m6")))()
    with pytest.raises(AttributeError):
        log.info.nothing  # type: ignore[attr-defined]  # noqa: B018 - it raises

    assert both_ways.messages() == ["m1", "m2", "m3", "m4", "m5", "m6"]
    assert (both_ways.records()[0]["a"], both_ways.records()[0]["b"]) == (1, 2)


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

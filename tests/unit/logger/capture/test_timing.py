"""Facts about `timed`."""

import asyncio
import logging
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

from metaexpert.logger import timed

if TYPE_CHECKING:
    from support.logs import Logs


def test_a_block_is_recorded_with_its_duration(logs: "Logs") -> None:
    """The record has operation, duration, outcome and fields, at INFO."""
    logs.configure()
    with timed(logs.logger, "load bars", symbol="BTC"):
        pass

    record = logs.last()
    assert (record["level"], record["operation"], record["outcome"]) == ("INFO", "load bars", "ok")
    assert record["symbol"] == "BTC"
    assert isinstance(record["duration_ms"], float)
    assert record["duration_ms"] > 0
    assert "threshold_ms" not in record


def test_past_the_threshold_it_is_a_warning(logs: "Logs") -> None:
    """A negative threshold is always passed, an endless one never; both are in the record."""
    logs.configure()
    for threshold_ms in (-1.0, 1e9):
        with timed(logs.logger, "work", threshold_ms):
            pass

    slow, quick = logs.records()
    assert (slow["level"], slow["threshold_ms"]) == ("WARNING", -1.0)
    assert (quick["level"], quick["threshold_ms"]) == ("INFO", 1e9)


def test_a_failure_is_recorded_and_goes_on(logs: "Logs") -> None:
    """A block that raises is a WARNING with the exception's type, and the exception reaches the caller."""
    logs.configure()
    with pytest.raises(KeyError), timed(logs.logger, "work"):
        raise KeyError("x")

    record = logs.last()
    assert (record["level"], record["outcome"], record["error_type"]) == ("WARNING", "error", "KeyError")


def test_functions_and_coroutine_functions_can_be_decorated(logs: "Logs") -> None:
    """Each call of a decorated function is recorded once, and its result returned."""
    logs.configure(default_level="INFO")

    @timed(logs.logger, "add", kind="plain")
    def add(a: int, b: int) -> int:
        """Add."""
        return a + b

    @timed(logs.logger, "wait", kind="async")
    async def wait(value: int) -> int:
        await asyncio.sleep(0)
        return value

    assert (add(1, b=2), add(3, 4), asyncio.run(wait(5))) == (3, 7, 5)
    assert (add.__name__, add.__doc__) == ("add", "Add.")
    assert [(record["operation"], record["kind"]) for record in logs.records()] == [
        ("add", "plain"),
        ("add", "plain"),
        ("wait", "async"),
    ]


def test_one_timer_can_be_nested(logs: "Logs") -> None:
    """The same object entered twice measures both, the inner one no longer than the outer one."""
    logs.configure()
    timer = timed(logs.logger, "work")
    with timer, timer:
        pass

    inner, outer = logs.records()
    assert inner["duration_ms"] <= outer["duration_ms"]


def test_fields_may_have_any_name(logs: "Logs") -> None:
    """Fields named like the record's own members are kept, and the measured ones win."""
    logs.configure()
    with timed(logs.logger, "work", level="mine", duration_ms="mine", msg="mine"):
        pass

    record = logs.last()
    assert (record["level"], record["level_"], record["msg"]) == ("INFO", "mine", "mine")
    assert isinstance(record["duration_ms"], float)


def test_a_bare_decorator_times_by_name(logs: "Logs") -> None:
    """`@timed` takes the logger of the function's module and its name; parameters and result stay."""
    logs.configure()

    @timed
    def add(a: int, b: int) -> int:
        return a + b

    class Strategy:
        @timed
        def on_bar(self) -> str:
            return "bar"

    assert add(1, b=2) == 3
    assert Strategy().on_bar() == "bar"

    first, second = logs.records()
    assert first["module"] == __name__
    assert first["operation"].endswith("add")
    assert second["operation"].endswith("Strategy.on_bar")


def test_a_bare_decorator_takes_coroutines_and_generators(logs: "Logs") -> None:
    """As with arguments, each call is one record."""
    logs.configure()

    @timed
    async def wait() -> int:
        return 1

    @timed
    def count() -> Iterator[int]:
        yield from (1, 2)

    assert asyncio.run(wait()) == 1
    assert list(count()) == [1, 2]
    assert [each["outcome"] for each in logs.records() if each["module"] == __name__] == ["ok", "ok"]


def test_a_decorator_with_a_logger_alone_times_by_name(logs: "Logs") -> None:
    """The operation is what the function is called."""
    logs.configure()

    @timed(logs.logger)
    def load() -> None: ...

    load()
    assert logs.last()["operation"].endswith("load")


@pytest.mark.parametrize("wrapped", [False, True], ids=["logger", "adapter"])
def test_a_plain_logger_times_as_well(wrapped: bool, logs: "Logs") -> None:
    """`logging` knows no fields, and its error would take the place of what the function returns."""
    logs.configure()
    plain = logging.getLogger(f"{logs.logger.name}.plain{wrapped}")
    assert type(plain) is logging.Logger

    @timed(logging.LoggerAdapter(plain, {"venue": "test"}) if wrapped else plain, "load", name="bars")  # type: ignore[arg-type]
    def load() -> int:
        return 500

    assert load() == 500
    record = logs.last()
    assert (record["module"], record["operation"], record["name"]) == (plain.name, "load", "bars")
    assert record.get("venue") == ("test" if wrapped else None)


def test_what_cannot_be_timed_says_what_to_write(logs: "Logs") -> None:
    """An operation without a logger, nothing at all, and a block without an operation."""
    with pytest.raises(TypeError, match=r"write timed\(log, "):
        timed("load bars")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"write timed\(log, "):
        timed()  # type: ignore[call-arg]
    with pytest.raises(TypeError, match=r"a timed block needs an operation"), timed(logs.logger):
        pass


@pytest.mark.parametrize("threshold", ["a", "100", b"100"])
def test_a_threshold_that_is_text_is_refused(logs: "Logs", threshold: Any) -> None:
    """It would never be passed, without a word."""
    with pytest.raises(TypeError, match=r"threshold_ms must be a number of milliseconds, was "):
        timed(logs.logger, "work", threshold_ms=threshold)

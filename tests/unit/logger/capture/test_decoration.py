"""Facts about `log_context` and `timed` as decorators of functions of every kind."""

import asyncio
import inspect
from collections.abc import AsyncIterator, Iterator
from typing import TYPE_CHECKING, Any

import pytest

from metaexpert.logger import log_context, timed
from metaexpert.logger.capture.context import current_fields

if TYPE_CHECKING:
    from support.logs import Logs


@log_context(a=1)
def talk() -> Iterator[Any]:
    """Yield what is in force, answer with it, and return it."""
    try:
        heard = yield current_fields()
        yield heard, current_fields()
    except KeyError as problem:
        yield type(problem), current_fields()
    finally:
        closed.append(current_fields())
    return current_fields()


@log_context(a=1)
async def talk_async() -> AsyncIterator[Any]:
    """Do the same, asynchronously."""
    try:
        heard = yield current_fields()
        await asyncio.sleep(0)
        yield heard, current_fields()
    except KeyError as problem:
        yield type(problem), current_fields()
    finally:
        closed.append(current_fields())


closed: list[Any] = []


@pytest.fixture(autouse=True)
def nothing_closed() -> None:
    """Forget what was closed before."""
    closed.clear()


def test_a_generator_has_the_fields_while_it_runs() -> None:
    """And its caller has not; values and the result pass through."""
    generator: Any = talk()
    assert (next(generator), current_fields()) == ({"a": 1}, {})
    assert (generator.send("x"), current_fields()) == (("x", {"a": 1}), {})
    with pytest.raises(StopIteration) as end:
        next(generator)
    assert (end.value.value, current_fields()) == ({"a": 1}, {})


def test_a_generator_gets_what_is_thrown() -> None:
    """Inside of its context."""
    generator: Any = talk()
    next(generator)

    assert (generator.throw(KeyError("x")), current_fields()) == ((KeyError, {"a": 1}), {})


def test_a_generator_is_closed_inside_of_its_context() -> None:
    """Whoever closes it, and the one who closes keeps what it has."""
    generator: Any = talk()
    next(generator)
    with log_context(b=2):
        generator.close()
        assert current_fields() == {"b": 2}

    assert closed == [{"b": 2, "a": 1}]


def test_an_asynchronous_generator_has_the_fields_while_it_runs() -> None:
    """As one of the other kind, and it may be closed by another task."""

    async def main() -> Any:
        generator: Any = talk_async()
        seen = [await anext(generator), current_fields(), await generator.asend("x"), current_fields()]
        await asyncio.create_task(generator.aclose())
        another: Any = talk_async()
        await anext(another)
        seen += [await another.athrow(KeyError("x")), current_fields()]
        seen += [item async for item in another]
        return seen

    assert asyncio.run(main()) == [{"a": 1}, {}, ("x", {"a": 1}), {}, (KeyError, {"a": 1}), {}]
    assert closed == [{"a": 1}, {"a": 1}]


def test_a_coroutine_has_the_fields() -> None:
    """For as long as it takes."""

    @log_context(a=1)
    async def work() -> Any:
        await asyncio.sleep(0)
        return current_fields()

    async def main() -> Any:
        return await work(), current_fields()

    assert asyncio.run(main()) == ({"a": 1}, {})


def test_a_decorated_function_stays_what_it_is() -> None:
    """For whoever asks: a generator, a coroutine, a function, with its name and documentation."""
    assert inspect.isgeneratorfunction(talk)
    assert inspect.isasyncgenfunction(talk_async)
    assert (talk.__name__, talk_async.__doc__) == ("talk", "Do the same, asynchronously.")


def test_a_generator_is_timed_from_its_first_step_to_its_last(both_ways: "Logs") -> None:
    """In one record, with `ok` also where it was closed before its end, and the error where it failed."""

    @timed(both_ways.logger, "step")
    def steps() -> Iterator[int]:
        yield 1
        both_ways.logger.info("between")
        yield 2

    @timed(both_ways.logger, "failing")
    def failing() -> Iterator[int]:
        yield 1
        raise ValueError("bad")

    assert list(steps()) == [1, 2]
    for _ in steps():
        break
    with pytest.raises(ValueError, match="bad"):
        list(failing())

    records = [record for record in both_ways.records() if "operation" in record]
    assert [(record["operation"], record["outcome"]) for record in records] == [
        ("step", "ok"),
        ("step", "ok"),
        ("failing", "error"),
    ]
    assert records[2]["error_type"] == "ValueError"


def test_an_asynchronous_generator_is_timed(both_ways: "Logs") -> None:
    """From its first step to its last."""

    @timed(both_ways.logger, "step")
    async def steps() -> AsyncIterator[int]:
        yield 1
        yield 2

    async def main() -> list[int]:
        return [item async for item in steps()]

    assert asyncio.run(main()) == [1, 2]
    records = [record for record in both_ways.records() if "operation" in record]
    assert [record["outcome"] for record in records] == ["ok"]


def test_one_timer_serves_tasks_that_overlap(both_ways: "Logs", monkeypatch: pytest.MonkeyPatch) -> None:
    """Each gets its own duration, whichever began last."""
    timer = timed(both_ways.logger, "step")
    clock_ns = 0
    monkeypatch.setattr("metaexpert.logger.capture.timing.time.perf_counter_ns", lambda: clock_ns)

    async def work(began: asyncio.Event, wait: asyncio.Event | None) -> None:
        with timer:
            began.set()
            if wait is not None:
                await wait.wait()

    async def main() -> None:
        nonlocal clock_ns
        first, second, third, fourth = (asyncio.Event() for _ in range(4))
        long = asyncio.create_task(work(first, second))
        await first.wait()
        clock_ns += 50_000_000
        short = asyncio.create_task(work(third, fourth))
        await third.wait()
        clock_ns += 1_000_000
        fourth.set()
        await short
        second.set()
        await long

    asyncio.run(main())
    durations = [record["duration_ms"] for record in both_ways.records() if "operation" in record]
    assert durations == [1, 51]

"""Facts about `log_context`."""

import asyncio
import contextvars
import datetime
import logging
import sys
import threading
from typing import TYPE_CHECKING, Any

import pytest

from metaexpert.logger import log_context
from metaexpert.logger.capture.context import current_fields

if TYPE_CHECKING:
    from support.logs import Logs


def test_fields_are_there_inside_the_block_alone(both_ways: "Logs") -> None:
    """Records made inside have the fields, whichever logger makes them; before and after they don't."""
    both_ways.logger.info("before")
    with log_context(symbol="BTC", n=1):
        both_ways.logger.info("inside")
        logging.getLogger("plain").info("plain inside")
    both_ways.logger.info("after")

    shown = [(record["message"], record.get("symbol"), record.get("n")) for record in both_ways.records()]
    assert shown == [
        ("before", None, None),
        ("inside", "BTC", 1),
        ("plain inside", "BTC", 1),
        ("after", None, None),
    ]


def test_the_innermost_value_wins() -> None:
    """Blocks nest; leaving one brings the outer value back."""
    seen = []
    with log_context(a=1, b=1):
        with log_context(b=2, c=2):
            seen.append(current_fields())
        seen.append(current_fields())
    seen.append(current_fields())

    assert seen == [{"a": 1, "b": 2, "c": 2}, {"a": 1, "b": 1}, {}]


def test_a_block_left_by_an_exception_ends() -> None:
    """The fields are gone after an exception, which goes on its way."""
    with pytest.raises(ValueError, match="out"), log_context(a=1):
        raise ValueError("out")

    assert current_fields() == {}


def test_one_context_can_be_entered_again() -> None:
    """The same object works in several blocks, also one inside the other."""
    context = log_context(a=1)
    with context, log_context(a=2), context:
        assert current_fields() == {"a": 1}
    assert current_fields() == {}


def test_values_are_captured_on_entry(both_ways: "Logs") -> None:
    """Changing an object inside the block changes no record."""
    limits = {"max": 1}
    with log_context(limits=limits):
        limits["max"] = 2
        both_ways.logger.info("m")
        both_ways.logger.info("%s", "general")

    assert [record["limits"] for record in both_ways.records()] == [{"max": 1}] * 2


def test_functions_can_be_decorated() -> None:
    """A decorated function runs inside the context and keeps its name, arguments and result."""

    @log_context(a=1)
    def work(x: int, *, y: int = 0) -> Any:
        """Work."""
        return x + y, current_fields()

    assert work(1, y=2) == (3, {"a": 1})
    assert (work.__name__, work.__doc__) == ("work", "Work.")
    assert current_fields() == {}


def test_coroutine_functions_can_be_decorated() -> None:
    """The context lasts until a decorated coroutine function ends, over its awaits, in its own task alone."""

    @log_context(who="decorated")
    async def work() -> list[Any]:
        seen = [current_fields()]
        await asyncio.sleep(0)
        return [*seen, current_fields()]

    async def other() -> Any:
        await asyncio.sleep(0)
        return current_fields()

    async def main() -> Any:
        return await asyncio.gather(work(), other(), work())

    decorated = {"who": "decorated"}
    assert asyncio.run(main()) == [[decorated] * 2, {}, [decorated] * 2]


def test_decorated_functions_may_call_themselves() -> None:
    """Each call has a context of its own."""

    @log_context(a=1)
    def down(n: int) -> int:
        return 0 if n == 0 else 1 + down(n - 1)

    assert down(50) == 50
    assert current_fields() == {}


def test_threads_do_not_see_each_other_s_context() -> None:
    """A thread starts without its creator's fields, unless it runs in a copy of the context.

    From Python 3.14 on the interpreter can be told to give each thread one, and does so without the GIL.
    """
    inherited = {"a": 1} if getattr(sys.flags, "thread_inherit_context", 0) else {}
    seen: list[Any] = []
    with log_context(a=1):
        copied = contextvars.copy_context()

        def look() -> None:
            seen.append(current_fields())

        for target in (look, lambda: copied.run(look)):
            thread = threading.Thread(target=target)
            thread.start()
            thread.join()

    assert seen == [inherited, {"a": 1}]


def test_any_word_is_a_field() -> None:
    """`self`, `function` and the like are fields like others."""
    with log_context(self=1, function=2, fields=3):
        assert current_fields() == {"self": 1, "function": 2, "fields": 3}


def test_fields_handed_out_are_a_copy() -> None:
    """Changing what `current_fields` returned changes no context."""
    with log_context(a=1):
        current_fields()["a"] = 2
        assert current_fields() == {"a": 1}


def test_an_end_without_a_beginning_is_an_error() -> None:
    """`__exit__` of a context that is not open says so, and changes nothing."""
    with log_context(a=1):
        with pytest.raises(RuntimeError, match="not entered"):
            log_context(b=2).__exit__(None, None, None)
        assert current_fields() == {"a": 1}


def test_times_and_other_values_of_contexts_arrive_as_those_of_calls(both_ways: "Logs") -> None:
    """A context that is made anew for each record shows what the call would have shown."""
    when = datetime.datetime(2026, 1, 31, 12, 30, 0, 5, tzinfo=datetime.UTC)
    for number in range(3):
        with log_context(when=when, text="\u00e9\n", number=number), log_context(number=-number, x=0.1):
            both_ways.logger.info("inside")
    both_ways.logger.info("call", when=when, text="\u00e9\n", number=0, x=0.1)
    *inside, call = both_ways.records()

    names = ("when", "text", "x")
    assert [tuple(record[name] for name in names) for record in inside] == [
        tuple(call[name] for name in names)
    ] * 3
    assert [record["number"] for record in inside] == [0, -1, -2]


async def steps_in_a_context(context: Any) -> Any:
    """Yield twice inside of the context."""
    with context:
        yield current_fields()
        yield current_fields()


def test_a_generator_closed_by_another_task_ends_its_context() -> None:
    """Nothing is raised; the task that closes keeps what it has, and the one that began has nothing left."""

    async def close(generator: Any) -> Any:
        began_with = current_fields()
        with log_context(b=2):
            await generator.aclose()
            inside = current_fields()
        return began_with, inside, current_fields()

    async def main() -> Any:
        generator = steps_in_a_context(log_context(a=1))
        inside = await anext(generator)
        closing = await asyncio.create_task(close(generator))
        return inside, closing, current_fields()

    assert asyncio.run(main()) == ({"a": 1}, ({"a": 1}, {"a": 1, "b": 2}, {}), {})


def test_a_context_left_in_another_thread_ends() -> None:
    """Where it was entered its fields are gone, where it is left nothing changes."""
    context, seen = log_context(a=1), []

    def leave() -> None:
        with log_context(b=2):
            context.__exit__(None, None, None)
            seen.append(current_fields())

    with log_context(outer=0):
        context.__enter__()
        thread = threading.Thread(target=leave)
        thread.start()
        thread.join(20)
        seen.append(current_fields())

    assert [*seen, current_fields()] == [{"b": 2}, {"outer": 0}, {}]


def test_a_context_left_in_another_copy_of_it_ends() -> None:
    """A copy of the contextvars can't be told from the original, and neither keeps the fields."""
    context = log_context(a=1)
    with log_context(outer=0):
        copy = contextvars.copy_context()
        copy.run(context.__enter__)
        context.__exit__(None, None, None)
        assert copy.run(current_fields) == current_fields() == {"outer": 0}


def test_contexts_may_end_in_any_order() -> None:
    """One that ends before those inside of it leaves them alone, and does not come back at their end."""
    first, second = log_context(a=1), log_context(b=2)
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    between = current_fields()
    second.__exit__(None, None, None)

    assert between["b"] == 2
    assert current_fields() == {}


def test_one_context_serves_tasks_that_overlap() -> None:
    """Each leaves its own block, whoever entered last."""
    context = log_context(a=1)

    async def work(number: int, others: "asyncio.Barrier") -> Any:
        with log_context(n=number):
            with context:
                await others.wait()
                inside = current_fields()
                await asyncio.sleep(0.001 * number)
            return inside, current_fields()

    async def main() -> Any:
        others = asyncio.Barrier(3)
        return await asyncio.gather(*(work(number, others) for number in range(3)))

    assert asyncio.run(main()) == [({"n": n, "a": 1}, {"n": n}) for n in range(3)]


def test_a_child_task_keeps_the_context_of_its_parent() -> None:
    """A block that ends as it should takes nothing from tasks that began inside of it."""

    async def child(done: asyncio.Event) -> Any:
        await done.wait()
        return current_fields()

    async def main() -> Any:
        done = asyncio.Event()
        with log_context(a=1):
            task = asyncio.create_task(child(done))
            await asyncio.sleep(0)
        done.set()
        return await task

    assert asyncio.run(main()) == {"a": 1}


def test_records_do_without_a_context_that_was_left_elsewhere(both_ways: "Logs") -> None:
    """Of both kinds of logger, on the fast way and with other listeners."""
    context = log_context(a=1)
    context.__enter__()
    contextvars.Context().run(context.__exit__, None, None, None)
    both_ways.logger.info("m")
    logging.getLogger("plain").info("m")

    assert all("a" not in record for record in both_ways.records())


def test_a_context_without_keywords_says_what_to_write() -> None:
    """A bare decorator has no fields to add; a mapping has to be spread."""
    with pytest.raises(TypeError, match=r"write @log_context\(symbol=\.\.\.\), or leave it out"):

        @log_context  # type: ignore[call-arg]
        def work() -> None: ...

    with pytest.raises(TypeError, match=r"write log_context\(\*\*fields\)"):
        log_context({"symbol": "BTC"})  # type: ignore[call-arg]
    with pytest.raises(TypeError, match=r"write log_context\(symbol=\.\.\.\)"):
        log_context("BTC")  # type: ignore[call-arg]
    assert current_fields() == {}

"""Functions of every kind inside of a context manager: ordinary ones, coroutines and generators."""

from __future__ import annotations

import functools
import inspect
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import AbstractContextManager, nullcontext
from typing import Any, ParamSpec, TypeVar, cast

P = ParamSpec("P")
R = TypeVar("R")

#: Makes the context manager of one call, or of one step of a generator.
_Around = Callable[[], AbstractContextManager[Any]]


def inside(function: Callable[P, R], around: _Around, *, at_each_step: bool) -> Callable[P, R]:
    """Return `function` with each of its calls inside of what `around` makes.

    A generator function is inside from its first step to its last, or, `at_each_step`, whenever it runs.
    """
    whole, step = (nullcontext, around) if at_each_step else (around, nullcontext)
    if inspect.iscoroutinefunction(function):
        wrapper = _coroutine(function, around)
    elif inspect.isasyncgenfunction(function):
        wrapper = _async_generator(function, whole, step)
    elif inspect.isgeneratorfunction(function):
        wrapper = _generator(function, whole, step)
    else:
        wrapper = _call(function, around)
    return cast("Callable[P, R]", functools.wraps(function)(wrapper))


def _call(function: Callable[..., Any], around: _Around) -> Callable[..., Any]:
    def call(*args: Any, **kwargs: Any) -> Any:
        with around():
            return function(*args, **kwargs)

    return call


def _coroutine(function: Callable[..., Any], around: _Around) -> Callable[..., Any]:
    async def coroutine(*args: Any, **kwargs: Any) -> Any:
        with around():
            return await function(*args, **kwargs)

    return coroutine


def _generator(function: Callable[..., Any], whole: _Around, step: _Around) -> Callable[..., Any]:
    def generator(*args: Any, **kwargs: Any) -> Generator[Any, Any, Any]:
        inner = function(*args, **kwargs)
        resume, value = inner.send, None
        with whole():
            while True:
                with step():
                    try:
                        item = resume(value)
                    except StopIteration as end:
                        return end.value
                try:
                    resume, value = inner.send, (yield item)
                except GeneratorExit:
                    with step():
                        inner.close()
                    raise
                except BaseException as thrown:  # the generator's affair, whatever it is
                    resume, value = inner.throw, thrown

    return generator


def _async_generator(function: Callable[..., Any], whole: _Around, step: _Around) -> Callable[..., Any]:
    async def generator(*args: Any, **kwargs: Any) -> AsyncGenerator[Any, Any]:
        inner = function(*args, **kwargs)
        resume, value = inner.asend, None
        with whole():
            while True:
                with step():
                    try:
                        item = await resume(value)
                    except StopAsyncIteration:
                        return
                try:
                    resume, value = inner.asend, (yield item)
                except GeneratorExit:
                    with step():
                        await inner.aclose()
                    raise
                except BaseException as thrown:  # the generator's affair, whatever it is
                    resume, value = inner.athrow, thrown

    return generator

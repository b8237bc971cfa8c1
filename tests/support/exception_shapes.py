"""Ways to fail, each with a traceback that `traceback` writes in its own way."""

import asyncio
import json
import os
import sys
from collections.abc import Callable
from types import TracebackType
from typing import Any

from support.exceptions import OrderError, caused, deep, fail, raised


class Metaclass(type):
    """A metaclass that says something else about its classes."""

    __qualname__ = "Metaclass"


class Unusual(Exception, metaclass=Metaclass):
    """An error whose class is not a plain one."""


class Text(str):
    """A text of another class."""

    __slots__ = ()

    def __str__(self) -> str:
        return "another text"


class TextOfAClass(Exception):
    """An error whose text is of a class of its own."""

    def __str__(self) -> str:
        return Text("a text")


class WithoutText(Exception):
    """An error whose own code cannot say its text."""

    def __str__(self) -> str:
        raise ValueError("no text")


class WithoutContext(Exception):
    """An error whose class hides the context of all its errors."""

    __suppress_context__ = True


class WithCauseOfItsOwn(Exception):
    """An error whose class answers for its cause."""

    __cause__ = None


class Collected(Exception):
    """An error that is false because it has collected nothing."""

    def __len__(self) -> int:
        return 0


def while_handling() -> None:
    """Raise an error while another one is handled."""
    try:
        fail(ValueError("first"))
    except ValueError:
        fail(KeyError("second"))


def without_context() -> None:
    """Raise an error whose context is hidden."""
    try:
        fail(ValueError("first"))
    except ValueError:
        raise OrderError("second") from None


def after_another(error: BaseException, *, is_cause: bool) -> None:
    """Raise the error with a context, or a cause."""
    try:
        fail(ValueError("first"))
    except ValueError as first:
        if is_cause:
            raise error from first
        fail(error)


def caused_by_one_without_text() -> None:
    """Raise an error whose cause cannot say its text."""
    try:
        fail(WithoutText())
    except WithoutText as error:
        raise OrderError("second") from error


def over_several_lines() -> None:
    """Fail in a call that stands on several lines."""
    fail(
        ValueError(
            "several lines"
        )
    )  # fmt: skip


def in_a_part_of_a_line() -> object:
    """Fail in one of several operations of a line."""
    values: dict[str, Any] = {"a": {"b": None}}
    return values["a"]["b"]["c"] + values["a"]["d"]


def by_turns(levels: int) -> None:
    """Fail many calls below, in two functions by turns."""
    if levels:
        in_turn(levels - 1)
    fail(ValueError("by turns"))


def in_turn(levels: int) -> None:
    """Call back."""
    by_turns(levels)


def noted() -> None:
    """Raise an error with a note."""
    error = ValueError("noted")
    error.add_note("of the strategy")
    raise error


def never_raised() -> None:
    """Raise an error whose cause was never raised, and so has no frames."""
    raise ValueError("raised") from OrderError("made, not raised")


def grouped() -> None:
    """Raise a group."""
    raise ExceptionGroup("several", [ValueError("one"), OrderError("two")])


def in_a_class() -> None:
    """Raise an error whose class is local."""

    class LocalError(Exception):
        pass

    raise LocalError("local")


def made_by_exec(source: str, name: str = "<string>") -> None:
    """Run a program that fails."""
    exec(compile(source, name, "exec"), {})


async def awaited() -> None:
    """Fail in a coroutine that another one waits for."""
    await asyncio.sleep(0)
    fail(OrderError("awaited"))


async def gathered() -> None:
    """Wait for several that fail."""
    await asyncio.gather(awaited(), awaited())


def in_finally() -> None:
    """Fail again where the first failure is cleaned up."""
    try:
        fail(ValueError("first"))
    finally:
        fail(OrderError("second"))


def below_another_traceback() -> None:
    """Raise an error with a traceback of another time."""
    raise ValueError("again").with_traceback(raised(caused).__traceback__)


def with_another_line() -> None:
    """Raise an error whose traceback names a line that its file does not have."""
    error = raised(caused)
    assert error.__traceback__ is not None
    frame, instruction = error.__traceback__.tb_frame, error.__traceback__.tb_lasti
    raise error.with_traceback(TracebackType(None, frame, instruction, 999_999))


def many_causes(count: int) -> None:
    """Raise an error at the end of many causes."""
    error: Exception = ValueError("first")
    for number in range(count):
        following = OrderError(number)
        following.__cause__ = error
        error = following
    raise error


def generated() -> None:
    """Fail in a generator."""
    tuple(fail(ValueError(str(each))) for each in range(1))


CASES: dict[str, Callable[[], object]] = {
    "one error": lambda: fail(ValueError("text")),
    "an error without a text": lambda: fail(ValueError()),
    "an empty text": lambda: fail(ValueError("")),
    "several lines of text": lambda: fail(ValueError("first\nsecond\n")),
    "a key": lambda: fail(KeyError("key")),
    "a number": lambda: fail(ValueError(7)),
    "an exception for its text": lambda: fail(OrderError(ValueError("inner"))),
    "lone surrogates": lambda: fail(ValueError("a\udc00b")),
    "other scripts": lambda: fail(ValueError("цена 日本 \U0001f600")),
    "a long text": lambda: fail(ValueError("x" * 100_000)),
    "a text of nothing but line breaks": lambda: fail(ValueError("\n\n")),
    "no such file": lambda: os.open("/nowhere/at/all", os.O_RDONLY),
    "bytes": b"\xff".decode,
    "a number of arguments": lambda: fail(OSError(2, "no such file", "name")),
    "a class of a module": lambda: fail(OrderError("text")),
    "a local class": in_a_class,
    "a cause": caused,
    "a context": while_handling,
    "a hidden context": without_context,
    "a cause that was never raised": never_raised,
    "a context that the class hides": lambda: after_another(WithoutContext("second"), is_cause=False),
    "a cause that the class denies": lambda: after_another(WithCauseOfItsOwn("second"), is_cause=True),
    "a false error with a cause": lambda: after_another(Collected("second"), is_cause=True),
    "a false error with a context": lambda: after_another(Collected("second"), is_cause=False),
    "a cause without a text": caused_by_one_without_text,
    "a statement of several lines": over_several_lines,
    "a part of a line": in_a_part_of_a_line,
    "an interruption": lambda: fail(KeyboardInterrupt()),
    "an exit": lambda: fail(SystemExit(3)),
    "division": lambda: 1 / 0,
    "a generator": generated,
    "coroutines": lambda: asyncio.run(gathered()),
    "code in C": lambda: list(map(int, ["1", "x"])),
    "code in C that calls back": lambda: sorted([1, 2], key=lambda _: 1 / 0),
    "a package": lambda: json.loads("{"),
    "a finally": in_finally,
    "a traceback of another time": below_another_traceback,
    "a line that is not there": with_another_line,
    "ten causes": lambda: many_causes(10),
    "a hundred causes": lambda: many_causes(100),
    "two functions by turns": lambda: by_turns(300),
    "one function without end": lambda: deep(10_000),
    "two functions without end": lambda: by_turns(10_000),
    "frozen code": lambda: os.makedirs("/dev/null/x"),
    "three equal lines": lambda: deep(3),
    "many equal lines": lambda: deep(20),
    "very many lines": lambda: deep(400),
    "no source": lambda: made_by_exec("def f():\n  1/0\nf()"),
    "no source, deep": lambda: made_by_exec("def f(n):\n  f(n - 1) if n else 1 / 0\nf(500)"),
    "no source, by turns": lambda: made_by_exec(
        "def f(n):\n  g(n - 1) if n else 1 / 0\ndef g(n):\n  f(n)\nf(300)"
    ),
    "a file that is not there": lambda: made_by_exec("1/0", "/nowhere/at/all.py"),
    "notes": noted,
    "a group": grouped,
    "an unknown name": lambda: made_by_exec("prize = 1\nprice"),
    "an unknown attribute": lambda: [].apend(1),  # type: ignore[attr-defined]
    "a bad program": lambda: made_by_exec("1 +"),
    "a module that is not there": lambda: __import__("nowhere_at_all"),
    "a metaclass": lambda: fail(Unusual("text")),
    "a text of a class of its own": lambda: fail(TextOfAClass()),
}
#: What `traceback` is asked about.
UNUSUAL = {
    "a false error with a cause",
    "a false error with a context",
    "a cause without a text",
    "notes",
    "a group",
    "a bad program",
    "a metaclass",
    "a text of a class of its own",
    "a long text",
    "a context that the class hides",
    "a cause that the class denies",
    "a hundred causes",
}
if sys.version_info >= (3, 12):
    # For which it has suggestions.
    UNUSUAL |= {"an unknown name", "an unknown attribute", "a module that is not there"}

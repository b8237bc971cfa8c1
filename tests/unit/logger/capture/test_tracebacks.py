"""The texts of an ordinary exception are what `traceback` writes, byte by byte; others are left to it."""

import asyncio
import gc
import importlib
import json
import linecache
import os
import sys
import threading
import traceback
import weakref
from collections.abc import Callable
from pathlib import Path
from types import CodeType, ModuleType, TracebackType
from typing import Any
from zipfile import ZipFile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metaexpert.logger.capture.faults import describe_exception
from metaexpert.logger.shared.native import usual_exception

#: More frames than are remembered.
VERY_MANY = 4200


def raised(act: Callable[[], object]) -> BaseException:
    """Return the exception that `act` raises."""
    try:
        act()
    except BaseException as error:
        return error
    raise AssertionError("nothing was raised")


def told(error: BaseException) -> str | None:
    """Return the traceback of an exception that is not left to `traceback`."""
    texts = usual_exception(error, error.__traceback__)
    return None if texts is None else texts[2]


def written(error: BaseException) -> str:
    """Return what `traceback` writes."""
    return "".join(traceback.format_exception(error)).rstrip("\n")


def describe(error: BaseException) -> tuple[str, str, str]:
    """Return what a record says of an exception."""
    described = describe_exception((type(error), error, error.__traceback__))
    assert described is not None
    return described


class OrderError(Exception):
    """An error with a name of its own."""


class Told(Exception):
    """An error that counts how often it is asked for its text."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = 0

    def __str__(self) -> str:
        self.asked += 1
        return "told"


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


def fail(error: BaseException) -> None:
    """Raise the error."""
    raise error


def caused() -> None:
    """Raise an error with a cause."""
    try:
        fail(ValueError("first"))
    except ValueError as error:
        raise OrderError("second") from error


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


def deep(levels: int) -> None:
    """Fail many calls below, each in a line of its own file and number."""
    if levels:
        deep(levels - 1)
    else:
        fail(ValueError("deep"))


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


@pytest.mark.parametrize("name", CASES)
def test_text_is_that_of_traceback_the_first_time_and_later(name: str) -> None:
    """An exception is told as `traceback` writes it, or left to it; and the record has that text."""
    for _ in range(3):
        error = raised(CASES[name])
        texts = usual_exception(error, error.__traceback__)
        if name in UNUSUAL:
            assert texts is None
        else:
            assert texts is not None
            assert texts[1:] == (readable(str(error)), readable(written(error)))
        assert readable(describe(error)[2]) == readable(written(error))


def readable(text: str) -> str:
    """Return the text as a record has it."""
    return "".join("\ufffd" if "\ud800" <= each <= "\udfff" else each for each in text)


@given(
    st.lists(
        st.sampled_from(["if x:\n", "y = [z for z in (x,)]\n", "fail(x)\n", "(\nfail\n)(x)\n"]), max_size=6
    )
)
def test_any_place_in_any_program_is_told_apart(lines: list[str]) -> None:
    """Instructions of one function on different lines, and of equal functions, keep their own texts."""
    body, depth = "", 1
    for line in lines:
        body += "".join(" " * depth + part + "\n" for part in line.splitlines())
        depth += line.startswith("if")
    source = f"def program(fail, x):\n{body}{' ' * depth}fail(x)\n"
    scope: dict[str, Any] = {}
    exec(compile(source, __file__, "exec"), scope)
    for _ in range(2):
        error = raised(lambda: scope["program"](fail, ValueError("x")))
        assert told(error) == written(error)


def test_text_is_asked_for_once() -> None:
    """A class's own `__str__` runs once for a record, that of a cause too."""
    cause, error = Told(), Told()
    error.__cause__ = cause
    stacktrace = describe(raised(lambda: fail(error)))[2]
    assert (cause.asked, error.asked) == (1, 1)
    assert "told" in stacktrace


def test_a_circle_of_causes_is_left_to_traceback() -> None:
    """Exceptions that are each other's cause are shown as `traceback` shows them."""
    first, second = ValueError("first"), ValueError("second")
    first.__cause__, second.__cause__ = second, first
    assert told(raised(lambda: fail(first))) is None


def test_the_traceback_that_is_given_counts() -> None:
    """As in a tuple of `exc_info`: a part of the exception's own, or none."""
    error = raised(caused)
    assert error.__traceback__ is not None
    for trace in (error.__traceback__.tb_next, None):
        texts = usual_exception(error, trace)
        assert texts is not None
        assert texts[2] + "\n" == "".join(traceback.format_exception(type(error), error, trace))


def test_what_is_no_exception_or_no_traceback_is_left_alone() -> None:
    """Neither is looked into."""
    other: Any = object()
    assert usual_exception(other, None) is None
    assert usual_exception(ValueError("x"), other) is None


# Classes that change.


def test_a_class_that_changes_is_looked_at_again() -> None:
    """A new name, module, text or attribute of a class, or of its base, counts from the next exception on."""

    class Base(Exception):
        pass

    class Changing(Base):
        pass

    def check() -> None:
        error = raised(lambda: fail(Changing("text")))
        assert describe(error)[2] == written(error)
        assert describe(error)[:2] == (f"{Changing.__module__}.{Changing.__qualname__}", str(error))

    changes: list[Callable[[], object]] = [
        lambda: setattr(Changing, "__qualname__", "Renamed"),
        lambda: setattr(Changing, "__module__", "elsewhere"),
        lambda: setattr(Base, "__str__", lambda _: "of the base"),
        lambda: setattr(Changing, "__str__", lambda _: "of the class"),
        lambda: setattr(Base, "__notes__", ["a note of all"]),
        lambda: delattr(Base, "__notes__"),
        lambda: setattr(Base, "__bool__", lambda _: False),
        lambda: setattr(Base, "__getattr__", lambda _self, _name: None),
    ]
    for change in (lambda: None, *changes):
        check()
        change()
        check()


def test_classes_that_come_and_go_are_not_mixed_up() -> None:
    """A class that gets the place of one that is gone has a name of its own."""
    for number in range(600):
        kind = type(f"Error{number}", (Exception,), {})
        error = raised(lambda kind=kind: fail(kind("x")))  # type: ignore[misc]
        assert told(error) == written(error)
        del kind, error
        gc.collect(0)


# Code and files that change.


def test_codes_that_come_and_go_are_not_mixed_up() -> None:
    """A code object that gets the place of one that is gone has a text of its own."""
    for number in range(500):
        error = raised(failing_at(number))
        assert told(error) == written(error)
        del error
        gc.collect(0)


def failing_at(line: int) -> Callable[[], object]:
    """Return a function that fails in this line of this file."""
    scope: dict[str, Any] = {}
    exec(compile("\n" * line + "def program():\n    1 / 0\n", __file__, "exec"), scope)
    program: Callable[[], object] = scope["program"]
    return program


def test_frames_remembered_are_bounded() -> None:
    """However many places fail, code that was remembered is let go of some time."""
    codes: list[weakref.ref[CodeType]] = []
    for _ in range(VERY_MANY):
        program: Any = failing_at(1)
        codes.append(weakref.ref(program.__code__))
        told(raised(program))
    del program
    gc.collect()
    assert codes[0]() is None
    assert sum(code() is not None for code in codes) < VERY_MANY


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """A module whose file a test may change, with a function that fails."""
    (tmp_path / "changing.py").write_text(
        "def program():\n    return 1 / 0  # as imported\n", encoding="utf-8"
    )
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "changing", raising=False)
    return importlib.import_module("changing")


def check_twice(program: Callable[[], object]) -> str:
    """Return the traceback of a failure, which is the same whoever is asked first."""
    error = raised(program)
    first = told(error)
    assert first == written(error) == told(error)
    assert first is not None
    return first


def test_a_source_file_that_changes_is_shown_as_it_is_now(module: ModuleType) -> None:
    """A new text of the same or of another length, an older time, a removed and a new file."""
    path = Path(str(module.__file__))
    assert "# as imported" in check_twice(module.program)
    before = path.stat()
    path.write_text("\n    return 1 / 0  # of more text\n", encoding="utf-8")
    assert "# of more text" in check_twice(module.program)
    path.write_text("\n    return 1 / 0  # of same text\n", encoding="utf-8")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns - 7_000_000_000))
    assert "# of same text" in check_twice(module.program)
    path.unlink()
    assert "return" not in check_twice(module.program)
    path.write_text("\n    return 1 / 0  # again\n", encoding="utf-8")
    assert "# again" in check_twice(module.program)


def test_what_linecache_holds_is_shown(module: ModuleType) -> None:
    """A program may give it lines of its own, and clear it."""
    path = str(module.__file__)
    for text in ("# first", "# other"):
        linecache.cache[path] = (1, None, ["\n", f"    return 1 / 0  {text}\n"], path)
        assert text in check_twice(module.program)
    linecache.clearcache()
    assert "# as imported" in check_twice(module.program)


def test_source_of_a_loader_is_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lines of a module in a zip file, and of code that is registered under a name."""
    with ZipFile(tmp_path / "packed.zip", "w") as archive:
        archive.writestr("in_an_archive.py", "def program():\n    return 1 / 0  # packed\n")
    monkeypatch.syspath_prepend(tmp_path / "packed.zip")
    monkeypatch.delitem(sys.modules, "in_an_archive", raising=False)
    for _ in range(2):
        assert "# packed" in check_twice(importlib.import_module("in_an_archive").program)


def test_source_that_is_known_later_is_shown_from_then_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """As that of a notebook's cell."""
    for name in ("<cell 1>", "cell 2"):
        scope: dict[str, Any] = {}
        exec(compile("def program():\n    1 / 0\n", name, "exec"), scope)
        assert "    1 / 0" not in check_twice(scope["program"])
        monkeypatch.setitem(linecache.cache, name, (3, None, ["\n", "1 / 0\n"], name))
        assert "    1 / 0" in check_twice(scope["program"])


# What a program replaces.


def test_a_limit_of_frames_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    """`sys.tracebacklimit` is left to `traceback`."""
    error = raised(caused)
    with monkeypatch.context() as patch:
        patch.setattr(sys, "tracebacklimit", 1, raising=False)
        assert told(error) is None
        assert describe(error)[2] == written(error)
    assert told(error) == written(error)


REPLACEMENTS: dict[str, tuple[Any, str, Any]] = {
    "function": (traceback, "format_exception", lambda *_args, **_words: ["mine\n"]),
    "class": (traceback, "TracebackException", type("Mine", (traceback.TracebackException,), {})),
    "method": (traceback.TracebackException, "format", lambda *_args, **_words: iter(["mine\n"])),
    "method of stacks": (traceback.StackSummary, "format", lambda *_args, **_words: ["mine\n"]),
    "lines": (linecache, "getlines", lambda *_args: ["mine\n"] * 999),
    "line": (linecache, "getline", lambda *_args: "mine\n"),
    "cache": (linecache, "cache", {}),
}


@pytest.mark.parametrize("name", REPLACEMENTS)
def test_functions_that_are_replaced_are_asked(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """`traceback` and `linecache` as the program has patched them, as long as it has."""
    error = raised(caused)
    usual = written(error)
    assert told(error) == usual
    with monkeypatch.context() as patch:
        patch.setattr(*REPLACEMENTS[name])
        assert told(error) is None
        assert describe(error)[2] == written(error)
    assert told(error) == usual


# Threads and recursion.


def test_threads_do_not_mix_up_their_frames() -> None:
    """Each tells its own exceptions, while others are remembered and forgotten."""
    wrong: list[str] = []

    def run(number: int) -> None:
        for round_ in range(60):
            program = failing_at(10 * round_ + number)
            for act in (program, caused, lambda: deep(number)):
                error = raised(act)
                if told(error) != written(error):
                    wrong.append(written(error))

    threads = [threading.Thread(target=run, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


class DescribesItself(Exception):
    """An error whose text describes the error."""

    def __str__(self) -> str:
        return f"<{describe(self)[1]}>"


def test_a_text_that_describes_itself_ends() -> None:
    """At some depth no more text is asked for."""
    kind, text, _ = describe(raised(lambda: fail(DescribesItself())))
    assert kind.endswith("DescribesItself")
    assert "<<unprintable DescribesItself: RecursionError>>" in text


class Interrupted(Exception):
    """An error whose text is interrupted."""

    def __str__(self) -> str:
        raise KeyboardInterrupt


def test_an_interruption_is_passed_on() -> None:
    """Ctrl+C while a class's own code runs ends the call."""
    error = raised(lambda: fail(Interrupted()))
    with pytest.raises(KeyboardInterrupt):
        describe(error)

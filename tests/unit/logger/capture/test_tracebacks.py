"""A remembered traceback is what `traceback` writes, byte by byte, whenever it is given at all."""

import gc
import sys
import traceback
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metaexpert.logger.capture import tracebacks
from metaexpert.logger.capture.faults import describe_exception
from metaexpert.logger.capture.tracebacks import MOST_FRAMES, remembered_traceback


@pytest.fixture(autouse=True)
def nothing_remembered() -> Iterator[None]:
    """Begin and end without a frame remembered."""
    tracebacks._frames.clear()
    yield
    tracebacks._frames.clear()


def raised(act: Callable[[], object]) -> BaseException:
    """Return the exception that `act` raises."""
    try:
        act()
    except BaseException as error:
        return error
    raise AssertionError("nothing was raised")


def remembered(error: BaseException) -> str | None:
    """Return the remembered traceback of an exception that has a text."""
    return remembered_traceback(error, str(error), error.__traceback__)


def written(error: BaseException) -> str:
    """Return what `traceback` writes."""
    return "".join(traceback.format_exception(error))[:-1]


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


def generated() -> None:
    """Fail in a generator."""
    tuple(fail(ValueError(str(each))) for each in range(1))


CASES: dict[str, Callable[[], object]] = {
    "one error": lambda: fail(ValueError("text")),
    "an error without a text": lambda: fail(ValueError()),
    "an empty text": lambda: fail(ValueError("")),
    "several lines of text": lambda: fail(ValueError("first\nsecond\n")),
    "a key": lambda: fail(KeyError("key")),
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
    "many equal lines",
    "very many lines",
    "notes",
    "a group",
    "an unknown name",
    "an unknown attribute",
    "a bad program",
    "a module that is not there",
    "a metaclass",
    "a text of a class of its own",
}


@pytest.mark.parametrize("name", CASES)
def test_text_is_that_of_traceback_the_first_time_and_later(name: str) -> None:
    """An exception is written as `traceback` does, or left to it; and the record has that text."""
    for _ in range(3):
        error = raised(CASES[name])
        assert remembered(error) == (None if name in UNUSUAL else written(error))
        described = describe_exception((type(error), error, error.__traceback__))
        assert described is not None
        assert described[2] == written(error).rstrip("\n")


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
        assert remembered(error) == written(error)


def test_text_is_asked_for_once() -> None:
    """A class's own `__str__` runs once for a record, that of a cause too."""
    cause, error = Told(), Told()
    error.__cause__ = cause
    caught = raised(lambda: fail(error))
    described = describe_exception((Told, caught, caught.__traceback__))
    assert described is not None
    assert (cause.asked, error.asked) == (1, 1)
    assert "told" in described[2]


def test_a_circle_of_causes_is_left_to_traceback() -> None:
    """Exceptions that are each other's cause are shown as `traceback` shows them."""
    first, second = ValueError("first"), ValueError("second")
    first.__cause__, second.__cause__ = second, first
    error = raised(lambda: fail(first))
    assert remembered(error) is None


def test_codes_that_come_and_go_are_not_mixed_up() -> None:
    """A code object that gets the place of one that is gone has a text of its own."""
    for number in range(500):
        scope: dict[str, Any] = {}
        exec(compile("\n" * number + "def program():\n    1 / 0\n", __file__, "exec"), scope)
        error = raised(scope["program"])
        assert remembered(error) == written(error)
        del scope, error
        gc.collect(0)


def test_frames_remembered_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many places fail, no more frames are kept than the bound."""
    assert MOST_FRAMES >= 1024
    monkeypatch.setattr(tracebacks, "MOST_FRAMES", 8)
    for number in range(50):
        scope: dict[str, Any] = {}
        exec(compile("\n" * number + "def program():\n    1 / 0\n", __file__, "exec"), scope)
        remembered(raised(scope["program"]))
        assert len(tracebacks._frames) <= 8


def test_frames_without_source_are_not_kept() -> None:
    """A source that is known later, as a notebook's is, is shown from then on."""
    remembered(raised(lambda: made_by_exec("1/0", "<cell 1>")))
    assert all('"<cell 1>"' not in frame.line for frame in tracebacks._frames.values())


def test_a_limit_of_frames_and_replaced_functions_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    """`sys.tracebacklimit` and a `traceback` that is patched are heeded."""
    error = raised(caused)
    with monkeypatch.context() as patch:
        patch.setattr(sys, "tracebacklimit", 1, raising=False)
        assert remembered(error) is None
    with monkeypatch.context() as patch:
        patch.setattr(traceback, "format_exception", lambda *_: ["mine\n"])
        assert remembered(error) is None
    assert remembered(error) == written(error)

"""The texts of an ordinary exception are what `traceback` writes, byte by byte; others are left to it."""

import traceback
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from metaexpert.logger.shared.native import usual_exception
from support.exception_shapes import CASES, UNUSUAL
from support.exceptions import OrderError, caused, deep, describe, fail, raised, told, written


class Told(Exception):
    """An error that counts how often it is asked for its text."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = 0

    def __str__(self) -> str:
        self.asked += 1
        return "told"


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


class Explained(Exception):
    """An error with a text of its own."""

    def __init__(self, *args: object) -> None:
        super().__init__(*args)
        self.reason = args

    def __str__(self) -> str:
        return "explained by " + ", ".join(map(repr, self.reason))


ARGUMENTS = st.one_of(
    st.text(max_size=8), st.integers(), st.floats(), st.none(), st.binary(max_size=4), st.tuples(st.text())
)
KINDS = st.sampled_from(
    [ValueError, KeyError, OSError, ZeroDivisionError, OrderError, Explained, AttributeError, ExceptionGroup]
)


@st.composite
def errors(draw: st.DrawFn) -> BaseException:
    """Make an error with any text, at any depth, with any notes and any errors before it."""
    kind = draw(KINDS)
    arguments: tuple[Any, ...] = tuple(draw(st.lists(ARGUMENTS, max_size=3)))
    if kind is ExceptionGroup:
        arguments = ("a group", draw(st.lists(errors(), min_size=1, max_size=2)))
    error: BaseException = kind(*arguments)
    if draw(st.booleans()):
        error.__cause__ = draw(st.none() | errors())
    if draw(st.booleans()):
        error.__context__ = draw(st.none() | errors())
    error.__suppress_context__ = draw(st.booleans())
    for note in draw(st.lists(st.text(), max_size=1)):
        error.add_note(note)
    levels = draw(st.integers(-1, 6))
    return error if levels < 0 else raised(lambda: deep(levels, error))


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(errors())
def test_any_chain_is_told_as_traceback_does(error: BaseException) -> None:
    """Whatever led to it, and whoever tells it."""
    for _ in range(2):
        kind, text, stacktrace = describe(error)
        assert stacktrace == readable(written(error))
        assert kind.endswith(type(error).__qualname__)
        assert text == readable(str(error))


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

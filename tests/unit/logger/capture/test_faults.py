"""Facts about how failures are described."""

import logging
import sys
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from metaexpert.logger import stats
from metaexpert.logger.capture.faults import describe_exception, exception_info, report_bad_arguments

if TYPE_CHECKING:
    from support.logs import Logs


class CustomError(Exception):
    """An error of a module's own."""


class SpeechlessError(Exception):
    """An error that cannot say what it is."""

    def __str__(self) -> str:
        raise RuntimeError("speechless")


def raised(error: BaseException) -> BaseException:
    """Return `error` with a traceback."""
    try:
        raise error
    except BaseException as caught:
        return caught


def test_all_forms_of_exc_info_are_understood() -> None:
    """True, an exception and a tuple stand for the same exception."""
    error = raised(ValueError("x"))
    try:
        raise error
    except ValueError:
        forms: list[Any] = [True, 1, error, sys.exc_info(), "yes"]
        found = [exception_info(form) for form in forms]

    assert [info and info[:2] for info in found] == [(ValueError, error)] * 5


@pytest.mark.parametrize("nothing", [None, False, 0, (), (None, None, None), (1, 2), ("a", "b", "c"), True])
def test_what_stands_for_no_exception(nothing: Any) -> None:
    """Outside of a handler, and for what is no exception, there is none."""
    assert exception_info(nothing) is None


def test_an_exception_is_described_by_qualified_type_text_and_traceback() -> None:
    """Builtins go by their name alone, others by module and name; causes are in the traceback."""
    assert describe_exception(None) is None
    kind, text, trace = describe_exception(exception_info(raised(ValueError("bad")))) or ("", "", "")
    assert (kind, text) == ("ValueError", "bad")
    assert trace.startswith("Traceback (most recent call last):")
    assert trace.endswith("ValueError: bad")

    kind, text, _ = describe_exception(exception_info(CustomError("own"))) or ("", "", "")
    assert (kind, text) == (f"{__name__}.CustomError", "own")


def test_an_exception_that_cannot_speak_becomes_a_note() -> None:
    """A raising `__str__` of the exception itself is described, not passed on."""
    kind, text, trace = describe_exception(exception_info(raised(SpeechlessError()))) or ("", "", "")

    assert kind.endswith("SpeechlessError")
    assert text == "<unprintable SpeechlessError: RuntimeError>"
    assert "SpeechlessError" in trace


def test_an_exception_group_shows_its_parts() -> None:
    """The traceback of a group has that of every exception in it."""
    group = raised(ExceptionGroup("several", [ValueError("one"), KeyError("two")]))
    _, _, trace = describe_exception(exception_info(group)) or ("", "", "")

    assert "ValueError: one" in trace
    assert "KeyError: 'two'" in trace


def test_bad_arguments_are_reported(capsys: pytest.CaptureFixture[str]) -> None:
    """Message, arguments and problem are told on standard error."""
    report_bad_arguments(TypeError("not enough arguments"), "%s %s", (1,))

    told = capsys.readouterr().err
    assert "TypeError: not enough arguments" in told
    assert "Message: '%s %s'\nArguments: (1,)" in told


def test_reporting_never_fails(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """A broken `__repr__`, no standard error, or `raiseExceptions` off: nothing is raised."""

    class Broken:
        def __repr__(self) -> str:
            raise RuntimeError

    report_bad_arguments(TypeError("x"), Broken(), (Broken(),))
    capsys.readouterr()
    monkeypatch.setattr(logging, "raiseExceptions", False)
    report_bad_arguments(TypeError("x"), "m", ())
    assert capsys.readouterr().err == ""
    monkeypatch.setattr(logging, "raiseExceptions", True)
    monkeypatch.setattr(sys, "stderr", None)
    report_bad_arguments(TypeError("x"), "m", ())


class Liar(type):
    """A metaclass that refuses to be looked at."""

    def __getattribute__(cls, name: str) -> Any:
        raise RuntimeError(name)


class WithoutText(type):
    """A metaclass whose `__str__` cannot be taken."""

    @property
    def __str__(cls) -> Any:
        raise RuntimeError("__str__")

    @property
    def __module__(cls) -> Any:
        raise RuntimeError("__module__")


def refusing(name: str) -> type[Exception]:
    """Return a class of exceptions whose attribute `name` raises, as a property."""

    def refuse(_: object) -> Any:
        raise RuntimeError(name)

    return type("Refusing", (Exception,), {name: property(refuse)})


def refusing_to_look_up(names: tuple[str, ...]) -> type[Exception]:
    """Return a class of exceptions that raises when one of `names` is looked up."""

    def look_up(self: object, name: str) -> Any:
        if name in names:
            raise RuntimeError(name)
        return object.__getattribute__(self, name)

    return type("Refusing", (Exception,), {"__getattribute__": look_up})


ATTRIBUTES = ["args", "__dict__", "__class__", "__traceback__", "__cause__", "__context__", "__notes__"]
#: Made in the test: who collects it looks at values.
REFUSING: dict[str, Callable[[], type[Exception]]] = {
    **{f"property {name}": partial(refusing, name) for name in ATTRIBUTES},
    **{f"look-up of {name}": partial(refusing_to_look_up, (name,)) for name in ATTRIBUTES},
    "every look-up": partial(refusing_to_look_up, (*ATTRIBUTES, "__suppress_context__", "with_traceback")),
    "metaclass": partial(Liar, "Refusing", (Exception,), {}),
    "metaclass without text": partial(WithoutText, "Refusing", (Exception,), {}),
}


@pytest.mark.parametrize("argument", ["short", b"x" * 2_000_000], ids=["short", "long"])
@pytest.mark.parametrize("kind", REFUSING)
def test_an_exception_that_refuses_to_be_looked_at_is_on_record(
    kind: str, argument: Any, both_ways: "Logs"
) -> None:
    """Its type is told; the call does not raise."""
    error = type.__call__(REFUSING[kind](), argument)
    try:
        raise error
    except Exception:
        both_ways.logger.exception("by handling")
    both_ways.logger.error("by value", exc_info=error)

    records = both_ways.records()
    assert [record["message"] for record in records] == ["by handling", "by value"]
    assert all(record["exception"]["type"].endswith("Refusing") for record in records)
    assert all(len(record["exception"]["message"]) >= len("short") for record in records)
    assert stats().dropped == 0


def test_a_tuple_that_refuses_to_be_looked_at_stands_for_no_exception() -> None:
    """And one of the right length, of what is no exception."""

    class Refusing(tuple[Any, ...]):
        def __len__(self) -> int:
            raise RuntimeError

    class Posing:
        @property
        def __class__(self) -> Any:
            return tuple

    assert [exception_info(given) for given in (Refusing("abc"), Posing())] == [None, None]

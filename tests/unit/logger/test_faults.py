"""Facts about how failures are described."""

import logging
import sys
from typing import Any

import pytest

from metaexpert.logger.faults import describe_exception, exception_info, report_bad_arguments


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

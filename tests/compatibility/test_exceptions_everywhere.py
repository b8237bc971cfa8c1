"""Facts about exceptions, stacks and odd messages, on the fast way, with a listener and by plain loggers."""

import logging
import sys
from typing import TYPE_CHECKING, Any

import pytest

from metaexpert.logger import get_logger
from support.listeners import Recorder

if TYPE_CHECKING:
    from support.logs import Logs


@pytest.fixture(params=["fast", "foreign", "plain"])
def log(request: pytest.FixtureRequest, logs: "Logs") -> logging.Logger:
    """A logger whose records take one of the three ways into the pipeline."""
    logs.configure()
    if request.param == "plain":
        return logging.getLogger("third.party")
    if request.param == "foreign":
        logging.root.addHandler(Recorder())
    return get_logger("bot")


def raised(error: BaseException) -> BaseException:
    """Return the exception after it was raised and caught, with its traceback."""
    try:
        raise error
    except BaseException as caught:
        return caught


def test_each_form_of_exc_info_is_understood(log: logging.Logger, logs: "Logs") -> None:
    """True, an exception, a tuple and 1 name the exception; None, False and three Nones none."""
    error = raised(ValueError("bad tick"))
    triple = (type(error), error, error.__traceback__)
    try:
        raise error
    except ValueError:
        for form in (True, 1, error, triple):
            log.info("with", exc_info=form)
    for form in (None, False, 0, (None, None, None)):
        log.info("without", exc_info=form)

    records = logs.records()
    described = [record.get("exception") for record in records if record["message"] == "with"]
    assert [(each["type"], each["message"]) for each in described] == [("ValueError", "bad tick")] * 4
    assert all("in raised\n" in each["stacktrace"] for each in described)
    assert [record.get("exception") for record in records if record["message"] == "without"] == [None] * 4


def test_exception_outside_of_an_except_block(log: logging.Logger, logs: "Logs") -> None:
    """`logger.exception` with nothing being handled is an ERROR without an exception, and no error itself."""
    log.exception("nothing happened")
    log.info("also nothing", exc_info=True)

    first, second = logs.records()
    assert (first["level"], first.get("exception")) == ("ERROR", None)
    assert second.get("exception") is None


def test_causes_groups_and_notes_are_in_the_stacktrace(log: logging.Logger, logs: "Logs") -> None:
    """As the interpreter prints them: cause, context, the members of a group, and notes."""
    inner = raised(KeyError("price"))
    outer = RuntimeError("no quote")
    outer.__cause__ = inner
    outer.add_note("feed was down")
    log.error("m", exc_info=raised(outer))
    log.error("m", exc_info=raised(ExceptionGroup("two", [ValueError("a"), TypeError("b")])))

    chained, group = [record["exception"] for record in logs.records()]
    assert "KeyError: 'price'" in chained["stacktrace"]
    assert "direct cause of the following exception" in chained["stacktrace"]
    assert chained["stacktrace"].endswith("feed was down")
    assert group["type"] == "ExceptionGroup"
    assert all(text in group["stacktrace"] for text in ("ValueError: a", "TypeError: b", "2 sub-exceptions"))


def test_an_exception_that_causes_itself_ends(log: logging.Logger, logs: "Logs") -> None:
    """Cycles of causes and contexts are cut where the interpreter cuts them."""
    first, second = raised(ValueError("first")), raised(ValueError("second"))
    first.__cause__, second.__cause__ = second, first
    first.__context__ = first
    log.error("m", exc_info=first)

    stacktrace = logs.last()["exception"]["stacktrace"]
    assert "ValueError: first" in stacktrace
    assert "ValueError: second" in stacktrace


def test_an_exception_whose_text_raises_is_noted(log: logging.Logger, logs: "Logs") -> None:
    """The record says so instead of its text, and the call does not raise."""

    class Unprintable(Exception):
        def __str__(self) -> str:
            raise RuntimeError("no text")

    log.error("m", exc_info=raised(Unprintable()))

    assert "unprintable" in logs.last()["exception"]["message"]


def test_deep_recursion_is_on_record(log: logging.Logger, logs: "Logs") -> None:
    """A RecursionError is logged from where it was caught, in one valid line of bounded size."""

    def fall(depth: int) -> int:
        return fall(depth + 1) + 1

    try:
        fall(0)
    except RecursionError:
        log.exception("fell")

    exception = logs.last()["exception"]
    assert exception["type"] == "RecursionError"
    assert "previous line repeated" in exception["stacktrace"].lower()


@pytest.mark.parametrize(
    ("message", "text"),
    [
        (7, "7"),
        (None, "None"),
        (ValueError("bad"), "bad"),
        ({"a": 1}, "{'a': 1}"),
        (b"raw", "b'raw'"),
        ("", ""),
    ],
    ids=repr,
)
def test_a_message_may_be_any_object(message: Any, text: str, log: logging.Logger, logs: "Logs") -> None:
    """It becomes what `str()` says, as in `logging`."""
    log.info(message)

    assert logs.messages() == [text]


@pytest.mark.parametrize(
    ("message", "arguments"),
    [("%d bars", ("five",)), ("%s and %s", ("one",)), ("none", ("extra",)), ("%(name)s", ({"other": 1},))],
)
def test_wrong_arguments_are_reported_and_the_record_kept(
    message: str,
    arguments: tuple[Any, ...],
    log: logging.Logger,
    logs: "Logs",
    capsys: pytest.CaptureFixture[str],
) -> None:
    """stderr has logging's report with the place of the call; the record has bare message and arguments."""
    log.info(message, *arguments)

    error = capsys.readouterr().err
    record = logs.last()
    assert "--- Logging error ---" in error
    assert f"Message: {message!r}" in error
    assert "test_exceptions_everywhere.py" in error
    assert record["message"] == message
    assert record["format_args"] == list(arguments)
    assert record["format_error"]


def test_a_mapping_argument_formats_by_name(log: logging.Logger, logs: "Logs") -> None:
    """A single mapping serves `%(name)s`; an empty one is an ordinary argument."""
    log.info("%(symbol)s at %(price).1f", {"symbol": "BTC", "price": 1.5})
    log.info("%s", {})

    assert logs.messages() == ["BTC at 1.5", "{}"]


def test_stack_info_and_exception_together(log: logging.Logger, logs: "Logs") -> None:
    """Both are kept apart: the stack of the call and the traceback of the exception."""
    log.warning("m", exc_info=raised(ValueError("bad")), stack_info=True)

    record = logs.last()
    assert record["stack_info"].startswith("Stack (most recent call last):\n")
    assert record["exception"]["stacktrace"].startswith("Traceback (most recent call last):\n")


def test_an_exception_in_flight_is_not_changed(log: logging.Logger, logs: "Logs") -> None:
    """Logging an exception while it is handled leaves it, its traceback and its context alone."""
    error = raised(ValueError("bad"))

    def state() -> tuple[object, ...]:
        return error.__traceback__, error.__context__, error.__cause__, sys.exc_info()[1]

    try:
        raise error
    except ValueError:
        before = state()
        log.exception("m")
        after = state()

    assert after == before
    assert error.__context__ is None
    assert len(logs.records()) == 1


class NotAGroup(Exception):
    """An exception that says it is a group of exceptions, and is none."""

    exceptions = (1, 2)

    @property
    def __class__(self) -> Any:
        return ExceptionGroup

    @__class__.setter
    def __class__(self, value: Any) -> None:
        raise TypeError


def test_a_cause_that_lies_does_not_cost_the_frames(log: logging.Logger, logs: "Logs") -> None:
    """`traceback` cannot show it; where the exception itself came from is there."""
    error = raised(ValueError("bad"))
    error.__cause__ = NotAGroup("no group")
    log.error("m", exc_info=error)

    exception = logs.last()["exception"]
    assert (exception["type"], exception["message"]) == ("ValueError", "bad")
    assert exception["stacktrace"].startswith("Traceback (most recent call last):\n")
    assert "in raised\n" in exception["stacktrace"]
    assert "ValueError: bad\n<no causes: " in exception["stacktrace"]

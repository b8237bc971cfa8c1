"""Facts about calls that log an exception: however it is given, and whichever way the record goes."""

import logging
import sys
import traceback
from collections.abc import Callable
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from metaexpert.logger import MetaLogger, configure, get_logger

if TYPE_CHECKING:
    from support.logs import Logs


class Counted(Exception):
    """An error that counts how often it is asked for its text."""

    asked = 0

    def __str__(self) -> str:
        type(self).asked += 1
        return "counted"


class LogsItself(Exception):
    """An error whose text logs the error."""

    def __str__(self) -> str:
        get_logger("bot").error("inner", exc_info=self)
        return "logs itself"


def fail(error: BaseException) -> None:
    """Raise the error."""
    raise error


def below(error: BaseException) -> None:
    """Raise the error one call below."""
    fail(error)


def raised(error: BaseException) -> BaseException:
    """Return the error after it was raised and caught, with its traceback."""
    try:
        below(error)
    except BaseException as caught:
        return caught
    raise AssertionError


#: Calls in which an exception is being handled: `log` is the logger, `error` the exception.
CALLS: dict[str, Callable[[MetaLogger, BaseException], object]] = {
    "an exception": lambda log, error: log.error("m", exc_info=error),
    "true": lambda log, error: log.error("m", exc_info=True),
    "one": lambda log, error: log.error("m", exc_info=1),
    "a tuple": lambda log, error: log.error("m", exc_info=(type(error), error, error.__traceback__)),
    "what sys says": lambda log, error: log.error("m", exc_info=sys.exc_info()),
    "with fields": lambda log, error: log.error("m", price=1.5, exc_info=error, n=1),
    "with extra": lambda log, error: log.error("m", exc_info=error, extra={"n": 1}),
    "with arguments": lambda log, error: log.error("%s", "m", exc_info=error),
    "with a stack": lambda log, error: log.error("m", exc_info=error, stack_info=True),
    "with a level": lambda log, error: log.log(logging.ERROR, "m", exc_info=error),
    "a trade": lambda log, error: log.trade("m", exc_info=error),
    "exception": lambda log, error: log.exception("m"),
    "exception with fields": lambda log, error: log.exception("m", n=1),
    "exception with one": lambda log, error: log.exception("m", exc_info=error),
    "exception, bound": lambda log, error: log.bind(n=1).exception("m"),
    "error, bound": lambda log, error: log.bind(n=1).error("m", exc_info=error),
    "exception, taken": lambda log, error: (log.exception)("m"),
    "exception, of the class": lambda log, error: MetaLogger.exception(log, "m"),
}


@pytest.mark.parametrize("name", CALLS)
def test_each_call_has_type_message_and_traceback(name: str, both_ways: "Logs") -> None:
    """The same from the first call on, with what was given beside it."""
    error = raised(ValueError("bad tick"))
    for _ in range(3):
        try:
            raise error.with_traceback(error.__traceback__)
        except ValueError:
            CALLS[name](both_ways.logger, error)
            stacktrace = traceback.format_exc().rstrip("\n")

        last = both_ways.last()
        assert (last["message"], last.get("n")) in (("m", None), ("m", 1))
        assert last["level"] == ("INFO" if name == "a trade" else "ERROR")
        assert last["exception"] == {
            "type": "ValueError",
            "message": "bad tick",
            "stacktrace": stacktrace,
        }


#: Those that a logger of `logging` takes, too.
OF_LOGGING = [
    name for name in CALLS if not any(word in name for word in ("field", "trade", "bound", "class"))
]


@pytest.mark.parametrize("name", OF_LOGGING)
def test_each_call_of_a_plain_logger_has_the_same(name: str, both_ways: "Logs") -> None:
    """The first and later ones."""
    log: Any = logging.getLogger("third.party")
    error = raised(ValueError("bad tick"))
    for _ in range(3):
        try:
            raise error.with_traceback(error.__traceback__)
        except ValueError:
            CALLS[name](log, error)
            stacktrace = traceback.format_exc().rstrip("\n")
        last = both_ways.last()
        assert (last["message"], last["level"]) == ("m", "ERROR")
        assert last["exception"]["stacktrace"] == stacktrace


@pytest.mark.parametrize("value", [None, False, 0, (None, None, None)])
def test_exception_without_one(value: Any, both_ways: "Logs") -> None:
    """`exc_info` says whether there is one, also where one is being handled."""
    try:
        fail(ValueError("x"))
    except ValueError:
        both_ways.logger.exception("m", exc_info=value)
        both_ways.logger.error("m", exc_info=value)
    both_ways.logger.exception("m")
    assert [record.get("exception") for record in both_ways.records()] == [None] * 3


@pytest.mark.parametrize("more", [{}, {"stack_info": True}, {"stacklevel": 2}, {"extra": {"n": 1}}])
def test_text_is_asked_for_once_whatever_else_is_given(
    more: dict[str, Any], logs: "Logs", monkeypatch: pytest.MonkeyPatch
) -> None:
    """A word behind it that only `logging` serves does not make that twice."""
    logs.configure()
    error = raised(Counted())
    for log in (logs.logger, logging.getLogger("third.party")):
        monkeypatch.setattr(Counted, "asked", 0)
        log.error("m", exc_info=error, **more)
        assert Counted.asked == 1
        assert logs.last()["exception"]["message"] == "counted"


def test_text_is_not_asked_for_where_the_level_is_off(logs: "Logs") -> None:
    """A call below the level runs nobody's code."""
    configure(default_level="CRITICAL")
    Counted.asked = 0
    for log in (get_logger("bot"), get_logger("bot").bind(n=1)):
        log.error("m", exc_info=raised(Counted()))
        log.log(logging.ERROR, "m", exc_info=raised(Counted()))
        try:
            fail(Counted())
        except Counted:
            log.exception("m")
    assert Counted.asked == 0


def test_an_exception_that_logs_itself_ends(both_ways: "Logs") -> None:
    """Each record that was submitted is written, and the call returns."""
    both_ways.logger.error("outer", exc_info=raised(LogsItself()))
    records = both_ways.records()
    assert records[-1]["message"] == "outer"
    assert {record["message"] for record in records[:-1]} == {"inner"}
    assert records[-1]["exception"]["type"].endswith("LogsItself")


def test_exception_is_an_error_of_whoever_replaces_error(both_ways: "Logs") -> None:
    """In a subclass, or on the logger: as in `logging`, `exception` calls `error`."""
    seen: list[tuple[Any, ...]] = []

    def error(*args: Any, **words: Any) -> None:
        seen.append((args, words))

    both_ways.logger.exception("before")
    both_ways.logger.error = error
    both_ways.logger.exception("m", n=1)
    del both_ways.logger.error
    both_ways.logger.exception("after")
    assert seen == [(("m",), {"exc_info": True, "n": 1})]
    assert [record["message"] for record in both_ways.records()] == ["before", "after"]


def test_exception_of_the_class_may_be_replaced(both_ways: "Logs", monkeypatch: pytest.MonkeyPatch) -> None:
    """By a program's own, which then serves every logger."""
    seen: list[str] = []
    both_ways.logger.exception("before")
    with monkeypatch.context() as patch:
        patch.setattr(MetaLogger, "exception", lambda _self, message, **_words: seen.append(message))
        both_ways.logger.exception("m")
    both_ways.logger.exception("after")
    assert seen == ["m"]
    assert [record["message"] for record in both_ways.records()] == ["before", "after"]


def test_the_exception_is_there_beside_whatever_else_is_given(both_ways: "Logs") -> None:
    """Arguments of the message, lists, decimals and `extra` do not cost the record its exception."""
    for _ in range(3):
        for logger in (both_ways.logger, both_ways.logger.bind(a=1)):
            try:
                raise ValueError("bad tick")
            except ValueError:
                logger.exception("failed %s at %d", "order", 7)
                logger.exception("failed", value=[1, {"a": 2.5}])
                logger.exception("failed", extra={"value": 1})
                logger.exception("failed", value=Decimal("1.5"))
                logger.error("failed %s", "order", exc_info=True, value=[1])
    records = both_ways.records()
    assert len(records) == 30
    assert {record["exception"]["message"] for record in records} == {"bad tick"}

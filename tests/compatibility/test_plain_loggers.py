"""Facts about plain loggers, of the class `logging.Logger`: served natively, else as ever."""

import copy
import inspect
import logging
import logging.config
import logging.handlers
import pickle
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from metaexpert.logger import MetaLogger, PipelineHandler, get_logger, log_context
from metaexpert.logger.testing import reset
from support.records import counting_records

if TYPE_CHECKING:
    from support.logs import Logs


CALLS: dict[str, tuple[Callable[[logging.Logger], object], dict[str, Any]]] = {
    "message": (lambda log: log.warning("m"), {"message": "m", "level": "WARNING"}),
    "arguments": (lambda log: log.info("%s at %.2f", "BTC", 5), {"message": "BTC at 5.00"}),
    "a mapping": (lambda log: log.info("%(a)s", {"a": 1}), {"message": "1"}),
    "an empty mapping": (lambda log: log.info("m %s", {}), {"message": "m {}"}),
    "no text": (lambda log: log.error(ValueError("v")), {"message": "v", "level": "ERROR"}),
    "extra": (
        lambda log: log.info("m", extra={"price": 1.5, "legs": [1, {"a": None}], "category": "risk"}),
        {"price": 1.5, "legs": [1, {"a": None}], "category": "risk"},
    ),
    "a category that is no text": (lambda log: log.info("m", extra={"category": 7}), {"category_": 7}),
    "defaults": (
        lambda log: log.info("m", exc_info=None, extra=None, stack_info=False, stacklevel=1),
        {"message": "m"},
    ),
    "a stack level": (lambda log: log.info("m", stacklevel=2), {"message": "m"}),
    "an adapter": (
        lambda log: logging.LoggerAdapter(log, {"a": 1}).info("m %d", 2),
        {"message": "m 2", "a": 1},
    ),
    "log": (lambda log: log.log(logging.CRITICAL, "m"), {"level": "CRITICAL"}),
    "the inner method": (lambda log: log._log(logging.INFO, "m %d", (1,)), {"message": "m 1"}),
}


@pytest.mark.parametrize("name", CALLS)
def test_a_call_is_written_without_a_record(name: str, logs: "Logs") -> None:
    """What nobody would read is not made; the line is the one that a record would have had."""
    call, expected = CALLS[name]
    logs.configure()
    log = logging.getLogger("library.part")
    with log_context(task="t"):
        call(log)
        assert logs.is_served(log)
        with counting_records() as counted:
            for _ in range(3):
                call(log)
    assert counted.records == 0

    first, *others = logs.records()
    assert len(others) == 3
    for each in (first, *others):
        assert expected.items() <= each.items()
        assert (each["module"], each["task"]) == ("library.part", "t")
    moments = ("timestamp", "seq")
    for each in others:
        assert {name: value for name, value in first.items() if name not in moments} == {
            name: value for name, value in each.items() if name not in moments
        }


OTHER_CALLS: dict[str, Callable[[logging.Logger], object]] = {
    "an exception": lambda log: log.error("m", exc_info=KeyError("a")),
    "a stack": lambda log: log.info("m", stack_info=True),
    "a level of its own": lambda log: log.log(25, "m"),
    "many fields": lambda log: log.info("m", extra={f"f{number}": number for number in range(2000)}),
    "a task's name": lambda log: log.info("m", extra={"taskName_": "t"}),
    "a text's subclass": lambda log: log.info("m", extra={"category": type("Text", (str,), {})("risk")}),
}


@pytest.mark.parametrize("name", OTHER_CALLS)
def test_a_call_that_only_logging_serves_is_written_the_same(name: str, logs: "Logs") -> None:
    """Exceptions, stacks and others, before and after the logger is served."""
    logs.configure()
    log = logging.getLogger("library.part")
    call = OTHER_CALLS[name]
    call(log)
    call(log)

    first, second = logs.records()
    same = set(first) - {"timestamp", "seq", "stack_info"}
    assert {key: first[key] for key in same} == {key: second[key] for key in same}


WRONG: dict[str, Callable[[Any], object]] = {
    "a field of the record": lambda log: log.info("m", extra={"name": 1}),
    "the message": lambda log: log.info("m", extra={"a": 1, "message": 1}),
    "a keyword": lambda log: log.info("m", price=1.5),
    "no message": lambda log: log.info(),
    "no mapping": lambda log: log.info("m", extra=7),
    "no level": lambda log: log.log("INFO", "m"),
    "nothing": lambda log: log._log(),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_call_raises_as_ever(name: str, logs: "Logs") -> None:
    """The same error with the same text, and no record."""
    logs.configure()
    log, other = logs.served(), logging.Logger("other")
    other.addHandler(logging.NullHandler())
    with pytest.raises(Exception, match=r".") as expected:
        WRONG[name](other)
    with pytest.raises(expected.type) as raised:
        WRONG[name](log)

    assert str(raised.value) == str(expected.value)
    assert logs.messages() == ["first"]


def test_names_that_are_fields_of_ours_are_none_of_a_plain_logger(logs: "Logs") -> None:
    """A key set that a `MetaLogger` has made known is not taken from a plain logger unseen."""
    logs.configure()
    log, extra = logs.served(), {"price": 1.5, "name": "n"}
    for _ in range(3):
        logs.logger.info("m", extra=extra)
    with pytest.raises(KeyError, match="Attempt to overwrite 'name' in LogRecord"):
        log.info("m", extra=extra)

    assert [record.get("name") for record in logs.records()] == [None, "n", "n", "n"]


def test_the_logger_looks_as_ever(logs: "Logs") -> None:
    """Class, public attributes, methods, copies and pickles are those of any logger."""
    logs.configure()
    log, other = logs.served(), logging.getLogger("library.other")

    assert type(log) is log.__class__ is logging.Logger
    assert logging.getLogger("library.part") is log
    assert [name for name in vars(log) if name != "_log"] == [*vars(other)]
    assert dir(log) == dir(other)
    assert repr(log) == "<Logger library.part (DEBUG)>"
    assert log.info == logging.Logger.info.__get__(log)
    assert log._log == logging.Logger._log.__get__(log)
    assert inspect.signature(log._log) == inspect.signature(other._log)
    assert copy.copy(log) is copy.deepcopy(log) is pickle.loads(pickle.dumps(log)) is log
    assert pickle.loads(pickle.dumps(log.info)) == log.info


def test_a_class_set_later_is_that_of_later_loggers(logs: "Logs") -> None:
    """`setLoggerClass` changes no logger that exists, and no logger of another class is served."""
    logs.configure()
    log = logs.served()

    class Theirs(logging.Logger):
        def _log(self, level: int, msg: object, args: Any, **words: Any) -> None:
            super()._log(level, f"<{msg}>", args, **words)

    logging.setLoggerClass(Theirs)
    theirs = logging.getLogger("library.theirs")
    for each in (log, theirs, theirs, log):
        each.info("m")
    log.__class__ = Theirs
    log.info("m")

    assert not logs.is_served(theirs)
    assert logs.messages() == ["first", "m", "<m>", "<m>", "m", "<m>"]


def test_an_adopted_logger_is_one_of_ours(logs: "Logs") -> None:
    """`get_logger` makes a logger that was served a `MetaLogger`, on the fast way."""
    logs.configure()
    log = logs.served()
    ours = get_logger("library.part")
    ours.info("m", price=1.5)

    assert log is ours
    assert type(log) is MetaLogger
    assert "_log" not in vars(log)
    assert logs.is_fast(log)
    assert logs.last()["price"] == 1.5


def test_with_capture_off_nothing_is_taken(logs: "Logs") -> None:
    """A configuration with `capture_stdlib` off counts from the next call on; one with it on as well."""
    logs.configure()
    log = logs.served()
    logs.configure(capture_stdlib=False)
    log.info("lost")
    log.info("lost")
    logs.configure(capture_stdlib=True)
    log.info("1")
    log.info("2")

    assert logs.messages() == ["first", "1", "2"]


def test_a_document_of_logging_s_own_is_obeyed(logs: "Logs") -> None:
    """`dictConfig` takes our handler away, disables loggers, and puts the handler back."""
    logs.configure()
    log = logs.served()
    document: dict[str, Any] = {"version": 1, "root": {"handlers": []}, "disable_existing_loggers": True}
    logging.config.dictConfig(document)
    log.info("lost")
    log.disabled = False
    log.info("lost")
    logging.root.handlers[:] = [PipelineHandler()]
    log.info("1")
    log.info("2")

    assert logs.messages() == ["first", "1", "2"]


def test_a_shutdown_and_a_new_start_lose_nothing(logs: "Logs") -> None:
    """A call after `shutdown` starts the system again; after a `reset` the logger is as it was."""
    from metaexpert.logger import shutdown

    logs.configure()
    log = logs.served()
    shutdown()
    log.info("1")
    log.info("2")
    assert logs.messages() == ["first", "1", "2"]
    reset(5)
    assert "_log" not in vars(log)
    logs.configure()
    log.info("3")
    log.info("4")

    assert logs.is_served(log)
    assert logs.messages() == ["first", "1", "2", "3", "4"]


def test_a_value_that_logs_is_written_inside_of_its_own_call(logs: "Logs") -> None:
    """A value's own code may log by the same logger."""
    logs.configure()
    log = logs.served()

    class Talking:
        def __str__(self) -> str:
            log.info("inner")
            return "outer"

    log.info("%s", Talking())
    assert "outer" in logs.messages()


def test_arguments_that_do_not_fit_are_reported(logs: "Logs", capsys: pytest.CaptureFixture[str]) -> None:
    """On standard error as ever, and with the record."""
    logs.configure()
    log = logs.served()
    log.info("%d", "text")

    assert "--- Logging error ---" in capsys.readouterr().err
    assert logs.last()["message"] == "%d"


def test_a_listener_of_a_queue_hands_records_over_as_ever(logs: "Logs") -> None:
    """`Logger.handle` is called with records made elsewhere."""
    logs.configure()
    log = logs.served()
    log.handle(logging.makeLogRecord({"name": log.name, "msg": "made", "levelno": 20, "levelname": "INFO"}))

    assert logs.messages() == ["first", "made"]

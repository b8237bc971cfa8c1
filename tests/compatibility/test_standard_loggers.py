"""Facts about loggers of the class `logging.Logger`: served natively, and in nothing else than before."""

import copy
import inspect
import logging
import logging.config
import logging.handlers
import pickle
import threading
import unittest
from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from unittest import mock

import pytest

from metaexpert.logger import MetaLogger, PipelineHandler, get_logger, log_context
from metaexpert.logger.testing import reset
from support.listeners import Recorder
from support.records import counting_records

if TYPE_CHECKING:
    from support.logs import Logs


def served(logs: "Logs", name: str = "library.part") -> logging.Logger:
    """Return a logger of CPython's own class whose calls the engine serves."""
    logger = logging.getLogger(name)
    logger.info("first")
    assert logs.is_served(logger)
    return logger


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
    log, standard = served(logs), logging.Logger("standard")
    standard.addHandler(logging.NullHandler())
    with pytest.raises(Exception, match=r".") as expected:
        WRONG[name](standard)
    with pytest.raises(expected.type) as raised:
        WRONG[name](log)

    assert str(raised.value) == str(expected.value)
    assert logs.messages() == ["first"]


def test_names_that_are_fields_of_ours_are_none_of_a_plain_logger(logs: "Logs") -> None:
    """A key set that a `MetaLogger` has made known is not taken from a plain logger unseen."""
    logs.configure()
    log, extra = served(logs), {"price": 1.5, "name": "n"}
    for _ in range(3):
        logs.logger.info("m", extra=extra)
    with pytest.raises(KeyError, match="Attempt to overwrite 'name' in LogRecord"):
        log.info("m", extra=extra)

    assert [record.get("name") for record in logs.records()] == [None, "n", "n", "n"]


def test_the_logger_looks_as_ever(logs: "Logs") -> None:
    """Class, public attributes, methods, copies and pickles are those of any logger."""
    logs.configure()
    log, other = served(logs), logging.getLogger("library.other")

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
    log = served(logs)

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


REPLACED = ["_log", "findCaller", "makeRecord", "handle", "callHandlers", "filter"]


def counted(function: Any, calls: list[str]) -> Any:
    """Return `function`, noting each call."""

    def traced(*args: Any, **kwargs: Any) -> Any:
        calls.append(function.__name__)
        return function(*args, **kwargs)

    return traced


@pytest.mark.parametrize("name", [*REPLACED, "info", "isEnabledFor"])
@pytest.mark.parametrize("where", ["class", "logger"])
def test_a_replaced_method_is_called(
    where: str, name: str, logs: "Logs", monkeypatch: pytest.MonkeyPatch
) -> None:
    """From the next call on, as tracing tools and tests replace them, and no more after that."""
    logs.configure()
    log, calls = served(logs), list[str]()
    owner: Any = logging.Logger if where == "class" else log
    with monkeypatch.context() as patch:
        patch.setattr(owner, name, counted(getattr(owner, name), calls))
        log.info("1", extra={"a": 1})
        assert calls == [name]
        log.info("2")
        assert calls == [name, name]
    log.info("3")
    with counting_records() as made:
        log.info("4")

    assert (calls, made.records) == ([name, name], 0)
    assert logs.messages() == ["first", "1", "2", "3", "4"]


@pytest.mark.parametrize(
    ("owner", "name"),
    [(logging.LogRecord, "__init__"), (logging.LogRecord, "getMessage"), (logging.Handler, "handle")],
)
def test_a_replaced_method_of_what_logging_uses_is_called(
    owner: type, name: str, logs: "Logs", monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of the record that is not made otherwise, and of handlers."""
    logs.configure()
    log, calls = served(logs), list[str]()
    with monkeypatch.context() as patch:
        patch.setattr(owner, name, counted(getattr(owner, name), calls))
        log.info("1")
        assert name in calls
    calls.clear()
    log.info("2")
    log.info("3")

    assert calls == []
    assert logs.messages() == ["first", "1", "2", "3"]


def test_a_mock_in_place_of_the_inner_method_is_left_alone(logs: "Logs") -> None:
    """`mock.patch.object` finds and restores what was there."""
    logs.configure()
    log = served(logs)
    with mock.patch.object(log, "_log") as replaced:
        log.info("1", extra={"a": 1})
        get_logger("ours").info("2")
    replaced.assert_called_once_with(logging.INFO, "1", (), extra={"a": 1})
    log.info("3")

    assert logs.messages() == ["first", "2", "3"]


def test_a_record_factory_makes_the_records(logs: "Logs") -> None:
    """`setLogRecordFactory` counts from the next call on, until it is taken back."""
    logs.configure()
    log = served(logs)

    class Stamped(logging.LogRecord):
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            self.host = "here"

    logging.setLogRecordFactory(Stamped)
    log.info("1")
    logging.setLogRecordFactory(logging.LogRecord)
    log.info("2")

    assert [record.get("host") for record in logs.records()] == [None, "here", None]


@pytest.mark.parametrize("where", ["own", "above", "root"])
def test_a_handler_gets_complete_records(where: str, logs: "Logs") -> None:
    """Wherever it is put, from the next call on, and no more once it is removed."""
    logs.configure()
    log, recorder = served(logs), Recorder()
    above = logging.getLogger("library")
    place = {"own": log, "above": above, "root": logging.root}[where]
    place.addHandler(recorder)
    log.info("%s", "1", extra={"a": 1})
    place.removeHandler(recorder)
    log.info("2")

    assert [(record.getMessage(), record.a) for record in recorder.records] == [("1", 1)]  # type: ignore[attr-defined]
    assert recorder.records[0].funcName == "test_a_handler_gets_complete_records"
    assert logs.messages() == ["first", "1", "2"]


def test_filters_decide(logs: "Logs") -> None:
    """One of the logger and one of our handler, put there by a method or an assignment."""
    logs.configure()
    log = served(logs)

    def refuse(_record: logging.LogRecord) -> bool:
        return False

    log.addFilter(refuse)
    log.info("lost")
    log.removeFilter(refuse)
    log.info("1")
    log.filters = [refuse]
    log.info("lost")
    log.filters = []
    log.info("2")
    (handler,) = logging.root.handlers
    handler.addFilter(refuse)
    log.info("lost")
    handler.removeFilter(refuse)
    log.info("3")

    assert logs.messages() == ["first", "1", "2", "3"]


def test_attributes_decide(logs: "Logs") -> None:
    """`propagate`, `disabled`, `handlers`, `parent` and `name`, here or above, from the next call on."""
    logs.configure()
    log, above, recorder = served(logs), logging.getLogger("library"), Recorder()
    for logger in (log, above):
        logger.propagate = False
        log.info("lost")
        logger.propagate = True
        log.info("found")
    log.disabled = True
    log.info("lost")
    log._log(logging.INFO, "lost", ())
    log.disabled = False
    log.handlers = [recorder]
    log.info("found")
    log.handlers = []
    log.name = "renamed"
    log.info("found")
    log.name = "library.part"
    log.parent = logging.Logger("nowhere")
    log.info("lost")
    log.parent = above
    log.info("found")

    assert recorder.messages == ["found"]
    assert logs.messages() == ["first", *["found"] * 5]
    assert [record["module"] for record in logs.records()][4] == "renamed"


def test_levels_decide(logs: "Logs") -> None:
    """The logger's, that of one above, of all and of our handler."""
    logs.configure()
    log = served(logs)
    log.setLevel(logging.ERROR)
    log.info("lost")
    log.setLevel(logging.NOTSET)
    logging.getLogger("library").setLevel(logging.ERROR)
    log.info("lost")
    logging.getLogger("library").setLevel(logging.NOTSET)
    logging.disable(logging.INFO)
    log.info("lost")
    logging.disable(logging.NOTSET)
    (handler,) = logging.root.handlers
    handler.setLevel(logging.ERROR)
    log.info("lost")
    handler.setLevel(logging.NOTSET)
    log.info("found")

    assert logs.messages() == ["first", "found"]


def test_a_level_s_name_is_that_of_logging(logs: "Logs", fresh_logging: None) -> None:
    """Where `addLevelName` has given a standard level another name."""
    logs.configure()
    log = served(logs)
    logging.addLevelName(logging.INFO, "NOTE")
    try:
        log.info("m")
    finally:
        logging.addLevelName(logging.INFO, "INFO")
    log.info("m")

    assert [record["level"] for record in logs.records()] == ["INFO", "NOTE", "INFO"]


def test_the_caller_is_the_call_s(logs: "Logs") -> None:
    """Where a format shows it, also for a stack level and through an adapter."""
    logs.configure(include=["caller", "thread_id"])
    log = served(logs)

    def wrapper() -> None:
        log.info("m", stacklevel=2)

    log.info("m")
    wrapper()
    logging.LoggerAdapter(log, {}).info("m")
    log.info("m %s", 1, extra={"a": 1})

    records = logs.records()
    assert [record["caller"]["function"] for record in records] == [
        "served",
        *["test_the_caller_is_the_call_s"] * 4,
    ]
    assert {record["thread_id"] for record in records} == {threading.get_ident()}


def test_unittest_s_capture_sees_the_records(logs: "Logs") -> None:
    """`assertLogs` takes the logger's records, and gives them back."""
    logs.configure()
    log = served(logs)
    case = unittest.TestCase()
    with case.assertLogs(log, "INFO") as captured:
        log.info("captured %d", 1)
    with case.assertNoLogs(log, "ERROR"):
        log.info("lost")
    log.info("1")

    assert captured.output == ["INFO:library.part:captured 1"]
    assert logs.messages() == ["first", "1"]


def test_pytest_s_capture_sees_the_records(caplog: pytest.LogCaptureFixture, logs: "Logs") -> None:
    """`caplog` has complete records, and the file has a copy of each."""
    logs.configure()
    log = logging.getLogger("library.part")
    for number in range(3):
        log.info("m %d", number, extra={"a": number})

    assert [(record.getMessage(), record.a) for record in caplog.records] == [  # type: ignore[attr-defined]
        ("m 0", 0),
        ("m 1", 1),
        ("m 2", 2),
    ]
    assert logs.messages() == ["m 0", "m 1", "m 2"]


def test_an_adopted_logger_is_one_of_ours(logs: "Logs") -> None:
    """`get_logger` makes a logger that was served a `MetaLogger`, on the fast way."""
    logs.configure()
    log = served(logs)
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
    log = served(logs)
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
    log = served(logs)
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
    log = served(logs)
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
    log = served(logs)

    class Talking:
        def __str__(self) -> str:
            log.info("inner")
            return "outer"

    log.info("%s", Talking())
    assert "outer" in logs.messages()


def test_arguments_that_do_not_fit_are_reported(logs: "Logs", capsys: pytest.CaptureFixture[str]) -> None:
    """On standard error as ever, and with the record."""
    logs.configure()
    log = served(logs)
    log.info("%d", "text")

    assert "--- Logging error ---" in capsys.readouterr().err
    assert logs.last()["message"] == "%d"


def test_a_listener_of_a_queue_hands_records_over_as_ever(logs: "Logs") -> None:
    """`Logger.handle` is called with records made elsewhere."""
    logs.configure()
    log = served(logs)
    log.handle(logging.makeLogRecord({"name": log.name, "msg": "made", "levelno": 20, "levelname": "INFO"}))

    assert logs.messages() == ["first", "made"]

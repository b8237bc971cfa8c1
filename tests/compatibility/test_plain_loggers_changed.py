"""Facts about plain loggers that a program changes, replaces a part of, or listens to: it counts at once."""

import logging
import threading
import unittest
from typing import TYPE_CHECKING, Any
from unittest import mock

import pytest

from metaexpert.logger import get_logger
from support.listeners import Recorder
from support.records import counting_records

if TYPE_CHECKING:
    from support.logs import Logs

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
    log, calls = logs.served(), list[str]()
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
    log, calls = logs.served(), list[str]()
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
    log = logs.served()
    with mock.patch.object(log, "_log") as replaced:
        log.info("1", extra={"a": 1})
        get_logger("ours").info("2")
    replaced.assert_called_once_with(logging.INFO, "1", (), extra={"a": 1})
    log.info("3")

    assert logs.messages() == ["first", "2", "3"]


def test_a_record_factory_makes_the_records(logs: "Logs") -> None:
    """`setLogRecordFactory` counts from the next call on, until it is taken back."""
    logs.configure()
    log = logs.served()

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
    log, recorder = logs.served(), Recorder()
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
    log = logs.served()

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
    log, above, recorder = logs.served(), logging.getLogger("library"), Recorder()
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
    log = logs.served()
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
    log = logs.served()
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
    log = logs.served()

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
    log = logs.served()
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

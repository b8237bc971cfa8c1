"""Facts about methods, classes and factories that are replaced while the fast way is open."""

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from unittest import mock

import pytest

from metaexpert.logger import MetaLogger, PipelineHandler, get_logger

if TYPE_CHECKING:
    from support.logs import Logs
    from support.processes import Outcome

#: Methods on the way of a record that `log.info()` makes, where `logging` calls them by name.
ON_THE_WAY = [
    (MetaLogger, "info"),
    (MetaLogger, "_log"),
    (MetaLogger, "findCaller"),
    (MetaLogger, "makeRecord"),
    (MetaLogger, "handle"),
    (MetaLogger, "callHandlers"),
    (MetaLogger, "isEnabledFor"),
    (MetaLogger, "filter"),
    (logging.Logger, "info"),
    (logging.Logger, "_log"),
    (logging.Logger, "makeRecord"),
    (logging.Logger, "handle"),
    (logging.Logger, "callHandlers"),
    (logging.Logger, "isEnabledFor"),
    (logging.Filterer, "filter"),
    (logging.Handler, "handle"),
    (PipelineHandler, "emit"),
    (PipelineHandler, "handle"),
]


def counted(function: Callable[..., Any], calls: list[str]) -> Callable[..., Any]:
    """Return `function`, noting each call."""

    def traced(*args: Any, **kwargs: Any) -> Any:
        calls.append(function.__name__)
        return function(*args, **kwargs)

    return traced


@pytest.mark.parametrize(("owner", "name"), ON_THE_WAY, ids=lambda value: getattr(value, "__name__", value))
def test_a_method_replaced_in_a_class_is_called_at_once(
    owner: type, name: str, logs: "Logs", monkeypatch: pytest.MonkeyPatch
) -> None:
    """From the next record on, for bound loggers too, without losing or doubling one; and back again."""
    logs.configure()
    log, calls = logs.logger, list[str]()
    bound = log.bind(strategy=7)
    log.info("0", price=1.5)
    bound.info("1")
    assert logs.is_fast()
    with monkeypatch.context() as patch:
        patch.setattr(owner, name, counted(getattr(owner, name), calls))
        log.info("2", price=2.5, extra={"msg": "a field"})
        assert len(calls) >= 1
        before = len(calls)
        bound.info("3")
        assert len(calls) > before
    before = len(calls)
    log.info("4", price=3.5)
    log.info("5")
    bound.info("6")

    assert len(calls) == before
    assert logs.is_fast()
    assert logs.is_fast(bound)
    records = logs.records()
    assert [record["message"] for record in records] == ["0", "1", "2", "3", "4", "5", "6"]
    assert (records[2]["price"], records[2]["msg"]) == (2.5, "a field")
    assert [record.get("strategy") for record in records] == [None, 7, None, 7, None, None, 7]


def test_a_replacement_that_does_not_log_is_obeyed(logs: "Logs") -> None:
    """`mock.patch.object` on the class keeps records back, and its end lets them through."""
    logs.configure()
    logs.logger.info("0")
    with mock.patch.object(MetaLogger, "info") as replaced:
        logs.logger.info("1", price=1.5)
        logs.logger.warning("2")
    logs.logger.info("3")

    # As ever: a mock in a class does not bind.
    replaced.assert_called_once_with("1", price=1.5)
    assert logs.messages() == ["0", "2", "3"]


@pytest.mark.parametrize("name", ["info", "handle", "callHandlers", "isEnabledFor", "_log"])
def test_a_method_replaced_on_the_instance_is_called(name: str, logs: "Logs") -> None:
    """`mock.patch.object` on the logger counts for this logger from the next call until its end."""
    logs.configure()
    log, other = logs.logger, get_logger("other")
    log.info("0")
    other.info("0")
    with mock.patch.object(log, name) as replaced:
        log.info("1")
        assert replaced.call_count == 1
        other.info("2")
        assert replaced.call_count == 1
    log.info("3")
    log.info("4")

    assert logs.is_fast()
    messages = logs.messages()
    # A mock of isEnabledFor answers with something true.
    assert [text for text in messages if text != "1"] == ["0", "0", "2", "3", "4"]
    assert ("1" in messages) is (name == "isEnabledFor")


def test_a_wrapper_around_the_logger_s_own_method_does_not_run_twice(logs: "Logs") -> None:
    """Code that stores `log.info` and puts a wrapper of it into the class or the instance works as meant."""
    logs.configure()
    log, calls = logs.logger, list[str]()
    log.info("0")
    original = log.info
    log.info = counted(original, calls)  # type: ignore[method-assign]
    log.info("1")
    del log.info
    with mock.patch.object(
        MetaLogger, "info", lambda self, *args, **kwargs: (calls.append("c"), original(*args))
    ):
        log.info("2")

    assert len(calls) == 2
    assert logs.messages() == ["0", "1", "2"]


def test_a_subclass_keeps_what_it_overrides(logs: "Logs") -> None:
    """A subclass set with `setLoggerClass` never loses an overridden method to the fast way."""

    class Stamped(MetaLogger):
        def makeRecord(self, *args: Any, **kwargs: Any) -> logging.LogRecord:  # noqa: N802
            record = super().makeRecord(*args, **kwargs)
            record.stamp = "s"
            return record

    class Plain(MetaLogger):
        pass

    logs.configure()
    logging.setLoggerClass(Stamped)
    stamped = get_logger("stamped.bot")
    logging.setLoggerClass(Plain)
    plain = get_logger("plain.bot")
    for log in (stamped, plain):
        log.info("m", price=1.5)
        log.info("m", price=1.5)

    assert (type(stamped), type(plain)) == (Stamped, Plain)
    assert (logs.is_fast(stamped), logs.is_fast(plain)) == (False, True)
    assert [record.get("stamp") for record in logs.records()] == ["s", "s", None, None]


def test_a_record_factory_is_noticed_and_so_is_its_end(logs: "Logs") -> None:
    """`setLogRecordFactory` counts from the next record of a fast logger and of a bound one."""
    logs.configure()
    log, bound = logs.logger, logs.logger.bind(b=1)
    standard = logging.getLogRecordFactory()

    def factory(*args: Any, **kwargs: Any) -> logging.LogRecord:
        record = standard(*args, **kwargs)
        record.host = "h"
        return record

    log.info("0")
    bound.info("1")
    logging.setLogRecordFactory(factory)
    log.info("2")
    bound.info("3")
    logging.setLogRecordFactory(standard)
    log.info("4")

    assert [record.get("host") for record in logs.records()] == [None, None, "h", "h", None]
    assert logs.is_fast()


@pytest.mark.parametrize("logger", ["get_logger('bot')", "logging.getLogger('bot')"])
def test_a_method_replaced_before_the_import_is_called(
    logger: str, run_python: Callable[..., "Outcome"]
) -> None:
    """A tracing tool may begin before the library is imported."""
    script = f"""
        import logging

        calls, standard = [], logging.Logger.callHandlers

        def traced(self, record):
            calls.append(record.getMessage())
            standard(self, record)

        logging.Logger.callHandlers = traced
        from metaexpert.logger import configure, get_logger

        configure(handlers={{"console": None}}, default_level="INFO")
        log = {logger}
        for number in range(3):
            log.info("%d", number)
        print(*calls)
    """
    assert run_python(script).stdout == "0 1 2\n"

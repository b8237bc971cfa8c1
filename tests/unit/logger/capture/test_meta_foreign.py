"""Facts about handlers, filters and subclasses that are not the library's own: nothing bypasses them."""

import io
import logging
import threading
from typing import TYPE_CHECKING, Any

import pytest

from metaexpert.logger import MetaLogger, get_logger, log_context
from support.listeners import Recorder

if TYPE_CHECKING:
    from support.logs import Logs


def test_a_foreign_handler_gets_complete_records(logs: "Logs") -> None:
    """A handler added at run time sees fields as attributes, and no more than them; the file has one copy."""
    logs.configure()
    log, recorder = logs.logger, Recorder()
    log.info("before")
    assert logs.is_fast()
    log.addHandler(recorder)
    with log_context(task="t"):
        log.bind(strategy=7).info("filled %s", "BTC", extra={"qty": 2}, price=1.5, msg="mine")
    log.removeHandler(recorder)
    log.info("after")

    (record,) = recorder.records
    assert (record.getMessage(), record.levelno, record.name) == ("filled BTC", logging.INFO, "bot")
    assert (record.price, record.qty, record.strategy, record.task) == (1.5, 2, 7, "t")  # type: ignore[attr-defined]
    assert (record.msg_, hasattr(record, "fields")) == ("mine", False)  # type: ignore[attr-defined]
    assert (record.msg, record.filename) == ("filled %s", "test_meta_foreign.py")
    assert (record.funcName, record.thread) == (
        "test_a_foreign_handler_gets_complete_records",
        threading.get_ident(),
    )
    assert logs.messages() == ["before", "filled BTC", "after"]
    written = logs.records()[1]
    assert (written["price"], written["qty"], written["strategy"], written["task"]) == (1.5, 2, 7, "t")
    assert logs.is_fast()


@pytest.mark.parametrize("where", ["root", "parent", "own", "bound"])
def test_a_handler_is_noticed_wherever_it_is(where: str, logs: "Logs") -> None:
    """Once any logger on the way has another handler it is called, and no more once it is removed."""
    logs.configure()
    log = get_logger("fund.bot")
    caller = log.bind(a=1) if where == "bound" else log
    place = {"root": logging.root, "parent": logging.getLogger("fund"), "own": log, "bound": log}[where]
    recorder = Recorder()
    caller.info("0")
    place.addHandler(recorder)
    caller.info("1")
    caller.trade("2")
    caller.log(logging.INFO, "3")
    place.removeHandler(recorder)
    caller.info("4")

    assert [record.getMessage() for record in recorder.records] == ["1", "2", "3"]
    assert logs.messages() == ["0", "1", "2", "3", "4"]


def test_a_stream_handler_formats_our_records(logs: "Logs") -> None:
    """A formatter of the program's own can use any field."""
    logs.configure()
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logging.Formatter("%(levelname)s %(name)s %(message)s %(symbol)s"))
    logs.logger.addHandler(handler)

    logs.logger.info("filled", symbol="BTC")

    assert stream.getvalue() == "INFO bot filled BTC\n"


def test_caplog_sees_records(caplog: pytest.LogCaptureFixture, fresh_logging: None) -> None:
    """pytest's own capture works on a MetaLogger, before configuration and for its fields."""
    log = get_logger("bot")
    with caplog.at_level(logging.INFO, logger="bot"):
        log.info("filled %s", "BTC", price=1.5)

    assert caplog.record_tuples == [("bot", logging.INFO, "filled BTC")]
    assert caplog.records[0].price == 1.5  # type: ignore[attr-defined]


def test_caplog_and_the_file_both_see_records(caplog: pytest.LogCaptureFixture, logs: "Logs") -> None:
    """With the library configured, pytest's capture and the file have one copy each."""
    logs.configure()
    logs.logger.warning("filled", price=1.5)

    assert caplog.messages == ["filled"]
    assert logs.messages() == ["filled"]


def test_a_filter_on_the_logger_decides(logs: "Logs") -> None:
    """A filter added at run time sees whole records, can refuse or change them, and can be removed."""
    logs.configure()
    log = logs.logger

    def no_pings(record: logging.LogRecord) -> bool:
        record.checked = True
        return "ping" not in record.getMessage() and getattr(record, "price", 0) < 10

    log.info("ping 0")
    log.addFilter(no_pings)
    log.info("ping 1")
    log.info("cheap", price=5)
    log.info("dear", price=50)
    log.bind(price=50).info("dear and bound")
    log.trade("ping")
    log.removeFilter(no_pings)
    log.info("ping 2")

    assert logs.messages() == ["ping 0", "cheap", "ping 2"]
    assert logs.records()[1]["checked"] is True


def test_a_filter_on_our_handler_decides(logs: "Logs") -> None:
    """A filter put on the root's handler is obeyed by every logger."""
    logs.configure()
    logs.logger.info("0")
    (handler,) = logging.root.handlers

    def refuse(record: logging.LogRecord) -> bool:
        return "secret" not in record.getMessage()

    handler.addFilter(refuse)
    logs.logger.info("secret")
    logs.logger.info("1")
    handler.removeFilter(refuse)
    logs.logger.info("secret 2")

    assert logs.messages() == ["0", "1", "secret 2"]


def test_a_level_on_our_handler_counts(logs: "Logs") -> None:
    """`setLevel` of the root's handler holds back what is below, from the next call on."""
    logs.configure()
    logs.logger.info("0")
    (handler,) = logging.root.handlers
    handler.setLevel(logging.ERROR)
    logs.logger.info("lost")
    logs.logger.error("1")

    assert logs.messages() == ["0", "1"]


def test_a_record_factory_is_used(logs: "Logs") -> None:
    """`logging.setLogRecordFactory` set before a logger's first call makes its records."""
    logs.configure()

    class Stamped(logging.LogRecord):
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            self.host = "here"

    logging.setLogRecordFactory(Stamped)
    get_logger("stamped").info("m", price=1)

    record = logs.last()
    assert (record["host"], record["price"]) == ("here", 1)


def test_the_handler_removed_from_the_root_is_obeyed(logs: "Logs") -> None:
    """Who takes our handler off the root gets nothing in the file, without an error."""
    logs.configure()
    logs.logger.info("0")
    (handler,) = logging.root.handlers
    logging.root.removeHandler(handler)
    logging.root.addHandler(logging.NullHandler())
    logs.logger.info("lost")
    logging.root.handlers[:] = [handler]
    logs.logger.info("1")

    assert logs.messages() == ["0", "1"]


def test_a_replaced_handler_list_is_noticed(logs: "Logs") -> None:
    """Assigning `handlers` or `filters` of a logger, rather than changing the list, works at once."""
    logs.configure()
    logs.logger.info("0")
    recorder = Recorder()
    logs.logger.handlers = [recorder]
    logs.logger.info("1")
    logs.logger.handlers = []
    logs.logger.filters = [lambda record: False]
    logs.logger.info("lost")
    logs.logger.filters = []
    logs.logger.info("2")

    assert [record.getMessage() for record in recorder.records] == ["1"]
    assert logs.messages() == ["0", "1", "2"]


class Shouting(MetaLogger):
    """A subclass that overrides a method of the public surface."""

    def info(self, /, *args: Any, **kwargs: Any) -> None:
        """Log in capitals."""
        super().info(str(args[0]).upper(), *args[1:], **kwargs)


class Numbered(MetaLogger):
    """A subclass that overrides what `logging` documents for it."""

    def makeRecord(self, *args: Any, **kwargs: Any) -> logging.LogRecord:  # noqa: N802
        """Make a marked record."""
        record = super().makeRecord(*args, **kwargs)
        record.ticket = 17
        return record


class Handling(MetaLogger):
    """A subclass that counts what it handles."""

    handled = 0

    def handle(self, record: logging.LogRecord) -> None:
        """Count the record."""
        type(self).handled += 1
        super().handle(record)


class Lowest(MetaLogger):
    """A subclass that overrides `_log` with the signature of `logging`."""

    def _log(self, level: int, msg: object, args: Any, **kwargs: Any) -> None:  # type: ignore[override]
        super()._log(level, f"<{msg}>", args, **kwargs)


def test_overriding_subclasses_are_never_bypassed(logs: "Logs") -> None:
    """An override of `info`, `_log`, `makeRecord` or `handle` sees every record, the first and the tenth."""
    logs.configure()
    made = {}
    for kind in (Shouting, Numbered, Handling, Lowest):
        logging.setLoggerClass(kind)
        made[kind] = logging.getLogger(kind.__name__)
    for _ in range(3):
        for logger in made.values():
            logger.info("m", price=1, level="mine")  # type: ignore[call-arg]

    records = logs.records()
    assert [record["message"] for record in records] == ["M", "m", "m", "<m>"] * 3
    assert [record.get("ticket") for record in records] == [None, 17, None, None] * 3
    assert Handling.handled == 3
    assert all(record["price"] == 1 and record["level_"] == "mine" for record in records)


def test_a_subclass_of_plain_logger_gains_fields_and_keeps_its_override(logs: "Logs") -> None:
    """A logger of somebody's own class is adopted with all of that class's behaviour."""
    logs.configure()

    class Theirs(logging.Logger):
        def makeRecord(self, *args: Any, **kwargs: Any) -> logging.LogRecord:  # noqa: N802
            """Make a marked record."""
            record = super().makeRecord(*args, **kwargs)
            record.theirs = True
            return record

        def shout(self, text: str) -> None:
            self.info(text.upper())

    logging.setLoggerClass(Theirs)
    log = get_logger("theirs")
    log.info("m", price=1)
    log.shout("m")  # type: ignore[attr-defined]

    first, second = logs.records()
    assert isinstance(log, Theirs)
    assert (first["theirs"], first["price"]) == (True, 1)
    assert (second["theirs"], second["message"]) == (True, "M")


def test_a_method_patched_on_the_instance_is_used(logs: "Logs", monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests that patch `logger.info` or `logger.handle` see the calls, and afterwards logging goes on."""
    logs.configure()
    logs.logger.info("0")
    seen: list[Any] = []
    with monkeypatch.context() as patch:
        patch.setattr(logs.logger, "info", lambda *args, **words: seen.append((args, words)))
        logs.logger.info("patched", a=1)
    with monkeypatch.context() as patch:
        patch.setattr(logs.logger, "handle", lambda record: seen.append(record.getMessage()))
        logs.logger.info("handled")
    logs.logger.info("1")

    assert seen == [(("patched",), {"a": 1}), "handled"]
    assert logs.messages() == ["0", "1"]


def test_a_method_patched_on_the_class_is_used(logs: "Logs", monkeypatch: pytest.MonkeyPatch) -> None:
    """A patch of the class counts from a logger's next look at its fast way."""
    logs.configure()
    seen: list[str] = []
    with monkeypatch.context() as patch:
        patch.setattr(MetaLogger, "handle", lambda self, record: seen.append(record.getMessage()))
        get_logger("patched.class").info("handled")
    get_logger("patched.class").info("1")

    assert seen == ["handled"]
    assert logs.messages() == ["1"]

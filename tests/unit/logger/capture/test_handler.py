"""Facts about the handler through which plain loggers reach the pipeline."""

import copy
import logging
import logging.handlers
import pickle
import queue
from typing import TYPE_CHECKING, Any

import pytest

from metaexpert.logger import log_context
from metaexpert.logger.capture.handler import attach_fields
from metaexpert.logger.capture.notes import CallFields
from metaexpert.logger.process import engine

if TYPE_CHECKING:
    from support.logs import Logs


def make_record(**attributes: Any) -> logging.LogRecord:
    """Return a record as `logging` makes them, with further attributes."""
    record = logging.LogRecord("plain", logging.INFO, "file.py", 7, "m %d", (1,), None, "function")
    record.__dict__.update(attributes)
    return record


def test_a_record_s_own_attributes_are_fields(logs: "Logs") -> None:
    """What `extra` put on a plain record is in the file; what every record has is not."""
    logs.configure()
    logging.getLogger("plain").info("m %d", 1, extra={"symbol": "BTC", "category": "risk"})

    record = logs.last()
    assert set(record) == {"timestamp", "level", "module", "message", "category", "symbol", "seq"}
    assert (record["message"], record["category"], record["symbol"]) == ("m 1", "risk", "BTC")


def test_a_record_keeps_the_time_it_was_made(logs: "Logs") -> None:
    """A record handled later, as behind a queue, keeps its time, thread and caller."""
    logs.configure(include=["thread_id", "caller"])
    record = make_record(created=1_700_000_000.123456, thread=42)
    logging.root.handle(record)

    written = logs.last()
    assert written["timestamp"] == "2023-11-14T22:13:20.123456000Z"
    assert written["thread_id"] == 42
    assert written["caller"] == {"file": "file.py", "line": 7, "function": "function"}


def test_records_of_any_making_are_taken(logs: "Logs") -> None:
    """`makeLogRecord` with next to nothing, and attributes of wrong types, make records."""
    logs.configure()
    usual = {"name": "odd", "levelno": 20, "levelname": "INFO"}
    for attributes in ({}, {"levelname": 7}, {"args": 5, "msg": None}, {"created": "now"}, {"name": 3}):
        logging.root.handle(logging.makeLogRecord({**usual, **attributes}))

    assert len(logs.records()) == 5


def test_a_record_of_a_class_of_its_own_formats_itself(logs: "Logs") -> None:
    """A subclass's `getMessage` decides the message."""
    logs.configure()

    class Braces(logging.LogRecord):
        def getMessage(self) -> str:  # noqa: N802
            """Format with braces."""
            return str(self.msg).format(*self.args)  # type: ignore[arg-type]

    logging.root.handle(Braces("plain", logging.INFO, "f", 1, "{} at {}", ("BTC", 5), None))

    assert logs.messages() == ["BTC at 5"]


def test_a_failing_record_is_reported_not_raised(logs: "Logs", capsys: pytest.CaptureFixture[str]) -> None:
    """A record whose own code raises is told as `logging` tells it; the caller goes on."""
    logs.configure()

    class Broken(logging.LogRecord):
        def getMessage(self) -> str:  # noqa: N802
            """Fail."""
            raise RuntimeError("broken record")

    logging.root.handle(Broken("plain", logging.INFO, "f", 1, "m", (), None))
    logging.getLogger("plain").info("next")

    assert "broken record" in capsys.readouterr().err
    assert logs.messages() == ["next"]


def test_a_queue_between_keeps_fields_and_context(logs: "Logs") -> None:
    """Behind a QueueHandler and a listener's thread a record has bound fields and the call's own context."""
    logs.configure()
    (ours,) = logging.root.handlers
    records: queue.SimpleQueue[Any] = queue.SimpleQueue()
    logging.root.removeHandler(ours)
    logging.root.addHandler(logging.handlers.QueueHandler(records))  # type: ignore[arg-type]
    listener = logging.handlers.QueueListener(records, ours)  # type: ignore[arg-type]
    listener.start()
    with log_context(task="t"):
        logs.logger.bind(strategy=7).info("filled %s", "BTC", price=1.5)
        logging.getLogger("plain").info("plain", extra={"a": 1})
    listener.stop()

    first, second = logs.records()
    assert (first["message"], first["task"], first["strategy"], first["price"]) == ("filled BTC", "t", 7, 1.5)
    assert (second["message"], second["a"]) == ("plain", 1)


def test_a_record_with_fields_survives_pickling_and_copying(logs: "Logs") -> None:
    """A record sent to another process, as by SocketHandler, arrives with its fields, once each."""
    logs.configure()
    fields = CallFields({"price": 1.5, "msg": "mine"}, None, None)
    record = make_record()
    attach_fields(record, fields)

    for same in (pickle.loads(pickle.dumps(record)), copy.copy(record), copy.deepcopy(record)):
        logging.root.handle(same)

    for written in logs.records():
        assert (written["price"], written["msg"]) == (1.5, "mine")
        assert not [name for name in written if name.endswith("_")]
    assert len(logs.records()) == 3


def test_fields_never_replace_a_record_s_attributes() -> None:
    """A field named like an attribute of the record gets an underscore there; `fields` is none of them."""
    record = make_record()
    attach_fields(record, CallFields({"name": 1, "message": 2, "fields": 3, "price": 4}, None, None))

    assert (record.name, record.price) == ("plain", 4)  # type: ignore[attr-defined]
    assert (record.name_, record.message_, record.fields) == (1, 2, 3)  # type: ignore[attr-defined]


def test_capture_stdlib_off_passes_over_plain_records(logs: "Logs") -> None:
    """With `capture_stdlib` off only records of the library's own loggers are taken."""
    logs.configure(capture_stdlib=False)
    logging.getLogger("plain").error("lost")
    logs.logger.info("%s", "kept")

    assert logs.messages() == ["kept"]


def test_a_record_that_finds_the_system_stopped_twice_is_written(
    logs: "Logs", monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another thread may stop the system again between its start for a record and the record itself."""
    logs.configure()
    assert engine.shutdown(5)
    start, stopped_again = engine.ensure_configured, []

    def start_and_be_stopped(level: int) -> bool:
        is_running = start(level)
        if not stopped_again:
            stopped_again.append(engine.shutdown(5))
        return is_running

    monkeypatch.setattr(engine, "ensure_configured", start_and_be_stopped)
    logging.getLogger("plain").warning("here")

    assert stopped_again == [True]
    assert logs.messages() == ["here"]

"""Facts about the calls of a `MetaLogger` whose records foreign handlers get as well."""

import copy
import gc
import io
import logging
import multiprocessing
import os
import sys
import threading
import time
import types
import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from metaexpert.logger import PipelineHandler, get_logger, log_context
from support.listeners import Recorder
from support.records import counting_records

if TYPE_CHECKING:
    from support.logs import Logs
    from support.processes import Outcome


class Changing(logging.Handler):
    """Does to each record what it is told."""

    def __init__(self, change: Callable[[Any], object]) -> None:
        super().__init__()
        self.emit = change  # type: ignore[method-assign]


def is_listened(logger: Any) -> bool:
    """Tell whether the engine makes the logger's records."""
    channel = vars(logger).get("_channel")
    return channel is not None and channel.is_open() and channel.is_listened


def test_one_record_is_made_for_all(logs: "Logs", recorder: Recorder) -> None:
    """The handler and the file have the same call, and no record is made twice."""
    logs.configure()
    log = logs.logger
    log.addHandler(recorder)
    log.info("0")
    with counting_records() as made, log_context(task="t"):
        log.info("%s at %d", "BTC", 1, price=1.5)
        log.bind(strategy=7).warning("2", extra={"a": 1})
        log.log(logging.ERROR, "3", category="risk")
        log.trade("4")

    assert is_listened(log)
    assert made.records in (0, 4)  # none where the engine makes them
    assert recorder.messages == ["0", "BTC at 1", "2", "3", "4"]
    _, first, second, third, fourth = recorder.records
    assert (first.price, first.task) == (1.5, "t")  # type: ignore[attr-defined]
    assert (second.strategy, second.a, second.levelname) == (7, 1, "WARNING")  # type: ignore[attr-defined]
    assert (third.category, fourth.category) == ("risk", "trade")  # type: ignore[attr-defined]
    assert {record.funcName for record in recorder.records} == {"test_one_record_is_made_for_all"}
    written = logs.records()
    assert [each["message"] for each in written] == recorder.messages
    assert (written[1]["price"], written[1]["task"], written[2]["strategy"], written[2]["a"]) == (
        1.5,
        "t",
        7,
        1,
    )
    assert (written[3]["category"], written[4]["category"]) == ("risk", "trade")


def test_the_direct_way_opens_again(logs: "Logs", recorder: Recorder) -> None:
    """With a handler or a patch the engine makes records, and without it none."""
    logs.configure()
    log = logs.logger
    for add, remove in (
        (lambda: log.addHandler(recorder), lambda: log.removeHandler(recorder)),
        (lambda: logging.root.addHandler(recorder), lambda: logging.root.removeHandler(recorder)),
    ):
        log.info("direct")
        assert logs.is_fast()
        add()
        log.info("listened")
        assert is_listened(log)
        remove()
    log.info("direct")

    assert logs.is_fast()
    assert recorder.messages == ["listened", "listened"]
    assert logs.messages() == ["direct", "listened", "direct", "listened", "direct"]


def test_tracing_tools_see_the_records(logs: "Logs", monkeypatch: pytest.MonkeyPatch) -> None:
    """Sentry replaces `Logger.callHandlers`: its part is called for each record."""
    logs.configure()
    standard, seen = logging.Logger.callHandlers, list[str]()

    def traced(self: logging.Logger, record: logging.LogRecord) -> None:
        seen.append(record.getMessage())
        standard(self, record)

    monkeypatch.setattr(logging.Logger, "callHandlers", traced)
    for number in range(3):
        logs.logger.info("%d", number, price=1.5)

    assert is_listened(logs.logger)
    assert seen == logs.messages() == ["0", "1", "2"]


CHANGES: dict[str, tuple[Callable[[Any], object], dict[str, Any]]] = {
    "message": (lambda record: setattr(record, "msg", "changed"), {"message": "changed"}),
    "arguments": (lambda record: setattr(record, "args", ("changed",)), {"message": "changed"}),
    "field": (lambda record: setattr(record, "price", 2.5), {"price": 2.5}),
    "bound": (lambda record: setattr(record, "strategy", 8), {"strategy": 8}),
    "new": (lambda record: setattr(record, "added", True), {"added": True}),
    "level": (lambda record: setattr(record, "levelname", "NOTE"), {"level": "NOTE"}),
    "name": (lambda record: setattr(record, "name", "other"), {"module": "other"}),
    "category": (lambda record: setattr(record, "category", "risk"), {"category": "risk"}),
}


@pytest.mark.parametrize("what", CHANGES)
@pytest.mark.parametrize("bound", [True, False])
def test_what_a_handler_before_ours_changes_is_written(bound: bool, what: str, logs: "Logs") -> None:
    """The file has the record as our handler gets it."""
    logs.configure()
    change, expected = CHANGES[what]
    log = logs.logger.bind(strategy=7) if bound else logs.logger
    logs.logger.addHandler(Changing(change))
    for _ in range(2):
        log.info("%s", "m", price=1.5)

    for written in logs.records():
        assert expected.items() <= written.items()


def test_a_field_that_a_handler_deletes_is_not_written(logs: "Logs") -> None:
    """Wherever it came from."""
    logs.configure()
    logs.logger.addHandler(Changing(lambda record: (delattr(record, "price"), delattr(record, "task"))))
    with log_context(task="t"):
        for _ in range(2):
            logs.logger.info("m", price=1.5, qty=2)

    for written in logs.records():
        assert (written["message"], written["qty"]) == ("m", 2)
        assert "price" not in written
        assert "task" not in written


def test_what_formatters_set_is_no_field(logs: "Logs") -> None:
    """`message` and `asctime` are the record's, whoever formats first."""
    logs.configure()
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logging.Formatter("%(asctime)s %(message)s"))
    logs.logger.addHandler(handler)
    for _ in range(2):
        logs.logger.info("m %d", 1, price=1.5)

    for written in logs.records():
        assert set(written) == {"timestamp", "level", "module", "message", "price", "seq"}
    assert stream.getvalue().count("m 1\n") == 2


def test_a_factory_s_attributes_are_fields(logs: "Logs", recorder: Recorder) -> None:
    """A factory that returns usual records with something more, or ones of its own class."""
    logs.configure()
    logs.logger.addHandler(recorder)
    logs.logger.info("0", host="mine")

    def factory(*args: Any, **words: Any) -> logging.LogRecord:
        record = logging.LogRecord(*args, **words)
        record.host = "here"
        return record

    logging.setLogRecordFactory(factory)
    logs.logger.info("1")
    logs.logger.info("2", host="mine")

    assert [record.host for record in recorder.records] == ["mine", "here", "here"]  # type: ignore[attr-defined]
    assert recorder.records[2].host_ == "mine"  # type: ignore[attr-defined]
    written = logs.records()
    assert [each["host"] for each in written] == ["mine", "here", "here"]
    assert written[2]["host_"] == "mine"


def test_a_level_s_name_is_that_of_logging(logs: "Logs", recorder: Recorder) -> None:
    """For the handler and in the file."""
    logs.configure()
    logs.logger.addHandler(recorder)
    logging.addLevelName(logging.INFO, "NOTE")
    try:
        logs.logger.info("m")
    finally:
        logging.addLevelName(logging.INFO, "INFO")

    assert recorder.records[0].levelname == logs.last()["level"] == "NOTE"


SOURCES: dict[str, tuple[object, str, Any, dict[str, Any]]] = {
    "time": (time, "time", lambda: 1_700_000_000.25, {"created": 1_700_000_000.25, "msecs": 250.0}),
    "process": (os, "getpid", lambda: 77, {"process": 77}),
    "thread": (
        threading,
        "current_thread",
        lambda: types.SimpleNamespace(name="mine"),
        {"threadName": "mine"},
    ),
    "process's name": (
        multiprocessing,
        "current_process",
        lambda: types.SimpleNamespace(name="worker"),
        {"processName": "worker"},
    ),
    "no threads": (logging, "logThreads", False, {"thread": None, "threadName": None}),
    "no processes": (logging, "logProcesses", False, {"process": None}),
    "no multiprocessing": (logging, "logMultiprocessing", False, {"processName": None}),
    "names of levels": (logging, "getLevelName", lambda _level: "L", {"levelname": "L"}),
    "times in nanoseconds": (time, "time_ns", time.time_ns, {"levelname": "INFO"}),
}


@pytest.mark.parametrize("what", SOURCES)
def test_a_record_has_its_parts_from_where_logging_has_them(
    what: str, logs: "Logs", recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a test or a program replaces there counts from the next record on."""
    module, name, value, expected = SOURCES[what]
    if what == "time" and sys.version_info >= (3, 13):
        pytest.skip("records have their time from time_ns")
    logs.configure()
    logs.logger.addHandler(recorder)
    logs.logger.info("0")
    with monkeypatch.context() as patch:
        patch.setattr(module, name, value)
        logs.logger.info("1")
        as_made = logging.LogRecord("bot", logging.INFO, "f", 1, "1", (), None)
    logs.logger.info("2")

    before, record, after = recorder.records
    assert expected.items() <= vars(record).items()
    assert expected.items() <= vars(as_made).items()
    assert [*vars(record)] == [*vars(as_made)] == [*vars(before)] == [*vars(after)]
    assert after.process == before.process == os.getpid()
    assert logs.messages() == ["0", "1", "2"]


def test_times_of_a_record_fit_together(logs: "Logs", recorder: Recorder) -> None:
    """`created`, `msecs` and `relativeCreated` are those that `logging` computes."""
    logs.configure()
    logs.logger.addHandler(recorder)
    before = time.time()
    for number in range(100):
        logs.logger.info("%d", number)
    later = time.time()

    start = float(logging._startTime)  # type: ignore[attr-defined]
    start /= 1e9 if sys.version_info >= (3, 13) else 1
    for record in recorder.records:
        assert before - 1e-6 <= record.created <= later + 1e-6
        assert record.msecs == pytest.approx(int(record.created % 1 * 1000), abs=1)
        assert record.relativeCreated == pytest.approx((record.created - start) * 1000, abs=0.01)


def test_the_caller_is_in_the_file_too(logs: "Logs", recorder: Recorder) -> None:
    """Where a format shows it."""
    logs.configure(include=["caller", "thread_id"])
    logs.logger.addHandler(recorder)
    logs.logger.info("m")
    logs.logger.info("m %d", 1, price=1.5)

    for record, written in zip(recorder.records, logs.records(), strict=True):
        caller = written["caller"]
        assert caller["function"] == "test_the_caller_is_in_the_file_too"
        assert (caller["file"], caller["line"]) == (record.pathname, record.lineno)
        assert written["thread_id"] == record.thread


@pytest.mark.parametrize("way", ["the record itself", "a copy"])
def test_a_record_that_was_kept_is_known_later(way: str, logs: "Logs", recorder: Recorder) -> None:
    """Our handler takes it once, under the names of the call, also when the call is over."""
    logs.configure()
    logging.root.handlers.insert(0, recorder)
    logs.logger.bind(b=1).info("m", price=1.5)
    assert is_listened(logs.logger)
    (record,) = recorder.records
    PipelineHandler().handle(record if way == "the record itself" else copy.copy(record))

    assert logs.messages() == ["m"]


def test_a_record_of_the_parent_is_new_to_a_child(run_python: Callable[..., "Outcome"]) -> None:
    """A forked process has a pipeline of its own, which has taken nothing yet."""
    outcome = run_python(
        """
        import logging, os
        from metaexpert.logger import PipelineHandler, configure, flush, get_logger

        class Keeping(logging.Handler):
            def emit(self, record):
                self.record = record

        configure(handlers={"console": None}, default_level="INFO", log_file_path="logs")
        log, keeping = get_logger("bot"), Keeping()
        log.addHandler(keeping)
        log.info("m")
        flush()
        child = os.fork()
        if child == 0:
            PipelineHandler().handle(keeping.record)
            flush()
            os._exit(0)
        os.waitpid(child, 0)
        """
    )
    written = "".join(file.read_text() for file in sorted((outcome.directory / "logs").glob("expert*.log")))
    assert written.count('"message":"m"') == 2


def test_a_record_that_was_kept_is_forgotten_with_its_end(logs: "Logs", recorder: Recorder) -> None:
    """With its values, once nobody has it."""

    class Order:
        pass

    logs.configure()
    logs.logger.addHandler(recorder)
    order = Order()
    still = weakref.ref(order)
    logs.logger.info("m %s", 1, order=order)
    del order
    assert still() is not None
    recorder.records.clear()
    gc.collect()

    assert still() is None


def test_a_handler_that_logs_is_served_inside(logs: "Logs") -> None:
    """Each record is written once, the outer one with its own fields."""
    logs.configure()
    log, other = logs.logger, get_logger("other")

    def log_again(record: logging.LogRecord) -> None:
        if record.name == "bot":
            other.info("inner", of=record.getMessage())

    logging.root.handlers.insert(0, Changing(log_again))
    for number in range(2):
        log.info("outer %d", number, price=1.5)

    assert [(each["message"], each.get("of"), each.get("price")) for each in logs.records()] == [
        ("inner", "outer 0", None),
        ("outer 0", None, 1.5),
        ("inner", "outer 1", None),
        ("outer 1", None, 1.5),
    ]


def test_a_handler_that_raises_is_as_bad_as_with_logging(logs: "Logs") -> None:
    """Where `handle` itself fails its exception reaches the caller, and the next call is served."""
    logs.configure()

    class Failing(logging.Handler):
        def handle(self, record: logging.LogRecord) -> bool:
            raise OSError("no handler")

    logging.root.addHandler(Failing())
    for number in range(2):
        with pytest.raises(OSError, match="no handler"):
            logs.logger.info("%d", number)

    assert logs.messages() == ["0", "1"]


def test_recipes_that_count_frames_find_the_caller(run_python: Callable[..., "Outcome"]) -> None:
    """Handlers that begin six frames up, as loguru's documentation has had them, at a module's top."""
    outcome = run_python(
        """
        import logging, sys
        from metaexpert.logger import configure, get_logger

        class Intercepting(logging.Handler):
            def emit(self, record):
                frame = sys._getframe(6)
                while frame and frame.f_code.co_filename == logging.__file__:
                    frame = frame.f_back
                print(frame.f_code.co_name, frame.f_lineno)

        configure(handlers={"console": None}, default_level="INFO")
        log = get_logger("bot")
        log.addHandler(Intercepting())
        log.info("m")
        log.info("m", price=1.5)
        """
    )
    first, second = outcome.stdout.splitlines()
    assert first.startswith("<module> ")
    assert int(second.split()[1]) == int(first.split()[1]) + 1

"""Facts about handlers, filters and values that raise, log again, or remove themselves in the middle."""

import gc
import logging
import signal
import threading
from typing import TYPE_CHECKING, Any

import pytest

from metaexpert.logger import PipelineHandler, get_logger
from support.listeners import Recorder

if TYPE_CHECKING:
    from support.logs import Logs


class Trouble(Exception):
    """What a listener raises."""


def raising(*_: Any, **__: Any) -> Any:
    """Fail, whatever is asked."""
    raise Trouble("a listener's own")


@pytest.mark.parametrize("kind", ["own", "plain"])
@pytest.mark.parametrize("first", [True, False], ids=["before", "behind"])
def test_a_handler_that_raises_is_as_bad_as_with_logging(kind: str, first: bool, logs: "Logs") -> None:
    """Its exception reaches the caller, as `logging` lets it; our copy is there if we came first."""
    logs.configure()
    log = get_logger("bot") if kind == "own" else logging.getLogger("third.party")
    handler = Recorder()
    handler.emit = raising  # type: ignore[method-assign]
    logging.root.handlers.insert(0 if first else 1, handler)
    with pytest.raises(Trouble):
        log.warning("1")
    logging.root.removeHandler(handler)
    log.warning("2")

    assert logs.messages() == (["2"] if first else ["1", "2"])


def test_a_formatter_that_raises_is_reported_and_the_record_kept(
    logs: "Logs", capsys: pytest.CaptureFixture[str]
) -> None:
    """`StreamHandler` reports it through `handleError`; the pipeline's copy is whole."""
    logs.configure()
    stream = logging.StreamHandler()
    stream.format = raising  # type: ignore[method-assign]
    logs.logger.addHandler(stream)
    logs.logger.info("m", price=1.5)

    assert "Trouble: a listener's own" in capsys.readouterr().err
    assert logs.last()["price"] == 1.5


@pytest.mark.parametrize("place", ["logger", "handler"])
def test_a_filter_that_raises_is_as_bad_as_with_logging(place: str, logs: "Logs") -> None:
    """Its exception reaches the caller, and once it is gone the logger is fast again."""
    logs.configure()
    target = logs.logger if place == "logger" else logging.root.handlers[0]
    logs.logger.info("0")
    target.addFilter(raising)
    with pytest.raises(Trouble):
        logs.logger.info("1")
    target.removeFilter(raising)
    logs.logger.info("2")
    logs.logger.info("3")

    assert logs.messages() == ["0", "2", "3"]
    assert logs.is_fast()


def test_a_factory_that_raises_is_as_bad_as_with_logging(logs: "Logs") -> None:
    """Its exception reaches the caller, and nothing stays locked."""
    logs.configure()
    standard = logging.getLogRecordFactory()
    logs.logger.info("0")
    logging.setLogRecordFactory(raising)
    with pytest.raises(Trouble):
        logs.logger.info("1")
    logging.setLogRecordFactory(standard)
    logs.logger.info("2")

    assert logs.messages() == ["0", "2"]


def test_a_handler_that_logs_again_ends(logs: "Logs") -> None:
    """A handler that logs through another of our loggers, or the same one within bounds, loses nothing."""
    logs.configure()
    log, depth = logs.logger, 5

    class Echo(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            level = getattr(record, "depth", 0)
            if level < depth:
                log.info("echo", depth=level + 1)
                logging.getLogger("plain").warning("plain echo", extra={"depth": depth})

    echo = Echo()
    logging.root.addHandler(echo)
    log.info("start")
    logging.root.removeHandler(echo)

    assert sorted(logs.messages()) == ["echo"] * 5 + ["plain echo"] * 5 + ["start"]


def test_a_handler_that_removes_itself_is_gone(logs: "Logs") -> None:
    """Once it has seen its one record the fast way is open again; a filter that leaves does likewise."""
    logs.configure()
    log, seen = logs.logger, list[str]()

    class Once(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            seen.append(record.getMessage())
            log.removeHandler(self)

    def once(record: logging.LogRecord) -> bool:
        log.removeFilter(once)
        return True

    log.addHandler(Once())
    log.info("0")
    log.addFilter(once)
    log.info("1")
    log.info("2")
    log.info("3")

    assert seen == ["0"]
    assert logs.messages() == ["0", "1", "2", "3"]
    assert logs.is_fast()


def test_a_handler_that_blocks_holds_up_only_its_own_callers(logs: "Logs") -> None:
    """While one thread waits in a foreign handler, loggers that do not go there log and are written."""
    logs.configure()
    entered, release = threading.Event(), threading.Event()

    class Blocking(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            entered.set()
            assert release.wait(30)

    slow, fast = get_logger("slow"), get_logger("fast")
    blocking = Blocking()
    slow.addHandler(blocking)
    thread = threading.Thread(target=slow.info, args=("blocked",))
    thread.start()
    try:
        assert entered.wait(30)
        fast.info("1")
        logging.getLogger("plain").info("2")
        assert logs.messages() == ["1", "2"]
    finally:
        release.set()
        thread.join(30)
    assert logs.messages() == ["1", "2", "blocked"]


@pytest.mark.parametrize("way", ["fast", "foreign", "plain"])
def test_a_value_that_logs_while_it_is_turned_into_text(way: str, logs: "Logs", recorder: Recorder) -> None:
    """A `__str__` that logs with the same logger, or raises, ends; both records are kept."""
    logs.configure()
    log = logging.getLogger("plain") if way == "plain" else get_logger("bot")
    if way == "foreign":
        log.addHandler(recorder)

    class Chatty:
        def __str__(self) -> str:
            log.info("inner")
            return "chatty"

    class Broken:
        def __str__(self) -> str:
            log.info("inner")
            raise Trouble

    log.info("outer", extra={"value": Chatty()})
    log.info("outer", extra={"value": Broken()})

    outer = [record for record in logs.records() if record["message"] == "outer"]
    assert outer[0]["value"] == "chatty"
    assert "Trouble" in outer[1]["value"]
    assert logs.messages().count("inner") == 2


@pytest.mark.parametrize("way", ["fast", "foreign"])
def test_finalizers_signals_and_garbage_callbacks_may_log(way: str, logs: "Logs") -> None:
    """Code that runs between any two steps of a log call can log itself: no deadlock, nothing lost."""
    logs.configure(queue={"capacity_bytes": 16 << 20})
    log = logs.logger
    if way == "foreign":
        log.addHandler(logging.NullHandler())
    finished, signals, collections = [0], [0], [0]

    class Finalized:
        def __init__(self) -> None:
            self.cycle = self

        def __del__(self) -> None:
            finished[0] += 1
            log.info("finalizer")

    def on_signal(*_: Any) -> None:
        signals[0] += 1
        log.info("signal")

    def on_collection(phase: str, _: Any) -> None:
        if phase == "stop":
            collections[0] += 1
            log.info("collection")

    before = signal.signal(signal.SIGALRM, on_signal)
    threshold = gc.get_threshold()
    gc.callbacks.append(on_collection)
    gc.set_threshold(50)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.001, 0.001)
        for number in range(3_000):
            log.info("call", number=number, value=Finalized(), nested=[{"a": number}])
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
        gc.set_threshold(*threshold)
        gc.callbacks.remove(on_collection)
    gc.collect()

    messages = logs.messages()
    assert messages.count("call") == 3_000
    assert messages.count("finalizer") == finished[0] == 3_000
    assert messages.count("collection") == collections[0] > 0
    assert messages.count("signal") == signals[0] > 0


def test_a_handler_of_ours_with_a_failing_record_reports_and_goes_on(
    logs: "Logs", capsys: pytest.CaptureFixture[str]
) -> None:
    """A record class whose own `getMessage` raises is reported as `logging` does, and never raised."""
    logs.configure()

    class BadRecord(logging.LogRecord):
        def getMessage(self) -> str:  # noqa: N802
            raise Trouble

    PipelineHandler().handle(BadRecord("bot", logging.INFO, __file__, 1, "m", (), None))
    logs.logger.info("after")

    assert "--- Logging error ---" in capsys.readouterr().err
    assert logs.messages() == ["after"]

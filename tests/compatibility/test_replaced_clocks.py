"""Facts about the time of records while Python's clock is replaced or frozen: it stays the system's time."""

import copy
import logging
import logging.handlers
import queue
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from metaexpert.logger import PipelineHandler, get_logger, timed
from support.listeners import Recorder

if TYPE_CHECKING:
    from support.logs import Logs

PAST = datetime(2001, 2, 3, 4, 5, 6, tzinfo=UTC)


def freezegun() -> AbstractContextManager[Any]:
    """Stop the clock in the past."""
    module: Any = pytest.importorskip("freezegun")
    frozen: AbstractContextManager[Any] = module.freeze_time(PAST)
    return frozen


def ticking_freezegun() -> AbstractContextManager[Any]:
    """Let the clock go on from the past."""
    module: Any = pytest.importorskip("freezegun")
    ticking: AbstractContextManager[Any] = module.freeze_time(PAST, tick=True)
    return ticking


def time_machine() -> AbstractContextManager[Any]:
    """Stop the clock where Python's own functions read it."""
    module: Any = pytest.importorskip("time_machine")
    frozen: AbstractContextManager[Any] = module.travel(PAST, tick=False)
    return frozen


def time_machine_in_the_future() -> AbstractContextManager[Any]:
    """Let the clock go on from the future."""
    module: Any = pytest.importorskip("time_machine")
    ahead: AbstractContextManager[Any] = module.travel(datetime(2099, 1, 1, tzinfo=UTC), tick=True)
    return ahead


@contextmanager
def by_hand() -> Iterator[None]:
    """Replace the functions, as a test with a patch of its own does."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(time, "time", lambda: 1_000_000_000.0)
        patch.setattr(time, "time_ns", lambda: 1_000_000_000 * 10**9)
        yield


@contextmanager
def failing() -> Iterator[None]:
    """Replace the clock by one that is wrong and fails from the second question on."""
    answers = iter([1_000_000_000.0])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(time, "time", lambda: next(answers))
        yield


CLOCKS = [freezegun, ticking_freezegun, time_machine, time_machine_in_the_future, by_hand]


def log_by_all(logs: "Logs") -> None:
    """Log by every kind of logger and call."""
    logs.logger.info("fast")
    logs.logger.info("fast")
    logs.logger.bind(a=1).info("%s", "general")
    logs.logger.error("slow", exc_info=ValueError("v"), stack_info=True)
    logs.logger.trade("trade")
    logs.logger.log(25, "number")
    logging.getLogger("plain").warning("plain")
    logging.getLogger("plain").warning("plain %s", "arguments", extra={"a": [1]})
    logging.warning("root")
    with timed(logs.logger, "timed"):
        pass


@pytest.mark.parametrize("way", ["alone", "foreign"])
@pytest.mark.parametrize("clock", CLOCKS, ids=lambda clock: clock.__name__)
def test_all_loggers_carry_the_system_s_time(
    clock: Callable[[], AbstractContextManager[Any]], way: str, logs: "Logs", recorder: Recorder
) -> None:
    """Ours and plain ones alike, in the order of the calls; other handlers see what `logging` gave."""
    logs.configure()
    if way == "foreign":
        logging.root.addHandler(recorder)
    before = datetime.now(UTC)
    with clock():
        log_by_all(logs)
    after = datetime.now(UTC)

    # A float of seconds has microseconds.
    slack = timedelta(milliseconds=1)
    times = [datetime.fromisoformat(record["timestamp"][:26] + "+00:00") for record in logs.records()]
    assert len(times) == 10
    assert before - slack <= min(times) <= max(times) <= after + slack
    assert all(abs(record.created - after.timestamp()) > 1e6 for record in recorder.records)


def test_a_record_that_was_held_up_keeps_its_time(logs: "Logs", recorder: Recorder) -> None:
    """No clock is replaced: a record that a queue held for an hour was made an hour ago."""
    logs.configure()
    logging.root.handlers[:] = [recorder]
    logs.logger.info("ours")
    logging.getLogger("plain").info("plain")
    an_hour_ago = time.time() - 3600
    for record in recorder.records:
        record.created = an_hour_ago
        PipelineHandler().handle(copy.copy(record))

    times = [datetime.fromisoformat(record["timestamp"][:26] + "+00:00") for record in logs.records()]
    assert [abs(each.timestamp() - an_hour_ago) < 1e-3 for each in times] == [True, True]


def test_a_queue_inside_of_a_frozen_clock_agrees(logs: "Logs") -> None:
    """A record that our handler gets on another thread has the time of the others."""
    logs.configure()
    logging.root.handlers.clear()
    records: queue.Queue[logging.LogRecord] = queue.Queue()
    logging.root.addHandler(logging.handlers.QueueHandler(records))
    listener = logging.handlers.QueueListener(records, PipelineHandler())
    before = datetime.now(UTC)
    with time_machine():
        logs.logger.info("m")
        listener.start()
        listener.stop()

    (record,) = logs.records()
    assert record["timestamp"][:10] in (before.date().isoformat(), datetime.now(UTC).date().isoformat())


def test_a_clock_that_fails_costs_no_record(logs: "Logs") -> None:
    """The record is written, with the time that it says."""
    logs.configure()
    with failing():
        logging.getLogger("plain").warning("m")
    get_logger("bot").info("next")

    assert logs.messages() == ["m", "next"]

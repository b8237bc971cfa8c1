"""Facts about copies of a `LogRecord` and records built from its attributes: complete, and written once if
the same.
"""

import copy
import gc
import logging
import logging.handlers
import pickle
import queue
import traceback
import weakref
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

from metaexpert.logger import PipelineHandler, log_context
from support.listeners import Recorder

if TYPE_CHECKING:
    from support.logs import Logs

COPIES: dict[str, Callable[[logging.LogRecord], logging.LogRecord]] = {
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
    "copy of a copy": lambda record: copy.copy(copy.deepcopy(copy.copy(record))),
    "queue": lambda record: logging.handlers.QueueHandler(queue.Queue()).prepare(record),
}
REBUILT: dict[str, Callable[[logging.LogRecord], logging.LogRecord]] = {
    **{
        f"pickle {each}": lambda record, each=each: pickle.loads(pickle.dumps(record, each))
        for each in range(6)
    },
    "makeLogRecord": lambda record: logging.makeLogRecord(vars(record)),
}


@pytest.fixture(params=["usual", "factory", "slots"])
def factory(request: pytest.FixtureRequest) -> Iterator[str]:
    """A record factory of the program's, or none."""
    before = logging.getLogRecordFactory()
    if request.param != "usual":
        logging.setLogRecordFactory(Stamped if request.param == "factory" else Slotted)
    yield request.param
    logging.setLogRecordFactory(before)


class Stamped(logging.LogRecord):
    """A record with an attribute more."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.host = "here"


class Slotted(Stamped):
    """A record that keeps an attribute where `vars` does not show it."""

    __slots__ = ("hidden",)


@pytest.mark.parametrize("way", [*COPIES, *REBUILT])
def test_a_record_that_was_copied_is_written_whole(
    way: str, factory: str, logs: "Logs", recorder: Recorder
) -> None:
    """A copy that our handler gets in place of the record has all fields and shows nothing more."""
    if factory == "slots" and way in ("pickle 0", "pickle 1"):
        pytest.skip("such a class has no pickles of this protocol")
    logs.configure()
    logging.root.handlers[:] = [recorder]
    with log_context(task="t"):
        logs.logger.bind(b=[1]).info("m %s", "x", price=1.5)
    (record,) = recorder.records
    same = {**COPIES, **REBUILT}[way](record)
    PipelineHandler().handle(same)

    assert set(vars(same)) - {"message"} == set(vars(record)) - {"message"}
    assert type(same).__name__ == type(record).__name__
    written = logs.last()
    assert (written["message"], written["task"], written["b"], written["price"]) == ("m x", "t", [1], 1.5)


@pytest.mark.parametrize("way", [*COPIES, *(name for name in REBUILT if "pickle" in name)])
def test_a_copy_restores_the_names_of_the_call(way: str, logs: "Logs", recorder: Recorder) -> None:
    """A field that had to give way to an attribute of the record has its name back in the file."""
    logs.configure()
    logging.root.handlers[:] = [recorder]
    logs.logger.trade("m", msg="mine", price=1.5)
    PipelineHandler().handle({**COPIES, **REBUILT}[way](recorder.records[0]))

    written = logs.last()
    assert (written["msg"], written["price"], written["category"]) == ("mine", 1.5, "trade")
    assert not [name for name in written if name.endswith("_")]


@pytest.mark.parametrize("of", ["ours", "a plain logger"])
@pytest.mark.parametrize("way", COPIES)
def test_a_copy_of_a_record_that_was_taken_is_not_taken_again(
    way: str, of: str, logs: "Logs", recorder: Recorder
) -> None:
    """Neither by a second handler of ours nor behind a queue; one of another process would be."""
    logs.configure()
    logging.root.addHandler(recorder)
    (logs.logger if of == "ours" else logging.getLogger("plain")).info("m", extra={"price": 1.5})
    (record,) = recorder.records
    for same in (record, COPIES[way](record)):
        PipelineHandler().handle(same)

    assert logs.messages() == ["m"]


@pytest.mark.parametrize("way", COPIES)
def test_a_copy_in_the_name_of_another_logger_is_a_record_of_its_own(way: str, logs: "Logs") -> None:
    """A handler that forwards messages to an audit log loses none, wherever it stands among the others."""

    class Forwarding(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            twin = COPIES[way](record)
            twin.name = "audit"
            PipelineHandler().handle(twin)

    logs.configure()
    forwarding = Forwarding()
    for handlers in ([*logging.root.handlers, forwarding], [forwarding, *logging.root.handlers]):
        logging.root.handlers[:] = handlers
        logs.logger.info("m", price=1.5)
        assert sorted(each["module"] for each in logs.records()[-2:]) == ["audit", "bot"]
        assert [each["price"] for each in logs.records()[-2:]] == [1.5, 1.5]


def test_each_copy_of_a_record_that_was_not_taken_is_one(logs: "Logs", recorder: Recorder) -> None:
    """A handler that splits a message into lines hands on copies of one record."""
    logs.configure()
    logging.root.handlers[:] = [recorder]
    logs.logger.info("a\nb", price=1.5)
    for line in recorder.messages[0].splitlines():
        part = copy.copy(recorder.records[0])
        part.msg = line
        PipelineHandler().handle(part)

    assert [(each["message"], each["price"]) for each in logs.records()] == [("a", 1.5), ("b", 1.5)]


def raised(problem: BaseException, cause: BaseException | None = None) -> BaseException:
    """Return an exception with a traceback."""
    try:
        raise problem from cause
    except BaseException as caught:
        return caught


class Refused(Exception):
    """An exception of a program's own class."""


PROBLEMS = [
    raised(ValueError("bad: price")),
    raised(KeyError("a")),
    raised(ValueError()),
    raised(ValueError("two\nlines")),
    raised(Refused("no"), cause=raised(ValueError("cause"))),
    ValueError("never raised"),
]


@pytest.mark.parametrize("problem", PROBLEMS, ids=repr)
def test_a_record_from_a_socket_keeps_its_exception(
    problem: BaseException, logs: "Logs", recorder: Recorder
) -> None:
    """`SocketHandler` sends the text of a traceback in place of the exception."""
    logs.configure()
    logging.root.addHandler(recorder)
    logs.logger.error("m %s", 1, exc_info=problem)
    sent = logging.handlers.SocketHandler("localhost", 1).makePickle(recorder.records[0])
    PipelineHandler().handle(logging.makeLogRecord(pickle.loads(sent[4:])))

    first, second = logs.records()
    assert second["message"] == first["message"] == "m 1"
    assert second["exception"] == first["exception"]


@pytest.mark.parametrize(
    "text",
    [
        "ValueError('in one line')",
        "".join(traceback.format_exception(ExceptionGroup("g", [raised(ValueError("v"))]))),
        "Traceback (most recent call last):\n  cut",
    ],
)
def test_a_traceback_in_another_form_is_kept_as_it_is(text: str, logs: "Logs") -> None:
    """Its type and message are not known."""
    logs.configure()
    PipelineHandler().handle(logging.makeLogRecord({"levelno": logging.ERROR, "msg": "m", "exc_text": text}))

    assert logs.last()["exception"] == {"type": "", "message": "", "stacktrace": text}


@pytest.mark.parametrize("way", ["after another handler", "from a socket"])
def test_a_text_that_there_is_no_exception_is_none(way: str, logs: "Logs", recorder: Recorder) -> None:
    """`exc_info=True` without an exception makes `logging` note the text `NoneType: None` in the record."""
    logs.configure()
    recorder.setFormatter(logging.Formatter())
    logging.root.handlers.insert(0, recorder)
    logs.logger.error("m", exc_info=True)
    (record,) = recorder.records
    if way == "from a socket":
        sent = logging.handlers.SocketHandler("localhost", 1).makePickle(record)
        PipelineHandler().handle(logging.makeLogRecord(pickle.loads(sent[4:])))
    else:
        recorder.format(record)
        PipelineHandler().handle(logging.makeLogRecord(vars(record)))

    assert record.exc_text == "NoneType: None"
    assert [entry.get("exception") for entry in logs.records()] == [None, None]


def test_a_rebuilt_record_of_ours_is_ours(logs: "Logs", recorder: Recorder) -> None:
    """With `capture_stdlib` off, a record built anew from the attributes of one of ours is still taken."""
    logs.configure(capture_stdlib=False)
    (ours,) = logging.root.handlers
    logging.root.handlers[:] = [recorder]
    logs.logger.info("ours")
    logging.getLogger("plain").warning("plain")
    for record in recorder.records:
        ours.handle(logging.makeLogRecord(vars(record)))

    assert logs.messages() == ["ours"]


@pytest.mark.parametrize("of", ["ours", "a plain logger"])
def test_a_record_s_values_are_kept_no_longer_than_the_record(
    of: str, logs: "Logs", recorder: Recorder
) -> None:
    """Nothing that is known about a record outlives it and its copies."""

    class Order:
        pass

    logs.configure()
    logging.root.addHandler(recorder)
    order = Order()
    still = weakref.ref(order)
    (logs.logger if of == "ours" else logging.getLogger("plain")).info("m", extra={"order": order})
    recorder.records.append(copy.copy(recorder.records[0]))
    del order
    assert still() is not None
    recorder.records.clear()
    gc.collect()

    assert still() is None

"""Facts about the `LogRecord` that foreign code gets: what `logging` would make, and the keyword fields."""

import asyncio
import copy
import gc
import io
import json
import logging
import logging.handlers
import pickle
import queue
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from listeners import Recorder
from metaexpert.logger import MetaLogger, PipelineHandler, log_context
from metaexpert.logger.handler import Extra

if TYPE_CHECKING:
    from conftest import Logs

#: Differ between two calls, whoever makes the record; the types are compared.
OF_THE_MOMENT = ("created", "msecs", "relativeCreated")
Call = Callable[[Any], None]


def plain(log: Any) -> None:  # noqa: D103
    log.info("m")


def arguments(log: Any) -> None:  # noqa: D103
    log.warning("%s at %d", "BTC", 5)


def one_dict(log: Any) -> None:  # noqa: D103
    log.error("%(a)s", {"a": 1})


def an_empty_dict(log: Any) -> None:  # noqa: D103
    log.error("m %s", {})


def wrong_arguments(log: Any) -> None:  # noqa: D103
    log.error("%d", "text", 7)  # noqa: PLE1205 - it is wrong


def no_text(log: Any) -> None:  # noqa: D103
    log.critical(ValueError("v"))


def extra(log: Any) -> None:  # noqa: D103
    log.info("m", extra={"price": 1.5, "fields": [1], "category": "risk", "taskname": "t"})


def an_exception(log: Any) -> None:  # noqa: D103
    try:
        {}["a"]
    except KeyError:
        log.exception("m")
        log.exception("m", exc_info=False)
        log.error("m", exc_info=True)


def an_exception_object(log: Any) -> None:  # noqa: D103
    log.error("m", exc_info=KeyError("a"))


def an_exception_tuple(log: Any) -> None:  # noqa: D103
    log.debug("m", exc_info=(KeyError, KeyError("a"), None))
    log.debug("m", exc_info=(None, None, None))


def no_exception(log: Any) -> None:  # noqa: D103
    log.error("m", exc_info=True)
    log.exception("m")


def a_stack(log: Any) -> None:  # noqa: D103
    log.info("m", stack_info=True)


def a_stack_level(log: Any) -> None:  # noqa: D103
    def wrapper() -> None:
        log.info("m", stacklevel=2)
        log.info("m", stacklevel=2, stack_info=True)

    wrapper()


def a_level_number(log: Any) -> None:  # noqa: D103
    log.log(25, "m %s", 1)
    log.log(logging.INFO, "m")


def old_names(log: Any) -> None:  # noqa: D103
    log.fatal("m")
    log.warn("m")


def an_adapter(log: Any) -> None:  # noqa: D103
    logging.LoggerAdapter(log, {"a": 1}).info("m", extra={"b": 2})
    logging.LoggerAdapter(logging.LoggerAdapter(log, {"a": 1}), {"b": 2}).log(30, "%d", 1)


def the_inner_method(log: Any) -> None:  # noqa: D103
    log._log(logging.INFO, "m", ())
    log._log(logging.INFO, "%s", ("a",), extra={"a": 1}, stack_info=True, stacklevel=1)
    log._log(logging.INFO, "%(a)s", ({"a": 1},), None)


def in_a_task(log: Any) -> None:  # noqa: D103
    async def task() -> None:
        log.info("m")

    asyncio.run(task())


CALLS = [
    plain,
    arguments,
    one_dict,
    an_empty_dict,
    wrong_arguments,
    no_text,
    extra,
    an_exception,
    an_exception_object,
    an_exception_tuple,
    no_exception,
    a_stack,
    a_stack_level,
    a_level_number,
    old_names,
    an_adapter,
    the_inner_method,
    in_a_task,
]


def by_standard(call: Call) -> list[logging.LogRecord]:
    """Return what a logger of CPython's own class makes of the call."""
    logger, recorder = logging.Logger("bot", logging.DEBUG), Recorder()
    logger.addHandler(recorder)
    call(logger)
    return recorder.records


def shown(record: logging.LogRecord) -> dict[str, Any]:
    """Return all that `vars` shows of a record, with what no two calls share by type."""

    def comparable(name: str, value: Any) -> Any:
        if name in OF_THE_MOMENT or isinstance(value, BaseException):
            return type(value)
        if name == "taskName" and isinstance(value, str):
            return value.rstrip("0123456789")
        if name == "exc_info" and isinstance(value, tuple):
            return tuple(type(each) if isinstance(each, BaseException) else each for each in value[:2])
        if name == "stack_info" and value is not None:
            return value.splitlines()[-2:]
        return value

    return {name: (type(value), comparable(name, value)) for name, value in vars(record).items()}


@contextmanager
def patched_inner_method() -> Iterator[None]:
    """Replace `Logger._log` by what calls it, as tracing tools do."""
    genuine = logging.Logger._log

    def traced(self: logging.Logger, *args: Any, **kwargs: Any) -> None:
        genuine(self, *args, **kwargs)

    logging.Logger._log = traced  # type: ignore[method-assign]
    try:
        yield
    finally:
        logging.Logger._log = genuine  # type: ignore[method-assign]


@pytest.mark.filterwarnings("ignore:The 'warn' method:DeprecationWarning")
@pytest.mark.parametrize("way", ["before ours", "after ours", "unconfigured", "a plain logger"])
@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.__name__)
def test_records_are_those_of_logging(call: Call, way: str, logs: "Logs", recorder: Recorder) -> None:
    """Attribute by attribute, of the same types, for every way of calling."""
    if way != "unconfigured":
        logs.configure(default_level="DEBUG")
    logging.root.setLevel(logging.DEBUG)
    logging.root.handlers.insert(0 if way == "before ours" else 1, recorder)
    classes: list[type] = []
    recorder.addFilter(lambda record: classes.append(type(record)) or True)  # type: ignore[func-returns-value]
    logger = logging.getLogger("bot") if way == "a plain logger" else logs.logger
    call(logger)
    call(logger)

    expected = [shown(record) for record in by_standard(call)] * 2
    ours = [record for record in recorder.records if record.name == "bot"]
    assert [shown(record) for record in ours] == expected
    assert {type(record).__name__ for record in ours} == {"LogRecord"}
    if way in ("before ours", "unconfigured"):
        assert set(classes) == {logging.LogRecord}


def test_keyword_fields_come_by_their_own_names(logs: "Logs", recorder: Recorder) -> None:
    """Those of context, logger and call, as attributes and nothing else; `fields` is a name like any."""
    logs.configure()
    logging.root.addHandler(recorder)
    with log_context(task="t"):
        logs.logger.bind(strategy=7).info("m", price=1.5, fields=[1], extra={"a": 1})
    logs.logger.trade("m", qty=2)

    standard = set(vars(by_standard(plain)[0]))
    first, second = [{k: v for k, v in vars(each).items() if k not in standard} for each in recorder.records]
    assert first == {"task": "t", "strategy": 7, "a": 1, "price": 1.5, "fields": [1]}
    assert second == {"category": "trade", "qty": 2}
    assert logs.records()[0]["fields"] == [1]


def test_a_field_named_like_an_attribute_gets_an_underscore(logs: "Logs", recorder: Recorder) -> None:
    """In the record alone, where `logging` would raise; in the file it has the name of the call."""
    logs.configure()
    logging.root.addHandler(recorder)
    logs.logger.info("m", name="n", args=3, asctime=4, extra={"msg": 1, "created": 5})

    (record,) = recorder.records
    names = ("name_", "msg_", "args_", "asctime_", "created_")
    assert [vars(record)[name] for name in names] == ["n", 1, 3, 4, 5]
    written = logs.last()
    assert [written[name[:-1]] for name in names] == ["n", 1, 3, 4, 5]
    assert not [name for name in written if name.endswith("_")]


def test_a_patched_inner_method_changes_nothing_of_that(logs: "Logs", recorder: Recorder) -> None:
    """What it is given as `extra` holds the fields by their own names; the file has them, too."""
    logs.configure()
    logging.root.addHandler(recorder)
    with patched_inner_method():
        logs.logger.bind(b=1).info("m", price=1.5, msg="mine")

    standard = set(vars(by_standard(plain)[0]))
    added = {name: value for name, value in vars(recorder.records[0]).items() if name not in standard}
    assert added == {"b": 1, "price": 1.5, "msg_": "mine"}
    assert (logs.last()["b"], logs.last()["price"], logs.last()["msg"]) == (1, 1.5, "mine")
    assert Extra.__mro__[1] is dict


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


def test_json_formatters_show_the_fields_and_nothing_else(logs: "Logs") -> None:
    """python-json-logger writes every attribute that `logging` does not make."""
    pytest.importorskip("pythonjsonlogger")
    from pythonjsonlogger.json import JsonFormatter

    def lines_of(logger: logging.Logger, words: dict[str, Any]) -> list[Any]:
        stream = io.StringIO()
        handler = logging.StreamHandler(stream)
        handler.setFormatter(JsonFormatter("%(levelname)s %(name)s %(message)s"))
        logger.addHandler(handler)
        logger.info("m %d", 1, **words)
        logger.removeHandler(handler)
        return [json.loads(line) for line in stream.getvalue().splitlines()]

    logs.configure()
    expected = {"levelname": "INFO", "name": "bot", "message": "m 1", "price": 1.5}
    assert lines_of(logging.Logger("bot"), {"extra": {"price": 1.5}}) == [expected]
    assert lines_of(logs.logger, {"price": 1.5}) == [expected]
    assert lines_of(logging.root, {"extra": {"price": 1.5}}) == [{**expected, "name": "root"}]
    assert logs.messages() == ["m 1", "m 1"]


def test_structlog_s_extra_adder_shows_the_fields_and_nothing_else(logs: "Logs") -> None:
    """`ExtraAdder` copies every attribute that `logging` does not make into the event."""
    structlog = pytest.importorskip("structlog")
    logs.configure()
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.ExtraAdder()],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(),
            ],
        )
    )
    logging.root.addHandler(handler)
    logs.logger.bind(strategy=7).info("m %d", 1, price=1.5)
    logging.getLogger("plain").info("m", extra={"a": 1})

    first, second = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert first == {"event": "m 1", "strategy": 7, "price": 1.5}
    assert second == {"event": "m", "a": 1}


def test_a_logger_without_configuration_shows_no_more(logs: "Logs", recorder: Recorder) -> None:
    """Before `configure()` a `MetaLogger` is a logger whose keywords are attributes."""
    assert isinstance(logs.logger, MetaLogger)
    logs.logger.addHandler(recorder)
    logs.logger.warning("m", price=1.5)

    assert set(vars(recorder.records[0])) - set(vars(by_standard(plain)[0])) == {"price"}

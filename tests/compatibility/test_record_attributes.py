"""Facts about the `LogRecord` that foreign code gets: what `logging` would make, and the keyword fields."""

import asyncio
import io
import json
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from metaexpert.logger import MetaLogger, log_context
from metaexpert.logger.capture.handler import Extra
from support.listeners import Recorder

if TYPE_CHECKING:
    from support.logs import Logs

#: These differ between any two calls, so only their types are compared.
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

"""Facts about what a `MetaLogger` is, and when its calls go straight into the engine."""

import copy
import logging
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

from metaexpert.logger import MetaLogger, get_logger, log_context, shutdown
from metaexpert.logger.capture.meta import adopt
from support.listeners import Recorder

if TYPE_CHECKING:
    from support.logs import Logs


def test_get_logger_is_the_same_object_as_in_logging(logs: "Logs") -> None:
    """Both functions give one logger, which is a `logging.Logger` with its parent and children."""
    early = logging.getLogger("early.child")
    logs.configure()
    log = get_logger("early.child")

    assert log is early is logging.getLogger("early.child")
    assert isinstance(early, MetaLogger)
    assert log.parent is logging.root
    assert log.getChild("x") is logging.getLogger("early.child.x")
    assert get_logger() is logging.root
    assert adopt(log) is log


def test_the_fast_way_is_open_only_while_nothing_else_listens(logs: "Logs") -> None:
    """After the first call the methods are builtins, and not while a handler or a filter is there."""
    logs.configure()
    log = logs.logger
    log.info("m")
    assert logs.is_fast()
    handler = logging.NullHandler()
    log.addHandler(handler)
    log.info("m")
    assert not logs.is_fast()
    log.removeHandler(handler)
    log.info("m")
    assert logs.is_fast()
    log.addFilter(refuse := lambda record: True)
    log.info("m")
    assert not logs.is_fast()
    log.removeFilter(refuse)
    log.info("m")
    assert logs.is_fast()


def test_before_configuration_a_meta_logger_is_a_plain_logger(fresh_logging: None) -> None:
    """Without configuration records reach the handlers of `logging` alone, with fields attached."""
    log = get_logger("plain")
    recorder = Recorder()
    log.addHandler(recorder)
    log.setLevel(logging.INFO)
    log.debug("lost")
    log.info("seen %d", 1, price=2)
    log.bind(a=1).trade("bound")

    first, second = recorder.records
    assert (first.getMessage(), first.price) == ("seen 1", 2)  # type: ignore[attr-defined]
    assert (second.a, second.category) == (1, "trade")  # type: ignore[attr-defined]


def test_methods_taken_from_a_logger_stay_valid(logs: "Logs") -> None:
    """`info = log.info` keeps working while handlers come and go, and over a restart."""
    logs.configure()
    logs.logger.info("0")
    info = logs.logger.info
    info("1", a=1)
    recorder = Recorder()
    logs.logger.addHandler(recorder)
    info("2")
    logs.logger.removeHandler(recorder)
    assert shutdown(10)
    info("3")

    assert logs.messages() == ["0", "1", "2", "3"]
    assert [record.getMessage() for record in recorder.records] == ["2"]


def test_a_method_taken_earlier_follows_levels_and_disabling(logs: "Logs") -> None:
    """`info = log.info`, hoisted out of a loop, obeys `setLevel`, `disabled`, `disable` and `propagate`."""
    logs.configure()
    log = logs.logger
    log.info("0")
    info, trade, number = log.info, log.trade, log.log
    log.setLevel(logging.ERROR)
    info("lost")
    number(logging.INFO, "lost")
    debug = log.debug
    log.setLevel(logging.DEBUG)
    info("1")
    debug("2")
    log.disabled = True
    info("lost")
    trade("lost")
    log.disabled = False
    logging.disable(logging.CRITICAL)
    info("lost")
    logging.disable(logging.NOTSET)
    log.propagate = False
    info("lost")
    log.propagate = True
    info("3")

    assert logs.messages() == ["0", "1", "2", "3"]


def test_adapters_and_old_names_show_the_caller(logs: "Logs") -> None:
    """Behind `LoggerAdapter`, `warn` and `log` the caller is still the program's line."""
    logs.configure(include=["caller"])
    adapter = logging.LoggerAdapter(logs.logger, {})
    for _ in range(2):
        adapter.info("m")
        logs.logger.warn("m")
        logs.logger.log(logging.INFO, "m")
        logs.logger.bind(a=1).info("m")

    callers = [record["caller"] for record in logs.records()]
    assert {(caller["file"], caller["function"]) for caller in callers} == {
        (__file__, "test_adapters_and_old_names_show_the_caller")
    }
    first = callers[0]["line"]
    assert [caller["line"] - first for caller in callers] == [0, 1, 2, 3] * 2


def test_what_a_filter_changes_is_what_is_written(logs: "Logs") -> None:
    """A filter that masks, deletes or adds an attribute masks, deletes or adds the field in the file."""
    logs.configure()

    def mask(record: Any) -> bool:
        record.token = "***"
        record.secret = "***"
        del record.pin
        record.added = 1
        return True

    logs.logger.addFilter(mask)
    logs.logger.bind(token="t1").info("m", secret="s1", pin=1234, price=1)

    record = logs.last()
    assert (record["token"], record["secret"], record["price"]) == ("***", "***", 1)
    assert "pin" not in record
    assert record["added"] == 1


@pytest.mark.parametrize("place", ["logger", "handler", "copy", "deepcopy"])
def test_what_a_filter_deletes_is_absent(place: str, logs: "Logs") -> None:
    """Whoever gave the field, and whatever its attribute is called; the fields beside it are there."""
    logs.configure()
    (ours,) = logging.root.handlers

    def strip(record: Any) -> bool:
        for name in ("own", "msg_", "bound", "task"):
            del record.__dict__[name]
        record.kept = 2
        return True

    class Forwarding(logging.Handler):
        def emit(self, record: Any) -> None:
            strip(record)
            ours.handle(getattr(copy, place)(record))

    if place in ("copy", "deepcopy"):
        logging.root.handlers[:] = [Forwarding()]
    else:
        (logs.logger if place == "logger" else ours).addFilter(strip)
    with log_context(task="t", session="s"):
        logs.logger.bind(bound=1, strategy=7).info("m", own=1, msg="mine", kept=1, none=None)

    record = logs.last()
    assert {"own", "msg", "msg_", "bound", "task"} & record.keys() == set()
    assert (record["strategy"], record["session"], record["kept"], record["none"]) == (7, "s", 2, None)


def generate(log: MetaLogger) -> Iterator[None]:
    """Log from a generator that is never finished."""
    try:
        yield
    finally:
        log.info("closed")


def test_logging_from_a_destructor_is_possible(logs: "Logs") -> None:
    """A record made while an object is collected is written like any other."""
    logs.configure()
    generator = generate(logs.logger)
    next(generator)
    del generator

    assert logs.messages() == ["closed"]


def test_many_field_names_are_no_limit(both_ways: "Logs") -> None:
    """Three hundred fields in one call all arrive."""
    fields = {f"f{number}": number for number in range(300)}
    both_ways.logger.info("m", **fields)
    both_ways.logger.info("m", **fields)

    for record in both_ways.records():
        assert {name: record[name] for name in fields} == fields


def test_the_same_call_site_with_other_names_is_told_apart(both_ways: "Logs") -> None:
    """One line of code called with changing keyword names never mixes them up."""
    expected = []
    for number in range(200):
        fields = {f"k{number % 7}": number, f"j{number % 3}": str(number)}
        both_ways.logger.info("m", **fields)
        expected.append(fields)

    core = {"timestamp", "level", "module", "message", "seq"}
    shown = [{k: v for k, v in record.items() if k not in core} for record in both_ways.records()]
    assert shown == expected

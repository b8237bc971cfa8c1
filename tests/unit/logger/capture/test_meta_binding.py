"""Facts about bound loggers."""

import copy
import logging
import pickle
from typing import TYPE_CHECKING, Any

import pytest

from support.listeners import Recorder

if TYPE_CHECKING:
    from support.logs import Logs


def test_bound_fields_are_in_every_record_of_the_bound_logger_alone(both_ways: "Logs") -> None:
    """`bind` adds to a new logger, `unbind` takes away in another, and the first stays as it is."""
    log = both_ways.logger
    session = log.bind(strategy=7, symbol="BTC")
    deeper = session.bind(symbol="ETH", side="BUY")
    less = deeper.unbind("strategy", "unknown")
    bare = less.unbind("symbol", "side")
    for logger in (log, session, deeper, less, bare):
        logger.info("m")
        logger.info("m %s", "general")
        logger.trade("m")

    shown = [
        {name: record[name] for name in ("strategy", "symbol", "side") if name in record}
        for record in both_ways.records()
    ]
    assert shown[::3] == shown[1::3] == shown[2::3]
    assert shown[::3] == [
        {},
        {"strategy": 7, "symbol": "BTC"},
        {"strategy": 7, "symbol": "ETH", "side": "BUY"},
        {"symbol": "ETH", "side": "BUY"},
        {},
    ]


def test_bound_values_are_captured_when_bound(both_ways: "Logs") -> None:
    """Changing an object after `bind` changes no record."""
    limits = {"max": 1}
    session = both_ways.logger.bind(limits=limits)
    limits["max"] = 2
    session.info("fast")
    session.info("%s", "general")

    assert [record["limits"] for record in both_ways.records()] == [{"max": 1}] * 2


@pytest.mark.parametrize("calls", [0, 1, 2])
def test_bound_fields_stay_when_a_handler_is_added(calls: int, logs: "Logs") -> None:
    """A foreign handler ends the fast way of a bound logger, new, used once or kept; its fields stay."""
    recorder = Recorder()
    logs.configure()
    session = logs.logger.bind(symbol="BTC").bind(side="BUY")
    for _ in range(calls):
        session.info("before")
    session.addHandler(recorder)
    session.bind(n=1).info("of one bound to it")
    session.info("after")

    assert [(record["symbol"], record["side"]) for record in logs.records()] == [("BTC", "BUY")] * (calls + 2)
    assert [vars(record)["symbol"] for record in recorder.records] == ["BTC"] * len(recorder.records)
    assert recorder.messages[-1] == "after"


def test_a_bound_logger_follows_its_unbound_logger(logs: "Logs") -> None:
    """Level, filters, handlers and propagation of the unbound logger count for loggers bound earlier."""
    logs.configure()
    log = logs.logger
    session = log.bind(a=1).bind(b=2)
    session.info("0")
    log.setLevel(logging.ERROR)
    assert not session.isEnabledFor(logging.INFO)
    session.info("lost")
    session.error("1")
    log.setLevel(logging.DEBUG)
    log.addFilter(refuse := lambda record: False)
    session.error("lost")
    log.removeFilter(refuse)
    log.propagate = False
    session.error("lost")
    log.propagate = True
    session.debug("2")

    assert logs.messages() == ["0", "1", "2"]
    assert session.getEffectiveLevel() == logging.DEBUG
    assert session.name == "bot"
    assert session.hasHandlers()


def test_bound_loggers_have_the_attributes_of_a_logger_below(both_ways: "Logs") -> None:
    """However they were made: by the engine, by Python for fields that it leaves alone, or by `unbind`."""
    log = both_ways.logger
    log.info("the first call starts the engine")
    by_engine, chained = log.bind(a=1), log.bind(a=1).bind(b=2)
    for bound in (by_engine, chained, log.bind(a=[1]), by_engine.unbind("a")):
        assert (bound.name, bound.level, bound.parent, bound.propagate) == (log.name, 0, log, True)
        assert (bound.disabled, bound.handlers, bound.filters) == (False, [], [])
        assert repr(bound) == repr(log)
    log.name = "renamed"
    assert by_engine.name == "renamed"


def test_bound_fields_outlive_the_configuration_under_which_they_were_bound(logs: "Logs") -> None:
    """The engine that is started anew does not know their names yet."""
    logs.configure()
    bound = [logs.logger.bind(number=number, side="BUY") for number in range(3)]
    bound[0].info("m")
    logs.configure(default_level="DEBUG", queue={"capacity_bytes": 1 << 21})
    for logger in bound:
        logger.debug("m")

    shown = [(record["number"], record["side"]) for record in logs.records()]
    assert shown == [(0, "BUY"), (0, "BUY"), (1, "BUY"), (2, "BUY")]


def test_filters_replaced_on_the_unbound_logger_count_for_bound_loggers(logs: "Logs") -> None:
    """A new list in `filters` of the unbound logger is the bound logger's too."""
    logs.configure()
    session = logs.logger.bind(a=1)
    session.info("0")
    logs.logger.filters = [lambda record: False]
    session.info("lost")
    logs.logger.filters = []
    session.info("1")

    assert logs.messages() == ["0", "1"]


def test_a_level_set_on_a_bound_logger_is_its_own(logs: "Logs") -> None:
    """`setLevel` on a bound logger concerns that one, not its unbound logger."""
    logs.configure()
    session = logs.logger.bind(a=1)
    session.setLevel(logging.ERROR)
    session.info("lost")
    session.error("0")
    logs.logger.info("1")

    assert logs.messages() == ["0", "1"]


def test_a_bound_logger_of_a_disabled_one_is_disabled(logs: "Logs") -> None:
    """A logger bound while its unbound logger is disabled is silent until the unbound logger is not."""
    logs.configure()
    logs.logger.disabled = True
    session = logs.logger.bind(a=1)
    session.info("lost")
    logs.logger.disabled = False
    session.info("0")

    assert logs.messages() == ["0"]


def test_loggers_survive_pickling(logs: "Logs") -> None:
    """A logger comes back as itself, and a bound one with its fields, under the same name."""
    logs.configure()
    session = logs.logger.bind(strategy=7, when={"a": [1]})

    assert pickle.loads(pickle.dumps(logs.logger)) is logs.logger
    assert pickle.loads(pickle.dumps(logging.root)) is logging.root
    pickle.loads(pickle.dumps(session)).info("m", price=1)
    record = logs.last()
    assert (record["strategy"], record["when"], record["price"], record["module"]) == (
        7,
        {"a": [1]},
        1,
        "bot",
    )


def test_loggers_survive_copying(logs: "Logs") -> None:
    """`copy` and `deepcopy` of what holds a logger work, as they do with `logging`."""
    logs.configure()
    logs.logger.info("warm")

    assert copy.copy(logs.logger) is logs.logger
    assert copy.deepcopy({"log": logs.logger})["log"] is logs.logger
    copy.deepcopy(logs.logger.bind(a=1)).info("m")
    assert logs.last()["a"] == 1


@pytest.mark.parametrize(
    ("given", "advice"), [({"a": 1}, r"bind\(\*\*fields\)"), ("a", r"bind\(symbol=\.\.\.\)")]
)
@pytest.mark.parametrize("configured", [False, True])
def test_fields_that_are_no_keywords_are_refused_with_the_way_to_write_them(
    logs: "Logs", given: Any, advice: str, configured: bool
) -> None:
    """As people write it who bind a mapping."""
    if configured:
        logs.configure()
    with pytest.raises(TypeError, match=f"^bind takes fields by keyword; write {advice}$"):
        logs.logger.bind(given)

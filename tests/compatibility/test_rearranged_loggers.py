"""Facts about handlers, parents, levels and switches that are changed by assignment or in place."""

import logging
import warnings
from typing import TYPE_CHECKING

import pytest

from metaexpert.logger import MetaLogger, PipelineHandler, configure, get_logger
from support.listeners import Recorder

if TYPE_CHECKING:
    from support.logs import Logs


@pytest.mark.parametrize("where", ["fund.bot", "fund", None])
def test_a_handler_list_that_is_assigned_is_seen(where: str | None, logs: "Logs", recorder: Recorder) -> None:
    """`logger.handlers = [...]` counts at once on the logger, on an ancestor and on the root; and back."""
    logs.configure()
    log, place = get_logger("fund.bot"), logging.getLogger(where)
    bound = log.bind(b=1)
    log.info("0")
    before = place.handlers
    place.handlers = [*before, recorder]
    log.info("1")
    bound.info("2")
    place.handlers = before
    log.info("3")
    bound.info("4")

    assert recorder.messages == ["1", "2"]
    assert logs.messages() == ["0", "1", "2", "3", "4"]


@pytest.mark.parametrize("where", ["fund.bot", "fund", None])
def test_a_handler_list_that_is_changed_in_place_is_seen(
    where: str | None, logs: "Logs", recorder: Recorder
) -> None:
    """`append`, `clear`, slices and items of the list take effect at once, although no code is notified."""
    logs.configure()
    log, handlers = get_logger("fund.bot"), logging.getLogger(where).handlers
    before = list(handlers)
    log.info("0")
    handlers.append(recorder)
    log.info("1")
    handlers[:] = before
    log.info("2")
    handlers.insert(0, recorder)
    log.info("3")
    handlers.clear()
    handlers.extend(before)
    log.info("4")

    assert recorder.messages == ["1", "3"]
    assert logs.messages() == ["0", "1", "2", "3", "4"]


def test_our_handler_replaced_in_its_list_is_not_used(logs: "Logs", recorder: Recorder) -> None:
    """A list that still holds one handler, but another one, does not pass for the one with ours."""
    logs.configure()
    (ours,) = logging.root.handlers
    logs.logger.info("0")
    logging.root.handlers[0] = recorder
    logs.logger.info("1")
    logging.root.handlers[0] = ours
    logs.logger.info("2")

    assert recorder.messages == ["1"]
    assert logs.messages() == ["0", "2"]


@pytest.mark.parametrize("way", ["assigned", "cleared"])
def test_without_any_handler_the_last_resort_speaks(
    way: str, logs: "Logs", capsys: pytest.CaptureFixture[str]
) -> None:
    """Once the root's handlers are gone, warnings go where `logging` sends them then, and back again."""
    logs.configure()
    handlers = list(logging.root.handlers)
    logs.logger.warning("0")
    if way == "assigned":
        logging.root.handlers = []
    else:
        logging.root.handlers.clear()
    logs.logger.info("below the last resort's level")
    logs.logger.warning("spoken")
    logging.root.handlers = handlers
    logs.logger.warning("1")

    assert capsys.readouterr().err == "spoken\n"
    assert logs.messages() == ["0", "1"]


def test_a_logger_that_gets_another_parent_follows_it(logs: "Logs", recorder: Recorder) -> None:
    """`logger.parent = other` changes handlers and level from the next call on."""
    logs.configure()
    log, other = get_logger("fund.bot"), logging.getLogger("elsewhere")
    other.addHandler(recorder)
    other.setLevel(logging.WARNING)
    log.info("0")
    former = log.parent
    log.parent = other
    log.info("below the new parent's level")
    log.warning("1")
    log.parent = former
    log.info("2")

    assert recorder.messages == ["1"]
    assert logs.messages() == ["0", "1", "2"]


def test_a_level_that_is_assigned_counts(logs: "Logs") -> None:
    """`logger.level = ...`, which `logging` itself notices only once its cache is cleared, counts at once."""
    logs.configure()
    log, bound = logs.logger, logs.logger.bind(b=1)
    child = get_logger("bot.child")
    for each in (log, bound, child):
        each.info("0")
    log.level = logging.ERROR
    for each in (log, bound, child):
        each.info("no")
        each.error("1")
    log.level = logging.NOTSET
    for each in (log, bound, child):
        each.info("2")

    assert logs.messages() == ["0"] * 3 + ["1"] * 3 + ["2"] * 3


def test_switches_of_the_module_count_for_every_way(logs: "Logs") -> None:
    """`logging.disable`, the manager's `disable`, `disabled` and their ends are obeyed by the next call."""
    logs.configure()
    log, bound = logs.logger, logs.logger.bind(b=1)
    log.info("0")
    bound.info("1")
    logging.disable(logging.INFO)
    log.info("no")
    bound.info("no")
    log.warning("2")
    logging.disable(logging.NOTSET)
    logging.root.manager.disable = logging.CRITICAL
    log.critical("no")
    bound.critical("no")
    logging.root.manager.disable = 0
    log.disabled = True
    log.critical("no")
    bound.critical("no")
    log.disabled = False
    log.info("3")
    bound.info("4")

    assert logs.messages() == ["0", "1", "2", "3", "4"]


def test_the_switch_for_errors_is_obeyed(logs: "Logs", capsys: pytest.CaptureFixture[str]) -> None:
    """Wrong arguments are reported on stderr unless `logging.raiseExceptions` is off; the record stays."""
    logs.configure()
    plain = logging.getLogger("plain")
    for log in (logs.logger, plain):
        log.info("%d bars", "five")
    reported = capsys.readouterr().err
    logging.raiseExceptions = False
    for log in (logs.logger, plain):
        log.info("%d bars", "five")

    assert reported.count("--- Logging error ---") == 2
    assert reported.count("Message: '%d bars'") == 2
    assert capsys.readouterr().err == ""
    assert logs.messages() == ["%d bars"] * 4
    assert all(record["format_args"] == ["five"] for record in logs.records())


def test_the_class_of_new_loggers_is_obeyed(logs: "Logs") -> None:
    """`setLoggerClass(MetaLogger)` makes loggers ours; those that `logging.getLogger` gave stay plain."""
    logs.configure()
    plain = logging.getLogger("earlier")
    logging.setLoggerClass(MetaLogger)
    ours = logging.getLogger("later")
    ours.info("0", price=1.5)  # type: ignore[call-arg]
    plain.info("1", extra={"price": 2.5})

    assert (type(plain), type(ours)) == (logging.Logger, MetaLogger)
    assert logs.is_fast(ours)
    assert [record["price"] for record in logs.records()] == [1.5, 2.5]


def test_warnings_arrive_as_records(logs: "Logs") -> None:
    """`captureWarnings` is on once the library is configured, and its end is obeyed."""
    logs.configure()
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.captureWarnings(True)
        warnings.warn("thin book", RuntimeWarning, stacklevel=1)
        logging.captureWarnings(False)
    (record,) = logs.records()

    assert record["module"] == "py.warnings"
    assert "RuntimeWarning: thin book" in record["message"]


def test_adapters_of_adapters_pass_what_they_add(logs: "Logs", recorder: Recorder) -> None:
    """A `LoggerAdapter`, also around another one, works with the fast way and with a handler listening."""

    class Prefixed(logging.LoggerAdapter[logging.LoggerAdapter[MetaLogger]]):
        def process(self, msg: object, kwargs: object) -> tuple[str, object]:
            return f"[7] {msg}", kwargs

    logs.configure()
    adapter = Prefixed(logging.LoggerAdapter(logs.logger, {"symbol": "BTC"}))
    adapter.info("fast %s", "way")
    assert logs.is_fast()
    logs.logger.addHandler(recorder)
    adapter.info("slow way")
    adapter.setLevel(logging.ERROR)
    adapter.info("no")

    assert [(record["message"], record["symbol"]) for record in logs.records()] == [
        ("[7] fast way", "BTC"),
        ("[7] slow way", "BTC"),
    ]
    assert recorder.records[0].symbol == "BTC"  # type: ignore[attr-defined]


def test_an_adapter_can_merge_its_extra(logs: "Logs") -> None:
    """`merge_extra=True` keeps the call's `extra` beside the adapter's, where `logging` has it."""
    try:
        adapter = logging.LoggerAdapter(logs.logger, {"symbol": "BTC"}, merge_extra=True)  # type: ignore[call-arg]
    except TypeError:
        pytest.skip("LoggerAdapter takes merge_extra from Python 3.13 on")
    logs.configure()
    adapter.info("m", extra={"price": 1.5})
    (record,) = logs.records()

    assert (record["symbol"], record["price"]) == ("BTC", 1.5)


@pytest.mark.parametrize("kind", ["own", "bound", "plain"])
def test_a_record_that_passes_two_of_our_handlers_is_taken_once(kind: str, logs: "Logs") -> None:
    """Be it another handler of the class or the same one put on two loggers, on any logger's way."""
    logs.configure()
    (ours,) = logging.root.handlers
    log: logging.Logger = {
        "own": get_logger("fund.bot"),
        "bound": get_logger("fund.bot").bind(b=1),
        "plain": logging.getLogger("fund.plain"),
    }[kind]
    parent = logging.getLogger("fund")
    log.info("0")
    for handler in (ours, PipelineHandler(), PipelineHandler(logging.INFO)):
        for place in (log, parent):
            place.addHandler(handler)
            log.info("1", extra={"price": 1.5})
            log.error("2")
            place.removeHandler(handler)
    log.info("3")

    assert logs.messages() == ["0", *["1", "2"] * 6, "3"]
    numbers = [record["seq"] for record in logs.records()]
    assert numbers == list(range(numbers[0], numbers[0] + 14))
    assert not any("metaexpert" in key for record in logs.records() for key in record)


def test_own_loggers_that_do_not_propagate_stay_on_record(logs: "Logs", recorder: Recorder) -> None:
    """With handlers of the program's own and `propagate` off, the pipeline still gets its copy, once."""
    logs.configure()
    log, plain = get_logger("bot.own"), logging.getLogger("third.party")
    child = log.getChild("child")
    for each in (log, plain):
        each.addHandler(recorder)
        each.propagate = False
    log.info("1", price=1.5)
    log.bind(b=2).info("2")
    child.info("3")
    plain.info("a plain logger obeys propagation")
    second = PipelineHandler()
    log.addHandler(second)
    log.info("4")
    log.removeHandler(second)
    log.removeHandler(recorder)
    log.info("without any handler a record goes nowhere, as in logging")

    assert recorder.messages == ["1", "2", "3", "a plain logger obeys propagation", "4"]
    assert logs.messages() == ["1", "2", "3", "4"]


def test_loggers_that_configuration_names_are_not_the_program_s_own(logs: "Logs", recorder: Recorder) -> None:
    """A level for a third-party logger makes it obey nothing but that level."""
    logs.configure(loggers={"third.party": "DEBUG"})
    plain = logging.getLogger("third.party")
    plain.addHandler(recorder)
    plain.propagate = False
    plain.debug("1")
    configure(loggers={"third.party": "ERROR"})
    plain.info("no")

    assert recorder.messages == ["1"]
    assert logs.messages() == []

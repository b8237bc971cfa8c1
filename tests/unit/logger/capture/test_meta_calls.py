"""Facts about what a logging method takes: everything that `logging` takes, and fields."""

import logging
import sys
from typing import TYPE_CHECKING, Any

import pytest

from metaexpert.logger import MetaLogger

if TYPE_CHECKING:
    from support.logs import Logs


@pytest.fixture
def bot(logs: "Logs") -> MetaLogger:
    """A logger whose records go to `expert.log`."""
    logs.configure()
    return logs.logger


def test_percent_arguments_are_formatted(both_ways: "Logs") -> None:
    """Positional, single-mapping and tuple arguments give the text that `logging` gives."""
    log = both_ways.logger
    log.info("%s has %d bars, %.2f%%", "BTC", 5, 12.345)
    log.info("%(symbol)s at %(price)s", {"symbol": "BTC", "price": 5})
    log.info("%s", {"a": 1})
    log.info("%s", {})
    log.info("%s", (1, 2))
    log.info("no arguments, so 100 % literal %s")

    assert both_ways.messages() == [
        "BTC has 5 bars, 12.35%",
        "BTC at 5",
        "{'a': 1}",
        "{}",
        "(1, 2)",
        "no arguments, so 100 % literal %s",
    ]


def test_each_level_method_has_its_level(both_ways: "Logs") -> None:
    """Methods named after levels, their aliases and `log` make records of those levels."""
    log = both_ways.logger
    log.debug("a")
    log.info("b")
    log.warning("c")
    log.warn("d")
    log.error("e")
    log.critical("f")
    log.fatal("g")
    log.log(logging.ERROR, "h")

    levels = ["DEBUG", "INFO", "WARNING", "WARNING", "ERROR", "CRITICAL", "CRITICAL", "ERROR"]
    assert [record["level"] for record in both_ways.records()] == levels


def test_custom_levels_keep_their_number_and_name(both_ways: "Logs") -> None:
    """A level between the standard ones is shown as `logging` shows it, by name if it has one."""
    logging.addLevelName(25, "NOTICE")
    try:
        both_ways.logger.log(25, "named", price=1)
        both_ways.logger.log(33, "numbered")
        both_ways.logger.log(5, "below DEBUG")
    finally:
        logging._levelToName.pop(25)
        logging._nameToLevel.pop("NOTICE")

    shown = [(record["level"], record["message"]) for record in both_ways.records()]
    assert shown == [("NOTICE", "named"), ("Level 33", "numbered")]


def test_a_level_that_is_no_number_is_refused_as_in_logging(bot: MetaLogger) -> None:
    """`log("INFO", …)` is the mistake in a program that `logging` raises for."""
    with pytest.raises(TypeError, match="level must be an integer"):
        bot.log("INFO", "m")


def test_message_and_level_may_be_given_by_name(both_ways: "Logs") -> None:
    """`msg=` and `level=` are message and level where they are not given by position."""
    both_ways.logger.info(msg="by name", price=1)
    both_ways.logger.log(level=logging.ERROR, msg="both by name")
    both_ways.logger.log(logging.INFO, msg="one by name")

    shown = [(record["level"], record["message"]) for record in both_ways.records()]
    assert shown == [("INFO", "by name"), ("ERROR", "both by name"), ("INFO", "one by name")]


def test_fields_alone_make_a_record(both_ways: "Logs") -> None:
    """A call without a message does not raise, and its fields are kept."""
    both_ways.logger.info(price=1)

    record = both_ways.last()
    assert (record["message"], record["price"]) == ("", 1)


def raising() -> None:
    """Raise an exception with a cause."""
    try:
        {}["missing"]
    except KeyError as error:
        raise ValueError("outer") from error


def test_every_form_of_exc_info_gives_the_exception(both_ways: "Logs") -> None:
    """`exception()`, and `exc_info` as True, an exception or a tuple, give the same exception."""
    try:
        raising()
    except ValueError as error:
        both_ways.logger.exception("a")
        both_ways.logger.error("b", exc_info=True)
        both_ways.logger.error("c", exc_info=error)
        both_ways.logger.error("d", exc_info=sys.exc_info())
        both_ways.logger.error("e", exc_info=1)
        kept = error
    both_ways.logger.error("f", exc_info=kept)

    records = both_ways.records()
    assert [record["message"] for record in records] == list("abcdef")
    for record in records:
        exception = record["exception"]
        assert (exception["type"], exception["message"]) == ("ValueError", "outer")
        assert exception["stacktrace"].startswith("Traceback (most recent call last):\n")
        assert "KeyError: 'missing'" in exception["stacktrace"]
        assert exception["stacktrace"].endswith("ValueError: outer")


@pytest.mark.parametrize("nothing", [None, False, (None, None, None), 0, ()])
def test_no_exception_gives_no_member(nothing: Any, both_ways: "Logs") -> None:
    """`exc_info` that stands for nothing leaves no `exception`."""
    both_ways.logger.error("m", exc_info=nothing)
    both_ways.logger.error("m", exc_info=True)

    assert ["exception" in record for record in both_ways.records()] == [False, False]


@pytest.mark.parametrize("broken", [(1, 2), (ValueError,), ("a", "b", "c"), "text", object()])
def test_a_malformed_exc_info_costs_no_record(broken: Any, both_ways: "Logs") -> None:
    """Whatever stands in `exc_info`, the call returns and the record is written."""
    both_ways.logger.error("kept", exc_info=broken, price=1)

    assert (both_ways.last()["message"], both_ways.last()["price"]) == ("kept", 1)


def test_stack_info_shows_the_caller(both_ways: "Logs") -> None:
    """`stack_info=True` adds the stack of the call, ending in the calling line and not in the library."""
    both_ways.logger.info("m", stack_info=True)

    stack = both_ways.last()["stack_info"]
    assert stack.startswith("Stack (most recent call last):\n")
    assert "test_stack_info_shows_the_caller" in stack.splitlines()[-2]
    assert "/logger/capture/meta.py" not in stack


def helper(log: Any, **words: Any) -> None:
    """Log for somebody else."""
    log.info("from helper", **words)


@pytest.mark.parametrize("words", [{}, {"price": 1}, {"stack_info": True}, {"extra": {"a": 1}}])
def test_the_caller_is_the_line_of_the_call(words: dict[str, Any], logs: "Logs") -> None:
    """`caller` names file, line and function, and `stacklevel` goes out by as many frames as it says."""
    logs.configure(include=["caller"])
    for foreign in (False, True):
        if foreign:
            logging.root.addHandler(logging.NullHandler())
        logs.logger.info("here", **words)
        helper(logs.logger, stacklevel=2, **words)
        helper(logs.logger, **words)

    callers = [record["caller"] for record in logs.records()]
    assert [caller["file"] for caller in callers] == [__file__] * 6
    me = "test_the_caller_is_the_line_of_the_call"
    assert [caller["function"] for caller in callers] == [me, me, "helper"] * 2
    assert callers[1]["line"] == callers[0]["line"] + 1


def test_a_logger_adapter_adds_its_extra(both_ways: "Logs") -> None:
    """`logging.LoggerAdapter` works over a MetaLogger."""
    adapter = logging.LoggerAdapter(both_ways.logger, {"strategy": 7})
    adapter.info("from %s", "adapter")
    try:
        raising()
    except ValueError:
        adapter.exception("failed")

    first, second = both_ways.records()
    assert (first["message"], first["strategy"]) == ("from adapter", 7)
    assert (second["strategy"], second["exception"]["type"]) == (7, "ValueError")


def test_wrong_arguments_are_reported_and_kept(both_ways: "Logs", capsys: pytest.CaptureFixture[str]) -> None:
    """Arguments that don't fit their message are told on standard error, and stay in the record."""
    both_ways.logger.info("%d bars", "many")
    both_ways.logger.info("no place", 1)  # noqa: PLE1205

    first, second = both_ways.records()
    assert (first["message"], first["format_args"]) == ("%d bars", ["many"])
    assert "%d format" in first["format_error"]
    assert (second["message"], second["format_args"]) == ("no place", [1])
    told = capsys.readouterr().err
    assert told.count("--- Logging error ---") == 2
    assert "Arguments: ('many',)" in told


def test_wrong_arguments_are_silent_where_logging_is(
    both_ways: "Logs", capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """With `logging.raiseExceptions` off nothing is told, and the record is kept all the same."""
    monkeypatch.setattr(logging, "raiseExceptions", False)
    both_ways.logger.info("%d bars", "many")

    assert both_ways.last()["format_args"] == ["many"]
    assert capsys.readouterr().err == ""


class Interrupting:
    """A value during whose formatting the user presses Ctrl-C."""

    def __str__(self) -> str:
        raise KeyboardInterrupt


def test_an_interrupt_passes_and_the_record_stays(both_ways: "Logs") -> None:
    """KeyboardInterrupt out of a value's own code reaches the program; what it was logging is on record."""
    with pytest.raises(KeyboardInterrupt):
        both_ways.logger.info("kept", value=Interrupting(), price=1)

    record = both_ways.last()
    assert (record["message"], record["price"]) == ("kept", 1)


def test_system_exit_out_of_an_argument_passes(both_ways: "Logs") -> None:
    """SystemExit from a `%s` argument is the program's own decision too."""

    class Leaving:
        def __str__(self) -> str:
            raise SystemExit(3)

    with pytest.raises(SystemExit):
        both_ways.logger.info("kept %s", Leaving())

    assert "kept" in both_ways.last()["message"]


def test_extra_that_is_no_mapping_costs_no_record(both_ways: "Logs") -> None:
    """`extra` of a wrong type is kept as a field."""
    both_ways.logger.info("kept", extra=[1, 2])

    record = both_ways.last()
    assert (record["message"], record["extra"]) == ("kept", [1, 2])


def test_keys_of_extra_need_not_be_text(both_ways: "Logs") -> None:
    """Keys of `extra` that are not text become text, without losing any."""
    both_ways.logger.info("m", extra={1: "a", None: "b", "1": "c"})

    record = both_ways.last()
    assert record["None"] == "b"
    assert {value for name, value in record.items() if name.startswith("1")} == {"a", "c"}


def test_logging_from_within_a_value_is_possible(both_ways: "Logs") -> None:
    """A value whose `__str__` logs makes a record of its own before the one it is in."""

    class Talking:
        def __str__(self) -> str:
            both_ways.logger.info("inner")
            return "talked"

    both_ways.logger.info("outer %s", Talking(), value=Talking())

    assert both_ways.messages() == ["inner", "inner", "outer talked"]

"""Facts about levels, disabling, propagation and categories of a `MetaLogger`."""

import logging
from typing import TYPE_CHECKING

from metaexpert.logger import get_logger

if TYPE_CHECKING:
    from support.logs import Logs


def test_a_level_below_the_logger_s_is_not_logged(both_ways: "Logs") -> None:
    """The logger's own level counts, else its nearest ancestor's, and a change counts at once."""
    parent, child = get_logger("fund"), get_logger("fund.bot")
    for logger in (parent, child):
        logger.debug("0")
    parent.setLevel("WARNING")
    child.info("lost")
    child.warning("1")
    child.setLevel(logging.INFO)
    child.info("2")
    parent.info("lost")
    child.setLevel(logging.NOTSET)
    child.log(logging.INFO, "lost")
    parent.setLevel(logging.NOTSET)
    child.info("3")

    assert both_ways.messages() == ["0", "0", "1", "2", "3"]


def test_logging_disable_silences_all_levels_up_to_it(both_ways: "Logs") -> None:
    """`logging.disable` works at once, for trade records too, and so does taking it back."""
    log = both_ways.logger
    log.info("0")
    logging.disable(logging.INFO)
    log.info("lost")
    log.trade("lost")
    log.log(logging.INFO, "lost")
    log.warning("1")
    logging.disable(logging.CRITICAL)
    log.critical("lost")
    logging.disable(logging.NOTSET)
    log.info("2")

    assert both_ways.messages() == ["0", "1", "2"]


def test_a_disabled_logger_says_nothing(both_ways: "Logs") -> None:
    """`disabled` silences a logger with its bound ones, trades included, and not its children."""
    log = both_ways.logger
    bound = log.bind(a=1)
    log.info("0")
    bound.info("0")
    log.disabled = True
    log.error("lost")
    log.trade("lost")
    bound.error("lost")
    log.getChild("sub").info("1")
    log.disabled = False
    log.info("2")
    bound.info("2")

    assert both_ways.messages() == ["0", "0", "1", "2", "2"]


def test_propagate_off_keeps_records_from_the_root(both_ways: "Logs") -> None:
    """Without propagation and handlers of its own a logger's records reach nothing, until it is back."""
    child = both_ways.logger.getChild("sub")
    child.info("0")
    both_ways.logger.propagate = False
    child.info("lost")
    child.trade("lost")
    both_ways.logger.propagate = True
    child.info("1")

    assert both_ways.messages() == ["0", "1"]


def test_trade_has_a_category_and_no_level_of_quiet(both_ways: "Logs") -> None:
    """A trade record is made whatever the logger's level is, and goes to `trades.log` as well."""
    both_ways.logger.setLevel(logging.CRITICAL)
    both_ways.logger.info("lost")
    both_ways.logger.trade("filled %d", 2, side="BUY", category="mine")

    for name in ("expert.log", "trades.log"):
        (record,) = both_ways.records(name)
        assert (record["message"], record["side"], record["level"]) == ("filled 2", "BUY", "INFO")
        assert (record["category"], record["category_"]) == ("trade", "mine")


def test_any_text_can_be_a_category(both_ways: "Logs") -> None:
    """`category` sets the record's category; another type under that name is a field."""
    both_ways.logger.info("a", category="risk")
    both_ways.logger.info("b", category=5)
    both_ways.logger.info("c", extra={"category": "risk"})

    first, second, third = both_ways.records()
    assert first["category"] == "risk"
    assert "category" not in second
    assert second["category_"] == 5
    assert third.get("category", third.get("category_")) == "risk"

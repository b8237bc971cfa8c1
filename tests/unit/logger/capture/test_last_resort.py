"""A trade before anything is configured is shown, as `logging` shows a warning, and never raises."""

import logging
from collections.abc import Callable
from typing import Any

import pytest

from metaexpert.logger import MetaLogger, configure, flush, get_logger, read_log
from metaexpert.logger.capture import last_resort

Unheard = Callable[[], MetaLogger]


@pytest.fixture
def unheard(fresh_logging: None, monkeypatch: pytest.MonkeyPatch) -> Unheard:
    """Return what makes a logger in a process as it begins: no handler anywhere, and nothing was told yet."""
    monkeypatch.setattr(last_resort._Told, "already", False)

    def begin() -> MetaLogger:
        # Here, because pytest puts its own handlers on the root logger for the test's body.
        monkeypatch.setattr(logging.root, "handlers", [])
        return get_logger("bot")

    return begin


def test_a_trade_that_nobody_takes_is_on_stderr(unheard: Unheard, capsys: Any) -> None:
    """The first one comes with a note on what to do; records that `logging` drops are dropped."""
    log = unheard()
    log.trade("Order filled %d", 17, side="BUY")
    log.info("quiet")
    log.bind(venue="x").trade("Order cancelled")

    note, *trades = capsys.readouterr().err.splitlines()
    assert "call configure() before trade()" in note
    assert "'bot'" in note
    assert trades == ["Order filled 17", "Order cancelled"]


def test_a_trade_at_warning_is_shown_once(unheard: Unheard, capsys: Any) -> None:
    """`logging` itself shows a record of category trade that is a warning."""
    unheard().warning("Order lost", category="trade")

    assert capsys.readouterr().err == "Order lost\n"


def test_a_program_may_want_no_last_resort(
    unheard: Unheard, capsys: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`logging.lastResort = None` silences trades as it does warnings."""
    monkeypatch.setattr(logging, "lastResort", None)
    unheard().trade("Order filled")

    assert "Order filled" not in capsys.readouterr().err


def test_a_handler_that_takes_it_is_enough(unheard: Unheard, capsys: Any) -> None:
    """Any handler on the way counts, also one that does nothing."""
    log = unheard()
    logging.root.addHandler(logging.NullHandler())
    log.trade("Order filled")

    assert capsys.readouterr().err == ""


def test_once_configured_trades_are_on_record(unheard: Unheard, capsys: Any) -> None:
    """Then they go to their file, and stderr gets nothing."""
    log = unheard()
    log.trade("Before")
    capsys.readouterr()
    configure(handlers={"console": None})
    log.trade("After")

    assert flush(20)
    assert [entry.message for entry in read_log("logs/trades.log")] == ["After"]
    assert capsys.readouterr().err == ""


def test_a_message_that_cannot_be_shown_does_not_raise(unheard: Unheard, capsys: Any) -> None:
    """Arguments that do not fit are reported as `logging` reports them."""
    unheard().trade("%d", "x")

    assert "Logging error" in capsys.readouterr().err

"""Facts about plain loggers that become `MetaLogger`s while others use them."""

import logging
import sys
import threading
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from metaexpert.logger import MetaLogger, get_logger
from metaexpert.logger.capture.meta import adopt

if TYPE_CHECKING:
    from support.logs import Logs


class Watched(logging.Logger):
    """A logger that notes what it has at the moment when its class is replaced."""

    seen: dict[str, Any] | None = None

    def __setattr__(self, name: str, value: Any) -> None:
        if name == "__class__":
            self.__dict__["seen"] = dict(self.__dict__)
        super().__setattr__(name, value)


def test_a_logger_is_complete_before_it_shows_its_new_class(logs: "Logs") -> None:
    """Whoever finds a `MetaLogger` can log through it, also while another thread is just adopting it."""
    logger = Watched("watched")

    adopted = adopt(logger)

    assert isinstance(adopted, MetaLogger)
    assert logger.seen is not None
    assert {"_installed", "_cache"} <= set(logger.seen)
    assert logger.seen["_cache"] is logger.__dict__["_cache"]


def test_a_level_may_change_while_a_logger_is_adopted(logs: "Logs") -> None:
    """What tells a logger of a change of levels is there first, and finds nothing to do yet."""

    class Changing(logging.Logger):
        def __setattr__(self, name: str, value: Any) -> None:
            if name == "__class__":
                self.setLevel("ERROR")
                self.__dict__["_cache"].clear()
            super().__setattr__(name, value)

    logger = adopt(Changing("changing", "DEBUG"))

    assert logger.level == logging.ERROR


def test_threads_may_ask_for_the_same_new_logger(logs: "Logs", monkeypatch: pytest.MonkeyPatch) -> None:
    """However many threads are the first to ask for a logger, each of their records is there."""
    logs.configure()
    monkeypatch.setattr(logging, "_loggerClass", logging.Logger)
    names = [f"adopted.{n}" for n in range(200)]
    interval, failures = sys.getswitchinterval(), []
    begin = threading.Barrier(4)

    def ask() -> None:
        begin.wait()
        for name in names:
            try:
                get_logger(name).info("here", asked=name)
            except AttributeError as problem:
                failures.append(problem)

    threads = [threading.Thread(target=ask) for _ in range(4)]
    try:
        sys.setswitchinterval(1e-6)
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(interval)

    assert failures == []
    assert Counter(record["asked"] for record in logs.records()) == dict.fromkeys(names, 4)
    assert all(logs.is_fast(get_logger(name)) for name in names)

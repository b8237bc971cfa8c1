"""Facts about what a change of levels costs, counted in work done, and what it reaches."""

import logging
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

from metaexpert.logger import MetaLogger, configure, get_logger
from metaexpert.logger.capture.fast_path import FastPathLogger

if TYPE_CHECKING:
    from support.logs import Logs

MANY = 200


class CountingTable(dict[str, Any]):
    """The manager's table of loggers, which counts how often somebody walks over all of them."""

    walks = 0

    def values(self) -> Any:
        """Walk."""
        self.walks += 1
        return super().values()

    def walks_of(self, change: Callable[[], object]) -> int:
        """Return how many walks a change takes."""
        before = self.walks
        change()
        return self.walks - before


@pytest.fixture
def many(logs: "Logs") -> list[MetaLogger]:
    """Loggers that are all on the fast way."""
    logs.configure(default_level="INFO")
    loggers = [get_logger(f"many.{number}") for number in range(MANY)]
    for logger in loggers:
        logger.info("here")
    return loggers


@pytest.fixture
def table() -> Iterator[CountingTable]:
    """A table of loggers that counts, in the place of the manager's."""
    manager = logging.root.manager
    before = manager.loggerDict
    manager.loggerDict = counting = CountingTable(before)
    yield counting
    before.update(counting)
    manager.loggerDict = before


CHANGES: dict[str, Callable[[MetaLogger], object]] = {
    "setLevel": lambda log: log.setLevel("ERROR"),
    "level": lambda log: setattr(log, "level", logging.ERROR),
    "disable": lambda log: logging.disable(logging.INFO),
    "propagate": lambda log: setattr(log, "propagate", False),
    "disabled": lambda log: setattr(log, "disabled", True),
    "handlers": lambda log: setattr(log, "handlers", [logging.NullHandler()]),
    "configure": lambda log: configure(handlers={"file": {"backup_count": 3}}),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_takes_no_logger_but_its_own_off_the_fast_way(
    change: str, many: list[MetaLogger], logs: "Logs", monkeypatch: pytest.MonkeyPatch
) -> None:
    """Others find out with their next call, so a change costs the same however many loggers there are."""
    left: list[FastPathLogger] = []
    leave = FastPathLogger._leave_fast_path

    def noted(logger: FastPathLogger) -> None:
        left.append(logger)
        leave(logger)

    monkeypatch.setattr(FastPathLogger, "_leave_fast_path", noted)
    CHANGES[change](many[0])

    assert {logger for logger in left if logger.name.startswith("many.")} <= {many[0]}
    assert not any(map(logs.is_fast, many))


def test_a_logger_is_on_the_fast_way_again_with_its_next_call(many: list[MetaLogger], logs: "Logs") -> None:
    """One call of a logger that noticed nothing yet finds out, and puts in what serves the next ones."""
    many[0].setLevel("ERROR")
    before = len(logs.records())

    many[1].info("seen")

    assert logs.is_fast(many[1])
    assert not logs.is_fast(many[2])
    assert logs.messages()[before:] == ["seen"]


def test_many_levels_in_one_configuration_take_one_walk(many: list[MetaLogger], table: CountingTable) -> None:
    """Not one for each logger, which would be a square."""
    levels = {logger.name: ("ERROR", "DEBUG")[number % 2] for number, logger in enumerate(many)}

    assert table.walks_of(lambda: configure(loggers=levels)) == 1
    assert [logger.isEnabledFor(logging.INFO) for logger in many] == [False, True] * (MANY // 2)
    assert table.walks_of(lambda: configure(loggers=dict.fromkeys(levels))) == 1
    assert all(logger.level == logging.NOTSET for logger in many)


def test_a_level_takes_one_walk(many: list[MetaLogger], table: CountingTable) -> None:
    """`setLevel` walks over the table once, as in `logging`."""
    assert table.walks_of(lambda: many[0].setLevel("ERROR")) == 1
    assert table.walks_of(lambda: logging.disable(logging.INFO)) == 1


def test_new_loggers_between_known_ones_take_no_walk(logs: "Logs", table: CountingTable) -> None:
    """A logger whose children are there already becomes their parent, and their levels stay as they are."""
    logs.configure()
    children = [get_logger(f"late.{number}.child") for number in range(MANY)]

    def ask_for_parents() -> None:
        for number, child in enumerate(children):
            child.info("child")
            get_logger(f"late.{number}").info("parent")

    assert table.walks_of(ask_for_parents) == 0
    assert all(child.parent is get_logger(f"late.{n}") for n, child in enumerate(children))


def test_a_parent_with_another_level_counts_at_once(logs: "Logs") -> None:
    """Levels that were looked up before are looked up again, in loggers below as well."""
    logs.configure(default_level="DEBUG")
    strict, child = get_logger("strict"), get_logger("elsewhere.child")
    strict.setLevel("ERROR")
    assert child.isEnabledFor(logging.INFO)
    child.info("0")

    get_logger("elsewhere").parent = strict
    child.info("lost")

    assert not child.isEnabledFor(logging.INFO)
    assert logs.messages() == ["0"]


def test_a_plain_logger_follows_a_level_set_on_one_of_ours(logs: "Logs") -> None:
    """What `logging` remembers of a plain logger's levels is cleared as ever."""
    logs.configure(default_level="DEBUG")
    parent = get_logger("mixed")
    parent.info("0")
    plain = logging.getLogger("mixed.plain")
    assert plain.isEnabledFor(logging.DEBUG)

    parent.setLevel("WARNING")

    assert not plain.isEnabledFor(logging.DEBUG)
    logging.disable(logging.WARNING)
    assert not plain.isEnabledFor(logging.WARNING)


def test_a_bound_logger_follows_its_unbound_logger_until_it_has_a_level_of_its_own(logs: "Logs") -> None:
    """What is remembered of its levels is its unbound logger's, and its own from then on."""
    logs.configure(default_level="INFO")
    unbound = logs.logger
    bound = unbound.bind(order_id=1)
    assert bound.isEnabledFor(logging.INFO)
    unbound.setLevel("ERROR")
    assert not bound.isEnabledFor(logging.INFO)

    bound.setLevel("DEBUG")
    assert (bound.isEnabledFor(logging.DEBUG), unbound.isEnabledFor(logging.DEBUG)) == (True, False)
    bound.debug("own")
    unbound.debug("lost")
    bound.setLevel(logging.NOTSET)
    bound.debug("lost")
    logging.disable(logging.ERROR)
    bound.error("lost")

    assert logs.messages() == ["own"]
    unbound.setLevel(logging.NOTSET)


def test_a_level_that_is_none_is_refused_and_changes_nothing(logs: "Logs") -> None:
    """As in `logging`; a level set later counts."""
    logs.configure()
    log = logs.logger
    with pytest.raises(ValueError, match="Unknown level"):
        log.setLevel("LOUD")
    log.level = logging.ERROR

    assert not log.isEnabledFor(logging.INFO)
    log.setLevel(logging.NOTSET)

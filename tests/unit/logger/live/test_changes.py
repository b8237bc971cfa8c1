"""Facts about changes at run time and their end."""

from typing import TYPE_CHECKING

import pytest

from metaexpert.logger import ConfigurationError, configuration, shutdown
from metaexpert.logger.live import changes
from metaexpert.logger.live.changes import change
from support.control_harness import eventually

if TYPE_CHECKING:
    from support.logs import Logs


def test_a_change_says_what_it_did(live: "Logs") -> None:
    """In words, with each setting, and for how long."""
    assert change({"default_level": "INFO"}) == 'logging was reconfigured: default_level = "INFO"'
    assert change({"include": ["caller"], "ttl_seconds": 60}).startswith(
        "logging was reconfigured for 60 s: "
    )


def test_a_large_change_is_told_in_short(live: "Logs") -> None:
    """The answer names the first settings and counts the others; the log has all of them."""
    answer = change({"loggers": {f"a{number}": "INFO" for number in range(50)}})

    assert answer.endswith(" and 30 more")
    assert len(live.last()["changes"]) == 50


def test_passwords_in_addresses_are_not_told(live: "Logs") -> None:
    """What stands before the `@` of a URL is masked in answers and records."""
    assert changes.described({"handlers": {"n": {"url": "tcp://me:s3cret@host:1"}}}) == [
        'handlers.n.url = "tcp://**********@host:1"'
    ]


def test_overlapping_temporary_changes_end_each_in_its_time(live: "Logs") -> None:
    """The earlier one that lasts longer is in force again when the later one ends."""
    change({"default_level": "ERROR", "ttl_seconds": 600})
    change({"default_level": "CRITICAL", "ttl_seconds": 0.2})
    assert configuration().default_level == "CRITICAL"

    eventually(lambda: configuration().default_level != "CRITICAL", "the later one has ended")
    assert configuration().default_level == "ERROR"


def test_temporary_changes_are_bounded(live: "Logs", monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond the bound one is refused; one that stays is still taken."""
    monkeypatch.setattr(changes, "MAX_TEMPORARY", 2)
    for _ in range(2):
        change({"default_level": "ERROR", "ttl_seconds": 600})

    with pytest.raises(ConfigurationError, match="2 temporary changes are in force already"):
        change({"default_level": "INFO", "ttl_seconds": 600})
    change({"default_level": "INFO"})
    assert configuration().default_level == "INFO"


def test_a_refused_temporary_change_does_not_count(live: "Logs") -> None:
    """Only what was put in force is taken back later."""
    with pytest.raises(ConfigurationError):
        change({"default_level": "DEBGU", "ttl_seconds": 600})

    assert changes._temporary.count() == 0


def test_a_shutdown_ends_temporary_changes(live: "Logs") -> None:
    """What logs after it finds the state before them, and no thread starts the system again."""
    change({"default_level": "ERROR", "ttl_seconds": 600})

    assert shutdown(10)

    assert configuration().default_level == "DEBUG"
    assert changes._temporary.count() == 0


def test_the_end_of_a_change_is_on_record(live: "Logs") -> None:
    """As one record of its own, made when the state before holds again."""
    change({"include": ["run_id"], "ttl_seconds": 0.1})

    eventually(lambda: live.last().get("event_name") == "log.restored", "its end is on record")
    assert configuration().include == ()
    told = [record["event_name"] for record in live.records() if record.get("event_name")]
    assert told == ["log.reconfigured", "log.restored"]

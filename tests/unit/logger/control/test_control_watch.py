"""Facts about configuration files that change while the process runs."""

import logging
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from control_harness import eventually
from metaexpert.logger import configuration, configure, flush
from metaexpert.logger.control import watch

if TYPE_CHECKING:
    from conftest import Logs


@pytest.fixture
def watched(live: "Logs", monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Path]:
    """A `metaexpert.toml` that has a part in the configuration, looked at often."""
    monkeypatch.setattr(watch, "POLL_SECONDS", 0.02)
    before = signal.getsignal(signal.SIGHUP)
    file = tmp_path / "metaexpert.toml"
    write(file, 'loggers = { "bot.a" = "ERROR" }\n')
    configure()
    yield file
    watch.stop()
    eventually(lambda: watch._watch.thread is None, "the watching has ended")
    watch._watch.has_signal = False
    signal.signal(signal.SIGHUP, before)


def write(file: Path, text: str) -> None:
    """Replace a file in one step, as editors do."""
    part = file.with_suffix(".part")
    part.write_text(text)
    part.replace(file)


def level() -> int:
    """Return the level that the file sets."""
    return logging.getLogger("bot.a").level


def test_a_changed_file_is_read_again(watched: Path) -> None:
    """With nobody asking for it, and the origin of its values is still the file."""
    assert level() == logging.ERROR
    write(watched, 'loggers = { "bot.a" = "WARNING" }\n')

    eventually(lambda: level() == logging.WARNING, "the change holds")
    assert configuration().origin("loggers.bot.a") == "metaexpert.toml"


def test_a_file_written_in_place_is_noticed(watched: Path) -> None:
    """A file that is truncated and written is read when it is complete."""
    with watched.open("w") as file:
        file.write('loggers = { "bot.a" = "CRITICAL" }\n')

    eventually(lambda: level() == logging.CRITICAL, "the change holds")
    assert configuration().origin("loggers.bot.a") == "metaexpert.toml"


@pytest.mark.parametrize("text", ["loggers = {", 'loggers = { "bot.a" = "WARNIGN" }\n', 'unknown = "x"\n'])
def test_a_bad_file_is_reported_and_ignored(text: str, watched: Path, live: "Logs") -> None:
    """The old configuration stays; an ERROR record and `logging_errors.log` tell why; a good one is taken."""
    before = configuration()
    write(watched, text)

    errors = live.directory / "logging_errors.log"
    eventually(
        lambda: errors.is_file() and "metaexpert.toml" in errors.read_text(), "the problem is reported"
    )
    assert configuration() is before
    (record,) = live.records("errors.log")
    assert (record["level"], record["event_name"]) == ("ERROR", "log.reload_failed")

    write(watched, 'loggers = { "bot.a" = "WARNING" }\n')
    eventually(lambda: level() == logging.WARNING, "the good file holds")


def test_a_file_that_is_gone_keeps_what_it_said(watched: Path, live: "Logs") -> None:
    """Deleting is reported and changes nothing: it may be half of a replacement."""
    watched.unlink()

    eventually(lambda: flush() and (live.directory / "errors.log").exists(), "it is reported")
    assert level() == logging.ERROR


def test_a_file_given_in_code_is_watched(watched: Path, tmp_path: Path) -> None:
    """It is read again where it was, and code's own settings still win over it."""
    own = tmp_path / "own.toml"
    write(own, 'loggers = { "bot.b" = "ERROR" }\ninclude = ["run_id"]\n')
    configure(own, include=["caller"])
    write(own, 'loggers = { "bot.b" = "WARNING" }\ninclude = ["process_id"]\n')

    eventually(lambda: logging.getLogger("bot.b").level == logging.WARNING, "the change holds")
    assert configuration().include == ("caller",)


def test_a_hangup_reads_the_files_again(watched: Path, tmp_path: Path) -> None:
    """Also what the watching does not look at, such as a file that was not there."""
    (tmp_path / ".env").write_text("METAEXPERT_LOG__INCLUDE=run_id\n")
    assert configuration().include == ()

    os.kill(os.getpid(), signal.SIGHUP)

    eventually(lambda: configuration().include != (), "the files are read")
    assert configuration().include == ("run_id",)
    assert configuration().origin("include").startswith(".env")


def test_a_hangup_handler_of_the_programs_own_goes_on(
    watched: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """One that was there is called as well."""
    heard: list[int] = []
    watch._watch.has_signal = False
    signal.signal(signal.SIGHUP, lambda number, frame: heard.append(number))
    configure()
    (tmp_path / ".env").write_text("METAEXPERT_LOG__INCLUDE=run_id\n")

    os.kill(os.getpid(), signal.SIGHUP)

    eventually(lambda: configuration().include == ("run_id",), "the files were read")
    assert heard == [signal.SIGHUP]


def test_watching_can_be_switched_off(watched: Path) -> None:
    """`watch = false` in the file itself ends it."""
    write(watched, "watch = false\n")

    eventually(lambda: watch._watch.thread is None, "the watching has ended")
    assert configuration().watch is False


def test_without_files_nothing_is_watched(live: "Logs") -> None:
    """No thread and no signal handler where no file has a part in the configuration."""
    before: Any = signal.getsignal(signal.SIGHUP)
    configure(default_level="INFO")

    assert watch._watch.thread is None
    assert signal.getsignal(signal.SIGHUP) is before

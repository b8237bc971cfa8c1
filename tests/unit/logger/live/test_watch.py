"""Facts about configuration files that change while the process runs."""

import logging
import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from metaexpert.logger import configuration, configure, flush, shutdown
from metaexpert.logger.config import files
from metaexpert.logger.control import lifecycle
from metaexpert.logger.live import periodic, watch
from metaexpert.logger.shared import native
from support.control_harness import eventually

if TYPE_CHECKING:
    from support.logs import Logs


@pytest.fixture
def watched(live: "Logs", monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Path]:
    """A `metaexpert.toml` that has a part in the configuration, looked at often."""
    monkeypatch.setattr(watch, "POLL_SECONDS", 0.02)
    before = signal.getsignal(signal.SIGHUP)
    file = tmp_path / "metaexpert.toml"
    write(file, 'loggers = { "bot.a" = "ERROR" }\n')
    configure()
    yield file
    shutdown(20)
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


def become_pipe(file: Path) -> None:  # noqa: D103
    os.mkfifo(part := file.with_suffix(".part"))
    part.replace(file)


def become_device(file: Path) -> None:  # noqa: D103
    file.unlink()
    file.symlink_to("/dev/zero")


def become_directory(file: Path) -> None:  # noqa: D103
    file.unlink()
    file.mkdir()


def become_socket(file: Path) -> None:  # noqa: D103
    file.unlink()
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(file))


def become_huge(file: Path) -> None:  # noqa: D103
    with file.open("wb") as huge:
        huge.truncate(2**40)


def become_unreadable_numbers(file: Path) -> None:  # noqa: D103
    write(file, f"x = {'1' * 5000}\n")


def become_deep(file: Path) -> None:  # noqa: D103
    write(file, "x = " + "[" * 100_000 + "]" * 100_000)


def become_a_deep_key(file: Path) -> None:  # noqa: D103
    write(file, "a." * 100_000 + "a = 1\n")


@pytest.mark.parametrize(
    "become",
    [
        become_pipe,
        become_device,
        become_directory,
        become_socket,
        become_huge,
        become_unreadable_numbers,
        become_deep,
        become_a_deep_key,
    ],
)
@pytest.mark.parametrize("name", ["metaexpert.toml", "own.toml", ".env", "pyproject.toml"])
def test_a_file_that_is_none_any_more_is_reported_once_and_watched_on(
    become: Callable[[Path], None], name: str, watched: Path, live: "Logs"
) -> None:
    """Whatever it has become: what it said stays in force, and a later good file is taken."""
    file = watched.with_name(name)
    texts = {
        ".env": 'METAEXPERT_LOG__LOGGERS={"bot.a": "%s"}\n',
        "pyproject.toml": '[tool.metaexpert.log.loggers]\n"bot.a" = "%s"\n',
    }
    text = texts.get(name, 'loggers = { "bot.a" = "%s" }\n')
    if name == ".env" and become in (become_deep, become_a_deep_key, become_unreadable_numbers):
        pytest.skip("what is no assignment is passed over by python-dotenv")
    if name != watched.name:
        watched.unlink()
        write(file, text % "ERROR")
        configure(*([file] if name == "own.toml" else []))
    before = configuration()
    become(file)

    def told() -> list[str]:
        # Between two of its forms it may be seen to be gone.
        problems = [record["problem"] for record in live.records("errors.log")]
        return [problem for problem in problems if name in problem and "is gone" not in problem]

    eventually(lambda: told() != [], "the problem is reported")
    looks = watch._watch.looks
    eventually(lambda: watch._watch.looks > looks + 5, "it is watched on")
    assert configuration() is before
    assert len(told()) == 1

    if file.is_dir():
        file.rmdir()
    else:
        file.unlink()
    write(file, text % "WARNING")
    eventually(lambda: level() == logging.WARNING, "the good file holds")


def test_what_nobody_thought_of_does_not_end_the_watching(
    watched: Path, live: "Logs", monkeypatch: pytest.MonkeyPatch
) -> None:
    """Any exception while files are read is reported like a bad file."""

    def fail(*_: object) -> None:
        raise MemoryError("no memory left")

    with monkeypatch.context() as patched:
        patched.setattr("metaexpert.logger.config.sources.read_toml", fail)
        write(watched, 'loggers = { "bot.a" = "CRITICAL" }\n')
        eventually(
            lambda: any("MemoryError" in str(record) for record in live.records("errors.log")), "it is told"
        )

    write(watched, 'loggers = { "bot.a" = "WARNING" }\n')
    eventually(lambda: level() == logging.WARNING, "the good file holds")
    assert sum("MemoryError" in str(record) for record in live.records("errors.log")) == 1


@pytest.mark.parametrize("text", ["control = { port = 0 }\nstats_interval_seconds = 1\n", "no configuration"])
@pytest.mark.parametrize("timeout", [20, 0], ids=["waits for it", "does not wait"])
def test_a_shutdown_ends_the_watching_while_a_file_is_read(
    timeout: int, text: str, watched: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is read, or has been, starts nothing again."""
    is_reading, may_end = threading.Event(), threading.Event()
    read = files.read_toml

    def read_slowly(*arguments: Any) -> Any:
        is_reading.set()
        assert may_end.wait(20)
        return read(*arguments)

    monkeypatch.setattr("metaexpert.logger.config.sources.read_toml", read_slowly)
    write(watched, text)
    assert is_reading.wait(20)
    ending = threading.Thread(target=shutdown, args=(timeout,))
    ending.start()
    if not timeout:
        ending.join(20)
    may_end.set()
    ending.join(20)

    eventually(lambda: watch._watch.thread is None, "the watching has ended")
    assert lifecycle._control.server is None
    assert periodic._reporter.thread is None
    assert not native.is_running()
    write(watched, "")
    configure()
    assert watch._watch.thread is not None


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


def test_a_hangup_handler_that_is_there_still_is_not_called_by_itself(watched: Path, tmp_path: Path) -> None:
    """Taking the signal once more changes nothing."""
    watch._watch.has_signal = False
    configure()
    (tmp_path / ".env").write_text("METAEXPERT_LOG__INCLUDE=run_id\n")

    os.kill(os.getpid(), signal.SIGHUP)

    eventually(lambda: configuration().include == ("run_id",), "the files are read")
    assert watch._watch.before is not signal.getsignal(signal.SIGHUP)


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

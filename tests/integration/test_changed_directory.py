"""Logs stay where they were configured, whatever happens to the current directory."""

import json
import logging
import multiprocessing
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from metaexpert.logger import (
    ConfigurationError,
    LogConfiguration,
    configuration,
    configure,
    flush,
    get_logger,
    setup_logger,
)
from metaexpert.logger.config import log_directory
from metaexpert.logger.control import lifecycle
from metaexpert.logger.live import changes, watch
from support.control_harness import Client, eventually, serving
from support.strict_records import read_records

if TYPE_CHECKING:
    from support.processes import Outcome

pytest_plugins = ()

CHANGES: dict[str, Callable[[], object]] = {
    "a level": lambda: configure(default_level="WARNING"),
    "an option of a handler": lambda: configure(handlers={"file": {"backup_count": 3}}),
    "another file": lambda: configure(handlers={"extra": {"type": "file"}}),
    "what is in force": lambda: configure(configuration()),
    "the environment": lambda: (os.environ.update(METAEXPERT_LOG__INCLUDE="run_id"), configure()),
    "a run-time change": lambda: changes.change({"handlers": {"file": {"backup_count": 4}}}),
    "a temporary change": lambda: (
        changes.change({"handlers": {"file": {"backup_count": 5}}, "ttl_seconds": 600}),
        changes.stop(),
    ),
    "a reload": lambda: watch.reload("a test"),
    "a logger asked for": lambda: setup_logger("other"),
}


@pytest.fixture
def home(fresh_logging: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The directory in which the process is configured, and `elsewhere` in it."""
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    yield tmp_path
    changes.stop()
    lifecycle.stop()
    watch.stop()
    os.environ.pop("METAEXPERT_LOG__INCLUDE", None)


def messages(file: Path) -> list[str]:
    """Return the messages in a file once all are written."""
    assert flush(20)
    own = (record for record in read_records(file) if record["module"] == "bot")
    return [record["message"] for record in own]


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_that_names_no_directory_moves_no_file(
    change: str, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The log directory and all paths relative to it stay, however logging is changed."""
    configure(log_file_path="logs", handlers={"console": None, "file": {"filename": "sub/all.log"}})
    get_logger("bot").error("before")
    monkeypatch.chdir("elsewhere")

    CHANGES[change]()
    get_logger("bot").error("after")

    assert messages(home / "logs" / "sub" / "all.log") == ["before", "after"]
    assert list((home / "elsewhere").iterdir()) == []
    assert configuration().log_file_path == "logs"
    assert log_directory(configuration()) == str(home / "logs")


@pytest.mark.parametrize("name", ["metaexpert.toml", "pyproject.toml", ".env"])
def test_a_file_of_the_project_counts_where_it_was_found(
    name: str, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It counts after a `chdir`, its changes are seen, and a file in the new directory does not count."""

    def write(directory: Path, level: str) -> None:
        table = "[tool.metaexpert.log]\n" if name == "pyproject.toml" else ""
        text = f'{table}log_file_path = "from_file"\ndefault_level = "{level}"\n'
        if name == ".env":
            text = f"METAEXPERT_LOG__LOG_FILE_PATH=from_file\nMETAEXPERT_LOG__DEFAULT_LEVEL={level}\n"
        (directory / name).write_text(text)

    monkeypatch.setattr(watch, "POLL_SECONDS", 0.02)
    write(home, "ERROR")
    configure(handlers={"console": None})
    monkeypatch.chdir("elsewhere")
    write(home / "elsewhere", "DEBUG")

    configure(include=["run_id"])
    assert configuration().default_level == "ERROR"
    write(home, "WARNING")
    eventually(lambda: configuration().default_level == "WARNING", "the change of the file holds")
    get_logger("bot").error("here")

    assert messages(home / "from_file" / "expert.log") == ["here"]


def test_a_file_given_in_code_keeps_where_its_paths_lead(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also a path that only a later version of it names."""
    (home / "own.toml").write_text('log_file_path = "one"\nhandlers.console = false\n')
    configure("own.toml")
    monkeypatch.chdir("elsewhere")
    (home / "own.toml").write_text('log_file_path = "two"\nhandlers.console = false\n')

    assert watch.reload("a test")

    assert log_directory(configuration()) == str(home / "two")


def test_a_directory_named_later_leads_from_where_it_is_named(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A path in a setting is resolved when it is given."""
    configure(log_file_path="logs", handlers={"console": None})
    monkeypatch.chdir("elsewhere")

    configure(log_file_path="logs")

    assert log_directory(configuration()) == str(home / "elsewhere" / "logs")


def test_a_user_s_home_is_settled_too(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`~` means what it meant when it was given."""
    monkeypatch.setenv("HOME", str(home / "one"))
    configure(log_file_path="~/logs", handlers={"console": None, "file": {"filename": "~/all.log"}})
    monkeypatch.setenv("HOME", str(home / "two"))

    configure(include=["run_id"])
    get_logger("bot").error("here")

    assert messages(home / "one" / "all.log") == ["here"]
    assert log_directory(configuration()) == str(home / "one" / "logs")


def test_http_names_paths_from_where_the_program_was_configured(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A request's paths start at the program's directory, not at its current one; `control.directories` stay
    as well.
    """
    allowed = {"directories": ["logs", "more"]}
    configure(log_file_path="logs", handlers={"console": None}, control=allowed)
    monkeypatch.chdir("elsewhere")
    server = lifecycle._control.server
    assert server is not None

    client = Client(server)
    assert client.post({"log_file_path": "more"}).status == 200
    assert log_directory(configuration()) == str(home / "more")
    assert client.post({"log_file_path": "elsewhere"}).status == 400
    assert client.post({"log_file_path": None}).status == 200
    client.connection.close()

    assert log_directory(configuration()) == str(home / "logs")


def test_a_default_directory_is_settled_with_the_first_configuration(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A directory stays even if no setting names it."""
    configure(handlers={"console": None})
    monkeypatch.chdir("elsewhere")
    with serving() as client:
        assert client.post({"handlers": {"file": {"backup_count": 3}}}).status == 200

    assert log_directory(configuration()) == str(home / "logs")


def test_a_dictconfig_of_the_environment_is_applied_where_it_was_found(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`LOG_CONFIG` and the files in its document lead from there, for every later `setup_logger`."""
    document = {
        "version": 1,
        "disable_existing_loggers": False,
        "handlers": {"file": {"class": "logging.FileHandler", "filename": "own/plain.log"}},
        "root": {"level": "INFO", "handlers": ["file"]},
    }
    (home / "log.json").write_text(json.dumps(document))
    monkeypatch.setenv("LOG_CONFIG", "log.json")
    setup_logger("bot").info("before")
    monkeypatch.chdir("elsewhere")

    setup_logger("bot").info("after")
    logging.shutdown()

    assert (home / "own" / "plain.log").read_text() == "before\nafter\n"
    assert list((home / "elsewhere").iterdir()) == []


def log_in_a_worker(configured: LogConfiguration | None, directory: str) -> None:
    """Log in a process of its own, from another directory."""
    os.chdir(directory)
    if configured is not None:
        configure(configured)
    else:
        configure(include=["process_id"])
    get_logger("bot").error("in the worker")


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_a_worker_logs_where_its_parent_does(
    method: str, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A forked one by itself, any other with the parent's configuration handed over."""
    configure(log_file_path="logs", handlers={"console": None})
    get_logger("bot").error("in the parent")
    assert flush(20)
    monkeypatch.chdir("elsewhere")
    configured = None if method == "fork" else configuration()

    context = multiprocessing.get_context(method)
    worker = context.Process(target=log_in_a_worker, args=(configured, str(home / "elsewhere")))
    worker.start()
    worker.join(60)

    assert worker.exitcode == 0
    found = [record for file in (home / "logs").glob("expert*.log") for record in read_records(file)]
    assert sorted(record["message"] for record in found) == ["in the parent", "in the worker"]
    assert list((home / "elsewhere").iterdir()) == []


def test_a_directory_that_is_gone_does_not_matter_for_absolute_paths(
    run_python: Callable[..., "Outcome"],
) -> None:
    """Configuring, changing and recovering go on; a relative path says what to do."""
    outcome = run_python(
        """
        import os
        from metaexpert.logger import ConfigurationError, configure, flush, get_logger, serve, setup_logger
        from metaexpert.logger.live import changes
        from metaexpert.logger.process.recovery import recover

        logs = os.path.abspath("logs")
        os.mkdir("gone")
        os.chdir("gone")
        os.rmdir("../gone")
        try:
            configure(handlers={"console": None})
        except ConfigurationError as error:
            print(error)
        configure(log_file_path=logs, handlers={"console": None})
        log = setup_logger("bot")
        log.info("one")
        configure(include=["run_id"])
        changes.change({"handlers": {"file": {"backup_count": 3}}})
        serve().stop()
        log.info("two")
        print(flush(20), recover(logs).ok)
        """
    )
    refused, done = outcome.stdout.splitlines()
    assert refused.startswith('log_file_path must be an absolute path here, was "logs"; ')
    assert done == "True True"
    messages = [record["message"] for record in outcome.records() if record["module"] == "bot"]
    assert messages == ["one", "two"]


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is closed to root")
def test_a_directory_that_cannot_be_searched_is_asked_for_nothing(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Absolute paths do not need it; a relative one is refused with its reason."""
    closed = home / "closed"
    closed.mkdir()
    monkeypatch.chdir(closed)
    closed.chmod(0)
    try:
        configure(log_file_path=str(home / "logs"), handlers={"console": None})
        get_logger("bot").error("here")
        with pytest.raises(ConfigurationError, match="Permission denied"):
            configure(log_file_path="relative")
    finally:
        closed.chmod(0o700)

    assert messages(home / "logs" / "expert.log") == ["here"]

"""FR-009: `setup_logger`, `get_logger`, the `LOG_*` environment and the dictConfig file work as they did."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from support.processes import Outcome

Run = Callable[..., "Outcome"]


def test_setup_logger_writes_to_console_and_file_once(run_python: Run) -> None:
    """The default logger is `MetaExpert`; calling again, for it or for others, never doubles output."""
    outcome = run_python("""
        import logging
        from metaexpert.logger import get_logger, setup_logger
        log = setup_logger()
        print(log.name, log is logging.getLogger("MetaExpert"), isinstance(log, logging.Logger), flush=True)
        for _ in range(3):
            setup_logger()
            setup_logger("strategy", "DEBUG")
        setup_logger().info("once")
        get_logger("strategy").debug("debug once")
        get_logger("other").debug("not at all")
    """)

    first, *lines = outcome.stdout.splitlines()
    assert first == "MetaExpert True True"
    assert [line.split()[-1] for line in lines] == ["once"]
    assert outcome.messages() == ["once", "debug once"]


def test_the_level_argument_is_checked_and_concerns_its_logger(run_python: Run) -> None:
    """`level` sets the named logger's level in any case; an unknown one is an error that says so."""
    outcome = run_python("""
        from metaexpert.logger import ConfigurationError, get_logger, setup_logger
        setup_logger("quiet", "error")
        get_logger("quiet").info("lost")
        get_logger("quiet").error("kept")
        get_logger("other").info("kept too")
        try:
            setup_logger("bad", "LOUD")
        except ConfigurationError as error:
            print("refused:", error)
    """)

    assert outcome.messages() == ["kept", "kept too"]
    assert "refused: " in outcome.stdout
    assert "LOUD" in outcome.stdout


def test_the_legacy_environment_is_obeyed(run_python: Run) -> None:
    """LOG_LEVEL, LOG_FORMAT and LOG_FILE do what they did, from the environment and from `.env`."""
    script = """
        from metaexpert.logger import setup_logger
        log = setup_logger()
        log.info("lost")
        log.warning("kept %d", 1)
    """
    given = {
        "LOG_LEVEL": "WARNING",
        "LOG_FORMAT": "%(levelname)s/%(name)s/%(message)s",
        "LOG_FILE": "old.log",
    }

    outcome = run_python(script, env=given)
    assert outcome.stdout == "WARNING/MetaExpert/kept 1\n"
    assert (outcome.directory / "logs/old.log").read_text() == "WARNING/MetaExpert/kept 1\n"

    lines = "".join(f"{name}={value}\n" for name, value in given.items())
    (outcome.directory / ".env").write_text(lines)
    assert run_python(script).stdout == "WARNING/MetaExpert/kept 1\n"


def test_empty_variables_mean_the_default(run_python: Run) -> None:
    """A variable that is set to nothing counts as not set."""
    names = ("LOG_LEVEL", "LOG_FORMAT", "LOG_CONFIG", "LOG_FILE", "LOG_MAX_SIZE", "LOG_BACKUP_COUNT")
    outcome = run_python(
        "from metaexpert.logger import setup_logger\nsetup_logger().info('m')", env=dict.fromkeys(names, "")
    )

    assert outcome.messages() == ["m"]


def test_size_and_count_rotate_the_file(run_python: Run) -> None:
    """LOG_MAX_SIZE bounds each file, LOG_BACKUP_COUNT their number; no line is lost at a boundary."""
    outcome = run_python(
        """
        from metaexpert.logger import setup_logger
        log = setup_logger()
        for n in range(300):
            log.info("m", n=n)
        """,
        env={"LOG_MAX_SIZE": "4096", "LOG_BACKUP_COUNT": "50"},
    )

    files = sorted((outcome.directory / "logs").glob("expert.log*"), key=lambda path: path.stat().st_mtime_ns)
    assert len(files) > 3
    assert all(path.stat().st_size <= 4096 for path in files)
    numbers = [json.loads(line)["n"] for path in files for line in path.read_text().splitlines()]
    assert sorted(numbers) == list(range(300))


def test_a_bad_legacy_variable_is_named(run_python: Run) -> None:
    """A value that can't be used is an error naming the variable."""
    for name, value in (("LOG_LEVEL", "LOUD"), ("LOG_MAX_SIZE", "big"), ("LOG_BACKUP_COUNT", "-1")):
        outcome = run_python(
            """
            from metaexpert.logger import ConfigurationError, setup_logger
            try:
                setup_logger()
            except ConfigurationError as error:
                print(error)
            """,
            env={name: value},
        )
        assert name in outcome.stdout


def dictconfig(path: Path, **root: object) -> None:
    """Write a dictConfig document as they are found in the wild."""
    document = {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"plain": {"format": "%(levelname)s|%(name)s|%(message)s"}},
        "handlers": {
            "console": {
                "class": "logging.StreamHandler",
                "level": "INFO",
                "formatter": "plain",
                "stream": "ext://sys.stdout",
            },
            "file": {"class": "logging.FileHandler", "formatter": "plain", "filename": "legacy.log"},
        },
        "loggers": {"MetaExpert": {"level": "DEBUG", "handlers": ["console", "file"], "propagate": "no"}},
        "root": {"level": "WARNING", "handlers": ["console"], **root},
    }
    path.write_text(json.dumps(document))


def test_a_dictconfig_file_is_applied(run_python: Run, tmp_path: Path) -> None:
    """The file that LOG_CONFIG names decides, `"propagate": "no"` included; a second call changes nothing."""
    dictconfig(tmp_path / "logging.json")
    outcome = run_python(
        """
        import logging
        from metaexpert.logger import setup_logger
        log = setup_logger()
        setup_logger()
        log.debug("to the file")
        log.info("to both", price=1)
        logging.getLogger("other").info("lost")
        logging.getLogger("other").warning("of root")
        """,
        env={"LOG_CONFIG": "logging.json"},
    )

    assert outcome.stdout.splitlines() == ["INFO|MetaExpert|to both", "WARNING|other|of root"]
    text = (tmp_path / "legacy.log").read_text()
    assert text.splitlines() == ["DEBUG|MetaExpert|to the file", "INFO|MetaExpert|to both"]


def test_a_missing_dictconfig_file_means_the_default(run_python: Run) -> None:
    """LOG_CONFIG naming no file leaves the usual console and file."""
    outcome = run_python(
        "from metaexpert.logger import setup_logger\nsetup_logger().info('m')",
        env={"LOG_CONFIG": "none.json"},
    )

    assert outcome.messages() == ["m"]
    assert outcome.stdout.count("\n") == 1


def test_a_bad_dictconfig_file_is_an_error(run_python: Run, tmp_path: Path) -> None:
    """A document that `logging` refuses, or that is no JSON, is a ConfigurationError that says why."""
    script = """
        from metaexpert.logger import ConfigurationError, setup_logger
        try:
            setup_logger()
        except ConfigurationError as error:
            print("refused:", error)
    """
    dictconfig(tmp_path / "logging.json", handlers=["no_such_handler"])
    assert "no_such_handler" in run_python(script, env={"LOG_CONFIG": "logging.json"}).stdout
    (tmp_path / "logging.json").write_text("{not json")
    assert "logging.json" in run_python(script, env={"LOG_CONFIG": "logging.json"}).stdout


def test_code_in_the_wild_keeps_working(run_python: Run) -> None:
    """Plain `getLogger(__name__)`, `extra=`, adapters, `exception()` and own handlers: all arrive."""
    outcome = run_python("""
        import io, logging, logging.handlers
        from metaexpert.logger import setup_logger
        setup_logger()
        log = logging.getLogger(__name__)
        log.info("with %s", "arguments", extra={"symbol": "BTC"})
        logging.LoggerAdapter(log, {"strategy": 3}).warning("adapted")
        try:
            int("x")
        except ValueError:
            log.exception("failed")
        logging.info("module level")
        stream = io.StringIO()
        log.addHandler(logging.StreamHandler(stream))
        log.error("to both")
        assert stream.getvalue() == "to both\\n"
        assert len(logging.getLogger().handlers) == 1
    """)

    records = outcome.records()
    assert [r["message"] for r in records] == [
        *("with arguments", "adapted", "failed", "module level", "to both"),
    ]
    assert (records[0]["symbol"], records[1]["strategy"], records[3]["module"]) == ("BTC", 3, "root")
    assert records[2]["exception"]["type"] == "ValueError"

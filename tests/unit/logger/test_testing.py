"""Facts about `capture_logs` and `reset`, the help for users' own tests."""

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from metaexpert.logger import get_logger, log_context
from metaexpert.logger.testing import capture_logs

if TYPE_CHECKING:
    from support.logs import Logs
    from support.processes import Outcome

    Run = Callable[..., Outcome]


def test_records_are_captured_without_configuration(fresh_logging: None) -> None:
    """Nothing has to be configured; records of both kinds of loggers come as dictionaries, in order."""
    log = get_logger("bot")
    with capture_logs() as records:
        with log_context(task="t"):
            log.bind(strategy=7).info("filled %s", "BTC", price=1.5)
            logging.getLogger("plain").debug("plain", extra={"a": 1})
        log.trade("sold")
    log.info("not captured")

    assert records == [
        {"level": "INFO", "module": "bot", "message": "filled BTC", "task": "t", "strategy": 7, "price": 1.5},
        {"level": "DEBUG", "module": "plain", "message": "plain", "task": "t", "a": 1},
        {"level": "INFO", "module": "bot", "message": "sold", "category": "trade"},
    ]


def test_records_still_go_where_they_go(logs: "Logs") -> None:
    """The file has what it would have without the capture, and the fast way is open again afterwards."""
    logs.configure()
    logs.logger.info("before")
    with capture_logs() as records:
        logs.logger.info("inside", price=1)
    logs.logger.info("after")

    assert [record["message"] for record in records] == ["inside"]
    assert logs.messages() == ["before", "inside", "after"]
    assert logs.is_fast()


def test_a_level_can_be_asked_for(fresh_logging: None) -> None:
    """Only records from the level on are captured, and the root's level is as before afterwards."""
    level = logging.root.level
    with capture_logs("WARNING") as records:
        get_logger("bot").info("lost")
        get_logger("bot").warning("kept")

    assert [record["message"] for record in records] == ["kept"]
    assert logging.root.level == level


def test_an_exception_ends_the_capture(fresh_logging: None) -> None:
    """A test that fails inside the block leaves no handler behind."""
    handlers = logging.root.handlers[:]
    with pytest.raises(AssertionError, match="failed"), capture_logs():
        raise AssertionError("failed")

    assert logging.root.handlers == handlers


def test_exceptions_and_colliding_fields_are_shown(fresh_logging: None) -> None:
    """An exception has type, message and stacktrace; a field named like a member gets an underscore."""
    with capture_logs() as records:
        try:
            raise ValueError("bad")
        except ValueError:
            get_logger("bot").exception("failed", level="mine", module=1)

    (record,) = records
    assert (record["exception"]["type"], record["exception"]["message"]) == ("ValueError", "bad")
    assert "Traceback" in record["exception"]["stacktrace"]
    assert (record["level"], record["level_"], record["module_"]) == ("ERROR", "mine", 1)


def test_what_was_silent_before_is_captured(logs: "Logs") -> None:
    """A level that is off otherwise is captured, and off again afterwards."""
    logs.configure(default_level="ERROR")
    logs.logger.debug("lost")
    with capture_logs() as records:
        logs.logger.debug("kept")
    logs.logger.debug("lost again")

    assert [record["message"] for record in records] == ["kept"]
    assert "lost again" not in logs.messages()


def test_reset_puts_logging_back_to_a_fresh_import(run_python: "Run") -> None:
    """Nothing is configured, served or watched, and no setting of before is left in what comes next."""
    done = run_python(
        """
    import logging, threading
    from pathlib import Path
    from metaexpert.logger import configuration, configure, get_logger, serve, stats
    from metaexpert.logger.live import changes
    from metaexpert.logger.testing import reset

    def state():
        return (
            [type(each).__name__ for each in logging.root.handlers],
            logging.root.level,
            logging.getLogger("noisy").level,
            configuration().model_dump(),
            stats().reconfigurations,
            sorted(each.name for each in threading.enumerate()),
            logging.getLogger("py.warnings").handlers,
        )

    log = get_logger("bot")
    before = state()
    Path("metaexpert.toml").write_text('[log]\\ndefault_level = "DEBUG"\\n')
    configure(log_file_path="first", loggers={"noisy": "ERROR"}, stats_interval_seconds=60)
    serve()
    changes.change({"default_level": "ERROR", "ttl_seconds": 60})
    log.error("first")
    Path("metaexpert.toml").unlink()
    reset()
    assert state() == before, (state(), before)

    configure(log_file_path="second")
    log.info("second")
    """
    )

    assert done.messages("second/expert.log") == ["second"]
    assert "first" in done.messages("first/expert.log")
    assert "second" not in done.messages("first/expert.log")


def test_reset_leaves_what_the_program_did_itself(run_python: "Run") -> None:
    """Its handlers, levels and loggers stay, and a logger that it holds can be used at once."""
    done = run_python(
        """
    import logging
    from metaexpert.logger import configure, get_logger
    from metaexpert.logger.testing import reset

    own = logging.NullHandler()
    log = get_logger("bot")
    log.addHandler(own)
    log.setLevel("ERROR")
    configure(log_file_path="logs")
    reset()
    print(log is logging.getLogger("bot"), log.handlers == [own], log.level)
    configure(log_file_path="logs")
    log.error("after")
    """
    )

    assert done.stdout.splitlines()[0] == "True True 40"
    assert done.messages() == ["after"]


def test_reset_gives_loggers_the_levels_of_before(run_python: "Run") -> None:
    """A configured level goes, the program's own comes back, and one that it set since stays."""
    done = run_python(
        """
    import logging
    from metaexpert.logger import configure
    from metaexpert.logger.testing import reset

    names = ("own", "later", "named", "dropped")
    logging.getLogger("own").setLevel("ERROR")
    logging.getLogger("dropped").setLevel("ERROR")
    configure(loggers=dict.fromkeys(names, "DEBUG"))
    configure(loggers={"own": "INFO", "dropped": None})
    logging.getLogger("later").setLevel("CRITICAL")
    reset()
    print(*(logging.getLevelName(logging.getLogger(name).level) for name in names))
    """
    )

    assert done.stdout.splitlines()[0] == "ERROR CRITICAL NOTSET ERROR"


def test_reset_writes_what_is_logged_meanwhile(run_python: "Run") -> None:
    """A record that comes after the shutdown starts the engine again, which does not outlast the reset."""
    done = run_python(
        """
    import logging
    from metaexpert.logger import configure
    from metaexpert.logger.process import service
    from metaexpert.logger.shared import native
    from metaexpert.logger.testing import reset

    def shut_down_and_log(timeout, shutdown=service.shutdown):
        shutdown(timeout)
        logging.error("meanwhile")

    configure(log_file_path="logs")
    service.shutdown = shut_down_and_log
    reset()
    print(native.is_running())
    """
    )

    assert done.stdout.splitlines()[-1] == "False"
    assert done.messages() == ["meanwhile"]

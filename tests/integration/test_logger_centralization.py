"""T007: every logger of the process follows one configuration at once."""

import json
import logging
import os
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from metaexpert.logger import ConfigurationError, configuration, configure, get_logger

if TYPE_CHECKING:
    from support.logs import Logs
    from support.processes import Outcome

Run = Callable[..., "Outcome"]


def test_loggers_made_before_follow_at_once(logs: "Logs") -> None:
    """Loggers of both kinds, made before or after, follow each configuration from the next call on."""
    early, plain = get_logger("early"), logging.getLogger("plain")
    early.info("nowhere")
    logs.configure()
    late = get_logger("late")

    def all_log(text: str) -> None:
        for logger in (early, plain, late):
            logger.debug("%s debug", text)
            logger.error("%s error", text)

    all_log("1")
    logs.configure(default_level="ERROR")
    all_log("2")
    logs.configure(default_level="DEBUG", handlers={"file": {"level": "CRITICAL"}})
    all_log("3")
    logs.configure(handlers={"file": {"level": "DEBUG"}})
    all_log("4")

    assert logs.messages() == ["1 debug", "1 error"] * 3 + ["2 error"] * 3 + ["4 debug", "4 error"] * 3


def test_a_level_can_be_set_for_a_part_of_the_tree(logs: "Logs") -> None:
    """`loggers` sets levels by name; what a later configuration takes out goes back to its parent's."""
    logs.configure(default_level="WARNING", loggers={"fund": "INFO", "fund.noisy": "ERROR"})
    names = ("fund", "fund.bot", "fund.noisy", "other")

    def all_log() -> list[str]:
        before = len(logs.records())
        for name in names:
            get_logger(name).info(name)
        return logs.messages()[before:]

    assert all_log() == ["fund", "fund.bot"]
    logs.configure(default_level="WARNING", loggers={"fund.noisy": "INFO", "fund": None})
    assert all_log() == ["fund.noisy"]


def test_what_a_call_does_not_name_keeps_its_value(logs: "Logs") -> None:
    """Calls add up; `None` removes a handler and its file gets nothing more."""
    logs.configure(handlers={"audit": {"type": "file", "filename": "audit.log", "format": "%(message)s"}})
    logs.logger.info("1")
    configure(default_level="INFO")
    logs.logger.info("2")
    configure(handlers={"audit": None})
    logs.logger.info("3")

    assert logs.messages() == ["1", "2", "3"]
    assert (logs.directory / "audit.log").read_text() == "1\n2\n"
    active = configuration().active_handlers()
    assert "audit" not in active
    assert "console" not in active


def test_each_handler_has_its_own_level_format_and_filter(logs: "Logs") -> None:
    """One record goes to the handlers that want it, in each one's format."""
    logs.configure(
        handlers={
            "warnings": {"type": "file", "level": "WARNING", "format": "%(levelname)s %(message)s"},
            "quiet": {"type": "file", "filter": {"max_level": "INFO"}, "format": "%(message)s"},
            "risk": {"type": "file", "filter": {"category": "risk"}, "format": "%(message)s"},
            "fund": {"type": "file", "filter": {"loggers": ["fund"]}, "format": "%(name)s %(message)s"},
        }
    )
    get_logger("fund.bot").info("a")
    get_logger("fundamental").warning("b", category="risk")
    logging.getLogger("fund").error("c", extra={"category": "risk"})
    get_logger("bot").trade("d")

    assert logs.messages() == ["a", "b", "c", "d"]
    shown = {
        name: (logs.directory / f"{name}.log").read_text().splitlines() for name in ("warnings", "quiet")
    }
    assert shown == {"warnings": ["WARNING b", "ERROR c"], "quiet": ["a", "d"]}
    assert (logs.directory / "risk.log").read_text().splitlines() == ["b", "c"]
    assert (logs.directory / "fund.log").read_text().splitlines() == ["fund.bot a", "fund c"]
    assert [record["message"] for record in logs.records("errors.log")] == ["c"]
    assert [record["message"] for record in logs.records("trades.log")] == ["d"]


def test_plain_loggers_and_warnings_flow_in(logs: "Logs") -> None:
    """Records of third-party modules and Python's warnings arrive like the library's own, if wanted."""
    logs.configure()
    plain = logging.getLogger("third.party")

    def both(text: str) -> None:
        plain.warning("%s", text, extra={"code": 7})
        with warnings.catch_warnings():
            warnings.simplefilter("always")
            warnings.warn(f"old {text}", DeprecationWarning, stacklevel=1)

    both("in")
    first, second = logs.records()
    assert (first["module"], first["message"], first["code"]) == ("third.party", "in", 7)
    assert (second["module"], second["level"]) == ("py.warnings", "WARNING")
    assert "DeprecationWarning: old in" in second["message"]

    logs.configure(capture_stdlib=False)
    plain.error("out")
    logs.logger.info("own")
    with pytest.warns(DeprecationWarning, match="old out"):
        warnings.warn("old out", DeprecationWarning, stacklevel=1)
    assert logs.messages()[2:] == ["own"]


def test_a_dictconfig_of_the_user_s_own_is_obeyed(logs: "Logs", capsys: pytest.CaptureFixture[str]) -> None:
    """A later `dictConfig` that replaces the root's handlers decides where records go."""
    from logging.config import dictConfig

    logs.configure()
    logs.logger.info("ours")
    document = {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"brief": {"format": "%(levelname)s:%(message)s:%(price)s"}},
        "handlers": {
            "out": {"class": "logging.StreamHandler", "stream": "ext://sys.stdout", "formatter": "brief"}
        },
        "root": {"level": "INFO", "handlers": ["out"]},
    }
    dictConfig(document)
    logs.logger.info("theirs", price=1)

    assert logs.messages() == ["ours"]
    assert capsys.readouterr().out == "INFO:theirs:1\n"


@pytest.mark.parametrize(
    ("bad", "named"),
    [
        ({"default_level": "LOUD"}, ["default_level", "LOUD"]),
        ({"handlers": {"file": {"level": "LOUD"}}}, ["handlers.file.level"]),
        ({"handlers": {"file": {"format": "%(nonsense"}}}, ["handlers.file.format"]),
        ({"handlers": {"file": {"max_size": -1}, "console": {"level": 7.5}}}, ["max_size", "console.level"]),
        ({"handlers": {"other": {"type": "pigeon"}}}, ["handlers.other.type"]),
        ({"no_such_field": 1}, ["no_such_field"]),
        ({"limits": {"bytes": 0}, "queue": {"wait_ms": -1}}, ["limits.bytes", "queue.wait_ms"]),
        ({"loggers": {"fund": "LOUD"}}, ["loggers.fund"]),
    ],
)
def test_a_refused_configuration_changes_nothing(bad: dict[str, Any], named: list[str], logs: "Logs") -> None:
    """`ConfigurationError` names every bad field at the call; levels, handlers, files stay as they were."""
    logs.configure(default_level="INFO", loggers={"fund": "WARNING"})
    logs.logger.info("before")
    in_force = configuration()

    with pytest.raises(ConfigurationError) as refused:
        configure({"default_level": "CRITICAL", "loggers": {"fund": "DEBUG"}, **bad})

    assert all(name in str(refused.value) for name in named)
    assert configuration() == in_force
    assert (logging.root.level, get_logger("fund").level) == (logging.INFO, logging.WARNING)
    logs.logger.info("after")
    get_logger("fund").info("lost")
    assert logs.messages() == ["before", "after"]


def test_a_directory_that_cannot_be_made_is_refused(logs: "Logs", tmp_path: Path) -> None:
    """A file in the directory's way is an error naming it, at configuration; logging goes on where it was."""
    logs.configure()
    logs.logger.info("before")
    blocked = tmp_path / "blocked"
    blocked.write_text("a file")

    with pytest.raises(ConfigurationError, match="blocked"):
        configure(log_file_path=str(blocked / "logs"))
    (logs.directory / "taken.log").mkdir()
    with pytest.raises(ConfigurationError, match=r"taken\.log"):
        configure(handlers={"file": {"filename": "taken.log"}})

    logs.logger.info("after")
    assert logs.messages() == ["before", "after"]
    assert blocked.read_text() == "a file"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_directory_is_refused(logs: "Logs", tmp_path: Path) -> None:
    """A directory without write permission is an error naming it, at configuration."""
    locked = tmp_path / "locked"
    locked.mkdir(mode=0o500)

    with pytest.raises(ConfigurationError, match="locked"):
        logs.configure(log_file_path=str(locked))


def test_the_first_configuration_may_fail_and_the_next_succeed(logs: "Logs") -> None:
    """A refused first call leaves `logging` untouched, and does not stand in the way of a good one."""
    handlers, level = logging.root.handlers[:], logging.root.level
    with pytest.raises(ConfigurationError):
        logs.configure(default_level="LOUD")
    assert (logging.root.handlers, logging.root.level) == (handlers, level)

    logs.configure()
    logs.logger.info("m")
    assert logs.messages() == ["m"]


PRINT_LEVELS = """
    from metaexpert.logger import configure, configuration
    configure({code})
    in_force = configuration()
    print(in_force.default_level, in_force.log_file_path)
"""


def test_sources_rank_as_specified(run_python: Run, tmp_path: Path) -> None:
    """Code wins over the environment, that over `.env`, that over `metaexpert.toml`, that over pyproject."""

    def levels(code: str = "", env: dict[str, str] | None = None) -> list[str]:
        return run_python(PRINT_LEVELS.format(code=code), env=env).stdout.split()

    assert levels() == ["INFO", "logs"]
    (tmp_path / "pyproject.toml").write_text(
        '[tool.metaexpert.log]\ndefault_level = "DEBUG"\nlog_file_path = "from_pyproject"\n'
    )
    assert levels() == ["DEBUG", "from_pyproject"]
    (tmp_path / "metaexpert.toml").write_text('default_level = "WARNING"\n')
    toml = levels()
    if toml[0] == "DEBUG":
        (tmp_path / "metaexpert.toml").write_text('[log]\ndefault_level = "WARNING"\n')
        toml = levels()
    assert toml == ["WARNING", "from_pyproject"]
    (tmp_path / ".env").write_text("METAEXPERT_LOG__DEFAULT_LEVEL=ERROR\n")
    assert levels() == ["ERROR", "from_pyproject"]
    environment = {"METAEXPERT_LOG__DEFAULT_LEVEL": "CRITICAL"}
    assert levels(env=environment) == ["CRITICAL", "from_pyproject"]
    assert levels('default_level="DEBUG"', env=environment) == ["DEBUG", "from_pyproject"]


def test_a_bad_variable_is_named(run_python: Run) -> None:
    """A bad value in the environment is an error that names the variable, at configuration."""
    outcome = run_python(
        """
        from metaexpert.logger import ConfigurationError, configure
        try:
            configure()
        except ConfigurationError as error:
            print(error)
        """,
        env={"METAEXPERT_LOG__DEFAULT_LEVEL": "LOUD"},
    )

    assert "METAEXPERT_LOG__DEFAULT_LEVEL" in outcome.stdout
    assert not (outcome.directory / "logs").exists()


def test_configuring_under_load_loses_nothing(run_python: Run) -> None:
    """While four threads log, a hundred reconfigurations cost no record and repeat none."""
    outcome = run_python("""
        import threading
        from metaexpert.logger import configure, get_logger, stats, flush

        base = {"console": None, "trades": None, "errors": None}
        configure(queue={"protect_level": "DEBUG", "wait_ms": 60_000}, handlers=base)

        def work(name):
            log = get_logger(f"bot.{name}")
            for n in range(5000):
                log.info("m", worker=name, n=n)

        threads = [threading.Thread(target=work, args=(k,)) for k in range(4)]
        for t in threads: t.start()
        for n in range(100):
            configure(default_level="DEBUG" if n % 2 else "INFO",
                      handlers={"extra": {"type": "file", "format": "text"} if n % 2 else None})
        for t in threads: t.join()
        assert flush(30)
        s = stats()
        assert s.logged == s.written == 20_000 and s.dropped == 0, s
    """)

    records = outcome.records()
    for worker in range(4):
        assert [r["n"] for r in records if r["worker"] == worker] == list(range(5000))


def test_importing_changes_nothing(run_python: Run) -> None:
    """`import metaexpert.logger` leaves `logging` as it is, makes no file, loads no pydantic and no click."""
    outcome = run_python("""
        import json, logging, os, sys, threading
        before = (logging.root.level, logging.root.handlers[:], logging.getLoggerClass(), type(logging.root),
                  logging.getLogRecordFactory(), dict(logging.root.manager.loggerDict),
                  threading.active_count())
        import metaexpert.logger
        from metaexpert.logger import get_logger, configure
        log = get_logger("bot")
        after = (logging.root.level, logging.root.handlers[:], logging.getLoggerClass(), type(logging.root),
                 logging.getLogRecordFactory(), {}, threading.active_count())
        slow = [m for m in ("pydantic", "click", "rich", "asyncio", "numpy", "pandas") if m in sys.modules]
        print(json.dumps([before == after, slow, sorted(os.listdir("."))]))
    """)

    assert json.loads(outcome.stdout) == [True, [], ["program.py"]]


def test_unconfigured_loggers_are_plain(run_python: Run) -> None:
    """Before configuration a warning goes to standard error as with `logging`, and nothing else happens."""
    outcome = run_python("""
        import os
        from metaexpert.logger import flush, get_logger, log_context, shutdown, stats
        log = get_logger("bot")
        with log_context(a=1):
            log.info("lost", price=1)
            log.bind(b=2).warning("shown %d", 5, price=1)
        print(flush(), shutdown(), stats().logged, os.listdir("."))
    """)

    assert outcome.stderr == "shown 5\n"
    assert outcome.stdout == "True True 0 ['program.py']\n"

"""Common fixtures of tests of logging: isolation, strict reading of records, and real processes."""

import logging
import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from metaexpert.logger.testing import reset
from support.environment import CONFIGURING, clean_environment
from support.logs import Logs
from support.processes import Outcome

PROCESS_TIMEOUT_S = 60


def pytest_configure() -> None:
    """Answer Ctrl-C as a shell's foreground job does: one in the background is started with it ignored."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def run_python(tmp_path: Path) -> Callable[..., Outcome]:
    """Run a script in a Python of its own, in an empty directory."""

    def run(
        script: str,
        env: Mapping[str, str] | None = None,
        code: int = 0,
        timeout_s: float = PROCESS_TIMEOUT_S,
    ) -> Outcome:
        path = tmp_path / "program.py"
        path.write_text(textwrap.dedent(script), encoding="utf-8")
        done = subprocess.run(
            [sys.executable, str(path)],
            cwd=tmp_path,
            env={**clean_environment(), **(env or {})},
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=timeout_s,
            check=False,
        )
        assert done.returncode == code, f"exit code {done.returncode}\n{done.stdout}\n{done.stderr}"
        return Outcome(done.returncode, done.stdout, done.stderr, tmp_path)

    return run


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Iterator[Any]:
    """Take pytest's own handlers off the root for tests of `logs`: they would close the fast way."""
    if "logs" in pyfuncitem.fixturenames and "caplog" not in pyfuncitem.fixturenames:
        for handler in logging.root.handlers[:]:
            if type(handler).__module__.startswith("_pytest"):
                logging.root.removeHandler(handler)
    return (yield)


@pytest.fixture
def fresh_logging(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Put the process's logging back as it was, whatever the test does to it."""
    monkeypatch.chdir(tmp_path)
    for name in os.environ:
        if name.startswith(CONFIGURING):
            monkeypatch.delenv(name)
    root = logging.root
    level, names, raise_exceptions = root.level, set(root.manager.loggerDict), logging.raiseExceptions
    factory, logger_class = logging.getLogRecordFactory(), logging.getLoggerClass()
    level_names = dict(logging._levelToName), dict(logging._nameToLevel)
    yield
    reset(5)
    logging.disable(logging.NOTSET)
    logging.raiseExceptions = raise_exceptions
    logging.setLogRecordFactory(factory)
    logging._levelToName, logging._nameToLevel = level_names
    logging.setLoggerClass(logger_class)
    root.filters.clear()
    for handler in root.handlers[:]:
        if not type(handler).__module__.startswith("_pytest"):
            root.removeHandler(handler)
    root.setLevel(level)
    for name in set(root.manager.loggerDict) - names:
        logger = root.manager.loggerDict.pop(name)
        if isinstance(logger, logging.Logger):
            logger.disabled = True
    for logger in root.manager.loggerDict.values():
        if isinstance(logger, logging.Logger) and logger.level:
            logger.setLevel(logging.NOTSET)


@pytest.fixture
def logs(fresh_logging: None, tmp_path: Path) -> Logs:
    """Logging that the test configures, and whose files it reads."""
    return Logs(tmp_path / "logs")


@pytest.fixture(params=["fast", "foreign"])
def both_ways(request: pytest.FixtureRequest, logs: Logs) -> Logs:
    """Logging that is configured, once with the fast way open and once with another handler listening."""
    logs.configure()
    if request.param == "foreign":
        logging.root.addHandler(logging.NullHandler())
    return logs

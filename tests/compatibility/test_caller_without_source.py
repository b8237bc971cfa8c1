"""Facts about the caller where code knows another path than its module, and where a class looks for the
caller.
"""

import compileall
import logging
import os
import py_compile
import shutil
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import metaexpert
from metaexpert.logger import MetaLogger, get_logger, timed
from support.listeners import Recorder

if TYPE_CHECKING:
    from support.logs import Logs
    from support.processes import Outcome

PROGRAM = """
import logging, sys, warnings
from metaexpert.logger import configure, flush, get_logger, timed

def user(log):
    log.info("fast")
    log.info("stack", stack_info=True)
    log.bind(a=1).warning("bound")
    logging.LoggerAdapter(log, {"b": 1}).info("adapter")
    log.log(25, "number")
    log.exception("none")
    logging.getLogger("plain").info("plain")
    with timed(log, "tick"):
        pass
    decorated()

def wrapped(log):
    log.info("level", stacklevel=2)

def by_level(log):
    wrapped(log)

def warn():
    warnings.simplefilter("always")
    warnings.warn("thin book", RuntimeWarning)

configure(log_file_path="logs", include=["caller"])
log = get_logger("bot")

@timed(log, "tock")
def decorated():
    pass

def main():
    user(log)
    by_level(log)
    foreign = logging.NullHandler()
    logging.root.addHandler(foreign)
    user(log)
    by_level(log)
    warn()
    assert flush()

if __name__ != "__main__" or len(sys.argv) == 1:
    main()
"""


def compiled_library(target: Path) -> Path:
    """Make a copy of the package that has no source, and whose code says that it was made elsewhere."""
    package = target / "metaexpert"
    source = Path(metaexpert.__file__).parent
    shutil.copytree(source, package, ignore=shutil.ignore_patterns("__pycache__"))
    assert compileall.compile_dir(package, quiet=1, legacy=True, ddir="/build/elsewhere/metaexpert")
    for file in package.rglob("*.py"):
        file.unlink()
    return target


def run_compiled(run_python: "Callable[..., Outcome]", directory: Path, script: str) -> "Outcome":
    """Run a script with what lies in `directory`."""
    return run_python(script, env={"PYTHONPATH": str(directory)})


def callers_of(done: "Outcome") -> list[tuple[str, str]]:
    """Return file and function of every record of the loggers `bot` and `plain`."""
    return [
        (record["caller"]["file"], record["caller"]["function"])
        for record in done.records()
        if record["module"] in ("bot", "plain")
    ]


EXPECTED = (["user"] * 9 + ["by_level"]) * 2


def test_a_library_without_source_names_the_user_s_function(
    run_python: "Callable[..., Outcome]", tmp_path: Path
) -> None:
    """Its code has the paths of the machine that compiled it, which its modules have not."""
    library = compiled_library(tmp_path / "library")
    (library / "robot.py").write_text(PROGRAM, encoding="utf-8")
    check = "import metaexpert.logger.capture.meta as m; assert m.__file__.endswith('.pyc'); import robot"
    done = run_compiled(run_python, library, check)

    assert callers_of(done) == [(str(library / "robot.py"), function) for function in EXPECTED]
    stacks = [record["stack_info"] for record in done.records() if record["message"] == "stack"]
    assert len(stacks) == 2
    assert not any("elsewhere" in stack for stack in stacks)
    (warning,) = [record for record in done.records() if record["module"] == "py.warnings"]
    assert "robot.py" in warning["message"]
    assert "elsewhere" not in warning["caller"]["file"]


@pytest.mark.parametrize("form", ["pyc", "zip"])
def test_a_program_without_source_names_its_functions(
    form: str, run_python: "Callable[..., Outcome]", tmp_path: Path
) -> None:
    """By the file that its code knows, which does not exist here."""
    library = compiled_library(tmp_path / "library")
    source = tmp_path / "source" / "robot.py"
    source.parent.mkdir()
    source.write_text(PROGRAM, encoding="utf-8")
    py_compile.compile(str(source), str(library / "robot.pyc"), dfile="/build/robot.py", doraise=True)
    path = str(library)
    if form == "zip":
        with zipfile.ZipFile(tmp_path / "robot.zip", "w") as archive:
            archive.write(library / "robot.pyc", "robot.pyc")
        (library / "robot.pyc").unlink()
        path = f"{tmp_path / 'robot.zip'}{os.pathsep}{library}"
    done = run_python("import robot", env={"PYTHONPATH": path})

    assert callers_of(done) == [("/build/robot.py", function) for function in EXPECTED]


class Own(logging.Logger):
    """Looks for the caller as `logging` did for years: by the file of `logging`."""

    def findCaller(self, stack_info: bool = False, stacklevel: int = 1) -> tuple[str, int, str, str | None]:  # noqa: N802
        """Return the first frame outside of `logging` and this class."""
        frame: Any = logging.currentframe()
        while frame.f_back is not None:
            name = frame.f_globals["__name__"]
            if name != "logging" and frame.f_code is not Own.findCaller.__code__:
                stacklevel -= 1
                if stacklevel <= 0:
                    break
            frame = frame.f_back
        return frame.f_code.co_filename, frame.f_lineno, frame.f_code.co_name, None


class Blind(logging.Logger):
    """Says the same of every call."""

    def findCaller(self, stack_info: bool = False, stacklevel: int = 1) -> tuple[str, int, str, str | None]:  # noqa: N802
        """Return a place that is in no file."""
        return "strategy.mq5", 7, "OnTick", None


class Near(logging.Logger):
    """Looks at the frame that called it alone."""

    def findCaller(self, stack_info: bool = False, stacklevel: int = 1) -> tuple[str, int, str, str | None]:  # noqa: N802
        """Return the next frame, whoever asks for how many more."""
        import sys

        code = sys._getframe(1).f_code
        return code.co_filename, 1, code.co_name, None


@pytest.fixture
def logger_class() -> Iterator[None]:
    """Give `logging` its logger class back."""
    before = logging.getLoggerClass()
    yield
    logging.setLoggerClass(before)


def call_it(log: MetaLogger) -> None:
    """Log by everything that has a frame of ours."""
    log.info("m")
    log.bind(a=1).warning("m", price=1.5)
    log.log(25, "m")
    log.exception("m")
    log.trade("m")
    logging.LoggerAdapter(log, {"a": 1}).info("m")
    with timed(log, "tick"):
        pass


def wrapper_of(log: MetaLogger) -> None:
    """Log for its caller."""
    log.info("m", stacklevel=2)


@pytest.mark.parametrize("way", ["alone", "foreign"])
@pytest.mark.parametrize("kind", [Own, Near])
@pytest.mark.usefixtures("logger_class")
def test_a_foreign_class_that_looks_for_callers_finds_the_user(
    kind: type[logging.Logger], way: str, logs: "Logs", recorder: Recorder
) -> None:
    """What it takes for the caller is never a frame of ours."""
    logs.configure(include=["caller"])
    if way == "foreign":
        logging.root.addHandler(recorder)
    logging.setLoggerClass(kind)
    log = get_logger(f"foreign.{kind.__name__}")
    call_it(log)
    wrapper_of(log)

    functions = [record["caller"]["function"] for record in logs.records()]
    assert functions == ["call_it"] * 7 + ["test_a_foreign_class_that_looks_for_callers_finds_the_user"]
    assert {record["caller"]["file"] for record in logs.records()} == {__file__}


@pytest.mark.usefixtures("logger_class")
def test_a_foreign_class_that_knows_the_caller_is_believed(logs: "Logs") -> None:
    """It may name what is no Python frame at all."""
    logs.configure(include=["caller"])
    logging.setLoggerClass(Blind)
    call_it(get_logger("foreign.blind"))

    expected = {"file": "strategy.mq5", "line": 7, "function": "OnTick"}
    assert [record["caller"] for record in logs.records()] == [expected] * 7


@pytest.mark.parametrize("way", ["alone", "foreign"])
@pytest.mark.usefixtures("logger_class")
def test_structlog_s_logger_class_finds_the_user(way: str, logs: "Logs", recorder: Recorder) -> None:
    """`structlog.stdlib.LoggerFactory` sets one that passes over frames of structlog and `logging`."""
    structlog = pytest.importorskip("structlog")
    logs.configure(include=["caller"])
    if way == "foreign":
        logging.root.addHandler(recorder)
    structlog.stdlib.LoggerFactory()
    assert logging.getLoggerClass().__module__.startswith("structlog")
    log = get_logger("made.for.structlog")
    call_it(log)
    wrapper_of(log)
    bound = structlog.wrap_logger(
        log, wrapper_class=structlog.stdlib.BoundLogger, processors=[structlog.stdlib.render_to_log_kwargs]
    )
    bound.info("m", price=1.5)

    here = "test_structlog_s_logger_class_finds_the_user"
    assert [record["caller"]["function"] for record in logs.records()] == ["call_it"] * 7 + [here] * 2
    assert {record["caller"]["file"] for record in logs.records()} == {__file__}

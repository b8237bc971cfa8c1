"""The cost of the logger at a program's start: a program pays for nothing that it does not use."""

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from support.processes import Outcome

Run = Callable[..., "Outcome"]

START = """
import sys
from metaexpert.logger import configure, get_logger
configure(log_file_path="logs")
get_logger("bot").info("first", price=1.5)
"""


def test_a_start_loads_nothing_for_what_it_does_not_use(run_python: Run) -> None:
    """No file is read, no server starts, and no model is asked: what would do so is not imported.

    What logs, counts and ends is, because a process may have no descriptor left to import with.
    """
    unused = {
        "asyncio",
        "click",
        "dotenv",
        "gzip",
        "http",
        "logging.config",
        "logging.handlers",
        "metaexpert.expert",
        "metaexpert.logger.control",
        "metaexpert.logger.live",
        "metaexpert.logger.entry",
        "multiprocessing",
        "numpy",
        "pydantic",
        "pydantic_core",
        "rich",
        "ssl",
        "starlette",
        "tomllib",
        "uvicorn",
    }
    outcome = run_python(
        START
        + f"""
print("metaexpert.logger.config.sources" in sys.modules, sorted({unused!r} & set(sys.modules)))
"""
    )

    assert "True []" in outcome.stdout.splitlines()


def test_a_process_that_logs_on_loads_nothing_more(run_python: Run) -> None:
    """Levels that change, statistics, a flush and the end need no models either."""
    outcome = run_python(
        START
        + """
from metaexpert.logger import configuration, flush, stats
configure(default_level="DEBUG", loggers={"bot": "ERROR"})
get_logger("other").debug("second")
shown = configuration().default_level, flush(), stats().written > 0
print(shown, "pydantic" in sys.modules)
print(configuration().queue.wait_ms, "pydantic" in sys.modules)
"""
    )

    assert "('DEBUG', True, True) False" in outcome.stdout.splitlines()
    assert "100 True" in outcome.stdout.splitlines()


def test_a_start_builds_one_validator(run_python: Run) -> None:
    """A whole configuration is checked by its own model; those of its tables are built when they are used."""
    outcome = run_python(
        START
        + """
configure(queue={"wait_ms": 5})
from metaexpert.logger.config import models
base = models.Table
tables = [each for each in vars(models).values() if isinstance(each, type) and issubclass(each, base)]
print(len(tables) > 5, [each.__name__ for each in tables if each.__pydantic_complete__])
one = models.FilterConfiguration(category="trade")
print(one.category, type(one).__pydantic_complete__)
"""
    )

    lines = outcome.stdout.splitlines()
    assert "True ['LogConfiguration']" in lines
    assert "trade True" in lines


def test_a_configuration_in_a_record_is_an_object(run_python: Run) -> None:
    """A program that logs what it is configured with shows its settings, made already or not."""
    outcome = run_python(
        START
        + """
import json
from metaexpert.logger import configuration, flush
log = get_logger("bot")
log.info("as it is", settings=configuration())
log.info("made", settings=configuration().model_copy())
flush()
with open("logs/expert.log") as file:
    _, one, other = (json.loads(line)["settings"] if "settings" in line else None for line in file)
print("same", one == other, one["queue"]["wait_ms"])
"""
    )

    assert "same True 100" in outcome.stdout.splitlines()


RESULTS = ("counted", "refused", "done")
WITHOUT_DESCRIPTORS = (
    START
    + """
import os, resource
from metaexpert.logger import ConfigurationError, configuration, stats
resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
taken = []
try:
    while True:
        taken.append(os.open(os.devnull, os.O_RDONLY))
except OSError:
    pass
print("counted", stats().logged, configuration().default_level)
for settings in ({"queue": {"wait_ms": 5}}, {"default_level": "debugg"}):
    try:
        configure(**settings)
    except ConfigurationError as error:
        print("refused", str(error).partition(":")[0])
for descriptor in taken:
    os.close(descriptor)
print("done", configure(queue={"wait_ms": 5}).queue.wait_ms)
"""
)


def test_a_process_without_descriptors_is_told_what_cannot_be_checked(run_python: Run) -> None:
    """It goes on with what is in force, and the same call succeeds once it has some."""
    outcome = run_python(WITHOUT_DESCRIPTORS)

    reason = "refused what checks a configuration cannot be imported"
    lines = [line for line in outcome.stdout.splitlines() if line.partition(" ")[0] in RESULTS]
    assert lines == ["counted 1 INFO", reason, reason, "done 5"]

"""Facts about the package imported a second time, as notebooks and tools that reload do: one record each."""

from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from support.processes import Outcome

AGAIN = {
    "reload": """
def again():
    global logger
    logger = importlib.reload(logger)
""",
    "reload of each module": """
def again():
    global logger
    ours = [name for name in sys.modules if name.startswith("metaexpert.logger") and "_native" not in name]
    for name in sorted(ours):
        importlib.reload(sys.modules[name])
    logger = importlib.reload(logger)
""",
    "import of the package": """
def again():
    global logger
    del sys.modules["metaexpert.logger"]
    import metaexpert.logger as logger
""",
    "import of all": """
def again():
    global logger
    for name in [name for name in sys.modules if name.partition(".")[0] == "metaexpert"]:
        del sys.modules[name]
    import metaexpert.logger as logger
""",
    "import of all but the native module": """
def again():
    global logger
    for name in [name for name in sys.modules if name.startswith("metaexpert.logger")]:
        if "_native" not in name:
            del sys.modules[name]
    import metaexpert.logger as logger
""",
}

START = """
import importlib, logging, sys
import metaexpert.logger as logger

def configure(**more):
    logger.configure(log_file_path="logs", handlers={"console": None}, **more)

configure()
log, plain = logger.get_logger("bot"), logging.getLogger("plain")
bound, old_context, info = log.bind(b=1), logger.log_context, log.info
count = 0

def message():
    global count
    count += 1
    return f"m{count}"

def log_all():
    for each in (log, log, logger.get_logger("bot"), logger.get_logger("bot"), logger.get_logger("other")):
        each.info(message(), price=1.5)
    for each in (bound, bound, log.bind(b=1), logger.get_logger("bot").bind(b=1)):
        each.warning("%s", message(), price=1.5)
    info(message(), price=1.5)
    log.trade(message(), price=1.5)
    log.log(25, message(), price=1.5)
    plain.warning(message(), extra={"price": 1.5})
    logging.warning(message(), extra={"price": 1.5})
    for context in (old_context, logger.log_context):
        with context(price=1.5):
            log.info(message())
            logger.get_logger("bot").info(message())
            plain.warning(message())

log_all()
"""


def assert_written_once(done: "Outcome") -> None:
    """Check that the records are those that the program has counted, each there once and with its field."""
    counted = Counter(done.messages())
    assert set(counted.values()) == {1}
    assert set(counted) == {f"m{number}" for number in range(1, int(done.stdout) + 1)}
    assert all(record["price"] == 1.5 for record in done.records())
    assert done.stderr == ""


@pytest.mark.parametrize("foreign", [False, True], ids=["alone", "foreign"])
@pytest.mark.parametrize("way", AGAIN)
def test_each_record_is_written_once(way: str, foreign: bool, run_python: "Callable[..., Outcome]") -> None:
    """By old loggers and new ones, before and after another `configure()`; there is one handler of ours."""
    listens = "logging.root.addHandler(logging.NullHandler())" if foreign else ""
    script = f"""{START}
{AGAIN[way]}
{listens}
for _ in range(3):
    again()
    log_all()
    assert logger.flush()
    configure()
    log_all()
    logger.configure(default_level="DEBUG")
    log_all()
ours = [each for each in logging.root.handlers if type(each).__name__ == "PipelineHandler"]
assert len(ours) == 1, ours
assert logger.flush() and logger.stats().dropped == 0
print(count)
"""
    done = run_python(script)

    assert_written_once(done)


@pytest.mark.parametrize("way", AGAIN)
def test_loggers_are_as_fast_as_before(way: str, run_python: "Callable[..., Outcome]") -> None:
    """An existing logger becomes one of the new import, and the new import's changes reach its levels."""
    script = f"""{START}
{AGAIN[way]}
again()
configure()
log.info("1")
log.info("2")
assert type(log.info).__name__ != "method", log.info
log.debug("off")
log.debug("off")
logging.getLogger("bot").setLevel("DEBUG")
log.debug("3")
logging.disable(logging.CRITICAL)
log.error("off")
logging.disable(logging.NOTSET)
assert logger.get_logger("bot") is log
"""
    assert run_python(script).messages()[-3:] == ["1", "2", "3"]


#: Modules whose classes and state the fast way depends on.
ONE_BY_ONE = (
    "process.engine",
    "process.forks",
    "process.parts",
    "process.service",
    "capture.level_changes",
    "capture.notes",
    "capture.handler",
    "capture.fast_path",
    "capture.meta",
    "capture.loggers",
    "capture.context",
    "capture.calls",
    "capture.faults",
    "shared.native",
)


@pytest.mark.parametrize(
    "order", [*ONE_BY_ONE, "sorted(ours)", "sorted(ours, reverse=True)", "2 * sorted(ours)"]
)
def test_modules_may_be_loaded_again_one_by_one(order: str, run_python: "Callable[..., Outcome]") -> None:
    """After each of them every record is written once and as fast, and levels are obeyed at once."""
    names = f'["metaexpert.logger.{order}"]' if order in ONE_BY_ONE else order
    script = f"""{START}
ours = [name for name in sys.modules if name.startswith("metaexpert.logger") and "_native" not in name]

def check(loggers):
    for each in loggers:
        each.warning(message(), price=1.5)
        each.warning(message(), price=1.5)
        assert type(each.info).__name__ != "method", (each, each.info)
        for level, is_on in ((logging.ERROR, False), (logging.DEBUG, True)):
            logging.getLogger(each.name).setLevel(level)
            assert each.isEnabledFor(logging.WARNING) is is_on
            each.warning(message() if is_on else "off", price=1.5)
        logging.disable(logging.CRITICAL)
        each.critical("off")
        logging.disable(logging.NOTSET)

plain.adopted = logger.get_logger("adopted")
lone = logger.get_logger("lone")
lone.propagate = False
for number, name in enumerate({names}):
    importlib.reload(sys.modules[name])
    logger = sys.modules["metaexpert.logger"]
    new = logger.get_logger(f"new{{number}}")
    check([log, bound, plain.adopted, new, new.bind(b=2)])
    lone.addHandler(logging.NullHandler())
    lone.warning(message(), price=1.5)
    log_all()
    configure(default_level="INFO")
    log_all()
    foreign = logging.NullHandler()
    logging.root.addHandler(foreign)
    log_all()
    logging.root.removeHandler(foreign)
assert logger.flush() and logger.stats().dropped == 0
print(count)
"""
    done = run_python(script)

    assert_written_once(done)


@pytest.mark.parametrize("way", AGAIN)
def test_what_the_first_import_runs_gives_way(way: str, run_python: "Callable[..., Outcome]") -> None:
    """Its control server leaves the port to the next; an open context and a queue go on."""
    script = f"""
import socket
with socket.socket() as free:
    free.bind(("127.0.0.1", 0))
    port = free.getsockname()[1]
{START}
{AGAIN[way]}
configure(control={{"port": port}})
with old_context(task="t"):
    again()
    configure(control={{"port": port}})
    log.info("inside")
log.info("outside")
assert logger.shutdown()
log.info("after")
"""
    inside, outside, after = run_python(script).records()[-3:]

    assert [each["message"] for each in (inside, outside, after)] == ["inside", "outside", "after"]
    assert (inside.get("task"), outside.get("task")) == ("t", None)


def test_a_record_that_two_imports_have_handlers_for_is_written_once(
    run_python: "Callable[..., Outcome]",
) -> None:
    """A handler of ours that stays where the program put it, and the root's of the new import."""
    script = f"""{START}
{AGAIN["import of all"]}
log.addHandler(logger.PipelineHandler())
plain.addHandler(logger.PipelineHandler())
again()
configure()
log.info("ours", msg="mine")
plain.warning("plain")
"""
    done = run_python(script)

    assert done.messages()[-2:] == ["ours", "plain"]
    assert done.records()[-2]["msg"] == "mine"


@pytest.mark.parametrize("way", AGAIN)
def test_loggers_of_an_earlier_import_can_be_pickled(way: str, run_python: "Callable[..., Outcome]") -> None:
    """So can their methods: `multiprocessing` hands them to workers."""
    script = f"""{START}
{AGAIN[way]}
import copy, pickle
warning = log.warning
for _ in range(2):
    again()
    configure()
    for each in (log, bound, bound.bind(c=2), bound.unbind("b")):
        for again_there in (pickle.loads(pickle.dumps(each)), copy.copy(each)):
            again_there.info("logger")
    for each in (info, warning, log.warning, bound.error):
        pickle.loads(pickle.dumps(each))("method")
"""
    done = run_python(script)

    assert done.stderr == ""
    assert done.messages()[-24:] == (["logger"] * 8 + ["method"] * 4) * 2

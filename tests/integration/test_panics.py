"""A bug of the native module costs one record, which is counted, and never raises into a program."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from support.processes import Outcome

    Run = Callable[..., Outcome]

PANICKING = """
import json, logging
from metaexpert.logger import configure, flush, get_logger, stats

class Value:
    def __init__(self, problem):
        self.problem = problem
    def __str__(self):
        raise self.problem

configure(handlers={"console": None})
log = get_logger("bot")
# Makes the native module's exception for panics, which resumes as one when it comes back to it.
log.info("first", value=Value(RuntimeError()))
panics = [kind for kind in BaseException.__subclasses__() if kind.__name__ == "PanicException"]

def is_our_own(kind):
    # That of another library is passed on, as an interrupt.
    try:
        log.critical("which", value=Value(kind("boom")))
    except kind:
        return False
    return True

(panic,) = filter(is_our_own, panics)
value = Value(panic("boom"))
"""


@pytest.mark.parametrize("listener", ["", "logging.root.addHandler(logging.NullHandler())"])
def test_a_panic_is_a_loss_with_a_level(listener: str, run_python: "Run") -> None:
    """Whichever way the call takes, nothing is raised, and the next record is written."""
    outcome = run_python(
        PANICKING
        + listener
        + """
log.info("m", value=value)
log.info("m %s", value)
log.info("m", extra={"value": value})
log.warning(value)
log.log(logging.WARNING, "m", value=value)
get_logger("bot").bind(a=1).error("m", value=value)
logging.getLogger("plain").error("m %s", value)
log.info("last")
assert flush(20)
seen = stats()
print(json.dumps([seen.dropped_by_reason["internal"], seen.dropped, dict(seen.dropped_by_level)]))
"""
    )

    by_level = '{"DEBUG": 0, "INFO": 3, "WARNING": 2, "ERROR": 2, "CRITICAL": 1}'
    assert outcome.stdout.splitlines() == [f"[8, 8, {by_level}]"]
    assert outcome.messages()[-1] == "last"

"""Daemon threads that never stop logging, and the interpreter's end."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from support.processes import Outcome

PROGRAM = """
import sys, threading
from metaexpert.logger import configure, get_logger

class Slow:
    def __str__(self):
        return "shown by Python code"

configure(handlers={"console": None}, queue={"capacity_bytes": 1 << 20})
log = get_logger("bot")
CALLS = {
    "plain": lambda: log.info("daemon", n=1),
    "converted": lambda: log.info("daemon", value=Slow()),
    "foreign": lambda: log.exception("daemon", stack_info=True),
}
call = CALLS[kind]
busy = threading.Event()
def work():
    while True:
        call()
        busy.set()
for _ in range(3):
    threading.Thread(target=work, daemon=True).start()
busy.wait()
log.warning("main ends")
sys.exit(6)
"""


@pytest.mark.parametrize("kind", ["plain", "converted", "foreign"])
def test_daemon_threads_may_log_through_the_exit(run_python: Callable[..., "Outcome"], kind: str) -> None:
    """They neither hang the exit nor change its code, and every line of the file is whole."""
    outcome = run_python(f"kind = {kind!r}\n" + PROGRAM, code=6)
    assert "main ends" in outcome.messages()
    assert "daemon" in outcome.messages()

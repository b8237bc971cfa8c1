"""Logging that is interrupted by logging: signal handlers, values and finalizers that log themselves."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from support.processes import Outcome

Run = Callable[..., "Outcome"]

BEGIN = """
import gc, logging, signal, sys, threading, time
from metaexpert.logger import configure, flush, get_logger, shutdown, stats
configure(handlers={"console": None}, queue={"protect_level": "DEBUG", "wait_ms": 60_000})
log = get_logger("bot")
"""


@pytest.mark.parametrize(
    "call",
    [
        "log.info('main', n=n)",
        "log.info('main', n=n, value=[1, {'a': n}])",
        "logging.getLogger('plain').info('main', extra={'n': n})",
        "log.warning('main', n=n, stack_info=True)",
    ],
)
def test_handlers_of_a_fast_timer_log(call: str, run_python: Run) -> None:
    """A signal handler that interrupts logging calls all the time logs by itself, and nothing is lost."""
    outcome = run_python(
        BEGIN
        + f"""
alarms = 0
def on_alarm(number, frame):
    global alarms
    # The next alarm may interrupt this one.
    mine = alarms = alarms + 1
    log.info("alarm", n=mine)
    logging.getLogger("plain").info("plain alarm", extra={{"n": mine}})
signal.signal(signal.SIGALRM, on_alarm)
signal.setitimer(signal.ITIMER_REAL, 0.0002, 0.0002)
n = 0
while alarms < 300 or n < 3000:
    n += 1
    {call}
    if n % 20 == 0:
        time.sleep(0.0001)
signal.setitimer(signal.ITIMER_REAL, 0)
print(alarms, n)
"""
    )

    alarms, calls = map(int, outcome.stdout.split())
    records = outcome.records()
    assert [record["n"] for record in records if record["message"] == "main"] == list(range(1, calls + 1))
    for message in ("alarm", "plain alarm"):
        there = [record["n"] for record in records if record["message"] == message]
        assert sorted(there) == list(range(1, alarms + 1))


def test_handlers_may_change_everything(run_python: Run) -> None:
    """A signal handler that configures, flushes and stops logging in the middle of a call harms no call."""
    outcome = run_python(
        BEGIN
        + """
alarms = 0
def on_alarm(number, frame):
    global alarms
    alarms += 1
    (lambda: flush(20), lambda: shutdown(20), lambda: configure(default_level="DEBUG"))[alarms % 3]()
signal.signal(signal.SIGALRM, on_alarm)
signal.setitimer(signal.ITIMER_REAL, 0.005, 0.005)
n = 0
while alarms < 60:
    n += 1
    log.info("main", n=n)
    logging.getLogger("plain").info("plain", extra={"n": n})
    if n % 10 == 0:
        time.sleep(0.0002)
signal.setitimer(signal.ITIMER_REAL, 0)
print(n)
"""
    )

    count = int(outcome.stdout)
    for message in ("main", "plain"):
        assert [r["n"] for r in outcome.records() if r["message"] == message] == list(range(1, count + 1))


def test_values_may_log_while_they_are_shown(run_python: Run) -> None:
    """A value whose `__str__` logs, flushes or stops the system is shown, and both records are there."""
    outcome = run_python(
        BEGIN
        + """
class Talkative:
    def __init__(self, act): self.act = act
    def __str__(self):
        log.info("while shown")
        self.act()
        return "shown"
for act in (lambda: None, lambda: flush(20), lambda: shutdown(20), lambda: configure(default_level="DEBUG")):
    log.info("outer", value=Talkative(act))
    log.info("%s", Talkative(act))
"""
    )

    assert outcome.messages() == ["while shown", "outer", "while shown", "shown"] * 4
    assert {r["value"] for r in outcome.records() if r["message"] == "outer"} == {"shown"}


def test_the_garbage_collector_may_log(run_python: Run) -> None:
    """Cycles that log when they are collected, in the middle of other calls, lose nothing."""
    outcome = run_python(
        BEGIN
        + """
made = collected = 0
class Cycle:
    def __init__(self): self.me = self
    def __del__(self):
        global collected
        collected += 1
        log.info("collected", n=collected)
gc.set_threshold(5)
for n in range(1, 1001):
    Cycle()
    log.info("main", n=n, value=[n, [n]], other={"a": (n,)})
gc.collect()
print(collected)
"""
    )

    assert outcome.stdout == "1000\n"
    for message in ("collected", "main"):
        assert [r["n"] for r in outcome.records() if r["message"] == message] == list(range(1, 1001))

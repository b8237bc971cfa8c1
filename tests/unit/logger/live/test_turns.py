"""Facts about how the server's work leaves the interpreter to the trading thread."""

import sys
import threading
from collections.abc import Iterator

import pytest

from metaexpert.logger.live.turns import in_turns

_MANY = 10_000


@pytest.fixture
def no_preemption() -> Iterator[None]:
    """A thread keeps the interpreter until it gives it away."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1_000)
    yield
    sys.setswitchinterval(interval)


@pytest.mark.usefixtures("no_preemption")
def test_long_work_lets_a_waiting_thread_go_on() -> None:
    """Who waits for the interpreter gets it between two parts, though nothing takes it from the other."""
    turns = 0
    done = False
    never = threading.Event()

    def trade() -> None:
        nonlocal turns
        while not done:
            turns += 1
            never.wait(1e-6)

    def parts() -> Iterator[int]:
        before = turns
        for number in range(_MANY):
            sum(range(20_000))
            yield number
            if turns > before:
                return

    trading = threading.Thread(target=trade)
    trading.start()
    try:
        taken = list(in_turns(parts()))
    finally:
        done = True
        trading.join()

    assert taken == list(range(len(taken)))
    assert len(taken) < _MANY

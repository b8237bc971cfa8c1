"""A scrape of a trading process lets other threads have the interpreter between two parts of the answer."""

import sys
import threading
from collections.abc import Iterator

from metaexpert.logger.live import metrics
from metaexpert.logger.live.metrics import Family
from support.control_harness import Client

_MANY = 2_000


def test_a_scrape_lets_a_waiting_thread_go_on(client: Client) -> None:
    """A slow source takes turns with a thread that trades, though nothing preempts it."""
    client.ask("GET", "/metrics")  # What is loaded at first gives way by itself.
    turns = made = 0
    done = False
    never = threading.Event()

    def trade() -> None:
        nonlocal turns
        while not done:
            turns += 1
            never.wait(1e-6)

    def slow() -> Iterator[Family]:
        nonlocal made
        before = turns
        while made < _MANY and turns == before:
            sum(range(20_000))
            made += 1
            yield Family(f"slow_{made}", "gauge", "Slow.", {(): 1.0})

    interval = sys.getswitchinterval()
    trading = threading.Thread(target=trade)
    metrics.add_source(slow)
    try:
        sys.setswitchinterval(1_000)
        trading.start()
        answer = client.ask("GET", "/metrics")
    finally:
        done = True
        sys.setswitchinterval(interval)
        metrics._sources.remove(slow)
        trading.join()

    assert answer.status == 200
    assert b"slow_1 1\n" in answer.body
    assert 0 < made < _MANY

"""A Python without GIL stays without one, and threads that log at once lose and mix up nothing."""

import sysconfig
from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from support.processes import Outcome

pytestmark = pytest.mark.skipif(
    not sysconfig.get_config_var("Py_GIL_DISABLED"), reason="needs a free-threaded Python: this one has a GIL"
)

THREADS, CALLS = 6, 3_000
ENVIRONMENT = {"PYTHON_GIL": "", "PYTHONWARNINGS": "error"}


def test_importing_and_configuring_leaves_the_gil_off(run_python: Callable[..., "Outcome"]) -> None:
    """A program that runs its threads in parallel goes on doing so."""
    outcome = run_python(
        """
        import sys
        from metaexpert.logger import configure, get_logger
        configure(handlers={"console": None})
        get_logger("bot").info("m", price=1.5)
        print(sys._is_gil_enabled())
        """,
        env=ENVIRONMENT,
    )

    assert outcome.stdout == "False\n"
    assert outcome.messages() == ["m"]


def test_threads_that_log_at_once_lose_and_mix_up_nothing(run_python: Callable[..., "Outcome"]) -> None:
    """Each call is there once, with its own thread's fields, while levels, handlers and files are changed."""
    outcome = run_python(
        f"""
        import gc, logging, threading
        from metaexpert.logger import configure, get_logger, log_context, stats
        queue = {{"protect_level": "NOTSET", "wait_ms": 60_000}}
        configure(handlers={{"console": None}}, queue=queue)
        log, other = get_logger("bot"), get_logger("other")
        begin, over = threading.Barrier({THREADS + 1}), threading.Event()

        def trade(own):
            begin.wait()
            bound = log.bind(thread=own)
            for n in range({CALLS} // 3):
                log.info("plain", thread=own, n=n)
                bound.info("bound", n=n, book={{"bid": 1.5, "levels": [own, n]}})
                with log_context(thread=own):
                    log.bind(n=n).info("context")

        def disturb():
            begin.wait()
            listener = logging.NullHandler()
            while not over.is_set():
                other.setLevel("DEBUG")
                logging.root.addHandler(listener)
                other.info("disturbance")
                logging.root.removeHandler(listener)
                other.setLevel("ERROR")
                configure(include=["thread_id"])
                configure(include=[])
                gc.collect()

        threads = [threading.Thread(target=trade, args=(own,)) for own in range({THREADS})]
        disturber = threading.Thread(target=disturb)
        for thread in [*threads, disturber]:
            thread.start()
        for thread in threads:
            thread.join()
        over.set()
        disturber.join()
        print(stats().dropped)
        """,
        env=ENVIRONMENT,
    )

    assert outcome.stdout == "0\n"
    records = outcome.records()
    assert [record["seq"] for record in records] == list(range(1, len(records) + 1))
    calls = Counter(
        (record["message"], record["thread"], record["n"]) for record in records if record["module"] == "bot"
    )
    expected = {
        (message, thread, n)
        for message in ("plain", "bound", "context")
        for thread in range(THREADS)
        for n in range(CALLS // 3)
    }
    assert set(calls) == expected
    assert set(calls.values()) == {1}
    books = [record for record in records if record["message"] == "bound"]
    assert all(record["book"]["levels"] == [record["thread"], record["n"]] for record in books)

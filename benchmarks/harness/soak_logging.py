"""The logging process of a soak: threads at a given rate, changes of configuration, figures per minute.

Started by `soak.py`, which reads its figures from standard output, one JSON object on a line.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any, Final

from harness.histogram import Histogram
from metaexpert.logger import configure, get_logger, log_context, shutdown, stats

THREADS: Final = 4
BURSTS_A_SECOND: Final = 100
#: A thread that is further behind than this skips the lost time instead of catching up.
MOST_BEHIND_S: Final = 0.5
RECONFIGURED_EVERY_S: Final = 5

#: The bound on the disk: at most 1.2 GB, which is half a minute of records for the reader that follows the
#: files.
CONFIGURATION: Final = {
    "default_level": "DEBUG",
    "loggers": {"soak.noise": "ERROR"},
    "handlers": {
        "console": None,
        "file": {"level": "DEBUG", "max_size": 64 << 20, "backup_count": 14},
        "trades": {"max_size": 8 << 20, "backup_count": 12},
        "errors": {"max_size": 8 << 20, "backup_count": 12},
        "side": {"type": "file", "filename": "side.log", "max_size": 0, "filter": {"loggers": ["soak.side"]}},
    },
    # Nothing gives way, so a machine that is too slow lowers the rate and loses nothing.
    "queue": {"protect_level": "NOTSET", "wait_ms": 60_000},
}
#: A file that comes and goes.
EXTRA: Final = {
    "type": "file",
    "filename": "extra.log",
    "max_size": 16 << 20,
    "backup_count": 2,
    "filter": {"loggers": ["soak.worker.0"]},
}


class Worker(threading.Thread):
    """A thread that logs in bursts, numbers its calls from 1, and times each of them."""

    def __init__(self, number: int, rate: float, until: float) -> None:
        super().__init__(name=f"worker-{number}")
        self.number = number
        self.burst = max(round(rate / BURSTS_A_SECOND), 1)
        self.until = until
        self.calls = 0
        self.kinds: Counter[str] = Counter()
        self.histogram = Histogram()
        self.log: Any = get_logger(f"soak.worker.{number}")
        self.side: Any = get_logger("soak.side")
        self.bound: Any = self.log.bind(worker=number, venue="test")
        self.clock = time.perf_counter_ns

    def run(self) -> None:
        """Log until the time is over."""
        due = time.monotonic()
        while due < self.until:
            for _ in range(self.burst):
                self.calls += 1
                self.histogram.add(self.usual() if self.calls % 10 else self.other())
            due += 1 / BURSTS_A_SECOND
            pause = due - time.monotonic()
            if pause > 0:
                time.sleep(pause)
            elif pause < -MOST_BEHIND_S:
                due = time.monotonic()

    def usual(self) -> int:
        """Make the most frequent call; returns its nanoseconds, as the ones below do."""
        before = self.clock()
        self.log.info("Tick", worker=self.number, n=self.calls, symbol="BTCUSDT", price=50000.5, qty=0.1)
        return self.clock() - before

    def other(self) -> int:
        """Make one of the calls that are less frequent: the rarer, the more there is to them."""
        n, number, clock = self.calls, self.number, self.clock
        if n % 10_000 == 0:
            try:
                raise RuntimeError(f"attempt {n}")
            except RuntimeError:
                before = clock()
                self.log.exception("Order not sent", worker=number, n=n)
            self.kinds["errors"] += 1
        elif n % 1_000 == 0:
            before = clock()
            self.log.error("Order %s rejected", n, extra={"worker": number, "n": n, "reason": "margin"})
            self.kinds["errors"] += 1
        elif n % 100 == 0:
            with log_context(strategy_id=number, timeframe="1m"):
                before = clock()
                self.side.info("Signal", worker=number, n=n, weights=[0.25, 0.5], state={"open": True})
            self.kinds["side"] += 1
        elif n % 50 == 0:
            before = clock()
            self.log.trade("Order filled", worker=number, n=n, order_id=n, side="BUY", price=50000.5, qty=0.1)
            self.kinds["trades"] += 1
        else:
            before = clock()
            self.bound.debug("Book", n=n, bid=50000.0, ask=50000.5)
        return clock() - before


class Disturber:
    """Changes the configuration while everything goes on, and logs records that a changing level lets
    through.
    """

    def __init__(self) -> None:
        self.count = 0
        self.noise: Any = get_logger("soak.noise")

    def disturb(self, second: int) -> None:
        """Do what is due in this second of the run."""
        self.noise.info("Noise", second=second)
        if second % RECONFIGURED_EVERY_S == 0:
            is_even = second // RECONFIGURED_EVERY_S % 2 == 0
            configure(
                loggers={"soak.noise": "ERROR" if is_even else "INFO"},
                handlers={"extra": None if is_even else EXTRA},
            )
            self.count += 1


class Figures:
    """What is measured of the process itself: in intervals, and of the whole run."""

    def __init__(self, workers: list[Worker]) -> None:
        self.workers = workers
        self.whole = Histogram()
        self.rss_bytes = self.queue_bytes = self.unbalanced = 0
        self.crash_safe = True
        self.calls, self.began, self.cpu = 0, time.monotonic(), time.process_time()

    def poll(self) -> None:
        """Look at memory, queue and counters."""
        self.rss_bytes = max(self.rss_bytes, resident_bytes())
        seen = stats()
        self.queue_bytes = max(self.queue_bytes, seen.queue_bytes)
        self.crash_safe &= seen.crash_safe
        self.unbalanced += seen.logged != seen.written + seen.dropped + seen.queued

    def interval(self) -> dict[str, Any]:
        """Return the figures since the last call, and begin anew."""
        self.poll()
        histogram = Histogram()
        for worker in self.workers:
            # A call that the worker counts at this moment goes to the old one or to the new one.
            counted, worker.histogram = worker.histogram, Histogram()
            histogram.merge(counted)
        self.whole.merge(histogram)
        seen = stats()
        calls, now, cpu = sum(worker.calls for worker in self.workers), time.monotonic(), time.process_time()
        figures = {
            "records": calls - self.calls,
            "records_per_s": (calls - self.calls) / (now - self.began),
            **latency(histogram),
            "rss_bytes": self.rss_bytes,
            "queue_bytes": self.queue_bytes,
            "cpu_percent": (cpu - self.cpu) / (now - self.began) * 100,
            "dropped": seen.dropped,
            "errors": seen.errors,
        }
        self.calls, self.began, self.cpu = calls, now, cpu
        self.rss_bytes = self.queue_bytes = 0
        return figures


def latency(histogram: Histogram) -> dict[str, float]:
    """Return the percentiles of the calls in microseconds."""
    named = {"p50_us": 0.5, "p99_us": 0.99, "p999_us": 0.999}
    found = {name: histogram.percentile(fraction) / 1000 for name, fraction in named.items()}
    return found | {"max_us": histogram.largest / 1000}


def resident_bytes() -> int:
    """Return the memory of this process that is in RAM, the ring included; Linux only."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def say(kind: str, figures: dict[str, Any]) -> None:
    """Tell `soak.py`."""
    print(json.dumps({"kind": kind, **figures}), flush=True)


def run(directory: Path, seconds: float, rate: float, interval_s: float) -> None:
    """Log for so long, and report the figures of each interval and of the whole."""
    configure({**CONFIGURATION, "log_file_path": str(directory)})
    began = time.monotonic()
    workers = [Worker(number, rate / THREADS, began + seconds) for number in range(THREADS)]
    figures, disturber = Figures(workers), Disturber()
    cpu = time.process_time()
    for worker in workers:
        worker.start()
    told = 1
    for second in range(1, int(seconds) + 1):
        time.sleep(max(began + second - time.monotonic(), 0))
        disturber.disturb(second)
        figures.poll()
        if second >= told * interval_s:
            told += 1
            say("interval", {"second": second, **figures.interval()})
    for worker in workers:
        worker.join()
    took, cpu = time.monotonic() - began, time.process_time() - cpu
    # The calls after the last whole interval.
    figures.interval()
    finish(figures, disturber, took, cpu)


def finish(figures: Figures, disturber: Disturber, took: float, cpu: float) -> None:
    """End the logging, and report what the files must contain."""
    is_written = shutdown()
    seen = stats()
    kinds = sum((worker.kinds for worker in figures.workers), Counter[str]())
    calls = [worker.calls for worker in figures.workers]
    say(
        "end",
        {
            "calls": calls,
            **{kind: kinds[kind] for kind in ("trades", "errors", "side")},
            "seconds": took,
            "records_per_s": sum(calls) / took,
            "cpu_percent": cpu / took * 100,
            **latency(figures.whole),
            "queue_high_water_bytes": seen.queue_high_water_bytes,
            "queue_capacity_bytes": seen.queue_capacity_bytes,
            "crash_safe": figures.crash_safe,
            "bytes_written": seen.bytes_written,
            "dropped": seen.dropped,
            "failed_attempts": seen.errors,
            "unbalanced": figures.unbalanced,
            "reconfigurations": disturber.count,
            "is_written": is_written,
        },
    )


if __name__ == "__main__":
    run(Path(sys.argv[1]), *map(float, sys.argv[2:5]))

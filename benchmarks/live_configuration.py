"""The cost of changing and watching the logging of a running program.

    uv run benchmarks/live_configuration.py [--quick] [--check] [--json]

Method. Four measurements, each in a fresh process, taking turns round after round.

- `level change, in code`: from the call of `configure()` to the return of the first call that obeys it.
- `level change, over HTTP`: the same from the moment that the server hands a request to what changes logging
  (`live.changes`) to the first call that obeys, in a trading loop on the main thread; the requests come
  from another process.
- `reconfigured under load`: a thread logs 50 records in a row, waits 20 us as for a market, and so on, while
  another thread changes levels, changes a handler's options, and adds and removes a handler, 1,000 times per
  second: for 10 s in the first round, and shortly in the others. Every line is then parsed and compared: none
  lost, doubled or torn.
- `loop alone`, `loop, scraped`: 20 us of Python work, then a call that logs, timed as one unit. `scraped`
  answers a Prometheus, played by another process, every 100 ms, with the figures of an expert among the rest.
  Units over 1 ms are counted in both and compared within a round, because a machine has such units by itself.

Limits. Under CPython's lock a thread that wants to run waits up to 5 ms for another that never pauses
(`sys.getswitchinterval`). Over HTTP that wait comes before the change and is not part of it. Under load,
where each change that touches files releases the lock, a thread that never paused would leave time for 200
changes per second. On a machine with fewer than two idle cores, other work is part of every figure here.
"""

from __future__ import annotations

import http.client
import subprocess
import sys
import threading
import time
from array import array
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from harness.event import verify
from harness.report import Goal, Options, Table, finish, percentiles, read_options
from harness.rounds import Figures, Rounds, measure_here_if_asked, take_rounds, typical
from metaexpert.expert.event_handlers.registry import EVENT_ARGUMENTS
from metaexpert.expert.metrics import ExpertMeter
from metaexpert.expert.metrics.prometheus import publish
from metaexpert.logger import configure, get_logger, serve, shutdown, stats
from metaexpert.logger.live import changes

IN_CODE, OVER_HTTP = "level change, in code", "level change, over HTTP"
UNDER_LOAD = "reconfigured under load"
ALONE, SCRAPED = "loop alone", "loop, scraped"

#: The promises of live configuration.
LEVEL_LIMIT_NS: Final = 1_000_000
CHANGES_PER_SECOND: Final = 1_000
UNIT_LIMIT_NS: Final = 1_000_000
SCRAPE_SECONDS: Final = 0.1
WORK_NS: Final = 20_000
BURST: Final = 50
PAUSE_SECONDS: Final = 20e-6

_CLIENT: Final = """
import http.client, json, sys, time
method, path, pause, port = sys.argv[1], sys.argv[2], float(sys.argv[3]), int(sys.argv[4])
server = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
number = 0
while True:
    number += 1
    body = json.dumps({"default_level": ("INFO", "DEBUG")[number % 2]}) if method == "POST" else None
    server.request(method, path, body, {"content-type": "application/json"})
    answer = server.getresponse()
    answer.read()
    assert answer.status == 200, answer.status
    time.sleep(pause)
"""


def configure_bench(directory: Path) -> Any:
    """Log into one file, with room for all of it, and return a logger."""
    configure(
        {
            "default_level": "INFO",
            "log_file_path": str(directory),
            "handlers": {
                "console": None,
                "trades": None,
                "errors": None,
                # Records about changes go elsewhere.
                "file": {"filename": "bench.json", "max_size": 0, "filter": {"loggers": ["bench"]}},
            },
            "queue": {"protect_level": "NOTSET", "wait_ms": 60_000},
        }
    )
    return get_logger("bench")


@contextmanager
def client(method: str, path: str, pause: float) -> Iterator[None]:
    """Have another process ask this one's server again and again."""
    port = str(serve().port)
    process = subprocess.Popen([sys.executable, "-c", _CLIENT, method, path, str(pause), port])
    try:
        yield
        if process.poll() is not None:
            sys.exit(f"the client of {path} ended with exit code {process.returncode}")
    finally:
        process.kill()
        process.wait()


# -- a level change ---------------------------------------------------------------------------------------


def change_in_code(records: int, directory: Path) -> Figures:
    """Time changes of the level in one thread."""
    log = configure_bench(directory)
    samples = array("q", bytes(8 * records))
    for number in range(records):
        before = stats().logged
        started = time.perf_counter_ns()
        configure(default_level="DEBUG")
        log.debug("in force")
        samples[number] = time.perf_counter_ns() - started
        configure(default_level="INFO")
        log.debug("not any more")
        if stats().logged != before + 1:
            sys.exit("a change of the level was not obeyed by the next call")
    shutdown()
    return figures_of(samples)


def change_over_http(records: int, directory: Path) -> Figures:
    """Time changes of the level that come over HTTP, while the main thread trades."""
    log = configure_bench(directory)
    begun: list[int] = []
    apply = changes.change

    def change(*arguments: Any, **by: Any) -> str:
        begun.append(time.perf_counter_ns())
        return apply(*arguments, **by)

    changes.change = change
    samples = array("q")
    enabled = False
    with client("POST", "/logging/configure", 0.0):
        end = time.monotonic() + 120
        while len(samples) < records:
            work()
            log.info("unit")
            if log.isEnabledFor(10) is not enabled:
                samples.append(time.perf_counter_ns() - begun[-1])
                enabled = not enabled
            if time.monotonic() > end:
                sys.exit("the changes over HTTP did not arrive in 120 s")
    shutdown()
    return figures_of(samples)


def figures_of(samples: array[int]) -> Figures:
    """Return what is told of durations in nanoseconds."""
    p50, p99 = percentiles(samples, 0.5, 0.99)
    return {"p50_ns": p50, "p99_ns": p99, "max_ns": float(max(samples)), "samples": float(len(samples))}


# -- reconfigured under load ------------------------------------------------------------------------------


def change_number(number: int) -> dict[str, Any]:
    """Return the change number `number`: a level, a handler's option, or a handler's being there."""
    if number % 20 == 0:
        return {"handlers": {"extra": {"type": "file", "filename": "extra.json"}}}
    if number % 20 == 10:
        return {"handlers": {"extra": None}}
    if number % 4 == 1:
        return {"handlers": {"file": {"backup_count": 5 + number % 3}}}
    return {"loggers": {"other": ("DEBUG", "INFO")[number % 2]}}


def reconfigure_under_load(wanted: int, directory: Path) -> Figures:
    """Log in bursts while `wanted` changes are put in force, and count."""
    log = configure_bench(directory)
    done = threading.Event()
    logged = 0

    def load() -> None:
        nonlocal logged
        while not done.is_set() or logged % BURST:
            if logged % BURST == 0:
                time.sleep(PAUSE_SECONDS)
            log.info("Order filled", symbol="BTCUSDT", side="BUY", price=50000.5, qty=0.1, order_id=logged)
            logged += 1

    trading = threading.Thread(target=load)
    trading.start()
    started = time.perf_counter()
    for number in range(wanted):
        due = started + number / CHANGES_PER_SECOND
        if (ahead := due - time.perf_counter()) > 0:
            time.sleep(ahead)
        changes.change(change_number(number))
    seconds = time.perf_counter() - started
    done.set()
    trading.join()
    shutdown()
    seen = stats()
    found = verify(directory / "bench.json", records=logged, fields=lambda line: line)
    if not found.lines:
        sys.exit("nothing was logged while the changes were made")
    extra = sum(lines_of(path) for path in directory.glob("extra.json*"))
    return {
        "changes_per_second": wanted / seconds,
        "records_per_second": logged / seconds,
        "records": float(logged),
        "lost": float(found.lost + seen.dropped),
        "extra": float(extra),
    }


def lines_of(path: Path) -> int:
    """Return how many lines a file has."""
    with path.open("rb") as file:
        return sum(1 for _ in file)


# -- scraped ----------------------------------------------------------------------------------------------


def work() -> None:
    """Do 20 us of Python."""
    end = time.perf_counter_ns() + WORK_NS
    while time.perf_counter_ns() < end:
        pass


def time_loop(units: int, directory: Path) -> Figures:
    """Time each unit of a trading loop."""
    log = configure_bench(directory)
    samples = array("q", bytes(8 * units))
    clock = time.perf_counter_ns
    for number in range(units):
        started = clock()
        work()
        log.info("Order filled", symbol="BTCUSDT", side="BUY", price=50000.5, qty=0.1, order_id=number)
        samples[number] = clock() - started
    (p999,) = percentiles(samples, 0.999)
    figures = figures_of(samples)
    figures["p999_ns"] = p999
    figures["over"] = float(sum(1 for each in samples if each > UNIT_LIMIT_NS))
    figures["seconds"] = sum(samples) / 1e9
    return figures


def time_scraped_loop(units: int, directory: Path) -> Figures:
    """Do as `time_loop`, while the figures of the logging system and of an expert are asked for."""
    meter = busy_expert()
    configure_bench(directory)
    with client("GET", "/metrics", SCRAPE_SECONDS):
        wait_for_client()
        figures = time_loop(units, directory)
    shutdown()
    assert meter.bars
    return figures


def busy_expert() -> ExpertMeter:
    """Return the figures of an expert with a handler for each event."""
    meter = ExpertMeter(EVENT_ARGUMENTS)
    meter.begin()
    for event in EVENT_ARGUMENTS:
        meter.event_handler_called(event, 0, 20_000)
    meter.bars += 1
    publish(meter, "bench")
    return meter


def wait_for_client() -> None:
    """Return when the server has answered: what it loads at first is not the scrape's."""
    server = serve()
    for _ in range(20):
        asked = http.client.HTTPConnection(server.host, server.port, timeout=60)
        asked.request("GET", "/metrics")
        text = asked.getresponse().read().decode()
        asked.close()
    if "metaexpert_expert_handler_latency_seconds_bucket" not in text:
        sys.exit("the scrape has no figures of the expert")


# -- all of it --------------------------------------------------------------------------------------------

MEASUREMENTS: Final[dict[str, Callable[[int, Path], Figures]]] = {
    IN_CODE: change_in_code,
    OVER_HTTP: change_over_http,
    UNDER_LOAD: reconfigure_under_load,
    ALONE: time_loop,
    SCRAPED: time_scraped_loop,
}


def measure(subject: str, records: int, directory: Path) -> Figures:
    """Take the figures of one subject."""
    return MEASUREMENTS[subject](records, directory)


def report(rounds: Rounds, options: Options) -> int:
    """Print the figures and return the exit code."""
    names = sorted({(subject, name) for each in rounds for subject in each for name in each[subject]})
    figures: dict[str, dict[str, float]] = {subject: {} for subject in MEASUREMENTS}
    for subject, name in names:
        figures[subject][name] = typical(rounds, subject, name)
    rows = [
        (subject, *(f"{figures[subject][name] / 1000:,.1f}" for name in ("p50_ns", "p99_ns", "max_ns")))
        for subject in (IN_CODE, OVER_HTTP, ALONE, SCRAPED)
    ]
    # The promise for 10 s is judged by the round that took 10 s.
    load = rounds[0][UNDER_LOAD]
    notes = [
        f"{UNDER_LOAD}: {load['changes_per_second']:,.0f} changes and {load['records_per_second']:,.0f} "
        f"records per second, {load['records']:,.0f} lines verified",
        f"units over 1 ms: {figures[ALONE]['over']:,.0f} in {figures[ALONE]['seconds']:.1f} s alone, "
        f"{figures[SCRAPED]['over']:,.0f} in {figures[SCRAPED]['seconds']:.1f} s scraped",
    ]
    added = sorted(each[SCRAPED]["over"] - each[ALONE]["over"] for each in rounds)
    lost = sum(each[UNDER_LOAD]["lost"] for each in rounds)
    goals = [
        Goal("ns until a level change in code is in force, p50", figures[IN_CODE]["p50_ns"], LEVEL_LIMIT_NS),
        Goal("ns until a level change in code is in force, p99", figures[IN_CODE]["p99_ns"], LEVEL_LIMIT_NS),
        Goal("ns until one over HTTP is in force, p50", figures[OVER_HTTP]["p50_ns"], LEVEL_LIMIT_NS),
        Goal("ns until one over HTTP is in force, p99", figures[OVER_HTTP]["p99_ns"], LEVEL_LIMIT_NS),
        # Slightly less, because the first change is due at once and the last one ends the measurement.
        Goal(
            "changes per second under load",
            load["changes_per_second"],
            0.99 * CHANGES_PER_SECOND,
            at_least=True,
        ),
        Goal("records lost by them", lost, 0),
        Goal("records that a handler took that came and went", load["extra"], 1, at_least=True),
        Goal("units over 1 ms that scraping adds, median of the rounds", added[len(added) // 2], 0),
    ]
    latencies = Table(("us", "p50", "p99", "max"), rows)
    return finish("live configuration", [latencies], figures, goals, options, notes=notes)


def main() -> int:
    """Measure and report."""
    measure_here_if_asked(measure)
    options = read_options(__doc__, records=10_000, quick_records=1_000, rounds=3)
    # 10,000 changes are 10 s of them, and millions of lines to verify: once. A unit takes 20 us and a little.
    records: dict[str, int | Sequence[int]] = {
        IN_CODE: options.records // 10,
        OVER_HTTP: options.records // 50,
        UNDER_LOAD: (options.records, max(options.records // 20, 1)),
        ALONE: options.records * 10,
        SCRAPED: options.records * 10,
    }
    return report(take_rounds(records, rounds=options.rounds), options)


if __name__ == "__main__":
    sys.exit(main())

"""How the cost of a call grows with its fields, with threads, and with sinks.

    uv run --group bench benchmarks/scaling.py [--quick] [--check] [--json]

Method. Loops of a few hundred calls are timed as a whole, on the thread that makes them; what they cost by
call is a sample, and the median over the loops is a figure. Between loops the logger writes what it has, as
a strategy that logs less than it could would let it. Fresh process for each logger and kind of growth, and
for each number of sinks, taking turns; within it the numbers of fields take turns too. Medians over the
rounds.

- Fields: 1 to 64 keywords, of two strings, two floats and one int in turn. "a field" is what a call with
  8 or 64 of them costs beyond the same call of a builtin that does nothing, by field: of more than about
  15 keywords the interpreter itself makes a dict and a tuple, whoever is called.
- Threads: 1 to 16 make their calls at the same time, under CPython's lock one at a time. The cost is the wall
  time from the first call to the last, by call: flat means that threads do not get into each other's way.
- Sinks: 1 to 10 files, each with every record.

Afterwards the lines of each file are counted and parsed, and every record must be there once.

Limits. The writing goes on while a loop runs, on whatever core is free; how much of it is left is not counted
here but in `throughput.py`.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any, Final

from harness.event import strict
from harness.loggers import FILE, LOGGERS, NOTHING, OWN, STDLIB, STRUCTLOG, Opened, configure_own
from harness.report import Goal, Options, Table, finish, read_options
from harness.rounds import Figures, Rounds, measure_here_if_asked, take_rounds, typical
from harness.svg import LINES, STEPS, Plot

FIELDS: Final = (1, 2, 4, 8, 16, 32, 64)
THREADS: Final = (1, 2, 4, 8, 16)
SINKS: Final = (1, 2, 5, 10)
#: Those that take fields as values; the others would measure their caller's formatting.
SCALED: Final = (NOTHING, OWN, STDLIB, STRUCTLOG, "loguru", "logust")
#: A figure at the far end by that at the near one: flat, but for noise.
FLAT: Final = 1.25
#: Of MetaExpert's calls so many fit into its queue with 64 fields each.
CALLS: Final = 500
#: Threads make so many together: waking them up makes no difference then, and the queue takes all of them.
TOGETHER: Final = 16_000
#: Begins the names of the figures, the number follows.
CALL_NS: Final = "call_ns "
Costs = Mapping[int, float]
"""Nanoseconds a call, by number of fields, threads or sinks."""
Loop = Callable[[Any, int, int], None]
"""Calls a logger with the numbers from one to below another."""
_VALUES: Final = ('"BTCUSDT"', '"BUY"', "50000.5", "0.1", "number")
#: Longer than a backend that has nothing to do sleeps.
_REST_S: Final = 0.015


def loop_of(subject: str, fields: int) -> Loop:
    """Return a loop over calls with so many fields, the call literally in it."""
    names = [f"field_{number}" for number in range(fields)]
    values = [_VALUES[number % len(_VALUES)] for number in range(fields)]
    if LOGGERS[subject].style == "extra":
        given = (
            "extra={"
            + ", ".join(f'"{name}": {value}' for name, value in zip(names, values, strict=True))
            + "}"
        )
    else:
        given = ", ".join(f"{name}={value}" for name, value in zip(names, values, strict=True))
    call = f"log.info('Tick', {given})"
    source = f"def loop(log, first, end):\n    for number in range(first, end):\n        {call}\n"
    scope: dict[str, Any] = {}
    exec(source, scope)  # A call site for each number of fields.
    loop: Loop = scope["loop"]
    return loop


def open_with_sinks(path: Path, sinks: int) -> Opened:
    """Return MetaExpert's logger with so many files."""
    from metaexpert.logger import get_logger, shutdown

    more = {
        f"more_{number}": {"type": "file", "filename": f"more_{number}.json", "max_size": 0}
        for number in range(1, sinks)
    }
    configure_own(path, more)
    return Opened(get_logger("bench"), shutdown)


def time_loops(log: Any, loops: Mapping[int, Loop], records: int) -> Costs:
    """Return the nanoseconds by call of each loop's median, `records` calls of each, taking turns."""
    clock = time.perf_counter_ns
    samples: dict[int, list[float]] = {count: [] for count in loops}
    for first in range(0, records, CALLS):
        end = min(first + CALLS, records)
        for count, loop in loops.items():
            begun = clock()
            loop(log, first, end)
            samples[count].append((clock() - begun) / (end - first))
            time.sleep(_REST_S)
    return {count: median(each) for count, each in samples.items()}


def time_threads(log: Any, loop: Loop, records: int, threads: int) -> float:
    """Return the nanoseconds by call while so many threads make `records` calls in all."""
    each, clock, samples = TOGETHER // threads, time.perf_counter_ns, []
    begun, ended = [0] * threads, [0] * threads
    for first in range(0, records, each * threads):
        ready = threading.Barrier(threads)

        def run(place: int, first: int, end: int, ready: threading.Barrier = ready) -> None:
            ready.wait()
            begun[place] = clock()
            loop(log, first, end)
            ended[place] = clock()

        shares = [min(first + each * place, records) for place in range(threads + 1)]
        workers = [
            threading.Thread(target=run, args=(place, *shares[place : place + 2])) for place in range(threads)
        ]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        samples.append((max(ended) - min(begun)) / (shares[-1] - first))
        time.sleep(_REST_S)
    return median(samples)


def subject_of(kind: str, name: str) -> str:
    """Return the name of one measurement: of what, of which logger or how many sinks."""
    return f"{kind}/{name}"


def measure(subject: str, records: int, directory: Path) -> Figures:
    """Take the figures of one measurement, `records` calls for each."""
    kind, name = subject.split("/")
    if kind == "sinks":
        log, close = open_with_sinks(directory / FILE, int(name))
        costs = time_loops(log, {int(name): loop_of(OWN, 5)}, records)
    else:
        log, close = LOGGERS[name].open(directory / FILE)
        if kind == "fields":
            costs = time_loops(log, {count: loop_of(name, count) for count in FIELDS}, records)
        else:
            costs = {count: time_threads(log, loop_of(name, 5), records, count) for count in THREADS}
    close()
    return {f"{CALL_NS}{count}": cost for count, cost in costs.items()}


def check(subject: str, records: int, directory: Path) -> Figures:
    """Count and parse the lines of each file; returns the records that are missing, or too many."""
    kind, name = subject.split("/")
    if name == NOTHING:
        return {"wrong": 0}
    files = [path for path in directory.glob("*.json") if path.name != "figures.json"]
    if len(files) != (int(name) if kind == "sinks" else 1):
        sys.exit(f"{subject}: the files are {sorted(path.name for path in files)}")
    wanted = records * {"fields": len(FIELDS), "threads": len(THREADS), "sinks": 1}[kind]
    wrong = 0
    for path in files:
        with path.open("rb") as file:
            wrong += abs(wanted - sum(1 for line in file if strict(line)))
    return {"wrong": wrong}


def report(rounds: Rounds, options: Options) -> int:
    """Print the figures and return the exit code."""
    loggers = installed()

    def costs(kind: str, name: str, counts: Sequence[int]) -> Costs:
        return {count: typical(rounds, subject_of(kind, name), f"{CALL_NS}{count}") for count in counts}

    fields = {name: costs("fields", name, FIELDS) for name in loggers}
    threads = {name: costs("threads", name, THREADS) for name in loggers}
    sinks = {OWN: {count: costs("sinks", str(count), (count,))[count] for count in SINKS}}
    floor = fields[NOTHING]
    further = {name: tuple(a_field(fields[name], floor, count) for count in (8, 64)) for name in loggers}
    near, far = further[OWN]
    goals = [
        Goal("a field of 64 by one of 8, beyond the do-nothing call", far / near, FLAT),
        Goal("a call with 16 threads by one with 1", threads[OWN][16] / threads[OWN][1], FLAT),
        Goal("a call with 10 sinks by one with 1", sinks[OWN][10] / sinks[OWN][1], FLAT),
        Goal("records lost or too many", sum(each[name]["wrong"] for each in rounds for name in each), 0),
    ]
    return finish(
        "growth",
        [table_of("fields", fields, further), table_of("threads", threads), table_of("sinks", sinks)],
        {"fields": fields, "threads": threads, "sinks": sinks},
        goals,
        options,
        missing=[name for name in SCALED if name not in loggers],
        plots=[
            plot("scaling_fields", "Cost of a call by its fields", "fields", fields),
            plot("scaling_threads", "Cost of a call by threads that log at once", "threads", threads),
            plot("scaling_sinks", "Cost of a call by files that each get it", "files", sinks),
        ],
    )


def a_field(costs: Costs, floor: Costs, count: int) -> float:
    """Return what a field costs beyond the call itself, at least a hundredth of a nanosecond."""
    return max((costs[count] - floor[count]) / count, 0.01)


def table_of(
    kind: str, of: Mapping[str, Costs], further: Mapping[str, Sequence[float]] | None = None
) -> Table:
    """Return the table of nanoseconds a call, a column a number, and of what each further field adds."""
    head = [f"ns a call, {kind}:", *(str(count) for count in next(iter(of.values())))]
    rows = [[name, *(f"{cost:,.0f}" for cost in each.values())] for name, each in of.items()]
    if further is not None:
        head += ["a field of 8", "of 64"]
        rows = [[*row, *(f"{cost:,.1f}" for cost in further[row[0]])] for row in rows]
    return Table(head, rows)


def plot(name: str, title: str, label: str, of: Mapping[str, Costs]) -> Plot:
    """Return the plot of nanoseconds a call."""
    series = {each: [(float(count), cost) for count, cost in costs.items()] for each, costs in of.items()}
    return Plot(name, LINES, title, "ns", series, own=(OWN,), x_label=label, x_scale=STEPS)


def installed() -> list[str]:
    """Return the loggers that can be measured here."""
    return [name for name in SCALED if LOGGERS[name].is_installed]


def main() -> int:
    """Measure, check and report."""
    measure_here_if_asked(measure)
    options = read_options(__doc__, records=20_000, quick_records=2_000, rounds=3)
    records: dict[str, int] = {}
    for name in installed():
        share = options.records if name == OWN else max(options.records // 5, CALLS)
        records |= {subject_of("fields", name): share, subject_of("threads", name): share * 4}
    records |= {subject_of("sinks", str(count)): options.records for count in SINKS}
    return report(take_rounds(records, rounds=options.rounds, check=check), options)


if __name__ == "__main__":
    sys.exit(main())

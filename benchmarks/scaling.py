"""The growth of a call's cost with its fields, with threads, and with sinks.

    uv run --group bench benchmarks/scaling.py [--quick] [--check] [--json]

Method. Loops of a few hundred calls are timed as a whole, on the thread that makes them; what they cost by
call is a sample, and the median over the loops is a figure. Between loops the logger writes what it has, as
a strategy that logs less than it could would let it. Fresh process for each logger and kind of growth, and
for each number of sinks, taking turns; within it the numbers of fields, and those of threads, take turns
too. Growth is a ratio within a round; medians over the rounds.

- Fields: 1 to 64 of them, one int, two strings and two floats in turn, given as `**fields`. "a field" is the
  cost of the whole call, by field: flat means that one of 64 costs no more than one of 8. Nothing is
  subtracted. The growth of the do-nothing call stands beside it, and the ratio of the two is a figure of its
  own, which shows whether the logger's calls grow more than calls do. Keywords written out would compare two
  ways of calling, because from some number on CPython makes a dict and a tuple of them at each call, whatever
  is called, as it does for any number of `**fields`. `call_latency.py` shows the cost of a few that are
  written out.
- Threads: 1 to 16 make 16,000 calls together, in loops of 500, after each of which the thread lets another
  one run, so that nearly each loop follows one of another thread, often on another core. "ns per call" is the
  time per call in which at least one thread is in a loop, whatever interrupts it; "CPU ns per call" is the
  processor time of all loops per call. Nothing is left out of either, not even a thread's first calls and
  cold caches. Each figure is the median over the turns, and "growth" is the median of the ratio of 16 threads
  to 1 in a turn. The time between loops is not included: starting threads and handing over CPython's lock,
  which takes as long with the do-nothing call. With more threads than cores a loop is interrupted more often,
  whatever is called. So the promise is about the CPU time, and wall time is compared with that of the
  do-nothing call, which shows if threads wait for each other.
- Sinks: 1 to 10 files, each with every record.

Afterwards each line of each file is parsed: every record that was logged must be there once, with all of its
fields.

Limits. The first calls after a change of threads find caches cold. With shorter loops these calls would be a
larger share, and 16 threads would cost more, with the do-nothing call too. The writing goes on while a loop
runs, on a free core; `throughput.py` counts it, not this program. Under CPython's lock one thread logs at a
time. Reading a thread's processor time is part of each loop.
"""

from __future__ import annotations

import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any, Final

from harness.event import strict
from harness.loggers import (
    FILE,
    LOGGERS,
    LOGURU,
    NOTHING,
    OWN,
    STDLIB,
    STRUCTLOG,
    configure_own,
    installed,
    missing,
)
from harness.report import Goal, Options, Table, finish, read_options
from harness.rounds import Figures, Rounds, measure_here_if_asked, ratio, take_rounds, total, typical
from harness.setups import Opened
from harness.svg import LINES, STEPS, Plot

FIELDS: Final = (1, 2, 4, 8, 16, 32, 64)
THREADS: Final = (1, 2, 4, 8, 16)
SINKS: Final = (1, 2, 5, 10)
#: Those that take fields as values; the others would measure their caller's formatting.
SCALED: Final = (NOTHING, OWN, STDLIB, STRUCTLOG, LOGURU, "logust")
#: The fields of the calls that are compared.
FEW: Final = 8
MANY: Final = 64
#: The limit for the last figure by the first one: flat, except for noise.
FLAT: Final = 1.25
#: The number of MetaExpert's calls with 64 fields each that fit into its queue.
CALLS: Final = 500
#: The number of calls that threads make together, which the queue takes.
TOGETHER: Final = 16_000
#: Begin the names of the figures, the number follows.
CALL_NS: Final = "call_ns "
CPU_NS: Final = "cpu_ns "
#: Ends the names of the figures that compare the most threads with one.
GROWTH: Final = "growth"
Costs = Mapping[int, float]
"""Nanoseconds a call, by number of fields, threads or sinks."""
Loop = Callable[[Any, int, int], None]
"""Calls a logger with the numbers from one to below another."""
FIELD: Final = "field_"
#: The field with the number of the call, so that each record has it.
NUMBER: Final = f"{FIELD}0"
_VALUES: Final[tuple[Any, ...]] = (0, "BTCUSDT", "BUY", 50000.5, 0.1)
#: Longer than an idle backend sleeps.
_REST_S: Final = 0.015


def loop_of(subject: str) -> Loop:
    """Return a loop over calls with five fields, written out as its users would."""
    given = {f"{FIELD}{place}": repr(value) for place, value in enumerate(_VALUES)} | {NUMBER: "number"}
    if LOGGERS[subject].style == "extra":
        fields = "extra={" + ", ".join(f"{name!r}: {value}" for name, value in given.items()) + "}"
    else:
        fields = ", ".join(f"{name}={value}" for name, value in given.items())
    call = f"log.info('Tick', {fields})"
    source = f"def loop(log, first, end):\n    for number in range(first, end):\n        {call}\n"
    scope: dict[str, Any] = {}
    exec(source, scope)
    loop: Loop = scope["loop"]
    return loop


def unpacking_loop_of(subject: str, fields: int) -> Loop:
    """Return a loop over calls with so many fields out of a dict."""
    given = {f"{FIELD}{place}": _VALUES[place % len(_VALUES)] for place in range(fields)}

    def loop(log: Any, first: int, end: int) -> None:
        for number in range(first, end):
            given[NUMBER] = number
            log.info("Tick", **given)

    def loop_with_extra(log: Any, first: int, end: int) -> None:
        for number in range(first, end):
            given[NUMBER] = number
            log.info("Tick", extra=given)

    return loop_with_extra if LOGGERS[subject].style == "extra" else loop


def open_with_sinks(path: Path, sinks: int) -> Opened:
    """Return MetaExpert's logger with so many files."""
    from metaexpert.logger import get_logger, shutdown

    more = {
        f"more_{number}": {"type": "file", "filename": f"more_{number}.json", "max_size": 0}
        for number in range(1, sinks)
    }
    configure_own(path, more)
    return get_logger("bench"), shutdown


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


def time_threads(log: Any, loop: Loop, records: int) -> Figures:
    """Return the figures of each number of threads: `records` calls each, in turns of `TOGETHER`."""
    turns: list[Figures] = []
    for first in range(0, records, TOGETHER):
        numbers = range(first, min(first + TOGETHER, records))
        turn: Figures = {}
        for threads in THREADS:
            wall, cpu = run_together(log, loop, numbers, threads)
            turn |= {f"{CALL_NS}{threads}": wall / len(numbers), f"{CPU_NS}{threads}": cpu / len(numbers)}
            time.sleep(_REST_S)
        for figure in (CALL_NS, CPU_NS):
            turn[f"{figure}{GROWTH}"] = turn[f"{figure}{THREADS[-1]}"] / turn[f"{figure}{THREADS[0]}"]
        turns.append(turn)
    return {name: median(turn[name] for turn in turns) for name in turns[0]}


def run_together(log: Any, loop: Loop, numbers: range, threads: int) -> tuple[int, int]:
    """Log `numbers` from so many threads, a loop each in turn.

    Returns the nanoseconds in which at least one of them was in a loop, and the processor time of all loops.
    """
    clock, cpu_clock = time.perf_counter_ns, time.thread_time_ns
    ready = threading.Barrier(threads)
    loops: list[tuple[int, int]] = []
    cpu: list[int] = []

    def run(mine: range) -> None:
        ready.wait()
        for first in range(mine.start, mine.stop, CALLS):
            begun, cpu_begun = clock(), cpu_clock()
            loop(log, first, min(first + CALLS, mine.stop))
            cpu.append(cpu_clock() - cpu_begun)
            loops.append((begun, clock()))
            # Gives up CPython's lock, so that a waiting thread runs.
            time.sleep(0)

    each = -(-len(numbers) // threads)
    shares = [numbers[each * place : each * (place + 1)] for place in range(threads)]
    workers = [threading.Thread(target=run, args=(share,)) for share in shares]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return covered(loops), sum(cpu)


def covered(spans: Iterable[tuple[int, int]]) -> int:
    """Return the length that the spans, each from its begin to its end, cover together."""
    length = reached = 0
    for begun, ended in sorted(spans):
        length += max(ended - max(begun, reached), 0)
        reached = max(reached, ended)
    return length


def subject_of(kind: str, name: str) -> str:
    """Return the name of one measurement: its kind, and its logger or number of sinks."""
    return f"{kind}/{name}"


def measure(subject: str, records: int, directory: Path) -> Figures:
    """Take the figures of one measurement, `records` calls for each."""
    kind, name = subject.split("/")
    if kind == "sinks":
        log, close = open_with_sinks(directory / FILE, int(name))
        costs = time_loops(log, {int(name): loop_of(OWN)}, records)
    else:
        log, close = LOGGERS[name].open(directory / FILE)
        if kind == "threads":
            figures = time_threads(log, loop_of(name), records)
            close()
            return figures
        costs = time_loops(log, {count: unpacking_loop_of(name, count) for count in FIELDS}, records)
    close()
    return {f"{CALL_NS}{count}": cost for count, cost in costs.items()}


def wanted(kind: str, records: int) -> Counter[tuple[int, int]]:
    """Return how often each record is logged: by how many fields it has, and its number."""
    if kind == "fields":
        return Counter({(count, number): 1 for count in FIELDS for number in range(records)})
    times = len(THREADS) if kind == "threads" else 1
    return Counter({(5, number): times for number in range(records)})


def check(subject: str, records: int, directory: Path) -> Figures:
    """Parse the lines of each file; returns the records that are missing, or too many."""
    kind, name = subject.split("/")
    if name == NOTHING:
        return {"wrong": 0}
    files = [path for path in directory.glob("*.json") if path.name != "figures.json"]
    if len(files) != (int(name) if kind == "sinks" else 1):
        sys.exit(f"{subject}: the files are {sorted(path.name for path in files)}")
    fields = LOGGERS[OWN if kind == "sinks" else name].fields
    wrong = 0
    for path in files:
        with path.open("rb") as file:
            found = Counter(record_of(fields(strict(line))) for line in file)
        found.subtract(wanted(kind, records))
        wrong += sum(map(abs, found.values()))
    return {"wrong": wrong}


def record_of(event: Mapping[str, Any]) -> tuple[int, int]:
    """Return how many fields an event has, and its number."""
    return sum(name.startswith(FIELD) for name in event), event[NUMBER]


def report(rounds: Rounds, options: Options) -> int:
    """Print the figures and return the exit code."""
    loggers = installed(SCALED)

    def costs(kind: str, name: str, counts: Sequence[int], figure: str = CALL_NS) -> Costs:
        return {count: typical(rounds, subject_of(kind, name), f"{figure}{count}") for count in counts}

    fields = {name: costs("fields", name, FIELDS) for name in loggers}
    threads = {name: costs("threads", name, THREADS) for name in loggers}
    cpu = {name: costs("threads", name, THREADS, CPU_NS) for name in loggers}
    sinks = {OWN: {count: costs("sinks", str(count), (count,))[count] for count in SINKS}}
    growths = {name: field_growth(rounds, name) for name in loggers}

    def thread_growths(figure: str) -> Mapping[str, float]:
        return {name: typical(rounds, subject_of("threads", name), f"{figure}{GROWTH}") for name in loggers}

    return finish(
        "growth",
        [
            fields_table(fields, growths),
            table_of("ns per call, threads", threads, thread_growths(CALL_NS)),
            table_of("CPU ns per call, threads", cpu, thread_growths(CPU_NS)),
            table_of("ns per call, sinks", sinks),
        ],
        {"fields": fields, "threads": threads, "threads_cpu": cpu, "sinks": sinks, "field_growth": growths},
        goals_of(rounds),
        options,
        missing=missing(SCALED),
        plots=[
            plot("scaling_fields", "Cost of a call by its fields", "fields", fields),
            plot("scaling_threads", "Cost of a call by threads that log at once", "threads", threads),
            plot("scaling_sinks", "Cost of a call by files that each get it", "files", sinks),
        ],
    )


def goals_of(rounds: Rounds) -> list[Goal]:
    """Return the promises about growth, with the measured figures."""
    few, many = THREADS[0], THREADS[-1]
    one, ten = (subject_of("sinks", str(count)) for count in (SINKS[0], SINKS[-1]))
    beyond = [field_growth([each], OWN) / field_growth([each], NOTHING) for each in rounds]
    sinks = [each[ten][f"{CALL_NS}{SINKS[-1]}"] / each[one][f"{CALL_NS}{SINKS[0]}"] for each in rounds]
    cpu = typical(rounds, subject_of("threads", OWN), f"{CPU_NS}{GROWTH}")
    own, nothing = (subject_of("threads", name) for name in (OWN, NOTHING))
    waited = ratio(rounds, own, nothing, f"{CALL_NS}{GROWTH}")
    return [
        Goal(f"a field of {MANY} by one of {FEW}", field_growth(rounds, OWN), FLAT),
        Goal("the same, by that of the do-nothing call", median(beyond), FLAT),
        Goal(f"CPU time of a call with {many} threads by that with {few}", cpu, FLAT),
        Goal("the same, wall time, by that of the do-nothing call", waited, FLAT),
        Goal(f"a call with {SINKS[-1]} sinks by one with {SINKS[0]}", median(sinks), FLAT),
        Goal("records lost or too many", sum(total(rounds, name, "wrong") for name in rounds[0]), 0),
    ]


def field_growth(rounds: Rounds, name: str) -> float:
    """Return what a field of a call with many costs, by one of a call with few."""
    of = [each[subject_of("fields", name)] for each in rounds]
    return median((each[f"{CALL_NS}{MANY}"] / MANY) / (each[f"{CALL_NS}{FEW}"] / FEW) for each in of)


def table_of(head: str, of: Mapping[str, Costs], growths: Mapping[str, float] | None = None) -> Table:
    """Return the table of nanoseconds per call, one column per number, and of their growth."""
    names: tuple[str, ...] = (f"{head}:", *map(str, next(iter(of.values()))))
    rows: list[tuple[str, ...]] = [
        (name, *(f"{cost:,.0f}" for cost in each.values())) for name, each in of.items()
    ]
    if growths is not None:
        names = (*names, GROWTH)
        rows = [(*row, f"{growths[row[0]]:.2f} x") for row in rows]
    return Table(names, rows)


def fields_table(of: Mapping[str, Costs], growths: Mapping[str, float]) -> Table:
    """Return the table of nanoseconds per call by its fields, per field, and of their growth."""
    whole = table_of("ns per call, **fields", of)
    rows = [
        (*row, *(f"{of[row[0]][count] / count:,.1f}" for count in (FEW, MANY)), f"{growths[row[0]]:.2f} x")
        for row in whole.rows
    ]
    return Table((*whole.head, f"a field of {FEW}", f"of {MANY}", GROWTH), rows)


def plot(name: str, title: str, label: str, of: Mapping[str, Costs]) -> Plot:
    """Return the plot of nanoseconds per call."""
    series = {each: [(float(count), cost) for count, cost in costs.items()] for each, costs in of.items()}
    return Plot(name, LINES, title, "ns", series, own=(OWN,), x_label=label, x_scale=STEPS)


def main() -> int:
    """Measure, check and report."""
    measure_here_if_asked(measure)
    options = read_options(__doc__, records=20_000, quick_records=2_000, rounds=3)
    records: dict[str, int] = {}
    for name in installed(SCALED):
        # A peer's calls are slow enough that fewer of them show as much.
        is_peer = name not in (OWN, NOTHING)
        share = max(options.records // 5, CALLS) if is_peer else options.records
        records |= {
            subject_of("fields", name): share,
            subject_of("threads", name): share * (4 if is_peer else 8),
        }
    records |= {subject_of("sinks", str(count)): options.records for count in SINKS}
    return report(take_rounds(records, rounds=options.rounds, check=check), options)


if __name__ == "__main__":
    sys.exit(main())

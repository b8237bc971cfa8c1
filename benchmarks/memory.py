"""The memory that a logger takes from its host, and its growth with the records.

    uv run --group bench benchmarks/memory.py [--quick] [--full] [--check] [--json]

Method. A fresh interpreter imports a logger, sets it up, and logs trade events with five fields in a
loop; its memory in RAM (`VmRSS`) is read from the kernel before the first import, after the set-up, and after
each twentieth of the records. MetaExpert has its default settings: a queue of 8 MiB, which counts, a rotated
file of everything, and the console, here /dev/null. The queue's pages are populated in the milliseconds after
the set-up, so "set up" has only a part of them. "peak" is the largest of these figures less the first.
"growth" is the last figure less the one after the first tenth, when each part has been used. Pydantic, which
the models of MetaExpert's configuration are built on, has a row of its own: the default settings take no
models, an option of a handler does. After MetaExpert's run every record must be
written or counted as dropped: this loop is faster than any program logs, so INFO gives way where the queue is
full. With `--full` it logs 100 million. Peers log a hundredth, MetaExpert with the models a tenth.

Limits. Pages that several processes share, of libraries and of Python, count in full in each of them. Linux
only. Files need room for as many rotated ones as the default settings keep: 1.1 GB with `--full`.
"""

from __future__ import annotations

import sys
from pathlib import Path

from harness.loggers import OWN, installed, marked, missing, notes_of
from harness.programs import PYDANTIC, WITH_MODELS, call_of, run, set_up_of, tell
from harness.report import Goal, Options, Table, finish, read_options
from harness.rounds import Figures, Rounds, measure_here_if_asked, points, take_rounds, typical
from harness.svg import LINES, Plot

FULL = "--full"
FULL_RECORDS = 100_000_000
ALONE = "pydantic alone"
#: Promised: megabytes over the host with default settings; and what counts as flat.
LIMIT_MB = 24.0
WITH_MODELS_LIMIT_MB = 36.0
GROWTH_LIMIT_MB = 1.0
STEPS = 20
MB = 2**20
#: Begins the names of the figures after each step.
AT = "at "

_PROGRAM = """
import os
def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
seen = [resident()]
{setup}
seen.append(resident())
for step in range({steps}):
    for n in range({first} * step, {first} * (step + 1)):
        try:
            {call}
        except RuntimeError:  # A peer's full queue.
            pass
    seen.append(resident())
{tell}
"""
_TALLY = """
from metaexpert.logger import flush, stats
flush(60)  # false where records gave way, which are counted
counted = stats()
assert counted.logged == counted.written + counted.dropped, counted
# Gap records are warnings.
assert counted.logged_by_level["INFO"] == {records}, counted
"""


def program_of(subject: str, records: int) -> str:
    """Return a program that logs `records` events and tells its memory, then what was dropped."""
    if subject == ALONE:
        return _PROGRAM.format(setup=PYDANTIC, steps=STEPS, first=0, call="pass", tell=tell("0", "*seen"))
    first = records // STEPS
    tally, dropped = (
        (_TALLY.format(records=first * STEPS), "counted.dropped")
        if subject in (OWN, WITH_MODELS)
        else ("", "0")
    )
    call, end = call_of(subject), tally + tell(dropped, "*seen")
    return _PROGRAM.format(setup=set_up_of(subject), steps=STEPS, first=first, call=call, tell=end)


def measure(subject: str, records: int, directory: Path) -> Figures:
    """Return the megabytes that the logger takes, and how they developed."""
    dropped, host, ready, *after = run(
        program_of(subject, max(records, STEPS)), directory, may_die=subject not in (OWN, WITH_MODELS)
    )
    over = [(each - host) / MB for each in after]
    figures = {
        "host_mb": host / MB,
        "ready_mb": (ready - host) / MB,
        "peak_mb": max(over),
        "growth_mb": over[-1] - over[STEPS // 10 - 1],
        "dropped": float(dropped),
    }
    return figures | {f"{AT}{step + 1}": value for step, value in enumerate(over)}


def report(rounds: Rounds, subjects: dict[str, int], options: Options) -> int:
    """Print the figures and return the exit code."""
    figures, rows, lines = {}, [], {}
    for subject, records in subjects.items():
        names = ("ready_mb", "peak_mb", "growth_mb", "dropped")
        figures[subject] = {name: typical(rounds, subject, name) for name in names} | {"records": records}
        megabytes = (f"{figures[subject][name]:.1f}" for name in names[:3])
        rows.append((marked(subject), *megabytes, f"{records:,}" if records else ""))
        lines[marked(subject)] = [(step * 100 / STEPS, mb) for step, mb in points(rounds, subject, AT)]
    goals = [
        Goal("MB over the host at most, default settings", figures[OWN]["peak_mb"], LIMIT_MB),
        Goal(
            "MB over the host at most, with the models", figures[WITH_MODELS]["peak_mb"], WITH_MODELS_LIMIT_MB
        ),
        Goal(f"MB of growth over {subjects[OWN]:,} records", figures[OWN]["growth_mb"], GROWTH_LIMIT_MB),
    ]
    head = ("logger", "set up, MB", "peak, MB", "growth, MB", "records")
    title = "Memory over the host while records are logged"
    plot = Plot("memory", LINES, title, "MB", lines, own=(OWN,), x_label="% of the records")
    notes = [
        f"the host alone has {typical(rounds, OWN, 'host_mb'):.1f} MB",
        f"of MetaExpert's records {figures[OWN]['dropped']:,.0f} gave way to a full queue, counted",
        *notes_of(subjects),
    ]
    title = "memory"
    return finish(
        title, [Table(head, rows)], figures, goals, options, missing=missing(), notes=notes, plots=[plot]
    )


def main() -> int:
    """Measure, check and report."""
    measure_here_if_asked(measure)
    if full := FULL in sys.argv:
        sys.argv.remove(FULL)
    options = read_options(
        __doc__, records=FULL_RECORDS if full else 3_000_000, quick_records=400_000, rounds=1 if full else 3
    )
    peers = dict.fromkeys(installed(), min(options.records // 100, 50_000))
    records = {ALONE: 0, OWN: options.records, WITH_MODELS: options.records // 10, **peers}
    rounds = take_rounds(records, rounds=options.rounds)
    return report(rounds, records, options)


if __name__ == "__main__":
    sys.exit(main())

"""The time that a program waits for its logger, and a person for the command line, over bare Python.

    uv run --group bench benchmarks/start.py [--quick] [--check] [--json]

Method. A fresh interpreter runs a program that imports a logger, sets it up as its documentation says, and
logs one trade event with five fields; MetaExpert with its default settings, and once more with an option of a
handler, which takes the models of its configuration and so pydantic. "first record" is the time from
the program's first statement to the return of that call, so Python's own start is not in it. "whole program"
is the wall time from the start of the process to its end, everything written, less that of an interpreter
that does nothing. Programs take turns; a first start of each in a round is not counted, as it may have to
compile what is imported. Figures are medians over the starts of a round, then over the rounds. Pydantic is
imported alone by a program of its own, by the statements of the models, and shown apart: an application that
uses it has paid for it already. Each file must have its record.

A command of `metaexpert` runs as its installed script does, from the start of the process to its end, in a
directory whose logs are empty and where no expert runs; each must succeed.

Limits. Files that are imported are compiled and lie in the page cache, as at the second start of a program
and ever after. An application that has imported `logging`, `json` or `typing` already waits less.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from pathlib import Path
from statistics import median
from typing import Final

from harness.loggers import OWN, installed, marked, missing, notes_of
from harness.programs import PYDANTIC, WITH_MODELS, call_of, run, set_up_of, tell
from harness.report import Goal, Options, Table, finish, read_options
from harness.rounds import Figures, Rounds, measure_here_if_asked, take_rounds, typical
from harness.svg import BARS, LINEAR, Plot

BARE, ALONE = "bare Python", "pydantic alone"
#: Promised: milliseconds over bare Python; with the models, pydantic's own import aside.
LIMIT_MS = 60.0
#: Promised: milliseconds of a command over bare Python.
COMMANDS: Final[Mapping[str, float]] = {
    "metaexpert --version": 80.0,
    "metaexpert --help": 80.0,
    "metaexpert logs --help": 80.0,
    "metaexpert logs recover": 150.0,
    "metaexpert logs configure --show": 150.0,
    "metaexpert logs configure --schema": 150.0,
    "metaexpert ps": 150.0,
}

EXIT: Final = "is not waited for: what it has not handed to its handlers at the program's end is not written"
_BEGIN = "import time\nbegun = time.perf_counter_ns()\n"
_COMMAND = """
import sys
from metaexpert.cli import main
code = 0
try:
    main({arguments})
except SystemExit as end:
    code = end.code
if code:
    sys.exit(code)
"""
_READ = "{name} = time.perf_counter_ns() - begun\n"


def program_of(subject: str) -> str:
    """Return a program that reports the nanoseconds until it was set up, and until it had logged."""
    if subject == BARE:
        return tell("0", "0")
    if subject in COMMANDS:
        return _COMMAND.format(arguments=subject.split()[1:]) + tell("0", "0")
    parts = [_BEGIN]
    if subject == ALONE:
        parts += [PYDANTIC, _READ.format(name="ready"), _READ.format(name="logged")]
    else:
        parts += [set_up_of(subject), _READ.format(name="ready"), f"n = 0\n{call_of(subject)}\n"]
        parts += [_READ.format(name="logged")]
    return "".join([*parts, tell("ready", "logged")])


def measure(subject: str, records: int, directory: Path) -> Figures:
    """Start the program `records` times, after a first that does not count."""
    program = program_of(subject)
    times: list[tuple[float, float, float]] = []
    for number in range(records + 1):
        where = directory / str(number)
        (where / "logs").mkdir(parents=True)
        before = time.perf_counter()
        told = run(program, where)
        whole = time.perf_counter() - before
        ready, logged = told
        times.append((ready / 1e6, logged / 1e6, whole * 1e3))
        if subject not in (BARE, ALONE, *COMMANDS):
            see_record(subject, where)
    ready_ms, logged_ms, whole_ms = (median(column) for column in zip(*times[1:], strict=True))
    return {"ready_ms": ready_ms, "first_record_ms": logged_ms, "whole_ms": whole_ms}


def see_record(subject: str, directory: Path) -> None:
    """End the process if the record is not in the file."""
    name = "expert.log" if subject in (OWN, WITH_MODELS) else "bench.json"
    text = (directory / name).read_text()
    if subject != "logxide" and "BTCUSDT" not in text:
        sys.exit(f"{subject} did not write its record: {text!r}")


def over_bare(rounds: Rounds) -> dict[str, float]:
    """Return the milliseconds that each command takes, those of bare Python aside."""
    bare = typical(rounds, BARE, "whole_ms")
    return {command: typical(rounds, command, "whole_ms") - bare for command in COMMANDS}


def goals_of(figures: Mapping[str, Figures], commands: Mapping[str, float]) -> list[Goal]:
    """Return what is promised of programs and of commands, with the milliseconds that each took."""
    aside = {
        name: figures[WITH_MODELS][name] - figures[ALONE][name]
        for name in ("first_record_ms", "whole_over_bare_ms")
    }
    until, whole_run = "ms until the first record", "ms of the whole program over bare Python"
    models = "with the models, pydantic's own import aside"
    return [
        Goal(until, figures[OWN]["first_record_ms"], LIMIT_MS),
        Goal(whole_run, figures[OWN]["whole_over_bare_ms"], LIMIT_MS),
        Goal(f"{until}, {models}", aside["first_record_ms"], LIMIT_MS),
        Goal(f"{whole_run}, {models}", aside["whole_over_bare_ms"], LIMIT_MS),
        *(
            Goal(f"ms of `{command}` over bare Python", commands[command], limit)
            for command, limit in COMMANDS.items()
        ),
    ]


def report(rounds: Rounds, subjects: list[str], options: Options) -> int:
    """Print the figures and return the exit code."""
    bare = typical(rounds, BARE, "whole_ms")
    figures, rows = {}, []
    for subject in subjects:
        ready, first, whole = (
            typical(rounds, subject, name) for name in ("ready_ms", "first_record_ms", "whole_ms")
        )
        figures[subject] = {"ready_ms": ready, "first_record_ms": first, "whole_over_bare_ms": whole - bare}
        rows.append((marked(subject), f"{ready:.1f}", f"{first:.1f}", f"{whole - bare:.1f}"))
    commands = over_bare(rounds)
    head = ("program", "set up, ms", "first record, ms", "whole program over bare Python, ms")
    loggers = [subject for subject in subjects if subject not in (BARE, ALONE)]
    bars = {marked(subject): [(0.0, figures[subject]["first_record_ms"])] for subject in (*loggers, ALONE)}
    title = "From the program's first statement to its first record"
    plot = Plot("start", BARS, title, "milliseconds", bars, own=(OWN, WITH_MODELS), y_scale=LINEAR)
    notes = [f"bare Python: {bare:.1f} ms from the start of the process to its end"]
    notes += [f"logxide {EXIT}"] if "logxide" in subjects else []
    return finish(
        "start",
        [
            Table(head, rows),
            Table(
                ("command", "over bare Python, ms"),
                [(command, f"{whole_ms:.1f}") for command, whole_ms in commands.items()],
            ),
        ],
        figures | {command: {"whole_over_bare_ms": whole_ms} for command, whole_ms in commands.items()},
        goals_of(figures, commands),
        options,
        missing=missing(),
        notes=[*notes, *notes_of(subjects)],
        plots=[plot],
    )


def main() -> int:
    """Measure, check and report."""
    measure_here_if_asked(measure)
    options = read_options(__doc__, records=3, quick_records=1)
    subjects = [BARE, ALONE, OWN, WITH_MODELS, *installed()]
    rounds = take_rounds(dict.fromkeys([*subjects, *COMMANDS], options.records), rounds=options.rounds)
    return report(rounds, subjects, options)


if __name__ == "__main__":
    sys.exit(main())

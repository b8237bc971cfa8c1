"""The processor time that it takes to find something in a log, beside the tools that people use for that.

    uv run --group bench benchmarks/reading.py [--quick] [--check] [--json]

Method. A program writes a log with this product (harness/corpus.py): bars, fills, signals with nested
indicators, plain messages, warnings, and errors with their exceptions, some 250 bytes each, once unpacked,
once rotated and packed as gzip, and once as zstd. Each reader then answers the same queries in a process of
its own, from its start to its end, and its answer must be right before its time counts. "CPU" is the
processor time of all threads and children. "start" is that of the same command on an empty log, or of a
program that only imports the package. MetaExpert is measured as `metaexpert logs ...`, the interpreter's
start included, and goals count all of it. MetaExpert, ripgrep, jq and hl print the lines that they find,
DuckDB and Polars count them and get the types of the columns, so they read only those that the query names.
ripgrep searches for a literal, `"level":"ERROR"`, and knows nothing of records: it is what reading the bytes
costs. The query "every key" holds for records without two of the keys, so nothing but a look at each key
answers it. Python's modules are compiled before, as in an installed program. Readers take turns, ratios are
taken within a round, and the median over the rounds is shown.

Times on the clock are minima of several runs. A follower (`logs tail -f`) is shown records one by one; the
time goes from the logger's call until the line can be read from the follower's pipe. Every other record is
flushed, and goals count these: without a flush the logger's backend naps for up to 10 ms before it writes,
which is "from the call". Then nothing is logged, and the processor time that the follower takes is shown.

Limits. The files lie in the page cache, so the disk is not measured. The same log is read each time, and its
texts repeat, so it packs better than others do. Memory is the peak of what is resident, shared libraries and
the interpreter included. A reader that is missing has no rows; the notes say why.
"""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import tempfile
from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from harness.bytecode import compile_package
from harness.commands import CommandError, Ran, run
from harness.corpus import PACKINGS, SPAN, Expected, expected, middle
from harness.following import follow
from harness.readers import (
    COUNT,
    DUCKDB,
    EMPTY,
    EVERY_KEY,
    FILTER,
    FORMAT,
    HL,
    JQ,
    LITERAL,
    OWN,
    PLAIN,
    READINGS,
    RIPGREP,
    START,
    TIMES,
    UNPACK,
    ZCAT,
    Reading,
    log_name,
    missing,
    own_command,
    versions,
)
from harness.report import Goal, Options, Table, finish, note_progress, percentiles, read_options
from harness.rounds import (
    Figures,
    Rounds,
    measure_here_if_asked,
    of_subject,
    ratio,
    take_rounds,
    typical,
)
from harness.svg import BARS, Plot

#: Where the processes that measure find the logs.
CORPUS: Final = "METAEXPERT_BENCHCORPUS"
HERE: Final = Path(__file__).resolve().parent
#: A time on the clock is the shortest of so many.
RUNS: Final = 5
#: The follower is shown so many records, or one for so many of the log's.
FOLLOWED, FOLLOWED_SHARE = 400, 400
BARE, SHORT, RANGE, LAST, LAST_OF_MORE, FOLLOW = (
    *("bare Python", "an empty log", f"{SPAN:,} records in the middle", "the last ten records"),
    *(f"the last ten of {TIMES} times the records", "follow"),
)
ON_THE_CLOCK: Final = (BARE, SHORT, RANGE, LAST, LAST_OF_MORE)
BY_SUBJECT: Final = {reading.subject: reading for reading in READINGS}
#: Promised: milliseconds on the clock, megabytes, and a share of a core that no clock would show.
RANGE_MS, LAST_MS, COMMAND_MS = 20.0, 10.0, 150.0
FOLLOW_P50_MS, FOLLOW_P99_MS, IDLE_SHARE = 5.0, 50.0, 0.001
PEAK_MB: Final = 64.0


@dataclass(frozen=True, slots=True)
class Promise:
    """What is promised of MetaExpert's CPU time beside a peer's: at most so many times, or so much less."""

    own: Reading
    peer: Reading
    limit: float
    is_faster: bool = False

    def goal(self, rounds: Rounds) -> Goal:
        """Return the goal with what was measured."""
        pair = (self.peer, self.own) if self.is_faster else (self.own, self.peer)
        measured = ratio(rounds, pair[0].subject, pair[1].subject, "cpu_s")
        whose = f"{self.peer.reader}'s {self.peer.what}"
        text = f"{whose} by MetaExpert's" if self.is_faster else f"MetaExpert's {self.own.what} by {whose}"
        return Goal(f"CPU time of {text}", measured, self.limit, at_least=self.is_faster)


BESIDE_PEERS: Final = (
    Promise(Reading(OWN, FILTER), Reading(RIPGREP, LITERAL), 3),
    Promise(Reading(OWN, EVERY_KEY), Reading(RIPGREP, LITERAL), 6),
    Promise(Reading(OWN, FILTER), Reading(DUCKDB, FILTER), 6, is_faster=True),
    Promise(Reading(OWN, EVERY_KEY), Reading(DUCKDB, EVERY_KEY), 2.5, is_faster=True),
    Promise(Reading(OWN, COUNT), Reading(DUCKDB, COUNT), 4, is_faster=True),
    Promise(Reading(OWN, FILTER), Reading(JQ, FILTER), 35, is_faster=True),
    Promise(Reading(OWN, FILTER), Reading(HL, FILTER), 6, is_faster=True),
    Promise(Reading(OWN, FORMAT), Reading(HL, FORMAT), 2, is_faster=True),
    *(
        Promise(Reading(OWN, FILTER, packing), Reading(DUCKDB, FILTER, packing), 2.5, is_faster=True)
        for packing in ("gzip", "zstd")
    ),
    *(
        Promise(Reading(OWN, FILTER, packing), Reading(ZCAT, UNPACK, "gzip"), 0.6)
        for packing in ("gzip", "zstd")
    ),
)


def measure(subject: str, records: int, directory: Path) -> Figures:
    """Take the figures of one subject from the logs that the environment names."""
    corpus = Path(os.environ[CORPUS])
    if subject == FOLLOW:
        followed = follow(directory, max(FOLLOWED // 10, min(FOLLOWED, records // FOLLOWED_SHARE)))
        p50, p99 = _percentiles_ms(followed.flushed_ns)
        from_call_p50, from_call_p99 = _percentiles_ms(followed.called_ns)
        return {
            "p50_ms": p50,
            "p99_ms": p99,
            "from_call_p50_ms": from_call_p50,
            "from_call_p99_ms": from_call_p99,
            "idle_share": followed.idle_share,
        }
    if subject in ON_THE_CLOCK:
        runs = [_on_the_clock(subject, records, corpus) for _ in range(RUNS)]
        return {
            "wall_ms": min(ran.wall_s for ran in runs) * 1e3,
            "peak_mb": max(ran.peak_mb for ran in runs),
        }
    reading = BY_SUBJECT[subject]
    # An empty log has nothing to find, and grep says so with 1.
    ran = run(reading.command(corpus), may_end_with=(0, 1) if reading.query == START else (0,))
    if reading.query != START:
        right = reading.right_answer(_right_answers(corpus, records))
        answer = reading.answer(ran.output)
        if answer != right:
            raise CommandError(f"{subject} answered {answer}, right is {right}")
    return {"cpu_s": ran.cpu_s, "wall_s": ran.wall_s, "peak_mb": ran.peak_mb}


def _right_answers(corpus: Path, records: int) -> Expected:
    """Return the right answers for a log of this length, counted once for all readers."""
    answers: Expected = pickle.loads((corpus / f"answers-{records}").read_bytes())
    return answers


def _percentiles_ms(delays_ns: list[int]) -> list[float]:
    return [each / 1e6 for each in percentiles(array("q", delays_ns), 0.5, 0.99)]


def _on_the_clock(subject: str, records: int, corpus: Path) -> Ran:
    """Run the command of a subject once, and check how many lines it prints."""
    plain, more = corpus / PLAIN, corpus / log_name(PLAIN, TIMES)
    if subject == BARE:
        return run([sys.executable, "-c", ""])
    if subject == SHORT:
        return run(own_command(corpus / EMPTY, "grep", "x"), may_end_with=(0, 1))
    if subject == RANGE:
        since, until = middle(plain, records)
        command, lines = own_command(plain, "grep", "--since", since, "--until", until), SPAN
    else:
        command, lines = own_command(plain if subject == LAST else more, "tail", "-n", "10"), 10
    ran = run([*command, "-o", "raw"])
    shown = ran.output.count(b"\n")
    if shown != lines:
        raise CommandError(f"{subject}: {shown} lines, right is {lines}")
    return ran


def write_logs(corpus: Path, records: int) -> None:
    """Write the logs, each by a process of its own."""
    (corpus / EMPTY).mkdir()
    (corpus / EMPTY / "expert.log").touch()
    for length in (records, records * TIMES):
        (corpus / f"answers-{length}").write_bytes(pickle.dumps(expected(length)))
    for packing, times in [*((packing, 1) for packing in PACKINGS), (PLAIN, TIMES), ("gzip", TIMES)]:
        directory = corpus / log_name(packing, times)
        note_progress(f"writing {directory.name}")
        directory.mkdir()
        writer = [sys.executable, str(HERE / "harness" / "corpus.py")]
        done = subprocess.run(
            [*writer, str(directory), str(records * times), packing],
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False,
        )  # fmt: skip
        if done.returncode != 0:
            sys.exit(f"the log {directory.name} cannot be written:\n{done.stderr.decode('utf-8', 'replace')}")


def compile_readers(corpus: Path, readings: Sequence[Reading]) -> None:
    """Leave no module to be compiled by a command that is measured."""
    compile_package("metaexpert")
    for reading in readings:
        if reading.query == START:
            run(reading.command(corpus), may_end_with=(0, 1))


def table_of_readings(rounds: Rounds, readings: Sequence[Reading]) -> tuple[Table, dict[str, Figures]]:
    """Return what each reader took for each query, with its start beside it, and the same as figures."""
    rows, figures = [], {}
    chosen = [reading for reading in readings if reading.query != START]
    order = [reading.what for reading in chosen]
    for reading in sorted(chosen, key=lambda each: order.index(each.what)):
        subject, own = reading.subject, replace(reading, reader=OWN).subject
        cpu_s = typical(rounds, subject, "cpu_s")
        start_s = typical(rounds, Reading(reading.reader, START).subject, "cpu_s")
        by_own = ratio(rounds, subject, own, "cpu_s") if own in rounds[0] else None
        peak_mb = max(of_subject(rounds, subject, "peak_mb"))
        figures[subject] = {"cpu_s": cpu_s, "start_cpu_s": start_s, "peak_mb": peak_mb}
        cells = (f"{cpu_s:.3f}", f"{start_s:.3f}", "" if by_own is None else f"{by_own:.2f} x")
        rows.append((f"{reading.what}: {reading.reader}", *cells, f"{peak_mb:.0f}"))
    return Table(("query: reader", "CPU s", "of it start", "by MetaExpert's", "peak MB"), rows), figures


def tables_on_the_clock(rounds: Rounds) -> tuple[list[Table], dict[str, Figures]]:
    """Return the times on the clock, and what following costs."""
    figures: dict[str, Figures] = {
        subject: {
            "wall_ms": min(of_subject(rounds, subject, "wall_ms")),
            "peak_mb": max(of_subject(rounds, subject, "peak_mb")),
        }
        for subject in ON_THE_CLOCK
    }
    rows = [(subject, f"{figure['wall_ms']:.1f}") for subject, figure in figures.items()]
    figures[FOLLOW] = {name: typical(rounds, FOLLOW, name) for name in rounds[0][FOLLOW]}
    *delays_ms, idle = figures[FOLLOW].values()
    head = ("follower", "ms until shown, p50", "p99", "from the call, p50", "p99", "of a core, idle")
    following = (OWN, *(f"{each:.2f}" for each in delays_ms), f"{idle:.3%}")
    return [Table(("what is shown", "ms"), rows), Table(head, [following])], figures


def goals_of(rounds: Rounds, figures: Mapping[str, Figures]) -> list[Goal]:
    """Return what is promised, with the measured figures; nothing about peers that were not measured."""
    goals = []
    for promise in BESIDE_PEERS:
        own, peer = promise.own.subject, promise.peer.subject
        if {own, peer} <= rounds[0].keys():
            goals.append(promise.goal(rounds))
    wall_ms = {name: figures[name]["wall_ms"] for name in ON_THE_CLOCK}
    last_ms = max(wall_ms[LAST], wall_ms[LAST_OF_MORE])
    shown = "ms until a follower shows a record"
    names = [*ON_THE_CLOCK[1:], *(name for name in figures if name.startswith(OWN))]
    return [
        *goals,
        Goal(f"ms for {RANGE} beyond {SHORT}", wall_ms[RANGE] - wall_ms[SHORT], RANGE_MS),
        Goal(f"ms for {LAST}, of either log, beyond {SHORT}", last_ms - wall_ms[SHORT], LAST_MS),
        Goal(f"ms of the command for {LAST} over bare Python", last_ms - wall_ms[BARE], COMMAND_MS),
        Goal(f"{shown}, p50", figures[FOLLOW]["p50_ms"], FOLLOW_P50_MS),
        Goal(f"{shown}, p99", figures[FOLLOW]["p99_ms"], FOLLOW_P99_MS),
        Goal("share of a core, idle follower", figures[FOLLOW]["idle_share"], IDLE_SHARE),
        Goal("MB of memory of any command", max(figures[name]["peak_mb"] for name in names), PEAK_MB),
    ]


def report(rounds: Rounds, readings: Sequence[Reading], absent: Mapping[str, str], options: Options) -> int:
    """Print the figures and return the exit code."""
    table, figures = table_of_readings(rounds, readings)
    tables, more = tables_on_the_clock(rounds)
    figures |= more
    bars = {
        reading.reader: [(0.0, figures[reading.subject]["cpu_s"])]
        for reading in readings
        if (reading.query, reading.packing, reading.times) in ((FILTER, PLAIN, 1), (LITERAL, PLAIN, 1))
    }
    title = "A filter by level, field and number; ripgrep: a literal"
    return finish(
        "reading",
        [table, *tables],
        figures,
        goals_of(rounds, figures),
        options,
        notes=[
            *versions(absent),
            *(f"{reader} was not measured: {reason}" for reader, reason in absent.items()),
        ],
        plots=[Plot("reading", BARS, title, "CPU seconds", bars, own=(OWN,))],
    )


def main() -> int:
    """Write the logs, measure, check and report."""
    measure_here_if_asked(measure)
    options = read_options(__doc__, records=1_000_000, quick_records=20_000, rounds=3)
    absent = missing()
    readings = [reading for reading in READINGS if reading.reader not in absent]
    with tempfile.TemporaryDirectory(prefix="metaexpert-bench-") as corpus:
        os.environ[CORPUS] = corpus
        write_logs(Path(corpus), options.records)
        compile_readers(Path(corpus), readings)
        records = {
            **{reading.subject: options.records * reading.times for reading in readings},
            **dict.fromkeys((*ON_THE_CLOCK, FOLLOW), options.records),
        }
        rounds = take_rounds(records, rounds=options.rounds)
    return report(rounds, readings, absent, options)


if __name__ == "__main__":
    sys.exit(main())

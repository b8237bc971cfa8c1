"""The check that an hour of logging at a steady rate, with disturbances, loses no record and does not grow in
memory.

    uv run benchmarks/soak.py [--seconds 3600] [--rate 100000] [--directory DIR] [--quick] [--check]
                              [--json FILE]

Method. One process logs from four threads, in bursts a hundredth of a second apart: mostly records with
five fields, and bound loggers, contexts, trades, nested values, `%`-arguments, errors, exceptions. Each
call is timed and numbered. All of it goes to `expert.log`, which is rotated with a bounded number of
backups, a part to `trades.log`, `errors.log` and `side.log`. Meanwhile levels change and a file comes and
goes (every 5 s), another program renames or deletes `side.log` (every 3 s), `stats()` is asked each second,
and the reader of the files is stopped for a second now and then (every 30 s).

A second process, at low priority, follows all files before they are removed. Each block of `expert.log`, of
at most a megabyte, is compared with the sequence numbers, which must be consecutive over all files. In one
block of 32, and in the first of each file, every line is read strictly, and the calls of each thread must be
consecutive. In the end each call has its line: in each family of files, the number of lines is the number of
calls. Missing lines count as lost, and so does what `stats()` shows as dropped. Records of the changing level
and of the logging system itself have no thread's number, and are only part of the sequence.

Nothing gives way to a full queue (`protect_level` NOTSET). Where the machine cannot keep up, the rate is
lower, and the achieved rate is printed. Memory is what the process has in RAM, its ring included, and the
largest that was seen in an interval; from minute 5 on (in shorter runs: after the first third) it may grow by
10 %.

Limits. Times include the timer (some 0.1 us), and whatever else the machine does: a thread that waits for
the GIL or a core between the two readings of the clock shows up in the tail. Linux only.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from harness.report import Goal, machine, table

HERE: Final = Path(__file__).resolve().parent
QUICK_SECONDS: Final = 15.0
#: From here on memory may not grow by more.
WARM_S: Final = 300
MOST_GROWTH_PERCENT: Final = 10
#: The table shows no more intervals than this, evenly spaced; the JSON has them all.
MOST_ROWS: Final = 12
READER_STOPPED_EVERY_S: Final = 30.0
READER_STOPPED_FOR_S: Final = 1.0


@dataclass
class Outcome:
    """The output of the two processes, and their ends."""

    intervals: list[dict[str, Any]] = field(default_factory=list)
    end: dict[str, Any] = field(default_factory=dict)
    found: dict[str, Any] = field(default_factory=dict)
    reader_stops: int = 0
    problems: list[str] = field(default_factory=list)

    def judge(self) -> None:
        """Compare what was logged with what was found; every difference becomes a problem."""
        if not self.end or not self.found:
            self.problems.append("a process of the soak ended before its time")
            return
        logged = {"expert": sum(self.end["calls"])} | {
            name: self.end[name] for name in ("trades", "errors", "side")
        }
        for name, calls in logged.items():
            lines = self.found["of_workers"][name]
            if lines != calls:
                self.problems.append(f"{name}.log has {lines:,} lines for {calls:,} calls")
        if not logged["expert"] or not self.found["parsed"]:
            self.problems.append("nothing was logged, or nothing was read")
        if self.end["unbalanced"]:
            self.problems.append(f"stats() did not add up {self.end['unbalanced']} times")
        if not self.end["is_written"]:
            self.problems.append("shutdown() could not write everything")
        self.problems += self.found["complaints"]

    def lost(self) -> int:
        """Return how many records were dropped, or are in no file."""
        if not self.end or not self.found:
            return 0
        unwritten: int = sum(self.end["calls"]) - self.found["of_workers"]["expert"]
        return max(int(self.end["dropped"]), int(self.found["missing"]), unwritten)

    def growth_percent(self) -> float:
        """Return by how much memory grew once the process was warm."""
        if not self.intervals:
            return 0.0
        last = self.intervals[-1]["second"]
        warm = WARM_S if last > WARM_S else last / 3
        later = [interval["rss_bytes"] for interval in self.intervals if interval["second"] >= warm]
        growth: float = (max(later) / later[0] - 1) * 100
        return growth


def soak(directory: Path, seconds: float, rate: float) -> Outcome:
    """Run both processes and listen to them."""
    outcome = Outcome()
    environment = os.environ | {"PYTHONPATH": str(HERE)}
    interval_s = max(min(60.0, seconds / 5), 1.0)
    harness = HERE / "harness"
    directory.mkdir(parents=True, exist_ok=True)
    follower = subprocess.Popen(
        [sys.executable, harness / "soak_following.py", directory],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    arguments = [str(directory), str(seconds), str(rate), str(interval_s)]
    logging = subprocess.Popen(
        [sys.executable, harness / "soak_logging.py", *arguments],
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
    )
    is_over = threading.Event()
    stopper = threading.Thread(target=_stop_now_and_then, args=(follower, seconds, is_over, outcome))
    stopper.start()
    try:
        _listen(logging, outcome)
    finally:
        is_over.set()
        stopper.join()
        told, _ = follower.communicate()
    if follower.returncode == 0:
        outcome.found = json.loads(told)
    for name, process in (("logs", logging), ("reads", follower)):
        if process.returncode:
            outcome.problems.append(f"the process that {name} ended with {process.returncode}")
    outcome.judge()
    return outcome


def _listen(logging: subprocess.Popen[str], outcome: Outcome) -> None:
    assert logging.stdout is not None
    for line in logging.stdout:
        told = json.loads(line)
        if told.pop("kind") == "end":
            outcome.end = told
        else:
            outcome.intervals.append(told)
            rate, dropped = told["records_per_s"], told["dropped"]
            print(
                f"{told['second']:>6,} s  {rate:>9,.0f}/s  dropped {dropped:,}", file=sys.stderr, flush=True
            )
    logging.wait()


def _stop_now_and_then(
    follower: subprocess.Popen[str], seconds: float, is_over: threading.Event, outcome: Outcome
) -> None:
    """Stop the reader for a moment, as a machine that is short of time would."""
    while not is_over.wait(min(READER_STOPPED_EVERY_S, seconds / 3)):
        if follower.poll() is not None:
            return
        follower.send_signal(signal.SIGSTOP)
        outcome.reader_stops += 1
        is_over.wait(READER_STOPPED_FOR_S)
        follower.send_signal(signal.SIGCONT)


def goals_of(outcome: Outcome) -> list[Goal]:
    """Return the promises beside the measured figures."""
    return [
        Goal("records lost", outcome.lost(), 0),
        Goal("growth of memory, percent", outcome.growth_percent(), MOST_GROWTH_PERCENT),
        Goal("other problems", len(outcome.problems), 0),
    ]


def text_of(outcome: Outcome) -> str:
    """Return the table and the notes below it."""
    step = -(-len(outcome.intervals) // MOST_ROWS)
    shown = [each for number, each in enumerate(outcome.intervals, start=1) if number % step == 0]
    head = (
        "second",
        "records",
        "records/s",
        "p50 us",
        "p99 us",
        "p99.9 us",
        "max us",
        "queue KiB",
        "RSS MiB",
    )
    rows = [_row(f"{each['second']:,}", each, each["queue_bytes"], each["rss_bytes"]) for each in shown]
    end, found = outcome.end, outcome.found
    if end:
        largest = max(each["rss_bytes"] for each in outcome.intervals)
        whole = {"records": sum(end["calls"]), **end}
        rows.append(_row("all", whole, end["queue_high_water_bytes"], largest))
    parts = [table((*head, "CPU %"), rows), ""]
    if end and found:
        files = sum(found["files"].values())
        parts += [
            f"- lost: {outcome.lost():,} of {sum(end['calls']):,} calls; dropped: {end['dropped']:,}; "
            f"failed attempts to write: {end['failed_attempts']:,}",
            f"- read: {sum(found['lines'].values()):,} lines in {files:,} files, "
            f"{found['parsed']:,} of them strictly; written: {end['bytes_written'] / 1e9:,.1f} GB",
            f"- disturbed by: {end['reconfigurations']:,} reconfigurations, side.log renamed "
            f"{found['moved']:,} and deleted {found['deleted']:,} times, "
            f"the reader stopped {outcome.reader_stops:,} times",
            f"- memory grew by {outcome.growth_percent():.1f} % once warm; crash-safe: {end['crash_safe']}",
        ]
    return "\n".join([*parts, *(f"- PROBLEM: {problem}" for problem in outcome.problems)])


def _row(first: str, figures: dict[str, Any], queue_bytes: int, rss_bytes: int) -> tuple[str, ...]:
    return (
        first,
        f"{figures['records']:,}",
        f"{figures['records_per_s']:,.0f}",
        *(f"{figures[name]:,.2f}" for name in ("p50_us", "p99_us", "p999_us")),
        f"{figures['max_us']:,.0f}",
        f"{queue_bytes / 1024:,.0f}",
        f"{rss_bytes / (1 << 20):,.1f}",
        f"{figures['cpu_percent']:.0f}",
    )


def read_options() -> argparse.Namespace:
    """Return what the command line asks for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, help=f"default 3600, with --quick {QUICK_SECONDS:.0f}")
    parser.add_argument("--rate", type=float, default=100_000.0, help="records per second, default 100000")
    parser.add_argument("--directory", type=Path, help="an empty one, kept; default: a temporary one")
    parser.add_argument("--quick", action="store_true", help="a short run: it works, figures mean little")
    parser.add_argument("--check", action="store_true", help="exit with 1 if a promise is not kept")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures there")
    options = parser.parse_args()
    options.seconds = options.seconds or (QUICK_SECONDS if options.quick else 3600.0)
    if options.seconds < 3 or options.rate < 1:
        parser.error("a soak takes at least 3 seconds and a rate of 1")
    if options.directory is not None and options.directory.exists() and any(options.directory.iterdir()):
        parser.error(
            f"--directory {options.directory} is not empty; its files would be taken for those of this run"
        )
    return options


def main() -> int:
    """Soak, judge, report; returns the exit code."""
    options = read_options()
    directory = options.directory or Path(tempfile.mkdtemp(prefix="metaexpert-soak-"))
    outcome = soak(directory, options.seconds, options.rate)
    goals = goals_of(outcome)
    print(f"soak, {options.seconds:,.0f} s at {options.rate:,.0f} records/s\n{machine()}\n")
    print(text_of(outcome), end="\n\n")
    for goal in goals:
        verdict = "kept" if goal.is_met else "MISSED"
        print(f"{verdict}: {goal.promise} (measured {goal.measured:,.4g}, limit {goal.limit:,.4g})")
    if options.json:
        document = {"machine": machine(), "seconds": options.seconds, "rate": options.rate, **vars(outcome)}
        document |= {"lost": outcome.lost(), "growth_percent": outcome.growth_percent()}
        options.json.write_text(json.dumps(document, indent=2))
    is_kept = all(goal.is_met for goal in goals)
    if options.directory is None and is_kept:
        shutil.rmtree(directory)
    elif not is_kept:
        print(f"the files are in {directory}", file=sys.stderr)
    return int(options.check and not is_kept)


if __name__ == "__main__":
    sys.exit(main())

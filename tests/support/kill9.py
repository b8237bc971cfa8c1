"""Kills logging processes with SIGKILL at random moments, and counts what their logs lost.

    uv run tests/support/kill9.py --kills 1000 [--seed N] [--json]

A warm parent, which has imported everything and configured nothing, forks a process that configures, logs
from one to four threads into files that rotate all the time, and notes each call that returned in shared
memory. The process is killed during its start, its work or its end. Then either the next process starts in
the same directory, or `recover()` runs in a process of its own, which is killed too, sometimes. Every few
rounds all files are read strictly: each call that returned is there exactly once in each file it belongs to,
or among those that a gap record counts; records of a run are in the order of their numbers; no line is torn.
Exits with 1 if anything is wrong, and keeps the directory then.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

# Started as a program, without what pytest puts on the path.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from metaexpert.logger import ConfigurationError, LogConfiguration
from support.complaints import Complaints
from support.log_family import Family, holes, read_family, repeated
from support.victim import Life, Phase, Slots, fork, is_chosen, is_error, is_trade, live, mend

#: A process that takes longer to end by itself hangs.
HUNG_AFTER_S: Final = 60
ROUNDS_BETWEEN_CHECKS: Final = 5
#: What belongs into which family of files, by the call's number.
FAMILIES: Final = {
    "expert": lambda number: True,
    "small": lambda number: True,
    "trades": is_trade,
    "errors": is_error,
    "chosen": is_chosen,
}
#: A random moment of a phase lies within so many seconds of its beginning.
SPANS_S: Final = {Phase.BORN: 0.01, Phase.STARTING: 0.03, Phase.STEADY: 0.08, Phase.ENDING: 0.004}
RECOVERY_SPAN_S: Final = 0.006


@dataclass
class Tally(Complaints):
    """What happened, and what was wrong."""

    kills: int = 0
    kills_by_phase: dict[str, int] = field(default_factory=dict)
    returned: int = 0
    told: int = 0
    recovered: int = 0
    lost: int = 0
    doubled: int = 0
    unexpected: int = 0
    invalid: int = 0
    failures: int = 0
    longest_recovery_ms: float = 0.0
    longest_start_ms: float = 0.0

    @property
    def ok(self) -> bool:
        """Tell whether all that was promised held."""
        return not self.complaints and self.kills > 0 and self.returned > 0


class Harness:
    """One directory, the processes that log there, and what each of them says it logged."""

    def __init__(self, directory: Path, seed: int) -> None:
        self.logs = directory / "logs"
        self.report = directory / "report.json"
        self.chance = random.Random(seed)
        self.slots = Slots()
        self.tally = Tally()
        #: The last call that returned, by life and thread, since the last check.
        self.returned: dict[tuple[int, int], int] = {}
        self.lives = 0
        self.file_options = available_options()

    def run(self, kills: int) -> None:
        """Go on until so many processes were killed and everything is checked; stop at what is wrong."""
        while self.tally.kills < kills and not self.tally.complaints:
            for _ in range(ROUNDS_BETWEEN_CHECKS):
                self.one_life()
                if self.chance.random() < 0.5:
                    self.one_recovery(may_be_killed=self.chance.random() < 0.5)
            self.one_recovery(may_be_killed=False)
            self.check()

    def one_life(self) -> None:
        """Let a process live, and kill it unless it ends before."""
        self.lives += 1
        life = self.new_life()
        phase = self.chance.choice([*SPANS_S])
        self.slots.reset()
        process = fork(lambda: live(life, self.logs, self.slots))
        self.end(process, phase, SPANS_S[phase])
        self.tally.longest_start_ms = max(self.tally.longest_start_ms, self.slots.took_ns / 1e6)
        for thread in range(life.threads):
            self.returned[life.number, thread] = self.slots.returned(thread)
            self.tally.returned += self.slots.returned(thread)

    def new_life(self) -> Life:
        """Return a life unlike the ones before: threads, queue, overload, durability, rotation."""
        chance = self.chance
        # A tenth of them may lose records to a full queue; the log has to say how many.
        loses = chance.random() < 0.1
        return Life(
            number=self.lives,
            seed=chance.randrange(2**32),
            threads=chance.choice([1, 1, 2, 4]),
            calls=chance.choice([20, 300, 2000]),
            queue={
                "capacity_bytes": 1 << chance.randint(16, 23),
                "protect_level": "ERROR" if loses else "DEBUG",
                "wait_ms": 0 if loses else 60_000,
            },
            options=chance.choice(self.file_options),
            small_max_size=chance.choice([16_384, 65_536]),
        )

    def one_recovery(self, *, may_be_killed: bool) -> None:
        """Recover in a process of its own, and look at what it reports unless it was killed."""
        self.report.unlink(missing_ok=True)
        self.slots.reset()
        self.logs.mkdir(exist_ok=True)
        process = fork(lambda: mend(self.logs, self.slots, self.report))
        killed = self.end(process, Phase.RECOVERING if may_be_killed else None, RECOVERY_SPAN_S)
        if killed or not self.report.exists():
            return
        self.tally.longest_recovery_ms = max(self.tally.longest_recovery_ms, self.slots.took_ns / 1e6)
        for ring in json.loads(self.report.read_text())["rings"]:
            self.tally.recovered += ring["records"]
            if ring["status"] != "recovered" or ring["unreadable"] or ring["problem"]:
                self.tally.complain("failures", 1, ring)

    def end(self, process: int, phase: Phase | None, span_s: float) -> bool:
        """Kill a process at a random moment after it reached `phase`; returns whether it was killed."""
        deadline = time.monotonic() + HUNG_AFTER_S
        while True:
            if phase is not None and self.slots.phase >= phase:
                time.sleep(self.chance.random() * span_s)
                os.kill(process, signal.SIGKILL)
                phase = None
            found, status = os.waitpid(process, os.WNOHANG)
            if found:
                break
            if time.monotonic() > deadline:
                os.kill(process, signal.SIGKILL)
                os.waitpid(process, 0)
                self.tally.complain("failures", 1, f"process {process} hung in phase {self.slots.phase.name}")
                return True
            time.sleep(0.0002)
        if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL:
            self.tally.kills += 1
            phase_name = self.slots.phase.name.lower()
            self.tally.kills_by_phase[phase_name] = self.tally.kills_by_phase.get(phase_name, 0) + 1
            return True
        if status != 0:
            self.tally.complain("failures", 1, f"exit status {os.waitstatus_to_exitcode(status)}")
        return False

    def check(self) -> None:
        """Compare every file with what the processes noted, then begin with an empty directory."""
        expert = read_family(self.logs, "expert")
        told = sum(gap["dropped"] for gap in expert.gaps())
        self.tally.told += told
        there = {key(record) for record in expert.of_program()}
        # Of records that a queue gave up no file has any; the log says how many there were.
        given_up = {
            (*who, number)
            for who, last in self.returned.items()
            for number in range(1, last + 1)
            if (*who, number) not in there
        }
        if len(given_up) > told:
            self.tally.complain("lost", len(given_up) - told, f"{sorted(given_up)[:5]}, {told} told")
        for hole in holes(expert):
            self.tally.complain("lost", 1, f"expert: {hole}")
        for stem, belongs in FAMILIES.items():
            family = expert if stem == "expert" else read_family(self.logs, stem)
            self.check_family(stem, family, belongs, given_up)
        if not self.tally.complaints:
            self.returned.clear()
            shutil.rmtree(self.logs)

    def check_family(self, stem: str, family: Family, belongs: Any, given_up: set[Any]) -> None:
        """Compare one family of files with what the processes noted."""
        tally = self.tally
        keys = [key(record) for record in family.of_program()]
        there = set(keys)
        for problem in family.invalid:
            tally.complain("invalid", 1, problem)
        for problem in family.disordered:
            tally.complain("unexpected", 1, problem)
        for twice in repeated(keys):
            tally.complain("doubled", 1, f"{stem}: life, thread, number {twice}")
        for who, last in self.returned.items():
            missing = [
                number
                for number in range(1, last + 1)
                if belongs(number) and (*who, number) not in there and (*who, number) not in given_up
            ]
            if missing:
                tally.complain("lost", len(missing), f"{stem}: life, thread {who}: {missing[:5]} of {last}")
        for life, thread, number in there:
            # One call more may have been under way.
            if not belongs(number) or number > self.returned[life, thread] + 1:
                tally.complain("unexpected", 1, f"{stem}: {(life, thread, number)}")


def key(record: dict[str, Any]) -> tuple[int, int, int]:
    """Return what tells a call from all others."""
    return record["life"], record["thread"], record["n"]


def available_options() -> list[dict[str, Any]]:
    """Return the file options to try, as far as this version has them."""
    wanted = [{}, {"sync": "interval"}, {"sync": "error"}, {"sync": "always"}, {"compress": "gzip"}]
    found = []
    for options in wanted:
        try:
            LogConfiguration(handlers={"file": options})
        except ConfigurationError:
            continue
        found.append(options)
    return found


def print_table(tally: Tally) -> None:
    """Print the figures, and what was wrong."""
    phases = ", ".join(f"{name} {count}" for name, count in sorted(tally.kills_by_phase.items()))
    rows = {
        "kills": f"{tally.kills:,} ({phases})",
        "calls that returned": f"{tally.returned:,}",
        "told in gap records": f"{tally.told:,}",
        "recovered by recover()": f"{tally.recovered:,}",
        "lost": f"{tally.lost:,}",
        "doubled": f"{tally.doubled:,}",
        "invalid lines": f"{tally.invalid:,}",
        "out of place": f"{tally.unexpected:,}",
        "failures": f"{tally.failures:,}",
        "longest recovery": f"{tally.longest_recovery_ms:.1f} ms",
        "longest start": f"{tally.longest_start_ms:.1f} ms",
    }
    for name, value in rows.items():
        print(f"{name:<24}{value}")
    for complaint in tally.complaints:
        print(f"  {complaint}")


def main() -> int:
    """Kill, check, print; returns the exit code."""
    parser = argparse.ArgumentParser(description=str(__doc__).partition("\n")[0])
    parser.add_argument("--kills", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(2**32))
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    options = parser.parse_args()
    directory = Path(tempfile.mkdtemp(prefix="kill9-"))
    os.chdir(directory)
    harness = Harness(directory, options.seed)
    harness.run(options.kills)
    if options.json:
        print(json.dumps(asdict(harness.tally) | {"seed": options.seed}))
    else:
        print_table(harness.tally)
        print(f"{'seed':<24}{options.seed}")
    if not harness.tally.ok:
        print(f"the files are in {directory}", file=sys.stderr)
        return 1
    shutil.rmtree(directory)
    return 0


if __name__ == "__main__":
    sys.exit(main())

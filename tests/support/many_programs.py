"""Several programs log into one directory at the same time, and each of their lines is counted.

    uv run tests/support/many_programs.py [--programs 8] [--records 10000000] [--json]

Each program, started on its own, logs its share of the records; all of them log at the same time. Then the
files of all are read, each line strictly: every record is there once, whole, in the file of the program that
made it, in its order. Exits with 1 if not, and keeps the directory then.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path

# Started as a program, without what pytest puts on the path.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from support.complaints import Complaints
from support.log_family import chains
from support.strict_records import strict_record

PROGRAM = """
import sys
from metaexpert.logger import configure, flush, get_logger, stats

program, records = map(int, sys.argv[1:])
kept = {"max_size": 1 << 26, "backup_count": 1000}
configure(log_file_path="logs", handlers={"console": None, "errors": None, "file": kept, "trades": kept},
          queue={"protect_level": "DEBUG", "wait_ms": 3_600_000})
log = get_logger("bot")
def work(numbers):
    for n in numbers:
        if n % 10 == 0:
            log.trade("Order filled", program=program, n=n, price=50000.5, side="BUY")
        else:
            log.info("Tick", program=program, n=n, bid=50000.25, ask=50000.5)

# A file appears with its first record, and is then this program's to its end.
work(range(1))
assert flush(60)
print("ready", flush=True)
# The others are ready too.
sys.stdin.readline()
work(range(1, records))
"""


@dataclass
class Tally(Complaints):
    """What was logged, what was found, and what was wrong with it."""

    programs: int
    records: int
    found: int = 0
    torn: int = 0
    lost: int = 0
    doubled: int = 0
    mixed: int = 0
    failed: int = 0
    seconds: float = 0.0


def run_programs(directory: Path, tally: Tally) -> None:
    """Let all programs log at the same time, and wait for their ends."""
    share = str(tally.records // tally.programs)
    running = [
        subprocess.Popen(
            [sys.executable, "-c", PROGRAM, str(number), share],
            cwd=directory,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for number in range(tally.programs)
    ]
    for program in running:
        assert program.stdout is not None
        program.stdout.readline()
    began = time.perf_counter()
    for program in running:
        # A program that could not start has no reader any more; its exit code tells.
        if program.poll() is None and program.stdin is not None:
            program.stdin.write("go\n")
            program.stdin.flush()
    for program in running:
        program.communicate()
        if program.returncode:
            tally.complain("failed", 1, f"a program ended with {program.returncode}")
    tally.seconds = time.perf_counter() - began


def check(directory: Path, tally: Tally) -> None:
    """Read every line of both families of files."""
    share = tally.records // tally.programs
    for stem, step in (("expert", 1), ("trades", 10)):
        seen: set[int] = set()
        for name, files in chains(directory / "logs", stem).items():
            owner = check_chain(name, files, step, tally)
            if owner in seen:
                tally.complain("mixed", 1, f"{name}: records of program {owner} are elsewhere too")
            if owner is not None:
                seen.add(owner)
        for number in set(range(tally.programs)) - seen:
            tally.complain("lost", -(-share // step), f"{stem}: all of program {number}")


def check_chain(name: str, files: list[Path], step: int, tally: Tally) -> int | None:
    """Read the files that one program wrote, oldest first; returns the program."""
    owner, expected = None, 0
    for path in files:
        with path.open("rb") as lines:
            for line in lines:
                try:
                    assert line.endswith(b"\n")
                    record = strict_record(line)
                    program, n = record["program"], record["n"]
                except (AssertionError, ValueError, KeyError) as problem:
                    tally.complain("torn", 1, f"{path.name}: {problem}: {line[:80]!r}")
                    continue
                owner = program if owner is None else owner
                if program != owner:
                    tally.complain("mixed", 1, f"{path.name}: program {program} among those of {owner}")
                elif n < expected:
                    tally.complain("doubled", 1, f"{path.name}: {n} after {expected - step}")
                else:
                    if n > expected:
                        tally.complain("lost", (n - expected) // step, f"{path.name}: {expected} to {n}")
                    expected = n + step
                    tally.found += 1
    share = tally.records // tally.programs
    if owner is not None and expected < share:
        tally.complain("lost", -(-(share - expected) // step), f"{name}: from {expected} on")
    return owner


def main() -> int:
    """Run, check, print; returns the exit code."""
    parser = argparse.ArgumentParser(description=str(__doc__).partition("\n")[0])
    parser.add_argument("--programs", type=int, default=8)
    parser.add_argument("--records", type=int, default=10_000_000, help="of all programs together")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    options = parser.parse_args()
    directory = Path(tempfile.mkdtemp(prefix="many-programs-"))
    tally = Tally(options.programs, options.records // options.programs * options.programs)
    run_programs(directory, tally)
    check(directory, tally)
    if options.json:
        print(json.dumps(asdict(tally)))
    else:
        for name, value in asdict(tally).items():
            if name != "complaints":
                print(f"{name:<12}{value:,.1f}" if isinstance(value, float) else f"{name:<12}{value:,}")
        for complaint in tally.complaints:
            print(f"  {complaint}")
    if tally.complaints or not tally.found:
        print(f"the files are in {directory}", file=sys.stderr)
        return 1
    shutil.rmtree(directory)
    return 0


if __name__ == "__main__":
    sys.exit(main())

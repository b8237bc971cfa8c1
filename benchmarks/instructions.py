"""The number of instructions per record, which does not depend on the machine's load: the check against slow
creep.

    uv run benchmarks/instructions.py [--check] [--update] [--json] [DRIVER ...]

Method. Each driver is a small program that handles a known number of the benchmarks' trade events: in
Rust, built as a release is, or in Python with the installed module. It runs under `valgrind
--tool=callgrind`, which counts the instructions between entering and leaving one function of it.

`shapes` counts each call of `harness/shapes.py` as its statement stands in a loop, with all that its thread
does for it: the interpreter, the logger, whatever code the values bring. A marker, the do-nothing function of
the native module, stands before and after each shape's calls. `cold` counts cache lines: those of code, and
those of data, that the logger's part of a call with five fields touches after work that has emptied a
simulated cache of 32 KB for each. A line that is in no cache is what a call after other work waits for.

`baselines/instructions.json` holds the committed counts; a count that is more than 2 % above its own is a
regression, and one that is more than 2 % below is worth a new baseline, which `--update` writes. Lines of
memory have 15 %: where objects lie, and which of them share a line, is the heap's choice, which differs with
the length of a path.

Limits. Instructions are not time: waiting for memory and the system's own work are not seen. Another
compiler, interpreter or clock gives other counts, so a baseline holds only for those that it names; with
others the counts are shown and not judged. Without valgrind or cargo nothing is counted, and the program says
so.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from harness.report import table
from harness.shapes import SHAPES

ROOT: Final = Path(__file__).resolve().parents[1]
BASELINES: Final = Path(__file__).resolve().parent / "baselines" / "instructions.json"
#: Where the drivers in Python and what they use are copied from.
HARNESS: Final = Path(__file__).resolve().parent / "harness"
#: They are copied to a path of this length, because a traceback has the names of its files.
PATH_LENGTH: Final = 100
#: Otherwise the C library would choose its way of copying by the processor, and Python the places in its
#: dicts by chance.
FIXED: Final = {
    "GLIBC_TUNABLES": "glibc.cpu.hwcaps=-AVX_Fast_Unaligned_Load,-AVX512F,-AVX512VL,-ERMS,-FSRM",
    "PYTHONHASHSEED": "0",
}


#: Kinds of counts: instructions in calls of the function; instructions between its calls, of one thread, for
#: each shape; cache lines in its calls.
CALLS: Final = "calls"
BETWEEN: Final = "between"
LINES: Final = "lines"
#: The share by which a count may differ from its baseline.
TOLERANCES: Final = {CALLS: 0.02, BETWEEN: 0.02, LINES: 0.15}


@dataclass(frozen=True, slots=True)
class Driver:
    """A program whose instructions are counted."""

    package: str
    """The crate that has it among its examples; empty for a program in Python."""
    example: str
    """Its name there, or the path of the program in Python, which takes the number of records."""
    function: str
    """Counted from entering to leaving it; its name must contain this, and no other function's may."""
    records: int
    """Handled between the two, in all calls together."""
    about: str
    kind: str = CALLS
    """What is counted, and how."""


#: Each takes a directory for its files as its argument.
DRIVERS: Final = {
    "backend": Driver(
        package="metaexpert-log",
        example="backend",
        function="measured",
        records=50_000,
        about="ring -> decode -> route -> redact -> encode JSON -> file",
    ),
    "capture": Driver(
        package="",
        example="harness/capturing.py",
        function="_native::fast::builtin::serve_call",
        records=20_000,
        about="log.info(...) -> ring, of the call in the interpreter",
    ),
    "shapes": Driver(
        package="",
        example="harness/capturing_shapes.py",
        function="_native::fast::builtin::__pyfunction_nothing",
        records=100,
        about="the statement, on the calling thread",
        kind=BETWEEN,
    ),
    "cold": Driver(
        package="",
        example="harness/capturing_cold.py",
        function="_native::fast::builtin::serve_call",
        records=200,
        about="cache lines that log.info(...) touches after other work",
        kind=LINES,
    ),
}


def compiler() -> str:
    """Return which compiler and interpreter the counts depend on, and which clock a call reads."""
    lines = _output("rustc", "-vV").splitlines()
    facts = dict(line.split(": ", 1) for line in lines if ": " in line)
    source = Path("/sys/devices/system/clocksource/clocksource0/current_clocksource")
    clock = source.read_text().strip() if source.exists() else "none"
    return f"rustc {facts['release']} {facts['host']}, CPython {platform.python_version()}, clock {clock}"


def build(driver: Driver) -> Sequence[str | Path]:
    """Build `driver` as a release is built, and return what runs it: the interpreter for one in Python."""
    if not driver.package:
        return (sys.executable,)
    command = ("cargo", "build", "--locked", "--release", "--package", driver.package)
    lines = _output(*command, "--example", driver.example, "--message-format", "json").splitlines()
    built = [message for message in map(json.loads, lines) if message.get("executable")]
    return (built[-1]["executable"],)


def count(name: str, driver: Driver, program: Sequence[str | Path]) -> dict[str, float]:
    """Return the driver's counts per record by their names; raises `RuntimeError` if nothing was counted."""
    with tempfile.TemporaryDirectory() as directory:
        counts = Path(directory, "counts")
        options = [f"--callgrind-out-file={counts}", *OPTIONS_OF[driver.kind]]
        command, variables = [*map(str, program), directory], FIXED
        if not driver.package:
            sources = _sources_in(Path(directory))
            command[-1:] = [str(sources / driver.example), directory, str(driver.records)]
            variables = FIXED | {"PYTHONPATH": str(sources)}
        options = [option.format(function=driver.function) for option in options]
        _output("valgrind", "--quiet", "--tool=callgrind", *options, *command, **variables)
        found = READERS[driver.kind](name, counts)
    if not found or 0 in found.values():
        raise RuntimeError(f"{driver.example}: callgrind has not seen a function named *{driver.function}*")
    return {name: total / driver.records for name, total in found.items()}


def _sources_in(directory: Path) -> Path:
    """Copy what the drivers in Python need to a path within `directory` that always has the same length."""
    sources = directory / "sources".ljust(PATH_LENGTH - len(str(directory)) - 1, "_")
    shutil.copytree(HARNESS, sources / HARNESS.name, ignore=shutil.ignore_patterns("__pycache__"))
    return sources


def _whole(name: str, counts: Path) -> dict[str, int]:
    return {name: _totals(counts)["Ir"]}


def _parts(name: str, counts: Path) -> dict[str, int]:
    """Return the count of each shape, whose calls lie between the markers 2 n and 2 n + 1 of the thread."""
    parts = {
        f"{name}: {shape.name}": Path(f"{counts}.{2 * place + 2}-01") for place, shape in enumerate(SHAPES)
    }
    return {part: _totals(path)["Ir"] for part, path in parts.items() if path.exists()}


def _lines(name: str, counts: Path) -> dict[str, int]:
    totals = _totals(counts)
    data = totals["D1mr"] + totals["D1mw"]
    return {f"{name}: lines of code": totals["I1mr"], f"{name}: lines of data": data}


def _totals(counts: Path) -> dict[str, int]:
    text = counts.read_text()
    events = re.search(r"^events: (.+)", text, re.MULTILINE)
    totals = re.search(r"^(?:summary|totals): (.+)", text, re.MULTILINE)
    names, figures = (found[1].split() if found else [] for found in (events, totals))
    # Zeros at the end are left out.
    return dict.fromkeys(names, 0) | dict(zip(names, map(int, figures), strict=False))


OPTIONS_OF: Final = {
    CALLS: ("--toggle-collect=*{function}*",),
    BETWEEN: ("--separate-threads=yes", "--dump-before=*{function}*"),
    LINES: (
        *("--toggle-collect=*{function}*", "--cache-sim=yes"),
        # The last one is not read; the machine's own may have a size that callgrind does not take.
        *("--I1=32768,8,64", "--D1=32768,8,64", "--LL=8388608,16,64"),
    ),
}
READERS: Final = {CALLS: _whole, BETWEEN: _parts, LINES: _lines}


def verdict(measured: float, baseline: float | None, tolerance: float) -> str:
    """Say in a word how a count compares with its baseline."""
    if baseline is None:
        return "no baseline"
    if measured > baseline * (1 + tolerance):
        return "REGRESSION"
    return "better" if measured < baseline * (1 - tolerance) else "kept"


def main() -> int:
    """Count, compare, and report; 1 if `--check` finds a regression."""
    options = _options()
    missing = [name for name in ("valgrind", "cargo", "rustc") if shutil.which(name) is None]
    if missing:
        print(f"skipped: not installed: {', '.join(missing)}")
        return 0
    chosen = {name: DRIVERS[name] for name in options.drivers or DRIVERS}
    measured: dict[str, float] = {}
    counted_by: dict[str, Driver] = {}
    for name, driver in chosen.items():
        counted = count(name, driver, build(driver))
        measured |= counted
        counted_by |= dict.fromkeys(counted, driver)
    known: dict[str, Any] = json.loads(BASELINES.read_text()) if BASELINES.exists() else {}
    if options.update:
        known = _updated(known, measured)
        BASELINES.parent.mkdir(exist_ok=True)
        BASELINES.write_text(json.dumps(known, indent=2) + "\n")
    is_same = known.get("compiler") == compiler()
    baselines = known.get("instructions", {})
    verdicts = {
        name: verdict(counted, baselines.get(name), TOLERANCES[counted_by[name].kind])
        for name, counted in measured.items()
    }
    if options.json:
        print(json.dumps({"compiler": compiler(), "instructions": measured, "verdicts": verdicts}, indent=2))
    else:
        rows = [
            (
                name,
                f"{counted:,.0f}",
                f"{baselines.get(name, 0):,.0f}",
                verdicts[name],
                counted_by[name].about,
            )
            for name, counted in measured.items()
        ]
        print(table(("what is counted", "per record", "baseline", "verdict", "of"), rows))
    if not is_same:
        print(f"not judged: the baseline is of {known.get('compiler')}, this is {compiler()}")
    return int(options.check and is_same and "REGRESSION" in verdicts.values())


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "drivers",
        nargs="*",
        choices=[[], *DRIVERS],
        metavar="DRIVER",
        help=f"of {', '.join(DRIVERS)}; default: all",
    )
    parser.add_argument("--check", action="store_true", help="exit with 1 at a regression")
    parser.add_argument("--update", action="store_true", help="make these counts the baseline")
    parser.add_argument("--json", action="store_true", help="print figures as JSON")
    return parser.parse_args()


def _updated(known: dict[str, Any], measured: dict[str, float]) -> dict[str, Any]:
    """Return `known` with what was measured; counts of another compiler are forgotten."""
    kept = known.get("instructions", {}) if known.get("compiler") == compiler() else {}
    return {"compiler": compiler(), "instructions": kept | {name: round(measured[name]) for name in measured}}


def _output(*command: str, **environment: str) -> str:
    """Run `command` in the repository and return what it prints; its complaints go where ours do."""
    environment = os.environ | environment
    return subprocess.run(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True, check=True
    ).stdout


if __name__ == "__main__":
    sys.exit(main())

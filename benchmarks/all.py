"""All promises of speed: runs their programs one after the other and writes the page that shows the results.

    uv run --group bench benchmarks/all.py [PROGRAM...] [--quick] [--rounds N] [--page-only]
                                                [--into DIR]

Runs each program with `--json`, keeps what it printed in `docs/performance/results.json`, draws the plots
beside it and fills the tables of `docs/performance.md`. With names of programs only those are measured again;
the others' results are kept. `--page-only` measures nothing and writes the page and the plots from the
results. `--quick` only checks that everything runs: its rounds are short and their figures mean little, so
nothing is written unless `--into` names a directory that holds a `performance.md`. A full run takes some
twenty minutes on two cores. Leave the machine alone meanwhile, because the page shows how busy it was.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
import tomllib
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Final

from harness import svg
from harness.page import VERSIONS, Results, render, verdict

HERE: Final = Path(__file__).resolve().parent
ROOT: Final = HERE.parent
DOCS: Final = ROOT / "docs"
#: In the order of the page.
PROGRAMS: Final = (
    *("call_latency", "cold", "shapes", "contexts", "disabled", "third_party", "throughput", "jitter"),
    *("strategy_overhead", "memory", "start", "scaling", "nasty", "reading"),
)


def measured(program: str, options: Sequence[str]) -> dict[str, Any] | None:
    """Run one program and return what it printed, and how long it took; None if it failed."""
    command = [sys.executable, str(HERE / f"{program}.py"), "--json", *options]
    print(f"{program} ...", file=sys.stderr, flush=True)
    begun, load = time.monotonic(), os.getloadavg()[0]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode != 0:
        print(f"{program} FAILED with exit code {done.returncode}", file=sys.stderr)
        return None
    document: dict[str, Any] = json.loads(done.stdout)
    document["seconds"] = round(time.monotonic() - begun, 1)
    document["load"] = round(load, 1)
    print(f"{program}: {document['seconds']:.0f} s", file=sys.stderr, flush=True)
    for goal in document["goals"]:
        print(f"  {verdict(goal)}", file=sys.stderr)
    return document


def versions() -> dict[str, str]:
    """Return the versions of the peers and of what they write JSON with, as far as they are installed."""
    group = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["dependency-groups"]["bench"]
    found = {}
    for name in ("metaexpert", *sorted(group), "duckdb", "pydantic"):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def save(results: Results, into: Path) -> None:
    """Write the results alone: they stay if a later program fails, or the machine does."""
    ordered = {name: results[name] for name in (*PROGRAMS, VERSIONS) if name in results}
    (into / "performance").mkdir(exist_ok=True)
    (into / "performance" / "results.json").write_text(json.dumps(ordered, indent=1) + "\n", encoding="utf-8")


def write(results: Results, into: Path) -> None:
    """Write results, plots and page into the directory `into`, whose `performance.md` has the blocks."""
    folder, page = into / "performance", into / "performance.md"
    text = render(page.read_text(encoding="utf-8"), results)
    documents = [document for name, document in results.items() if name != VERSIONS]
    plots = [svg.read(plot) for document in documents for plot in document["plots"]]
    folder.mkdir(exist_ok=True)
    for old in folder.glob("*.svg"):
        old.unlink()
    svg.write(plots, folder)
    page.write_text(text, encoding="utf-8")


def read_results(into: Path) -> dict[str, Any]:
    """Return the results of last time, if there are any."""
    path = into / "performance" / "results.json"
    results: dict[str, Any] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    return results


def main() -> int:
    """Measure what is asked for and write the page; 1 if a program failed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "programs", nargs="*", metavar="PROGRAM", help=f"of {', '.join(PROGRAMS)}; all of them"
    )
    parser.add_argument("--quick", action="store_true", help="short rounds: it runs, figures mean little")
    parser.add_argument("--rounds", type=int, help="of each program, instead of its own number of them")
    parser.add_argument("--page-only", action="store_true", help="measure nothing, write the page again")
    parser.add_argument("--into", type=Path, help="the directory of the page, default docs")
    given = parser.parse_args()
    if unknown := set(given.programs) - set(PROGRAMS):
        parser.error(f"no such program: {', '.join(sorted(unknown))}; there are {', '.join(PROGRAMS)}")
    into = given.into or (None if given.quick else DOCS)
    options = ["--quick"] if given.quick else []
    options += ["--rounds", str(given.rounds)] if given.rounds else []
    found = read_results(into or DOCS)
    failed = []
    for program in [] if given.page_only else given.programs or PROGRAMS:
        if (document := measured(program, options)) is not None:
            found[program] = document
            if into is not None:
                save(found, into)
        else:
            failed.append(program)
    if not given.page_only:
        found[VERSIONS] = versions()
    if into is not None:
        save(found, into)
        write(read_results(into), into)
    if failed:
        print(f"failed: {', '.join(failed)}; the page keeps what it had of them", file=sys.stderr)
    return int(bool(failed))


if __name__ == "__main__":
    sys.exit(main())

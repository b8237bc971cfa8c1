"""Options, percentiles and tables: the input and the output of a benchmark."""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
from array import array
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from math import isfinite
from pathlib import Path
from typing import Any, Final

from harness import svg

#: Where a curve by percentile has points: six to each nine, up to 99.99 %.
CURVE: Final = tuple(1 - 10 ** (-step / 6) for step in range(25))
#: A percentile with fewer samples beyond it is not meaningful.
_FEWEST_BEYOND: Final = 5


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line asks for."""

    quick: bool
    json: bool
    check: bool
    rounds: int
    records: int
    plots: Path | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """Figures in rows, the first column saying of what."""

    head: Sequence[str]
    rows: Sequence[Sequence[str]]
    title: str = ""


@dataclass(frozen=True, slots=True)
class Goal:
    """A figure that was promised, and the one that was measured."""

    promise: str
    measured: float
    limit: float
    at_least: bool = False

    @property
    def is_met(self) -> bool:
        """Whether the measured figure keeps the promise; what is no finite number keeps none."""
        if not isfinite(self.measured):
            return False
        return self.measured >= self.limit if self.at_least else self.measured <= self.limit

    def document(self) -> dict[str, Any]:
        """Return the goal as JSON has it: a figure that is no finite number is null."""
        document: dict[str, Any] = finite({**asdict(self), "met": self.is_met})
        return document


def read_options(description: str | None, *, records: int, quick_records: int, rounds: int = 5) -> Options:
    """Return the options of the command line; `description` is what `--help` tells."""
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="one short round: it runs, figures mean little")
    parser.add_argument("--json", action="store_true", help="print figures as JSON")
    parser.add_argument("--check", action="store_true", help="exit with 1 if a promised figure is missed")
    parser.add_argument("--rounds", type=_positive, help=f"default {rounds}, with --quick 1")
    parser.add_argument(
        "--records",
        type=_positive,
        help=f"a measurement; default {records:,}, with --quick {quick_records:,}",
    )
    parser.add_argument("--plots", type=Path, metavar="DIR", help="write the plots there, as SVG")
    given = parser.parse_args()
    return Options(
        quick=given.quick,
        json=given.json,
        check=given.check,
        rounds=given.rounds or (1 if given.quick else rounds),
        records=given.records or (quick_records if given.quick else records),
        plots=given.plots,
    )


def percentiles(samples: array[int], *fractions: float) -> list[float]:
    """Return the nearest-rank percentiles of the samples, one for each fraction."""
    ordered = sorted(samples)
    return [float(ordered[min(int(len(ordered) * fraction), len(ordered) - 1)]) for fraction in fractions]


def curve(samples: array[int]) -> list[float]:
    """Return the percentiles at the points of `CURVE`, as far as there are samples enough for them."""
    ordered = sorted(samples)
    points = [fraction for fraction in CURVE if len(ordered) * (1 - fraction) >= _FEWEST_BEYOND]
    return [float(ordered[min(int(len(ordered) * fraction), len(ordered) - 1)]) for fraction in points]


def curve_figures(samples: array[int], prefix: str) -> dict[str, float]:
    """Return the curve's points as figures, for `rounds.points`: each name is `prefix` and a fraction."""
    return {f"{prefix}{CURVE[place]}": point for place, point in enumerate(curve(samples))}


def finite(value: Any) -> Any:
    """Return `value` with None for each float in it that is no finite number, as JSON knows none."""
    if isinstance(value, Mapping):
        return {name: finite(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [finite(each) for each in value]
    return None if isinstance(value, float) and not isfinite(value) else value


def shown(figure: float | None) -> str:
    """Return a figure as people read it: three digits below a thousand, all of them above."""
    if figure is None or not isfinite(figure):
        return "no figure"
    return f"{figure:,.0f}" if abs(figure) >= 1000 or figure == int(figure) else f"{figure:.3g}"


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a text table, the first column to the left and numbers to the right."""
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]

    def line(cells: Sequence[str]) -> str:
        first, *rest = (
            cell.ljust(width) if place == 0 else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(cells, widths, strict=True))
        )
        return "  ".join((first, *rest)).rstrip()

    rule = "  ".join("-" * width for width in widths)
    return "\n".join((line(head), rule, *map(line, rows)))


def machine() -> str:
    """Return a description of the machine."""
    implementation = f"{platform.python_implementation()} {platform.python_version()}"
    return f"{implementation}, {platform.system()} {platform.machine()}, {os.cpu_count()} cores{_processor()}"


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return ""
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return f" ({names[0]})" if names else ""


def note_progress(text: str) -> None:
    """Show the current step on a terminal, in place of the previous one."""
    if sys.stderr.isatty():
        print(f"\r\x1b[K{text}", end="", file=sys.stderr, flush=True)


def finish(
    title: str,
    tables: Sequence[Table],
    figures: Mapping[str, Any],
    goals: Sequence[Goal],
    options: Options,
    *,
    missing: Sequence[str] = (),
    notes: Sequence[str] = (),
    plots: Sequence[svg.Plot] = (),
) -> int:
    """Print the outcome as text or JSON and return the exit code: 1 if a goal is missed under `--check`."""
    if options.plots is not None:
        svg.write(plots, options.plots)
    if options.json:
        document = {
            "benchmark": title,
            "machine": machine(),
            "rounds": options.rounds,
            "records": options.records,
            "figures": figures,
            "not_installed": list(missing),
            "goals": [goal.document() for goal in goals],
            "tables": [asdict(each) for each in tables],
            "notes": list(notes),
            "plots": [asdict(plot) for plot in plots],
        }
        print(json.dumps(finite(document), indent=2, allow_nan=False))
    else:
        text = "\n\n".join(
            (each.title + "\n" if each.title else "") + table(each.head, each.rows) for each in tables
        )
        print(f"{title}\n{machine()}; rounds: {options.rounds}, records: {options.records:,}\n\n{text}\n")
        for note in notes:
            print(f"- {note}")
        if missing:
            names = "; ".join(missing)
            print(f"not installed, so not measured: {names}. `uv run --group bench {sys.argv[0]}` has them")
        print()
        for goal in goals:
            verdict = "kept" if goal.is_met else "MISSED"
            print(f"{verdict}: {goal.promise} (measured {shown(goal.measured)}, limit {shown(goal.limit)})")
    return int(options.check and not all(goal.is_met for goal in goals))


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"must be at least 1, was {number}")
    return number

"""The page of results: tables, plots and goals, from the JSON that the programs print.

Only the blocks between `<!-- results: NAME -->` and `<!-- end -->` are replaced; the rest of the page is
written by hand. NAME is a program's name, or `summary` or `machine`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from harness.report import shown

Document = Mapping[str, Any]
"""What a program prints with `--json`, and `seconds`, how long it took, and `load`, the machine's before."""
Results = Mapping[str, Document]
"""By program; `versions` has those of the packages."""

_BLOCK: Final = re.compile(r"(<!-- results: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)
VERSIONS: Final = "versions"


def render(page: str, results: Results, *, plots: str = "performance") -> str:
    """Return `page` with its blocks filled from `results`; `plots` is the folder of the SVG files.

    Raises `ValueError` for a block whose program has no results, and for results that no block shows.
    """
    shown_here = {match[2] for match in _BLOCK.finditer(page)} - {"summary", "machine"}
    measured = set(results) - {VERSIONS}
    if shown_here != measured:
        missing, unused = sorted(shown_here - measured), sorted(measured - shown_here)
        raise ValueError(f"the page shows what was not measured: {missing}, or does not show: {unused}")

    def block(match: re.Match[str]) -> str:
        name = match[2]
        if name == "summary":
            text = summary(results)
        elif name == "machine":
            text = machine(results)
        else:
            text = section(name, results[name], plots)
        return f"{match[1]}\n{text}\n\n{match[3]}"

    return _BLOCK.sub(block, page)


def section(program: str, document: Document, plots: str) -> str:
    """Return one program's part: the command to repeat it, its tables, plots, goals and notes."""
    rounds, records = document["rounds"], document["records"]
    parts = [f"`uv run --group bench benchmarks/{program}.py`, rounds: {rounds}, records: {records:,}"]
    for table in document["tables"]:
        parts.append(markdown_table(table["head"], table["rows"]))
    parts += [f"![{plot['title']}]({plots}/{plot['name']}.svg)" for plot in document["plots"]]
    parts.append("\n".join(f"- {verdict(goal)}" for goal in document["goals"]))
    if document["notes"]:
        parts.append("\n".join(f"- {_escaped(note)}" for note in document["notes"]))
    if document["not_installed"]:
        parts.append(f"Not installed, so not measured: {', '.join(document['not_installed'])}.")
    return "\n\n".join(parts)


def verdict(goal: Mapping[str, Any]) -> str:
    """Return a goal and its outcome as a sentence."""
    bound = "at least" if goal["at_least"] else "at most"
    outcome = "kept" if goal["met"] else "**missed**"
    return f"{outcome}: {goal['promise']}: {shown(goal['measured'])}, promised {bound} {shown(goal['limit'])}"


def summary(results: Results) -> str:
    """Return all goals as one table, and how many were missed."""
    rows = []
    missed = 0
    for program, document in _programs(results):
        for goal in document["goals"]:
            bound = ("≥ " if goal["at_least"] else "≤ ") + shown(goal["limit"])
            outcome = "kept" if goal["met"] else "**missed**"
            missed += not goal["met"]
            rows.append((goal["promise"], shown(goal["measured"]), bound, outcome, f"`{program}.py`"))
    table = markdown_table(("promise", "measured", "promised", "", "by"), rows)
    return f"{table}\n\nKept: {len(rows) - missed} of {len(rows)}."


def machine(results: Results) -> str:
    """Return a description of the machine, the versions, and the time that the measurements took."""
    machines = sorted({document["machine"] for _, document in _programs(results)})
    seconds = sum(document["seconds"] for _, document in _programs(results))
    versions = ", ".join(f"{name} {version}" for name, version in results.get(VERSIONS, {}).items())
    loads = [document["load"] for _, document in _programs(results)]
    return (
        f"{'; '.join(machines)}. Measured in {seconds / 60:.0f} minutes. Before each program began, the load "
        f"average of the machine was {min(loads)} to {max(loads)} over a minute: much more than 1, which the "
        f"benchmarks themselves cause, means that other work took part in every figure.\n\n{versions}."
    )


def markdown_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table in Markdown, the first column to the left and the others to the right."""
    rule = ["---", *("---:" for _ in head[1:])]
    return "\n".join(f"| {' | '.join(map(_escaped, cells))} |" for cells in (head, rule, *rows))


def _programs(results: Results) -> list[tuple[str, Document]]:
    return [(name, document) for name, document in results.items() if name != VERSIONS]


def _escaped(text: str) -> str:
    """Return text as Markdown shows it, but for what is meant as Markdown: emphasis of a word, and code."""
    return text.replace("|", "\\|").replace(" *", " \\*")

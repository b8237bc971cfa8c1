"""The page of results is made from the programs' output and nothing else."""

import ast
import tomllib
from pathlib import Path
from typing import Any

import pytest

import all as every
from harness.loggers import LOGGERS, OWN, PEERS, marked, notes_of
from harness.page import markdown_table, render
from harness.programs import CALLS, call_of, set_up_of

GOAL = {"promise": "ns per call", "measured": 1.7, "limit": 1.6, "at_least": False, "met": False}
DOCUMENT: dict[str, Any] = {
    "machine": "CPython, 2 cores",
    "rounds": 5,
    "records": 2000,
    "seconds": 61.0,
    "load": 0.3,
    "tables": [{"head": ["logger", "ns"], "rows": [["a | b *", "5"]], "title": ""}],
    "goals": [GOAL, GOAL | {"promise": "records lost", "measured": 0.0, "limit": 0, "met": True}],
    "notes": ["a | b *: takes no fields"],
    "plots": [{"name": "cost", "title": "Cost"}],
    "not_installed": ["other"],
}
PAGE = """# Performance
By hand.
<!-- results: machine -->
<!-- end -->
<!-- results: summary -->
<!-- end -->
Between.
<!-- results: cost -->
old figures
<!-- end -->
"""


def test_blocks_are_replaced_and_the_rest_is_kept() -> None:
    """What is written by hand stays; tables, plots, goals, notes and commands come from the results."""
    page = render(PAGE, {"cost": DOCUMENT, "versions": {"loguru": "1.2"}})
    assert "By hand." in page
    assert "Between." in page
    assert "old figures" not in page
    assert "| a \\| b \\* | 5 |" in page
    assert "![Cost](performance/cost.svg)" in page
    assert "**missed**: ns per call: 1.7, promised at most 1.6" in page
    assert "Kept: 1 of 2." in page
    assert "a \\| b \\*: takes no fields" in page
    assert "Not installed, so not measured: other." in page
    assert "`uv run --group bench benchmarks/cost.py`, rounds: 5, records: 2,000" in page
    assert "loguru 1.2" in page


def test_filling_a_page_again_changes_nothing() -> None:
    """A page can be made again from the same results, any number of times."""
    results = {"cost": DOCUMENT}
    assert render(render(PAGE, results), results) == render(PAGE, results)


@pytest.mark.parametrize("results", [{}, {"cost": DOCUMENT, "more": DOCUMENT}])
def test_page_and_results_must_be_about_the_same(results: dict[str, Any]) -> None:
    """A program without results, and results that nobody would see, are errors."""
    with pytest.raises(ValueError, match=r"\['cost'\]|\['more'\]"):
        render(PAGE, results)


def test_markdown_table_has_figures_to_the_right() -> None:
    """The first column is text, the others are figures."""
    assert markdown_table(("a", "b"), [("x", "1")]) == "| a | b |\n| --- | ---: |\n| x | 1 |"


def test_the_page_in_the_repository_is_that_of_its_results() -> None:
    """`docs/performance.md` shows what `results.json` says, and every plot is there."""
    results = every.read_results(every.DOCS)
    page = (every.DOCS / "performance.md").read_text(encoding="utf-8")
    assert set(results) == {*every.PROGRAMS, "versions"}
    assert render(page, results) == page
    plots = {plot["name"] for name in every.PROGRAMS for plot in results[name]["plots"]}
    assert {path.stem for path in (every.DOCS / "performance").glob("*.svg")} == plots != set()


def test_writing_makes_page_plots_and_results(tmp_path: Path) -> None:
    """All that a page needs is written beside it, and plots that nobody shows any more are removed."""
    plot = {"name": "cost", "kind": "bars", "title": "Cost", "y_label": "ns", "series": {"ours": [[0, 5]]}}
    (tmp_path / "performance.md").write_text(PAGE)
    (tmp_path / "performance").mkdir()
    (tmp_path / "performance" / "old.svg").write_text("<svg/>")
    every.write({"cost": DOCUMENT | {"plots": [plot]}}, tmp_path)
    assert {path.name for path in (tmp_path / "performance").iterdir()} == {"cost.svg"}
    assert "Kept: 1 of 2." in (tmp_path / "performance.md").read_text()


def test_results_are_kept_in_the_order_of_the_page(tmp_path: Path) -> None:
    """What one program told is saved by itself, so that the next one's failure loses nothing."""
    every.save({"memory": DOCUMENT, "call_latency": DOCUMENT}, tmp_path)
    results = every.read_results(tmp_path)
    assert list(results) == ["call_latency", "memory"]
    assert results["memory"]["rounds"] == 5


def test_every_program_of_the_page_exists() -> None:
    """What the command runs is there, and says in its docstring how it measures and what limits that."""
    for program in every.PROGRAMS:
        text = ast.get_docstring(ast.parse((every.HERE / f"{program}.py").read_text(encoding="utf-8"))) or ""
        assert "Method." in text, program
        assert "Limits." in text, program
        assert f"benchmarks/{program}.py" in text, program


def test_every_logger_has_a_program_of_its_own() -> None:
    """The loggers that are compared are the same in all benchmarks, and their programs compile."""
    assert len(PEERS) > 1
    for name in (OWN, *PEERS):
        compile(f"{set_up_of(name)}\n{call_of(name)}\n", name, "exec")
    assert {logger.style for logger in LOGGERS.values()} == set(CALLS)


def test_loggers_that_do_less_are_marked() -> None:
    """A peer that takes no fields has a mark in every table and a note that says why."""
    names = [name for name in PEERS if LOGGERS[name].note]
    assert all(marked(name).endswith("*") for name in names)
    assert marked(OWN) == OWN
    notes = notes_of(PEERS)
    assert notes == [f"{marked(name)}: {LOGGERS[name].note}" for name in names] != []


def test_peers_are_pinned_and_no_test_needs_them() -> None:
    """A measurement can be repeated with the same peers, and a clone runs its tests without any of them."""
    project = tomllib.loads((every.ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    groups, pins = project["dependency-groups"], project["tool"]["uv"]["constraint-dependencies"]
    pinned = {pin.partition("==")[0] for pin in pins if "==" in pin}
    assert set(groups["bench"]) <= pinned
    assert not set(groups["bench"]) & set(groups["dev"])

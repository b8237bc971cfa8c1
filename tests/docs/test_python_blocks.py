"""The Python code of the pages runs and does what they claim."""

from __future__ import annotations

import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest

from support.doc_environment import clean_environment
from support.doc_pages import PAGES, ROOT, Block, blocks, page_name, pages_with
from support.doc_shell import matches

PAGE_TIMEOUT_S = 90


def run_page(page: Path, directory: Path) -> subprocess.CompletedProcess[str]:
    """Run the blocks of a page in a process of its own that works in `directory`."""
    return subprocess.run(
        [sys.executable, str(ROOT / "tests" / "support" / "doc_namespace.py"), str(page)],
        cwd=directory,
        env=clean_environment(),
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        timeout=PAGE_TIMEOUT_S,
        check=False,
    )


def test_pages_have_python() -> None:
    """The README and the logging guide show Python: there is something to hold true."""
    assert {"README.md", "docs/logging.md"} <= {page_name(page) for page in pages_with("python")}


@pytest.mark.parametrize("page", pages_with("python"), ids=page_name)
def test_python_of_a_page_runs(page: Path, tmp_path: Path) -> None:
    """The blocks of a page run one after the other in an empty directory, and their asserts hold."""
    done = run_page(page, tmp_path)
    assert done.returncode == 0, done.stderr


def test_python_of_the_readme_runs_twice(tmp_path: Path) -> None:
    """Who tries it a second time has the files of the first, and nothing fails."""
    for _ in range(2):
        done = run_page(ROOT / "README.md", tmp_path)
        assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("page", pages_with("python"), ids=page_name)
def test_python_that_is_not_run_is_python(page: Path) -> None:
    """A block marked `no-run` is valid Python all the same."""
    for block in blocks(page, "python"):
        assert compile(block.text, block.place, "exec", dont_inherit=True)


def _printed() -> list[tuple[Block, Block]]:
    """Return each block of Python that is followed by what it prints, with that."""
    return [
        (block, after)
        for page in PAGES
        for block, after in pairwise(blocks(page))
        if block.language == "python" and "printed" in after.flags
    ]


def test_the_readme_shows_what_its_first_lines_print() -> None:
    """The first Python of the README has its output beside it, so the next test has something to compare."""
    assert blocks(ROOT / "README.md", "python")[0] in [block for block, _ in _printed()]


@pytest.mark.parametrize(("block", "after"), _printed(), ids=lambda block: block.place)
def test_a_block_prints_what_the_page_says(block: Block, after: Block, tmp_path: Path) -> None:
    """Python before a block marked `printed` prints that when it is run alone in an empty directory."""
    program = tmp_path / "program.py"
    program.write_text(block.text, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, str(program)],
        cwd=tmp_path,
        env=clean_environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        timeout=PAGE_TIMEOUT_S,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    assert matches(after.text.splitlines(), done.stdout.splitlines()), done.stdout


def test_a_failing_block_fails_its_page(tmp_path: Path) -> None:
    """A page whose later block contradicts an earlier one is refused, with the page's own line."""
    page = tmp_path / "page.md"
    page.write_text("# Page\n\n```python\nprice = 1\n```\n\nand\n\n```python\nassert price == 2\n```\n")
    done = run_page(page, tmp_path)
    assert done.returncode == 1
    assert "line 10" in done.stderr
    assert "assert price == 2" in done.stderr


def test_a_block_that_needs_a_missing_package_is_passed_over(tmp_path: Path) -> None:
    """The other blocks of its page are run, and the output says which was not, and why."""
    page = tmp_path / "page.md"
    page.write_text(
        "# Page\n\n```python needs-json\nprice = 1\n```\n\n"
        "```python needs-surely_not_installed\nprice = 2\n```\n\n```python\nassert price == 1\n```\n"
    )
    done = run_page(page, tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "line 8 is not run: surely_not_installed is not installed\n"


def test_every_page_closes_its_blocks() -> None:
    """A fence that is opened is closed on each page: nothing is hidden from these tests."""
    assert sum(len(blocks(page)) for page in PAGES) > 0

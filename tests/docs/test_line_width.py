"""Lines of the pages are as wide as those of the sources, and table cells hold phrases."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from support.doc_pages import PAGES, page_name, prose_lines

#: As in pyproject.toml for Python and in rustfmt.toml for Rust.
WIDTH = 110
_LINK = re.compile(r"!?\[([^\]]*)\]\([^)]*\)")
_ESCAPED_BAR = "\\|"
_GENERATED, _END = "<!-- results", "<!-- end -->"


def _is_one_word(line: str) -> bool:
    """Tell whether a line cannot be broken: a link or a path that is longer than a line."""
    return " " not in _LINK.sub("link", line.strip().removeprefix("- "))


def _wide_cells(row: str) -> list[str]:
    """Return the cells of a table row that are longer than a line, as a reader sees them."""
    cells = _LINK.sub(r"\1", row).replace(_ESCAPED_BAR, " ").strip().strip("|").split("|")
    return [cell.strip() for cell in cells if len(cell.strip()) > WIDTH]


def too_wide(page: Path) -> list[str]:
    """Return what is too wide in a page, with its line numbers. Code and what programs wrote do not count."""
    found: list[str] = []
    generated = False
    for number, line in prose_lines(page):
        generated = line.startswith(_GENERATED) or (generated and not line.startswith(_END))
        if generated:
            continue
        if line.lstrip().startswith("|"):
            found += [f"{number}: the cell {cell!r}" for cell in _wide_cells(line)]
        elif len(line) > WIDTH and not _is_one_word(line):
            found.append(f"{number}: {len(line)} characters")
    return found


@pytest.mark.parametrize("page", PAGES, ids=page_name)
def test_lines_of_a_page_wrap(page: Path) -> None:
    """Prose wraps at 110 characters; a cell of a table is at most that long."""
    assert too_wide(page) == []


def test_what_is_too_wide_is_found(tmp_path: Path) -> None:
    """Long prose and long cells are found; long code, long links and rows of many short cells are not."""
    words = "word " * 30
    page = tmp_path / "page.md"
    page.write_text(
        f"# Page\n\n{words}\n\n- {words}\n\n```text\n{words}\n```\n\n"
        f"[link](https://example.com/{'x' * 120})\n\n"
        f"| {' | '.join(['short'] * 40)} |\n| short | {words} |\n"
    )
    assert [each.split(":")[0] for each in too_wide(page)] == ["3", "5", "14"]

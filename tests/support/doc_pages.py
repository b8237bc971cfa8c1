"""The pages of the documentation, and the blocks in them; README.md beside this file has the conventions."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])

_FENCE = re.compile(r"^(?P<indent> {0,3})(?P<mark>```+|~~~+)\s*(?P<info>[^`]*?)\s*$")


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block of a page; `line` is the number of its first line of text."""

    page: Path
    line: int
    language: str
    flags: frozenset[str]
    text: str

    @property
    def place(self) -> str:
        """Where it stands, for messages."""
        return f"{self.page.relative_to(ROOT)}:{self.line}"


def blocks(page: Path, language: str | None = None) -> list[Block]:
    """Return the blocks of a page, of one language if given. Raises ValueError for one that is not closed."""
    found: list[Block] = []
    opening: re.Match[str] | None = None
    first, lines = 0, list[str]()
    for number, line in enumerate(page.read_text(encoding="utf-8").splitlines(), start=1):
        fence = _FENCE.match(line)
        if opening is None:
            if fence is not None:
                opening, first, lines = fence, number + 1, []
        elif fence is not None and not fence["info"] and fence["mark"].startswith(opening["mark"]):
            name, *flags = opening["info"].split() or [""]
            found.append(Block(page, first, name, frozenset(flags), "".join(f"{each}\n" for each in lines)))
            opening = None
        else:
            lines.append(line)
    if opening is not None:
        raise ValueError(f"{page.name}, line {first - 1}: the block is not closed")
    return [block for block in found if language in (None, block.language)]


def prose_lines(page: Path) -> list[tuple[int, str]]:
    """Return the lines of a page outside of its blocks, with their numbers."""
    fenced = {
        number
        for block in blocks(page)
        for number in range(block.line - 1, block.line + block.text.count("\n") + 1)
    }
    lines = page.read_text(encoding="utf-8").splitlines()
    return [(number, line) for number, line in enumerate(lines, start=1) if number not in fenced]


def pages_with(language: str) -> list[Path]:
    """Return the pages that have a block of this language."""
    return [page for page in PAGES if blocks(page, language)]


def page_name(page: Path) -> str:
    """Return a page's path as test ids show it."""
    return page.relative_to(ROOT).as_posix()

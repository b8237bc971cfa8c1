"""Links in the pages resolve, and the list of tasks names files that exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from support.doc_pages import PAGES, ROOT, blocks, page_name

TASKS = ROOT / "docs" / "tasks.md"

_FENCED = re.compile(r"^ {0,3}(```+|~~~+).*?^ {0,3}\1\s*$", re.MULTILINE | re.DOTALL)
_CODE = re.compile(r"`[^`\n]*`")
_LINK = re.compile(r"!?\[[^\]]*\]\((?P<target>[^)\s]+)(?:\s+\"[^\"]*\")?\)")
_HEADING = re.compile(r"^#{1,6}\s+(?P<title>.+?)\s*#*$", re.MULTILINE)
_ELSEWHERE = re.compile(r"^[a-z][a-z0-9+.-]*:", re.IGNORECASE)
#: A path in code: its last part has a known ending, or it ends with a slash; a test's name may follow.
_NAMED = re.compile(
    r"`(?P<path>[\w.*/-]+(?:\.(?:py|pyi|rs|md|toml|json)|/)|justfile|\.ci/run)(?:::(?P<test>\w+))?`"
)


def _prose(page: Path) -> str:
    return _FENCED.sub("", page.read_text(encoding="utf-8"))


def _targets(page: Path) -> list[str]:
    return [match["target"] for match in _LINK.finditer(_CODE.sub("", _prose(page)))]


def _anchors(page: Path) -> set[str]:
    """Return the anchors of a page's headings, made as GitHub makes them."""
    found: set[str] = set()
    for match in _HEADING.finditer(_prose(page)):
        title = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", match["title"]).strip().lower()
        slug = re.sub(r"[^\w\- ]", "", title).replace(" ", "-")
        number, anchor = 0, slug
        while anchor in found:
            number += 1
            anchor = f"{slug}-{number}"
        found.add(anchor)
    return found


def _is_broken(page: Path, target: str) -> bool:
    if _ELSEWHERE.match(target):
        return False
    path, _, anchor = target.partition("#")
    file = (page.parent / path).resolve() if path else page
    if not file.exists() or not file.is_relative_to(ROOT):
        return True
    return bool(anchor) and file.suffix == ".md" and anchor not in _anchors(file)


def test_pages_have_links() -> None:
    """The README leads to the other pages: there are links to follow."""
    assert {"docs/logging.md", "docs/quickstart.md"} <= set(_targets(ROOT / "README.md"))


@pytest.mark.parametrize("page", PAGES, ids=page_name)
def test_links_lead_somewhere(page: Path) -> None:
    """Each link to a file of the repository, or to a heading in one, finds it."""
    assert [target for target in _targets(page) if _is_broken(page, target)] == []


def test_a_broken_link_is_found(tmp_path: Path) -> None:
    """A missing file, a missing heading and a file outside of the repository are broken links."""
    page = ROOT / "README.md"
    assert _is_broken(page, "docs/nowhere.md")
    assert _is_broken(page, "docs/logging.md#no-such-heading")
    assert _is_broken(page, str(tmp_path))
    assert not _is_broken(page, "docs/logging.md")


def _named() -> list[tuple[str, str | None]]:
    return [(match["path"], match["test"]) for match in _NAMED.finditer(_prose(TASKS))]


def test_tasks_name_only_what_is_there() -> None:
    """Each file that the list of tasks names exists, and each test stands in the file it is named with."""
    named = _named()
    assert len(named) >= 23
    missing = [path for path, _ in named if not any(ROOT.glob(path.rstrip("/")))]
    assert missing == []
    unknown = [
        f"{path}::{test}"
        for path, test in named
        if test is not None and not re.search(rf"\b(?:def|class|fn) {test}\b", (ROOT / path).read_text())
    ]
    assert unknown == []


def test_tasks_are_complete() -> None:
    """The tasks T001 to T023 are all on the list, once each at the start of a row."""
    rows = re.findall(r"^\|\s*\**(T\d{3})\b", TASKS.read_text(encoding="utf-8"), re.MULTILINE)
    assert rows == [f"T{number:03d}" for number in range(1, 24)]


def test_pages_say_what_their_blocks_are() -> None:
    """Each block has a language, so that none escapes these tests by having none."""
    nameless = [block.place for page in PAGES for block in blocks(page) if not block.language]
    assert nameless == []

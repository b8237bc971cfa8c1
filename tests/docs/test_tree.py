"""The tree of CONTRIBUTING.md, beside the folders that there are."""

from __future__ import annotations

import pytest

from support.doc_pages import ROOT

#: The folders of code, each of whose own folders has its place in the tree.
HOUSES = ["crates", "src/metaexpert/logger", "src/metaexpert/expert", "tests"]


@pytest.mark.parametrize("house", HOUSES)
def test_each_folder_of_code_is_in_the_tree(house: str) -> None:
    """Whoever looks for a place finds every room there."""
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    tree = text.partition("\n## The tree\n")[2].partition("\n## ")[0]
    folders = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / house).iterdir()
        if path.is_dir() and not path.name.startswith((".", "__"))
    }

    assert folders != set()
    assert {folder for folder in folders if f"`{folder}/`" not in tree} == set()

"""The documents that the pages show are valid ones."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest

from support.doc_pages import Block, blocks, page_name, pages_with


def _strict(text: str) -> Any:
    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        assert len(dict(pairs)) == len(pairs), f"a key is there twice: {pairs}"
        return dict(pairs)

    def refuse(word: str) -> Any:
        raise AssertionError(f"{word} is not JSON")

    return json.loads(text, object_pairs_hook=unique, parse_constant=refuse)


def _documents(block: Block) -> list[Any]:
    """Return what is in a block: one document, or one per line."""
    try:
        return [_strict(block.text)]
    except json.JSONDecodeError:
        return [_strict(line) for line in block.text.splitlines() if line]


@pytest.mark.parametrize("page", pages_with("json"), ids=page_name)
def test_json_is_strict_json(page: Path) -> None:
    """A block of JSON is one document, or one on each line, and no key is there twice."""
    for block in blocks(page, "json"):
        assert _documents(block), block.place


@pytest.mark.parametrize("page", pages_with("toml"), ids=page_name)
def test_toml_is_toml(page: Path) -> None:
    """A block of TOML can be read, and says something."""
    for block in blocks(page, "toml"):
        assert tomllib.loads(block.text), block.place

"""The glossary of DESIGN.md: each word once, in order, with one meaning, and in use."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest

from support.doc_pages import ROOT

_DESIGN = (ROOT / "DESIGN.md").read_text()
_SECTION = _DESIGN.partition("\n## Glossary\n")[2].partition("\n## ")[0]
_ROW = re.compile(r"^\| (.+?) \| (.+) \|$", re.MULTILINE)
ENTRIES = [(word, meaning) for word, meaning in _ROW.findall(_SECTION) if word != "word"]
#: A room or a thing for which a meaning is given, as in "in the engine: …" and "of a value: …".
_ROOM = re.compile(r"(?:^|; )(?:in|of) [^:;]+: ")
_FILES = {"crates": "*.rs", "src": "*.py", "docs": "*.md"}


@pytest.fixture(scope="module")
def in_use() -> str:
    """Return everything in which words are used: sources, their documents, and what this page says before."""
    paths = [path for folder, names in _FILES.items() for path in sorted((ROOT / folder).rglob(names))]
    return "\n".join([_DESIGN.partition("\n## Glossary\n")[0], *(path.read_text() for path in paths)]).lower()


def test_words_are_sorted_and_there_once() -> None:
    """A reader finds a word where the alphabet has it."""
    words = [word.lower() for word, _ in ENTRIES]

    assert len(words) > 50
    assert [pair for pair in pairwise(words) if pair[0] >= pair[1]] == []


@pytest.mark.parametrize(("word", "meaning"), ENTRIES, ids=[word for word, _ in ENTRIES])
def test_a_word_has_one_meaning(word: str, meaning: str) -> None:
    """No entry gives one meaning for one room and another for the next."""
    assert len(_ROOM.findall(meaning)) < 2


@pytest.mark.parametrize("word", [word for word, _ in ENTRIES])
def test_a_word_is_in_use(word: str, in_use: str) -> None:
    """What no source and no document says needs no entry. Of several words each is in use."""
    words = word.removesuffix(" path").split(", ")

    assert [each for each in words if not re.search(rf"\b{each}".replace(" ", r"[ _]?"), in_use)] == []


@pytest.mark.parametrize(
    ("word", "folder", "names"),
    [
        (r"struct Event\b", "crates", "*.rs"),
        (r"(?<!\")\b_?origin\b", "crates", "*.rs"),  # in quotes it is a name of another system
        (r"class Handler\b", "src/metaexpert/expert", "*.py"),
        (r"(?:a|the) plain file\b", "crates", "*.rs"),
    ],
)
def test_a_word_stays_in_its_room(word: str, folder: str, names: str) -> None:
    """Events are those of the expert, origins those of settings, and files are regular or unpacked."""
    paths = sorted((ROOT / folder).rglob(names))

    assert paths
    assert [str(path) for path in paths if re.search(word, path.read_text())] == []


def test_rooms_share_no_word_of_two_meanings() -> None:
    """The glossary excuses nothing: it says that a word has one meaning, without an exception."""
    introduction = _SECTION.partition("| word")[0].strip()

    assert introduction.startswith("One word has one meaning")
    assert "both" not in introduction

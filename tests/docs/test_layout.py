"""The layout of the tests: `tests/unit` mirrors `src/metaexpert`, and helpers lie in `tests/support`."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.doc_pages import ROOT

SOURCES = ROOT / "src" / "metaexpert"
UNIT = ROOT / "tests" / "unit"


def subjects(folder: Path) -> set[str]:
    """Return the names of the modules and packages in a folder of the sources."""
    return {path.stem for path in folder.iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()}


@pytest.mark.parametrize(
    "test", sorted(UNIT.rglob("test_*.py")), ids=lambda path: str(path.relative_to(UNIT))
)
def test_a_unit_test_is_named_after_its_module(test: Path) -> None:
    """It lies in the module's folder and has its name, and behind it an aspect where there are several."""
    folder = SOURCES / test.parent.relative_to(UNIT)
    name = test.stem.removeprefix("test_")

    assert folder.is_dir()
    assert any(name == subject or name.startswith(f"{subject}_") for subject in subjects(folder))


def test_what_is_no_test_lies_in_support() -> None:
    """Folders of tests have tests, fixtures and their data; what tests import is in one place."""
    python = [path.relative_to(ROOT) for path in (ROOT / "tests").rglob("*.py")]
    others = {path for path in python if not path.name.startswith("test_") and path.name != "conftest.py"}

    assert {path for path in others if path.parts[1] != "support"} == set()

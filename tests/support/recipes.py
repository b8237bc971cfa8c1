"""The recipes of CONTRIBUTING.md, and copies of the sources in which tests walk them."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from support.doc_environment import clean_environment
from support.doc_pages import ROOT

_RECIPES = "## How to add"
_PATH = re.compile(r"`((?:src|crates|tests|docs)/[^`\s]*)`")
#: What a recipe calls the new thing in the names of files.
PLACEHOLDER = "NAME"


def recipe(title: str) -> str:
    """Return the recipe that begins with the bold words `title`. Raises ValueError where there is none."""
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    _, _, recipes = text.partition(f"\n{_RECIPES}\n")
    for each in re.split(r"\n(?=\*\*|## )", recipes):
        if each.startswith(f"**{title}.**"):
            return each
    raise ValueError(f"CONTRIBUTING.md has no recipe for {title}")


def paths(text: str) -> list[str]:
    """Return the paths that a recipe names, in their order."""
    return _PATH.findall(text)


@dataclass
class Copy:
    """A copy of the Python sources, to add something to as a recipe says."""

    root: Path
    touched: list[str] = field(default_factory=list)

    def create(self, path: str, text: str) -> None:
        """Write a new file."""
        target = self.root / path
        assert not target.exists(), f"{path} is there already"
        target.write_text(text, encoding="utf-8")
        self.touched.append(path)

    def edit(self, path: str, before: str, after: str) -> None:
        """Put `after` in the place of `before`, which must stand in the file once."""
        target = self.root / path
        text = target.read_text(encoding="utf-8")
        assert text.count(before) == 1, f"{path} has {before!r} {text.count(before)} times"
        target.write_text(text.replace(before, after), encoding="utf-8")
        if path not in self.touched:
            self.touched.append(path)

    def run(self, *arguments: str, directory: Path) -> subprocess.CompletedProcess[str]:
        """Run Python with the copy's packages; fails the test when it fails."""
        done = subprocess.run(
            [sys.executable, *arguments],
            cwd=directory,
            env={**clean_environment(), "PYTHONPATH": str(self.root / "src")},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, f"exit code {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done


def copies(root: Path) -> Iterator[Copy]:
    """Yield a copy of `src`; the compiled module is a link."""
    source = ROOT / "src"
    shutil.copytree(source, root / "src", ignore=shutil.ignore_patterns("__pycache__", "*.so"))
    for compiled in source.rglob("*.so"):
        (root / "src" / compiled.relative_to(source)).symlink_to(compiled)
    yield Copy(root)
    shutil.rmtree(root)

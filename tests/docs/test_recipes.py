"""The recipes of CONTRIBUTING.md, walked with a dummy: what they name is all that has to be touched."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from support.doc_pages import ROOT
from support.recipes import PLACEHOLDER, Copy, copies, paths, recipe

RECIPES = ["A command", "A format", "A sink", "An option of a handler"]

COMMAND = '''
"""`metaexpert logs count`: counts the files of a log directory."""

from pathlib import Path

import click

from metaexpert.cli import options
from metaexpert.cli.command import Command


@click.command(cls=Command)
@options.logs_directory
def count(directory: Path) -> None:
    """Count the files of each log."""
    from metaexpert.reader import family

    print(len(family(directory / "expert.log")))
'''
#: Prints what a command has loaded that a small one does not need.
SLOW = """
import sys
from metaexpert.cli.app import run_command_line
assert run_command_line(sys.argv[1:]) == 0
print(sorted({"pydantic", "ssl", "rich", "asyncio", "metaexpert.expert"} & set(sys.modules)))
"""


@pytest.fixture
def copy(tmp_path: Path) -> Iterator[Copy]:
    """The sources, to add something to."""
    yield from copies(tmp_path / "copy")


def assert_names(title: str, touched: list[str], name: str) -> None:
    """Assert that a recipe names exactly the files that were touched; `name` is that of the dummy."""
    named = [path.replace(PLACEHOLDER, name) for path in paths(recipe(title))]
    assert set(touched) <= set(named), f"{title}: touched {touched}, named {named}"


@pytest.mark.parametrize("title", RECIPES)
def test_what_a_recipe_names_is_there(title: str) -> None:
    """Each path leads somewhere; the new file's folder does."""
    named = paths(recipe(title))
    assert named
    for path in named:
        place = path.partition(PLACEHOLDER)[0].rpartition("/")[0] if PLACEHOLDER in path else path
        assert (ROOT / place).exists(), f"{title}: {path}"


def test_a_command_is_one_file_and_its_line(copy: Copy, tmp_path: Path) -> None:
    """It is carried out, listed with its help, and loads nothing that it does not need."""
    copy.create("src/metaexpert/cli/logs/count.py", COMMAND.lstrip())
    copy.edit(
        "src/metaexpert/cli/logs/__init__.py",
        '"metaexpert.cli.logs.recover"',
        '"metaexpert.cli.logs.recover", "metaexpert.cli.logs.count"',
    )
    logs = tmp_path / "logs"
    logs.mkdir()
    (logs / "expert.log").touch()
    (logs / "expert.log.1.gz").touch()

    listed = copy.run("-m", "metaexpert", "logs", "--help", directory=tmp_path).stdout
    counted = copy.run("-c", SLOW, "logs", "count", directory=tmp_path).stdout

    assert "count      Count the files of each log." in listed
    assert counted == "2\n[]\n"
    assert_names("A command", copy.touched, "count")

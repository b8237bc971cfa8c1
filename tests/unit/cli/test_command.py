"""Facts about commands that are imported when they are needed."""

import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from metaexpert.cli.command import Group

COMMAND = """
import click
from metaexpert.cli.command import Command

@click.command(cls=Command)
def {name}():
    \"\"\"Do what {name} says, and all that it says, in a sentence that is longer than any line of a list is.

    More about it.
    \"\"\"
    return {code}
"""


@pytest.fixture
def group(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Group]:
    """Two commands, `second` listed before `first`, in a package of their own."""
    package = tmp_path / "dummies"
    package.mkdir()
    (package / "__init__.py").touch()
    for code, name in enumerate(("first", "second"), start=1):
        (package / f"{name}.py").write_text(COMMAND.format(name=name, code=code))
    monkeypatch.syspath_prepend(tmp_path)
    yield Group(name="program", modules=("dummies.second", "dummies.first"))
    for name in [name for name in sys.modules if name.partition(".")[0] == "dummies"]:
        del sys.modules[name]


def carry_out(group: Group, *arguments: str) -> object:
    """Return what the command returned."""
    with group.make_context("program", list(arguments)) as context:
        return group.invoke(context)


def test_one_command_imports_no_other(group: Group) -> None:
    """A command's module is imported when it is called, and it alone."""
    assert carry_out(group, "first") == 1
    assert "dummies.second" not in sys.modules


def test_commands_are_listed_in_their_order_with_whole_sentences(group: Group) -> None:
    """The list has the first paragraph of each, which is not cut."""
    with group.make_context("program", [], resilient_parsing=True) as context:
        words = " ".join(group.get_help(context).split())

    assert "second Do what second says, and all that it says, in a sentence" in words
    assert words.index("than any line of a list is. first Do what") > 0
    assert "More about it" not in words


def test_a_similar_name_is_offered(group: Group) -> None:
    """A mistyped command is refused with the name that was meant."""
    with pytest.raises(click.NoSuchCommand) as caught:
        carry_out(group, "frist")

    assert caught.value.format_message() == "No such command 'frist'. Did you mean 'first'?"

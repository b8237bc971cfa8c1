"""The commands that the pages show can be typed as they stand, and print what the pages say."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from support.doc_environment import clean_environment
from support.doc_pages import ROOT, Block, blocks, page_name, pages_with
from support.doc_shell import Command, Outcome, can_run, carry_out, commands, difference, matches

PAGE_TIMEOUT_S = 240

needs_bash = pytest.mark.skipif(shutil.which("bash") is None, reason="bash carries out the console blocks")


def test_manual_tests_are_commands() -> None:
    """The page of manual tests has commands to carry out, with output to compare."""
    script = commands(blocks(ROOT / "docs" / "manual-testing.md", "console"))
    assert len(script) >= 20
    assert sum(bool(command.expected) for command in script) >= 10


@needs_bash
@pytest.mark.timeout(PAGE_TIMEOUT_S + 30)
@pytest.mark.parametrize("page", pages_with("console"), ids=page_name)
def test_commands_print_what_the_page_says(page: Path, tmp_path: Path) -> None:
    """All commands of a page, carried out from top to bottom in an empty directory, print what it says."""
    environment = clean_environment()
    script = commands([block for block in blocks(page, "console") if can_run(block, environment["PATH"])])
    outcomes = carry_out(script, tmp_path, environment, PAGE_TIMEOUT_S)
    assert len(outcomes) == len(script), f"the shell ended early, after {script[len(outcomes)].place}"
    troubles = [difference(command, outcome) for command, outcome in zip(script, outcomes, strict=True)]
    assert not any(troubles), "\n".join(filter(None, troubles))


def _block(text: str, *flags: str) -> Block:
    return Block(ROOT / "page.md", 5, "console", frozenset(flags), text)


def test_a_block_that_needs_a_missing_program_is_passed_over() -> None:
    """It is carried out where the program is, and each program counts."""
    path = os.environ["PATH"]

    assert can_run(_block("$ ls"), path)
    assert can_run(_block("$ ls", "needs-ls"), path)
    assert not can_run(_block("$ ls", "needs-ls", "needs-surely-not-installed"), path)


@needs_bash
def test_a_shell_keeps_its_directory_and_variables(tmp_path: Path) -> None:
    """What one command sets is there for the next; stdout, stderr and the exit code all count."""
    script = commands(
        [_block("$ mkdir -p a; cd a; n=7\n$ basename $PWD; echo $n >&2\na\n7\n$ printf x; false\n")]
    )
    assert [command.place for command in script] == ["page.md:5", "page.md:6", "page.md:9"]
    outcomes = carry_out(script, tmp_path, clean_environment(), 20)
    assert outcomes == [Outcome((), 0), Outcome(("a", "7"), 0), Outcome(("x",), 1)]
    assert difference(script[1], outcomes[1]) is None
    assert "exit code 1" in str(difference(Command("page.md:9", "false", ("x",)), outcomes[2]))


@pytest.mark.parametrize(
    ("expected", "printed", "does_match"),
    [
        (["a", "b"], ["a", "b"], True),
        (["a"], ["a", "b"], False),
        ([], ["a"], False),
        (["a ... c"], ["a b c"], True),
        (["a ... c"], ["a b", "c"], False),
        (["a", "...", "z"], ["a", "z"], True),
        (["a", "...", "z"], ["a", "b", "c", "z"], True),
        (["a", "..."], ["b"], False),
        (["1.5 (x)"], ["1x5 (x)"], False),
    ],
)
def test_dots_stand_for_anything(expected: list[str], printed: list[str], does_match: bool) -> None:
    """`...` alone stands for any lines, in a line for any characters of it, and nothing else for anything."""
    assert matches(expected, printed) is does_match


def test_output_without_a_command_is_refused() -> None:
    """A console block that doesn't begin with a command is an error, not silently passed over."""
    with pytest.raises(ValueError, match=r"page\.md:5.*begins with a command"):
        commands([_block("metaexpert 0.1.0\n")])

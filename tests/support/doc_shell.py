"""Runs `console` blocks, and compares their output with that on the page."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from support.doc_pages import Block

#: Between the outputs of two commands; nothing prints it by chance.
_MARK = "\x1e-- end of command"
_PROMPT = "$ "
_NEEDS = "needs-"


@dataclass(frozen=True, slots=True)
class Command:
    """A command of a page, where it stands, and what it is to print."""

    place: str
    text: str
    expected: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a command printed on stdout and stderr, and its exit code."""

    printed: tuple[str, ...]
    exit_code: int


def can_run(block: Block, path: str) -> bool:
    """Tell whether each program that a block needs (`needs-NAME`) is in one of the directories of `path`."""
    needed = [flag.removeprefix(_NEEDS) for flag in block.flags if flag.startswith(_NEEDS)]
    return all(shutil.which(name, path=path) is not None for name in needed)


def commands(blocks: Sequence[Block]) -> list[Command]:
    """Return the commands of `console` blocks. Raises ValueError for output without a command before it."""
    found: list[Command] = []
    for block in blocks:
        text, expected, number = "", list[str](), 0
        for offset, line in enumerate([*block.text.splitlines(), _PROMPT]):
            if not line.startswith(_PROMPT):
                if not text:
                    raise ValueError(f"{block.place}: a console block begins with a command behind '$ '")
                expected.append(line.rstrip())
                continue
            if text:
                place = f"{block.page.name}:{block.line + number}"
                found.append(Command(place, text, tuple(expected)))
            text, expected, number = line.removeprefix(_PROMPT), [], offset
    return found


def carry_out(
    script: Sequence[Command], directory: Path, environment: Mapping[str, str], timeout_s: float
) -> list[Outcome]:
    """Run the commands one after the other in one shell, so that directories and variables stay.

    Raises `subprocess.TimeoutExpired` when all of them together take longer.
    """
    lines = [
        f"eval {shlex.quote(each.text)}\ncode=$?\necho\necho {shlex.quote(_MARK)} $code" for each in script
    ]
    done = subprocess.run(
        ["bash", "-c", "\n".join(lines)],
        cwd=directory,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=timeout_s,
        check=False,
    )
    outcomes, printed = list[Outcome](), list[str]()
    for line in done.stdout.decode("utf-8", "replace").split("\n"):
        if line.startswith(_MARK):
            # The line end before the mark is ours; an output's own last line end makes no line.
            while printed and not printed[-1]:
                printed.pop()
            outcomes.append(Outcome(tuple(printed), int(line.removeprefix(_MARK))))
            printed = []
        else:
            printed.append(line.rstrip())
    return outcomes


def matches(expected: Sequence[str], printed: Sequence[str]) -> bool:
    """Tell whether output is as a page says; `...` stands for anything in a line, alone for any lines."""
    pattern = ""
    for line in expected:
        if line.strip() == "...":
            pattern += r"(?:[^\n]*\n)*?"
        else:
            pattern += r"[^\n]*".join(map(re.escape, line.split("..."))) + r"\n"
    return re.fullmatch(pattern, "".join(f"{line}\n" for line in printed)) is not None


def difference(command: Command, outcome: Outcome) -> str | None:
    """Return in words how the outcome differs from what the page says, or None."""
    if outcome.exit_code == 0 and matches(command.expected, outcome.printed):
        return None
    expected = "\n".join(f"    {line}" for line in command.expected) or "    (nothing)"
    printed = "\n".join(f"    {line}" for line in outcome.printed) or "    (nothing)"
    return (
        f"{command.place}: $ {command.text}\n  the page says\n{expected}\n"
        f"  with exit code {outcome.exit_code} it printed\n{printed}\n"
    )

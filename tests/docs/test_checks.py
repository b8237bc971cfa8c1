"""The list of checks, the commands and the advice of CONTRIBUTING.md name the same steps."""

import re
import subprocess

from support.doc_pages import ROOT

STEPS = [
    line.split()[0]
    for line in subprocess.run(
        [ROOT / ".ci/run", "--list"], capture_output=True, text=True, check=True
    ).stdout.splitlines()
]


def test_each_step_has_a_function_of_its_name() -> None:
    """A step in the list is one that can be run."""
    functions = re.findall(r"^(\w+)\(\) \{", (ROOT / ".ci/run").read_text(), re.MULTILINE)

    assert len(STEPS) > 10
    assert [step for step in STEPS if step.replace("-", "_") not in functions] == []


def test_commands_and_advice_name_steps_that_exist() -> None:
    """`just check loom` in CONTRIBUTING.md and `.ci/run loom` in the justfile."""
    advised = re.findall(r"`just check ([a-z -]+)`", (ROOT / "CONTRIBUTING.md").read_text())
    called = re.findall(r"\.ci/run ([a-z][a-z -]*)", (ROOT / "justfile").read_text())

    named = {name for group in (advised, called) for words in group for name in words.split()}
    assert len(named) > 8
    assert named - set(STEPS) - {"--list"} == set()


def test_advised_commands_are_there() -> None:
    """`just generate` in CONTRIBUTING.md is a recipe of the justfile."""
    advised = set(re.findall(r"`just ([a-z]+)", (ROOT / "CONTRIBUTING.md").read_text()))
    recipes = set(re.findall(r"^([a-z]+)[^:\n]*:(?!=)", (ROOT / "justfile").read_text(), re.MULTILINE))

    assert "generate" in advised
    assert advised - recipes == set()


def test_an_unknown_step_is_refused_before_any_is_run() -> None:
    """A typing error costs no twenty minutes."""
    done = subprocess.run([ROOT / ".ci/run", "layers", "lnt"], capture_output=True, text=True, check=False)

    assert (done.returncode, done.stdout) == (2, "")
    assert "no step is called lnt" in done.stderr

"""Runs the standard library's own tests of `logging` with our loggers in place of its own, and compares.

    uv run tests/support/standard_suite.py [--json] [ROLE ...]

The suite is the one that the running interpreter was installed with (`test.test_logging`), read when this
runs. Each role is a fresh process; the others are compared with `standard`, the loggers of `logging`:

    class      `logging.setLoggerClass(MetaLogger)`
    name       `logging.Logger` is `MetaLogger`: also for tests that make a `logging.Logger` themselves
    engine     the same with the engine running, and the root logger adopted by `configure()`

A role agrees when the same tests were run, and each one passed, failed, was skipped or raised as it did
with `logging`. The roles run side by side, and parts of the suite depend on timing: a test that differs is
run again, three times, alone and with `logging` beside it, and counts as differing if it does so once more.
Exit code 0 if all roles agree, 1 if one does not, 3 if the interpreter has no such tests.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import subprocess
import sys
import tempfile
import unittest
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

SUITE = "test.test_logging"
STANDARD = "standard"
ROLES = ("class", "name", "engine")
TIMEOUT_S = 300
REPETITIONS = 3
#: Tests that do not ask how loggers behave, with what they ask instead.
OUT_OF_SCOPE = {
    "test.test_logging.MiscTestCase.test__all__": "in which module `logging.Logger` was defined",
}
#: Exit code of an interpreter that was installed without its tests.
NOT_SHIPPED = 3

#: Test id to "passed", "failed", "error", "skipped: REASON" or "expected failure".
Outcomes = dict[str, str]


@dataclass(frozen=True)
class Difference:
    """One test that went otherwise than with `logging`; None where it was not run."""

    test: str
    standard: str | None
    ours: str | None

    def __str__(self) -> str:
        return f"{self.test}: {self.standard or 'not run'} with logging, {self.ours or 'not run'} with ours"


class OutcomeCollector(unittest.TestResult):
    """Keeps one word for each test; the details of failures go to standard error."""

    def __init__(self, *_: Any, **__: Any) -> None:
        super().__init__()
        self.outcomes: Outcomes = {}

    def addSuccess(self, test: unittest.TestCase) -> None:  # noqa: N802 - unittest's name
        """Note a test that passed; one of its subtests may have failed before."""
        self.outcomes.setdefault(test.id(), "passed")

    def addFailure(self, test: unittest.TestCase, err: Any) -> None:  # noqa: N802
        """Note a failed assertion."""
        super().addFailure(test, err)
        self._note(test, "failed", self.failures[-1][1])

    def addError(self, test: unittest.TestCase, err: Any) -> None:  # noqa: N802
        """Note an exception in a test, or in what prepares it."""
        super().addError(test, err)
        self._note(test, "error", self.errors[-1][1])

    def addSkip(self, test: unittest.TestCase, reason: str) -> None:  # noqa: N802
        """Note a skipped test with its reason."""
        self.outcomes[test.id()] = f"skipped: {reason}"

    def addExpectedFailure(self, test: unittest.TestCase, err: Any) -> None:  # noqa: N802
        """Note a failure that the suite expects."""
        self.outcomes[test.id()] = "expected failure"

    def addUnexpectedSuccess(self, test: unittest.TestCase) -> None:  # noqa: N802
        """Note a success that the suite does not expect."""
        self.outcomes[test.id()] = "unexpected success"

    def addSubTest(self, test: unittest.TestCase, subtest: unittest.TestCase, err: Any) -> None:  # noqa: N802
        """Note a subtest's failure under its test, so that ids do not depend on parameters."""
        super().addSubTest(test, subtest, err)
        if err is not None:
            self._note(test, "failed", "".join((self.failures + self.errors)[-1][1]))

    def _note(self, test: unittest.TestCase, outcome: str, details: str) -> None:
        self.outcomes[test.id()] = outcome
        sys.__stderr__.write(f"{outcome}: {test.id()}\n{details}\n")  # type: ignore[union-attr]


def is_shipped() -> bool:
    """Tell whether this interpreter was installed with its tests of `logging`."""
    try:
        return find_spec(SUITE) is not None
    except ModuleNotFoundError:
        return False


def prepare(role: str, directory: Path) -> None:
    """Put our loggers where `role` wants them."""
    if role == STANDARD:
        return
    from metaexpert.logger import MetaLogger, configure

    if role == "engine":
        configure(log_file_path=str(directory), handlers={"console": None}, capture_stdlib=False)
        # The suite insists on a root logger without handlers before each of its tests.
        logging.root.handlers.clear()
        logging.root.setLevel(logging.WARNING)
    logging.setLoggerClass(MetaLogger)
    if role != "class":
        logging.Logger = MetaLogger  # type: ignore[misc]


def run_here(role: str, report: Path, tests: list[str]) -> None:
    """Run the named tests in this process in the given role and write the outcomes to `report`."""
    prepare(role, report.parent / "logs")
    from test import support

    support.use_resources = []  # no network, as in an ordinary run of the suite
    suite = unittest.defaultTestLoader.loadTestsFromNames(tests)
    collector = OutcomeCollector()
    suite.run(collector)
    report.write_text(json.dumps(collector.outcomes), encoding="utf-8")


def outcomes_of(role: str, tests: Sequence[str] = (SUITE,)) -> Outcomes:
    """Run tests in a fresh process; raises RuntimeError with its output if it did not come to an end."""
    with tempfile.TemporaryDirectory() as scratch:
        report = Path(scratch, "outcomes.json")
        # A file, not a pipe: the suite leaves processes behind that would keep a pipe open.
        with Path(scratch, "output").open("w+", encoding="utf-8", errors="replace") as output:
            done = subprocess.run(
                [sys.executable, __file__, "--here", str(report), role, *tests],
                cwd=scratch,
                env={
                    n: value for n, value in os.environ.items() if not n.startswith(("LOG_", "METAEXPERT_"))
                },
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                timeout=TIMEOUT_S,
                check=False,
            )
            if not report.exists():
                output.seek(0)
                raise RuntimeError(
                    f"the suite ended with {done.returncode} as {role}:\n{output.read()[-4000:]}"
                )
        outcomes: Outcomes = json.loads(report.read_text(encoding="utf-8"))
        return outcomes


def compare(roles: Sequence[str] = ROLES) -> tuple[dict[str, Outcomes], dict[str, list[Difference]]]:
    """Run the suite as `logging` and in all `roles`; returns the outcomes, and what differs, by role."""
    everyone = (STANDARD, *roles)
    with ThreadPoolExecutor(len(everyone)) as pool:
        outcomes = dict(zip(everyone, pool.map(outcomes_of, everyone), strict=True))
    found = {}
    for role in roles:
        differing = differences(outcomes[STANDARD], outcomes[role])
        found[role] = _confirmed(role, differing) if differing else []
    return outcomes, found


def _confirmed(role: str, differing: list[Difference]) -> list[Difference]:
    """Return the differences that show again when their tests run alone; a test that is missing stays."""
    confirmed = {each.test: each for each in differing if None in (each.standard, each.ours)}
    tests = [each.test for each in differing if each.test not in confirmed]
    for _ in range(REPETITIONS if tests else 0):
        for again in differences(outcomes_of(STANDARD, tests), outcomes_of(role, tests)):
            confirmed[again.test] = again
    return list(confirmed.values())


def differences(standard: Outcomes, ours: Outcomes) -> list[Difference]:
    """Return the tests whose outcome is not the same, in the order of their names."""
    return [
        Difference(test, standard.get(test), ours.get(test))
        for test in sorted(standard.keys() | ours.keys())
        if standard.get(test) != ours.get(test) and test not in OUT_OF_SCOPE
    ]


def passed(outcomes: Outcomes) -> int:
    """Count the tests that passed."""
    return sum(outcome == "passed" for outcome in outcomes.values())


def main() -> int:
    """Compare the roles that are asked for, all without any, and say how each one differs."""
    parser = argparse.ArgumentParser(description="Hold our loggers to the tests of the standard library.")
    parser.add_argument("roles", nargs="*", metavar="ROLE", help=f"of {', '.join(ROLES)}; all by default")
    parser.add_argument("--json", action="store_true", help="print the outcomes of each role")
    parser.add_argument("--here", metavar="REPORT", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if not is_shipped():
        print(f"this interpreter has no {SUITE}", file=sys.stderr)
        return NOT_SHIPPED
    if options.here:
        role, *tests = options.roles
        run_here(role, options.here, tests)
        return 0
    unknown = set(options.roles) - set(ROLES)
    if unknown:
        parser.error(f"unknown role {', '.join(sorted(unknown))}; use {', '.join(ROLES)}")
    outcomes, found = compare(options.roles or ROLES)
    if options.json:
        print(json.dumps(outcomes, indent=2))
    else:
        print(f"{STANDARD:10} {passed(outcomes[STANDARD])} of {len(outcomes[STANDARD])} tests passed")
        for role, differing in found.items():
            print(f"{role:10} {passed(outcomes[role])} passed, {len(differing)} differ")
            for difference in differing:
                print(f"           {difference}")
    return 1 if any(found.values()) else 0


if __name__ == "__main__":
    sys.exit(main())

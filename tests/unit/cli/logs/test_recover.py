"""The report of `metaexpert logs recover`: its findings and its actions."""

from typing import Any

import pytest

from metaexpert.cli.app import run_command_line
from metaexpert.cli.logs.recover import file_lines, headline, problems
from metaexpert.logger.process.recovery import RecoveryReport

ELSEWHERE = (
    "handler file writes to /e/expert.log, outside of the log directory /d: "
    "start the program again, or recover with --file /e/expert.log"
)


def ring(**values: Any) -> dict[str, Any]:
    """Return the engine's document for one ring."""
    document = {
        "process": 4711,
        "run_id": "5" * 32,
        "started": "2026-01-31T12:00:00.000000000Z",
        "status": "recovered",
        "records": 0,
        "already_written": 0,
        "unreadable": 0,
        "lost": 0,
        "files": {},
        "problem": None,
    }
    return document | values


def report(
    *rings: dict[str, Any], repaired: dict[str, int] | None = None, elsewhere: int = 0
) -> RecoveryReport:
    """Return a report of these rings."""
    return RecoveryReport.of(
        {"directory": "/d", "rings": list(rings), "repaired": repaired or {}, "elsewhere": elsewhere}
    )


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (report(), "nothing to recover in /d"),
        (report(ring(records=1)), "1 record of 1 process recovered in /d"),
        (report(ring(records=1200), ring(records=3)), "1,203 records of 2 processes recovered in /d"),
        (report(ring(status="alive")), "nothing to recover in /d; 1 living process left alone"),
        (
            report(elsewhere=2),
            "nothing to recover in /d; 2 processes of other directories left alone (--all recovers them)",
        ),
    ],
)
def test_the_first_line_says_what_it_comes_to(found: RecoveryReport, said: str) -> None:
    """Records, processes, and what was left alone are in one line, in the right number."""
    assert headline(found) == said


def test_each_file_is_told_once() -> None:
    """Lines of several processes are added up, and a cut is told with its file."""
    found = report(
        ring(files={"/d/expert.log": 2}),
        ring(files={"/d/expert.log": 1, "/d/errors.log": 1}),
        repaired={"/d/expert.log": 17, "/d/trades.log": 1},
    )

    assert list(file_lines(found)) == [
        "/d/errors.log: 1 line appended",
        "/d/expert.log: a torn last line of 17 bytes cut, 3 lines appended",
        "/d/trades.log: a torn last line of 1 byte cut",
    ]


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (
            {"status": "failed", "problem": "/d is read-only"},
            "error: {}: /d is read-only; its records are kept, run this again later",
        ),
        ({"status": "failed", "problem": ELSEWHERE}, f"error: {{}}: {ELSEWHERE}"),
        (
            {"status": "foreign"},
            "warning: {}: its records have another version's format: recover them with that one",
        ),
        (
            {"status": "foreign", "problem": "was written by another version: recover it with that one"},
            "warning: {}: was written by another version: recover it with that one",
        ),
        ({"unreadable": 2}, "warning: {}: 2 damaged records could not be read"),
    ],
)
def test_a_problem_names_the_process_and_what_to_do(values: dict[str, Any], said: str) -> None:
    """What failed, is foreign or damaged is told with the process and when it started."""
    (problem,) = problems(report(ring(**values)))
    assert problem == said.format("process 4711, started 2026-01-31T12:00:00.000000000Z")


@pytest.mark.parametrize("status", ["recovered", "alive"])
def test_nothing_is_said_where_all_is_well(status: str) -> None:
    """A recovered and a living process are no problem."""
    found = report(ring(status=status))
    assert found.ok
    assert list(problems(found)) == []


def test_a_directory_that_is_missing_is_an_error(tmp_path: Any, capsys: pytest.CaptureFixture[str]) -> None:
    """The command names it, says which option sets it, and ends with 2."""
    assert run_command_line(["logs", "recover", "--dir", str(tmp_path / "none")]) == 2

    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err == (
        f"error: there is no log directory {tmp_path}/none; "
        "name the one that the program logs into with --dir\n"
    )


def test_a_file_is_no_log_directory(tmp_path: Any, capsys: pytest.CaptureFixture[str]) -> None:
    """A file given for a directory is refused and left as it is."""
    (tmp_path / "file").write_text("text")

    assert run_command_line(["logs", "recover", "--dir", str(tmp_path / "file")]) == 2
    assert "is not a directory" in capsys.readouterr().err
    assert (tmp_path / "file").read_text() == "text"

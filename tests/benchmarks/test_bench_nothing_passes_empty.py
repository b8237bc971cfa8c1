"""No benchmark accepts an empty file, or one from which something is missing."""

import json
from pathlib import Path
from typing import Any

import pytest

import contexts
import disabled
import nasty
import redaction
import strategy_overhead
from harness.event import FIELDS, MESSAGE
from harness.loggers import BQLOG, FILE, LOGGERS, OWN
from harness.report import Options
from harness.rounds import Rounds

OPTIONS = Options(quick=False, json=True, check=False, rounds=1, records=10)


def lines_of(*numbers: int) -> str:
    """Return the lines of so many trade events."""
    events = ({"message": MESSAGE, **FIELDS, "order_id": number} for number in numbers)
    return "".join(json.dumps(event) + "\n" for event in events)


def test_a_call_below_the_level_is_not_measured_without_one_above(tmp_path: Path) -> None:
    """A logger that writes nothing at all shows nothing about levels: the program ends."""
    (tmp_path / FILE).touch()
    with pytest.raises(SystemExit, match="wrote nothing at all"):
        disabled.check(OWN, 100, tmp_path)


@pytest.mark.parametrize(("text", "lines"), [(lines_of(0), 0), (lines_of(5, 6, 0), 2)])
def test_lines_below_the_level_are_counted(text: str, lines: int, tmp_path: Path) -> None:
    """The record above the level is none of them."""
    (tmp_path / FILE).write_text(text)
    assert disabled.check(OWN, 100, tmp_path) == {"lines": lines}


@pytest.mark.parametrize(
    ("lines", "outcome"),
    [(3, nasty.WRITTEN), (2, nasty.NOT_WRITTEN), (4, nasty.NOT_WRITTEN), (0, nasty.NOT_WRITTEN)],
)
def test_bad_input_has_a_line_for_each_call(lines: int, outcome: int, tmp_path: Path) -> None:
    """One line that is missing, or too many, is not all that was logged."""
    (tmp_path / FILE).write_text("before\n" + '{"a": 1}\n' * lines)
    assert nasty.lines_after(tmp_path / FILE, len("before\n"), 3)[0] == outcome


@pytest.mark.parametrize("records", [3, 5])
def test_lines_too_many_do_not_make_up_for_lost_ones(records: int, tmp_path: Path) -> None:
    """What is lost is never less than nothing, so that subjects add up."""
    (tmp_path / FILE).write_text("line\n" * (redaction.TIMED_CALLS + 4))
    assert redaction.check(redaction.ON, records, tmp_path)["lost"] == 1


def test_bound_loggers_leave_one_record(tmp_path: Path) -> None:
    """Of loggers that are only bound the last one logs: a second record is as wrong as none."""
    (tmp_path / FILE).write_text(lines_of(3, 4))
    assert contexts.check(f"{OWN}: {contexts.BIND}", 5, tmp_path) == {"lost": 1}


def test_json_behind_a_head_is_verified_like_any_other(tmp_path: Path) -> None:
    """A logger that writes text lines passes with the event in each, and one that is missing is lost."""
    event = {"event": MESSAGE, **FIELDS}
    lines = [f"UTC0 2026-01-01\t[I]\t{json.dumps({**event, 'order_id': number})}\n" for number in (2, 0)]
    (tmp_path / FILE).write_text("".join(lines))
    assert LOGGERS[BQLOG].verify(tmp_path / FILE, 3).lost == 1
    (tmp_path / FILE).write_text("UTC0 2026-01-01\t[I]\tOrder filled\n")
    with pytest.raises(SystemExit, match="did not write what was logged"):
        LOGGERS[BQLOG].verify(tmp_path / FILE, 1)


@pytest.mark.parametrize(
    ("on", "off", "missed"),
    [
        (0.0, 0.0, "records per bar, in the file"),
        (1_100.0, 1_100.0, "records of the run without logging"),
        (1_100.0, 0.0, None),
    ],
)
def test_a_strategy_without_records_has_no_overhead_to_show(
    on: float, off: float, missed: str | None, capsys: pytest.CaptureFixture[str]
) -> None:
    """A run that logs nothing, or one that is not without logging, misses a goal."""

    def run(lines: float) -> dict[str, float]:
        figures = {"seconds": 1.0, "cpu_seconds": 1.0, "bars": 1_000.0, "final_equity": 1.0, "lost": 0.0}
        return figures | {"lines": lines, "written": lines}

    rounds: Rounds = [{strategy_overhead.ON: run(on), strategy_overhead.OFF: run(off)}]
    strategy_overhead.report(rounds, OPTIONS)
    goals: list[dict[str, Any]] = json.loads(capsys.readouterr().out)["goals"]
    assert [goal["promise"] for goal in goals if not goal["met"]] == ([missed] if missed else [])

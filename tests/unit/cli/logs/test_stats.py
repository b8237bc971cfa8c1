"""`metaexpert logs stats`: tables for people, JSON for programs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from metaexpert.cli.app import run_command_line


def line(seq: int, **more: Any) -> str:
    """Return a line of the log, `seq` minutes after ten."""
    record = {"timestamp": f"2026-12-01T10:{seq:02}:00.000000001Z", "level": "INFO", "module": "bot"}
    return json.dumps({**record, "message": "m", **more, "seq": seq}) + "\n"


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    """Return a directory with something for each table."""
    fill = {"event_name": "order.filled", "symbol": "BTCUSDT", "currency": "USDT"}
    figures = {"calls": 1200, "mean_us": 10.55, "p50_us": 10.0, "p99_us": 99.0, "max_us": 1000.25}
    stack = 'Traceback:\n  File "/app/net.py", line 7, in ask\n'
    error = {"type": "TimeoutError", "message": "no\x1b[31m answer", "stacktrace": stack}
    (tmp_path / "expert.log").write_text(
        line(1)
        + line(2, **fill, qty=0.1, notional=5000, fee="0.10")
        + line(3, **fill, qty=0.2, fee=0.2, realized_pnl=-1.25)
        + line(4, level="ERROR", exception=error)
        + line(5, event_name="log.gap", dropped=2, first_seq=6, last_seq=7)
        + line(8, event_name="expert.metrics", handlers={"on_bar": figures})
        + line(11)
        + line(13)
    )
    return tmp_path


def printed(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> str:
    """Return what the command prints."""
    assert run_command_line(["logs", "stats", *arguments]) == code
    return capsys.readouterr().out


def test_each_table_has_what_it_is_about(logs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Plots are of the most frequent value's length; what could move a terminal's cursor is an escape."""
    rows = [" ".join(row.split()) for row in printed(capsys, "--dir", str(logs)).splitlines()]

    bar = "█" * 40
    for row in (
        "8 records",
        "from 2026-12-01T10:01:00.000000001Z",
        "to 2026-12-01T10:13:00.000000001Z",
        f"INFO 7 {bar}",
        f"ERROR 1 {bar[: 40 // 7]}",
        f"bot 8 {bar}",
        f"order.filled 2 {bar}",
        f"2026-12-01 10:04 1 1 {bar}",
        "2026-12-01 10:06 0 0",
        "1 TimeoutError /app/net.py:7 in ask 2026-12-01T10:04:00Z 2026-12-01T10:04:00Z no\\x1b[31m answer",
        "- 2026-12-01T10:01:00Z 8 5 2 3 6-7, 9-10, 12",
        "unexplained: lost, or in none of these files because of a level or a filter",
        "on_bar 1,200 10.6 10.0 99.0 1,000.2",
        "BTCUSDT 2 0.3 5,000 0.3 -1.25 USDT",
    ):
        assert row in rows, row


def test_tables_have_as_many_rows_as_wanted(logs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What is left out is counted."""
    shown = printed(capsys, "--dir", str(logs), "-n", "1")

    assert "order.filled" in shown
    assert "log.gap" not in shown
    assert "2 values more" in shown


def test_counts_by_fields_are_a_table(logs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A field that a record does not have is a dash."""
    shown = printed(capsys, "--dir", str(logs), "--by", "symbol, level", "-w", "level = info")

    assert [row.split() for row in shown.splitlines()] == [
        ["symbol", "level", "records"],
        ["-", "INFO", "5"],
        ["BTCUSDT", "INFO", "2"],
    ]


def test_everything_is_there_as_json(logs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Times are RFC 3339, exact sums texts."""
    found = json.loads(printed(capsys, "--dir", str(logs), "--json"))
    groups = json.loads(printed(capsys, "--dir", str(logs), "--json", "--by", "symbol"))["groups"]

    assert (found["records"], found["first"]) == (8, "2026-12-01T10:01:00.000000001Z")
    assert found["fills"][0]["qty"] == "0.3"
    assert found["runs"][0]["holes"] == [[6, 7], [9, 10], [12, 12]]
    assert found["errors"][0]["last"] == "2026-12-01T10:04:00.000000001Z"
    assert groups == [{"values": {}, "count": 6}, {"values": {"symbol": "BTCUSDT"}, "count": 2}]


def test_a_log_without_a_gap_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """That nothing is missing is the news. Of a part of the records nobody can say it."""
    (tmp_path / "expert.log").write_text(line(1) + line(2))

    assert "1 run: no number is missing" in printed(capsys, "--dir", str(tmp_path))
    assert "missing" not in printed(capsys, "--dir", str(tmp_path), "--since", "2026-12-01")
    assert printed(capsys, "--dir", str(tmp_path), "-l", "ERROR") == "0 records\n"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--dir", "nowhere"], "there is no log directory, and no log, at nowhere"),
        (["--dir", ".", "-w", "a == 1"], "== is no operator; write =\n  a == 1\n    ^"),
        (["--dir", ".", "--since", "soon"], "since must be a time such as"),
        (["--dir", ".", "--by", "a,,b"], "keys must be names of fields"),
    ],
)
def test_a_mistake_is_told(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    words: str,
) -> None:
    """In words, and with exit code 2."""
    monkeypatch.chdir(tmp_path)

    assert run_command_line(["logs", "stats", *arguments]) == 2
    assert words in capsys.readouterr().err


def test_what_could_not_be_read_is_told_beside_the_figures(
    logs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """On stderr, so that the figures stay what they are for programs."""
    with (logs / "expert.log").open("a") as file:
        file.write("Traceback\n")

    assert run_command_line(["logs", "stats", "--dir", str(logs), "--json"]) == 0
    told = capsys.readouterr()
    assert json.loads(told.out)["records"] == 8
    assert "1 line is no record (1 not JSON)" in told.err
    assert run_command_line(["logs", "stats", "--dir", str(logs), "--strict"]) == 2

"""`metaexpert logs query`: what people and programs get of the logs of a directory."""

import csv
import io
import json
import os
from pathlib import Path
from typing import Any

import pytest

from support.command_process import metaexpert

pytest.importorskip("duckdb", reason="the extra `query` is not installed")

TIME = "2026-12-01T04:18:31.906007655Z"


def write(directory: Path, *records: dict[str, Any], name: str = "expert.log", more: str = "") -> Path:
    """Write a log with these fields into `logs`, and return the directory that it is in."""
    lines = []
    for seq, fields in enumerate(records, 1):
        record = {"timestamp": TIME, "level": "INFO", "module": "bot", "message": "m", **fields, "seq": seq}
        lines.append(json.dumps(record) + "\n")
    (directory / "logs").mkdir(exist_ok=True)
    (directory / "logs" / name).write_text("".join(lines) + more, encoding="utf-8")
    return directory


def test_a_table_is_what_people_get(tmp_path: Path) -> None:
    """Columns are aligned, and nothing is cut where it is not a terminal."""
    write(tmp_path, {"symbol": "BTCUSDT"}, {"symbol": "E" * 300}, {})

    done = metaexpert(
        tmp_path, "logs", "query", "select symbol, count(*) as n from logs group by 1 order by 1"
    )

    assert (done.code, done.err) == (0, "")
    assert done.out.splitlines() == [
        f"{'symbol':300}  n",
        f"{'BTCUSDT':300}  1",
        f"{'E' * 300}  1",
        f"{'null':300}  1",
    ]


def test_json_is_exact(tmp_path: Path) -> None:
    """As in a log: large integers and decimals are texts, times have nine digits."""
    write(tmp_path, {"n": 2**64 - 1, "x": 0.1}, {"n": 1, "x": 1e300})
    sql = """
        select timestamp as t, date_trunc('day', timestamp) as d, n, sum(n) over () as s, x, 1.50 as dec,
               x / 0 as inf, true as b, null as nil, {'a': [1]} as nested, 'a"' as text, 1 as n
        from logs order by seq limit 1
    """

    done = metaexpert(tmp_path, "logs", "query", sql, "-o", "json")

    assert (done.code, done.err) == (0, "")
    assert json.loads(done.out) == {
        "t": TIME,
        "d": "2026-12-01T00:00:00.000000000Z",
        "n": 2**64 - 1,
        "s": str(2**64),
        "x": 0.1,
        "dec": "1.50",
        "inf": None,
        "b": True,
        "nil": None,
        "nested": {"a": [1]},
        "text": 'a"',
        "n_": 1,
    }


def test_csv_is_read_back(tmp_path: Path) -> None:
    """Whatever stands in a text."""
    write(tmp_path, {"x": 'a,"b"\nc'}, {})

    done = metaexpert(tmp_path, "logs", "query", "select seq, x from logs order by seq", "-o", "csv")

    assert list(csv.reader(io.StringIO(done.out))) == [["seq", "x"], ["1", 'a,"b"\nc'], ["2", ""]]


def test_parquet_keeps_the_types(tmp_path: Path) -> None:
    """And it replaces a file only when it is whole."""
    parquet = pytest.importorskip("pyarrow.parquet", reason="the extra `query` is not installed")
    write(tmp_path, {"n": 2**64 - 1, "exception": {"type": "E", "message": "m", "stacktrace": "s"}})
    command = ("logs", "query", "-o", "parquet", "--file", "out.parquet")

    done = metaexpert(tmp_path, *command, "select timestamp, n, exception from logs")
    refused = metaexpert(tmp_path, *command, "select error('no') from logs")

    assert (done.code, done.err, refused.code) == (0, "", 2)
    table = parquet.read_table(tmp_path / "out.parquet")
    assert [str(kind) for kind in table.schema.types[:2]] == ["timestamp[ns]", "uint64"]
    assert table["exception"][0].as_py()["type"] == "E"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["logs", "out.parquet"]


def test_all_files_are_one_table(tmp_path: Path) -> None:
    """Rotated ones too; a trade that is in two logs is one row. Lines that are no records are counted."""
    write(tmp_path, {"x": 1}, name="expert.log.1")
    write(tmp_path, {"x": 2}, {"x": 3, "late": 1}, more='Traceback\n{"timestamp":"20')
    lines = (tmp_path / "logs" / "expert.log").read_text(encoding="utf-8").splitlines(keepends=True)
    (tmp_path / "logs" / "trades.log").write_text(lines[1], encoding="utf-8")

    done = metaexpert(
        tmp_path, "logs", "query", "select sum(x) as x, sum(late) as late from logs", "-o", "json"
    )
    strict = metaexpert(tmp_path, "logs", "query", "--strict", "select 1")

    assert (done.code, json.loads(done.out)) == (0, {"x": 6, "late": 1})
    assert "expert.log: 2 lines are no records (1 not JSON, 1 no line end)" in done.err
    assert strict.code == 2


def test_options_choose_the_records(tmp_path: Path) -> None:
    """As in other commands about logs."""
    write(tmp_path, {"x": 1}, {"x": 2}, {"x": 3, "level": "ERROR"})

    done = metaexpert(
        tmp_path, "logs", "query", "select list(x order by x) as x from logs", "-w", "x > 1", "-o", "json"
    )
    errors = metaexpert(tmp_path, "logs", "query", "select x from logs", "-l", "error", "-o", "json")

    assert json.loads(done.out) == {"x": [2, 3]}
    assert json.loads(errors.out) == {"x": 3}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["select pric from logs"], 'Candidate bindings: "price"'),
        (["selec 1"], 'syntax error at or near "selec"'),
        (["copy logs to 'x.csv'"], "disabled by configuration"),
        (["select 1", "-o", "parquet"], "-o parquet and --file PATH belong together"),
        (["select 1", "--file", "x"], "-o parquet and --file PATH belong together"),
        (["select 1", "-o", "parquet", "--file", "nowhere/x"], "nowhere/x cannot be written: No such file"),
        (["select 1", "-o", "parquet", "--file", "pipe"], "pipe cannot be written: it is there, and not a"),
        (["select 1", "-w", "x == 1"], "== is no operator"),
        (["select 1", "--dir", "nowhere"], "no log directory, and no log, at nowhere"),
    ],
    ids=lambda value: "" if isinstance(value, str) else " ".join(value),
)
def test_a_mistake_is_told(arguments: list[str], message: str, tmp_path: Path) -> None:
    """With exit code 2 and nothing on stdout."""
    write(tmp_path, {"price": 1})
    os.mkfifo(tmp_path / "pipe")

    done = metaexpert(tmp_path, "logs", "query", *arguments)

    assert (tmp_path / "pipe").is_fifo()
    assert (done.code, done.out) == (2, "")
    assert message in done.err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["logs", "pipe"]

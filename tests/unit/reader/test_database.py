"""Facts about SQL over logs: what it sees is exact, and it sees nothing else."""

import json
from pathlib import Path
from typing import Any

import pytest

from metaexpert.reader import query
from metaexpert.reader.database import LogDatabase
from metaexpert.reader.selection import Selection

duckdb = pytest.importorskip("duckdb", reason="the extra `query` is not installed")
pytest.importorskip("pyarrow", reason="the extra `query` is not installed")

TIME = "2026-12-01T04:18:31.906007655Z"
LARGE = 123456789012345678901234567890


def write(directory: Path, *records: dict[str, Any]) -> Path:
    """Write a log with these fields, and return its directory."""
    lines = []
    for seq, fields in enumerate(records, 1):
        record = {"timestamp": TIME, "level": "INFO", "module": "bot", "message": "m", **fields, "seq": seq}
        lines.append(json.dumps(record) + "\n")
    (directory / "expert.log").write_text("".join(lines), encoding="utf-8")
    return directory


def test_times_are_exact_to_the_nanosecond(tmp_path: Path) -> None:
    """In conditions and in results; DuckDB's own reader of JSON cuts them to microseconds."""
    write(tmp_path, {}, {"timestamp": TIME.replace("655Z", "656Z")})

    table = query(tmp_path, f"select seq, epoch_ns(timestamp) as ns from logs where timestamp > '{TIME}'")

    assert table.to_pylist() == [{"seq": 2, "ns": 1796098711906007656}]
    hours = query(tmp_path, "select count(*) as n from logs group by date_trunc('hour', timestamp)")
    assert hours.to_pylist() == [{"n": 2}]


def test_a_field_that_comes_late_is_a_column(tmp_path: Path) -> None:
    """However many records come before it."""
    write(tmp_path, *({} for _ in range(30_000)), {"late": 5})

    assert query(tmp_path, "select late from logs where late is not null").to_pylist() == [{"late": 5}]


def test_integers_beyond_64_bits_are_exact(tmp_path: Path) -> None:
    """They are text, and as numbers of DuckDB's they are added up exactly."""
    write(tmp_path, {"n": LARGE, "u": 2**64 - 1}, {"n": 1, "u": 1})

    table = query(tmp_path, "select sum(n::hugeint) as n, sum(u) as u from logs")

    assert table.to_pylist() == [{"n": LARGE + 1, "u": 2**64}]


def test_integers_that_arrow_does_not_have_are_an_error(tmp_path: Path) -> None:
    """DuckDB 2.0.0 makes them negative, see findings/duckdb_arrow_makes_large_ints_negative.sh."""
    write(tmp_path, {})
    most = 10**38 - 1

    table = query(tmp_path, f"select {most}::uhugeint as x, 5 as y, -{most}::hugeint as x from logs limit 1")

    assert [column[0].as_py() for column in table.columns] == [most, 5, -most]
    for number in (f"{2**128 - 1}::uhugeint", f"{most + 1}::hugeint"):
        with pytest.raises(duckdb.Error, match="DECIMAL"):
            query(tmp_path, f"select {number} as x from logs limit 1")
    shown = query(tmp_path, f"select cast({2**128 - 1}::uhugeint as text) as x from logs limit 1")
    assert shown.to_pylist() == [{"x": str(2**128 - 1)}]


@pytest.mark.parametrize(
    "sql",
    [
        "select count(*) as x from logs",
        "select count(*) as x from (select * from logs)",
        "select a.seq as x from (select seq, level from logs) a join logs b using (seq) order by x limit 1",
        "with a as (select * from logs) select b as x from a where c = 'z'",
        "select exception.type as x from logs order by seq limit 1",
        "select columns('b') as x from logs limit 1",
        "from logs select max(b) as x where B = 2",
        "select x from (select b as x, row_number() over (order by c) as n from logs) where n = 1",
        "select (select max(c) from logs) as x",
        "select x from (select unnest([b]) as x, d from logs) order by x limit 1",
        "select 1 as x from logs where d->>'e' = '1' limit 1",
        "summarize select b as x from logs",
        "create table t as select b from logs; select sum(b) as x from t",
        "select 'c' as x",
    ],
)
def test_reading_what_a_query_needs_changes_nothing(sql: str, tmp_path: Path) -> None:
    """The result is that of a table with all columns in it."""
    fields = {"b": 2, "c": "z", "d": {"e": 1}}
    exception = {"type": "E", "message": "m", "stacktrace": "s"}
    write(tmp_path, {"b": 1}, fields, {**fields, "exception": exception})
    with duckdb.connect() as whole:
        whole.register("logs", query(tmp_path, "from logs"))
        expected = whole.sql(sql).to_arrow_table().to_pylist()

    assert query(tmp_path, sql).to_pylist() == expected != []


def test_a_plan_that_is_not_understood_costs_time_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A column that was not read is an error inside, after which all are read."""
    write(tmp_path, {"b": 1}, {"b": 2})
    monkeypatch.setattr(LogDatabase, "_needed", lambda self, sql: {"level"})

    assert query(tmp_path, "select sum(b) as b from logs").to_pylist() == [{"b": 3}]


@pytest.mark.parametrize(
    "sql",
    [
        "copy logs to '{path}'",
        "select * from read_text('{path}')",
        "from '{path}'",
        "attach '{path}' as other",
        "install httpfs",
        "load httpfs",
        "set enable_external_access = true",
        "from needle",
    ],
)
def test_a_query_sees_nothing_but_the_logs(sql: str, tmp_path: Path) -> None:
    """No files, no extensions, no variables of Python."""
    needle = query(write(tmp_path, {}), "select 1 as x")
    assert needle.num_rows == 1
    path = tmp_path / "other.csv"

    with pytest.raises(duckdb.Error):
        query(tmp_path, sql.format(path=path))

    assert not path.exists()


def test_names_that_differ_in_capitals_are_both_there(tmp_path: Path) -> None:
    """DuckDB does not tell them apart, so the second has a number behind it."""
    write(tmp_path, {"Price": 1, "price": 2, 'a"b': 3})

    table = query(tmp_path, 'select price, price_1, "a""b" as q from logs')

    assert [list(row.values()) for row in table.to_pylist()] == [[1, 2, 3]]


def test_records_are_chosen_before_the_query(tmp_path: Path) -> None:
    """By what `read` takes."""
    write(tmp_path, {"x": 1}, {"x": 2}, {"x": 3, "level": "ERROR"})

    sql = "select list(x order by x) as x from logs"
    assert query(tmp_path, sql, "x > 1").to_pylist() == [{"x": [2, 3]}]
    assert query(tmp_path, sql, level="error").to_pylist() == [{"x": [3]}]


def test_a_mistake_is_told(tmp_path: Path) -> None:
    """By DuckDB with names that are similar; a statement without a result is one too."""
    write(tmp_path, {"price": 1})

    with pytest.raises(duckdb.Error, match='Candidate bindings: "price"'):
        query(tmp_path, "select pric from logs")
    with pytest.raises(ValueError, match="must be a query"):
        query(tmp_path, "")


def test_a_database_is_asked_more_than_once(tmp_path: Path) -> None:
    """Each query reads what it needs."""
    database = LogDatabase(write(tmp_path, {"b": 1, "c": 2}), Selection())

    def value(relation: Any) -> Any:
        return relation.fetchall()[0][0]

    found = [database.run(f"select {name} from logs", value) for name in ("b", "c", "b", "seq")]
    database.close()

    assert found == [1, 2, 1, 1]

"""Facts about the columns of logs: every value is there, exactly, whatever the rest of the log has."""

import json
import tempfile
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metaexpert.logger.shared import native
from metaexpert.reader import extras, to_arrow, to_pandas, to_polars
from metaexpert.reader.selection import Selection

pyarrow = pytest.importorskip("pyarrow", reason="the extra `query` is not installed")

TIME = "2026-12-01T04:18:31.906007655Z"
CORE = ["timestamp", "level", "module", "message", "category", "exception", "seq"]


def line(seq: int, fields: str = "", timestamp: str = TIME) -> str:
    """Return a record with these fields, as JSON writes them."""
    more = fields and fields + ","
    return f'{{"timestamp":"{timestamp}","level":"INFO","module":"bot","message":"m",{more}"seq":{seq}}}\n'


def write(directory: Path, *lines: str, name: str = "expert.log") -> Path:
    """Write a log, and return its directory."""
    (directory / name).write_text("".join(lines), encoding="utf-8", newline="")
    return directory


def column(directory: Path, *values: str) -> tuple[str, list[Any]]:
    """Return type and values of the column of a field that has these values, as JSON writes them."""
    table = to_arrow(write(directory, *(line(at, f'"x":{value}') for at, value in enumerate(values))))
    table.validate(full=True)
    return str(table.schema.field("x").type), table["x"].to_pylist()


@pytest.mark.parametrize(
    ("values", "kind", "expected"),
    [
        (("true", "null", "false"), "bool", [True, None, False]),
        (("-9223372036854775808", "9223372036854775807"), "int64", [-(2**63), 2**63 - 1]),
        (("18446744073709551615", "1"), "uint64", [2**64 - 1, 1]),
        (("18446744073709551615", "-1"), "string", ["18446744073709551615", "-1"]),
        (("123456789012345678901234567890", "1"), "string", ["123456789012345678901234567890", "1"]),
        (("0.1", "1e-300", "3"), "double", [0.1, 1e-300, 3.0]),
        (("0.1", "9007199254740993"), "string", ["0.1", "9007199254740993"]),
        (("1e400", "0.1"), "string", ["1e400", "0.1"]),
        (('"a\\u00e9\\n"', '"1.50"'), "string", ["a\u00e9\n", "1.50"]),
        (('"a"', "1", "true", "[1]"), "string", ["a", "1", "true", "[1]"]),
        (('{"a":[1, 2.50]}', "null"), "string", ['{"a":[1, 2.50]}', None]),
        (("null", "null"), "string", [None, None]),
    ],
    ids=lambda value: "",
)
def test_a_column_has_the_type_that_holds_all_values(
    values: tuple[str, ...], kind: str, expected: list[Any], tmp_path: Path
) -> None:
    """No value is rounded, whatever the others are; what has no type of its own is text."""
    assert column(tmp_path, *values) == (kind, expected)


NUMBERS = st.one_of(
    st.integers(),
    st.integers(-(2**64), 2**64),
    st.floats(allow_nan=False, allow_infinity=False),
)
VALUES = st.one_of(
    st.none(),
    st.booleans(),
    NUMBERS,
    st.text(),
    st.lists(NUMBERS, max_size=2),
    st.dictionaries(st.text(), NUMBERS),
)
RECORDS = st.lists(
    st.dictionaries(
        st.text(max_size=3).filter(lambda key: "\0" not in key and key not in {*CORE, "caller"}),
        VALUES,
        max_size=4,
    ),
    max_size=8,
)


def exact(value: Any, kind: str) -> Any:
    """Return what a column of this type has for a value: the value, or its text."""
    if value is None or kind != "string" or isinstance(value, str):
        return value
    return json.dumps(value)


@settings(deadline=None)
@given(RECORDS)
def test_every_value_is_read_back(records: list[dict[str, Any]]) -> None:
    """Whatever stands beside it in its column, and wherever its field first comes."""
    with tempfile.TemporaryDirectory() as directory:
        fields = [json.dumps(record)[1:-1] for record in records]
        lines = [line(at, text) for at, text in enumerate(fields)]
        table = to_arrow(write(Path(directory), *lines))
    table.validate(full=True)

    keys = list(dict.fromkeys(key for record in records for key in record))
    assert table.schema.names == [*CORE, *keys]
    for key in keys:
        kind = str(table.schema.field(key).type)
        got = table[key].to_pylist()
        expected = [exact(record.get(key), kind) for record in records]
        assert got == expected
        assert [type(value) for value in got] == [type(value) for value in expected] or kind == "double"


@settings(deadline=None)
@given(st.lists(st.one_of(NUMBERS, st.decimals(allow_nan=False, allow_infinity=False)), min_size=1))
def test_no_number_loses_a_digit(numbers: list[Any]) -> None:
    """A number in a column is equal to the one in the log, to the last digit."""
    texts = [str(number).replace("E+", "e") for number in numbers]
    with tempfile.TemporaryDirectory() as directory:
        kind, got = column(Path(directory), *texts)

    if kind == "double":
        # A double stands for the decimals that it is nearest to; short ones are told apart.
        assert [float(text) for text in texts] == got
        digits = [len(Decimal(text).normalize().as_tuple().digits) for text in texts if "." in text]
        assert max(digits, default=0) <= 17
    else:
        assert [Decimal(value) for value in got] == [Decimal(text) for text in texts]


def test_times_are_exact_to_the_nanosecond(tmp_path: Path) -> None:
    """Also where only the last digit differs, and in other zones."""
    texts = [TIME, TIME.replace("655Z", "656Z"), "2026-12-01T06:18:31.906007655+02:00"]
    table = to_arrow(write(tmp_path, *(line(at, timestamp=text) for at, text in enumerate(texts))))

    assert table["timestamp"].type == pyarrow.timestamp("ns", "UTC")
    ns = 1796098711906007655
    assert sorted(table["timestamp"].cast(pyarrow.int64()).to_pylist()) == [ns, ns, ns + 1]


def test_a_timestamp_that_is_no_time_is_kept_as_text(tmp_path: Path) -> None:
    """Beside a field of that name, which keeps its own."""
    lines = (line(1, '"timestamp_text":5'), line(2, timestamp="soon"), line(3, timestamp="1500-01-01"))
    table = to_arrow(write(tmp_path, *lines))

    assert table["timestamp"].null_count == 2
    assert sorted(filter(None, table["timestamp_text_"].to_pylist())) == ["1500-01-01", "soon"]
    assert table["timestamp_text"].to_pylist().count(5) == 1


def test_exception_and_caller_are_structs(tmp_path: Path) -> None:
    """As long as they are what the logger writes; anything else is JSON text."""
    exception = '"exception":{"type":"ValueError","message":"bad","stacktrace":"a\\nb"}'
    caller = '"caller":{"file":"a.py","line":7,"function":"f"}'
    table = to_arrow(write(tmp_path, line(1, f"{exception},{caller}"), line(2)))

    assert table["exception"].to_pylist() == [
        {"type": "ValueError", "message": "bad", "stacktrace": "a\nb"},
        None,
    ]
    assert table["caller"].to_pylist()[0] == {"file": "a.py", "line": 7, "function": "f"}

    table = to_arrow(write(tmp_path, line(1, exception), line(2, '"exception":"bad"')))
    assert table["exception"].to_pylist() == [exception.partition(":")[2], "bad"]


def test_a_field_of_the_last_record_is_a_column(tmp_path: Path) -> None:
    """However many records come before it, in whichever file."""
    write(tmp_path, *(line(at) for at in range(70_000)), name="expert.log.1")
    table = to_arrow(write(tmp_path, line(70_000, '"late":1.5')))

    assert table["late"].null_count == 70_000
    assert table["late"][-1].as_py() == 1.5
    assert table["seq"].to_pylist() == list(range(70_001))


def test_fields_beyond_all_columns_are_kept_together(tmp_path: Path) -> None:
    """A log with values for names has no columns without end."""
    fields = [f'"k{at}":{at}' for at in range(2_100)]
    table = to_arrow(write(tmp_path, line(1, ",".join(fields)), line(2)))

    columns = [name for name in table.schema.names if name.startswith("k")]
    others = json.loads(table["other_fields"][0].as_py())
    assert {**{name: table[name][0].as_py() for name in columns}, **others} == {
        f"k{at}": at for at in range(2_100)
    }
    assert table["other_fields"][1].as_py() is None


def test_names_are_kept_as_they_are(tmp_path: Path) -> None:
    """Capitals, quotes, nothing at all; only NUL, which no name of a column can have, is shown."""
    names = ["price", "Price", "", 'a"b', "a b", "\u4ef7", "a\n"]
    fields = ",".join(f"{json.dumps(name)}:1" for name in [*names, "a\0b"])
    table = to_arrow(write(tmp_path, line(1, fields)))

    assert table.schema.names == [*CORE, *names, "a\u2400b"]


def test_lines_that_are_no_records_are_told(tmp_path: Path) -> None:
    """With `strict` they are an error. The first of two equal keys counts."""
    lines = (line(1, '"x":1,"x":2'), "Traceback\n", line(2)[:-9] + "\n", line(3, '"x":[1,,2]'), line(4))
    write(tmp_path, *lines, '{"timestamp":"20')

    with pytest.warns(UserWarning, match="3 not JSON") as told:
        table = to_arrow(tmp_path)

    assert table["seq"].to_pylist() == [1, 4]
    assert table["x"].to_pylist() == [1, None]
    assert "1 no line end" in str(told[0].message)
    assert "1 duplicate key" in str(told[0].message)
    with pytest.raises(ValueError, match="not JSON"):
        to_arrow(tmp_path, strict=True)


def test_only_wanted_records_are_there(tmp_path: Path) -> None:
    """And only their fields are columns."""
    write(tmp_path, line(1, '"x":1'), line(2, '"y":2'), line(3, '"y":3'))

    table = to_arrow(tmp_path, "y > 1 and seq < 3", since="2026-12-01", until="2026-12-02", level="info")

    assert table["seq"].to_pylist() == [2]
    assert table.schema.names == [*CORE, "y"]
    with pytest.raises(ValueError, match="no operator"):
        to_arrow(tmp_path, "x == 1")


def test_a_log_without_records_has_its_first_columns(tmp_path: Path) -> None:
    """So that a query for errors finds none, and not no column."""
    table = to_arrow(tmp_path)

    assert (table.schema.names, table.num_rows) == (CORE, 0)
    with pytest.raises(FileNotFoundError):
        to_arrow(tmp_path / "nowhere")


def test_a_stream_has_the_lines_that_the_columns_are_of(tmp_path: Path) -> None:
    """Whatever is appended, renamed and deleted meanwhile; as many streams as are wanted."""
    write(tmp_path, line(1), line(2))
    columns = native.Columns(tmp_path, [], Selection().wanted())
    with (tmp_path / "expert.log").open("a", encoding="utf-8") as log:
        log.write(line(3, '"new":true'))
    (tmp_path / "expert.log").rename(tmp_path / "moved")
    write(tmp_path, "text\n")

    first, second = (pyarrow.RecordBatchReader.from_stream(columns) for _ in range(2))

    assert first.read_all()["seq"].to_pylist() == second.read_all()["seq"].to_pylist() == [1, 2]
    assert pyarrow.table(columns.only(["seq", "level"])).schema.names == ["seq", "level"]
    with pytest.raises(KeyError, match="new"):
        columns.only(["new"])


def test_a_file_that_is_written_over_is_an_error(tmp_path: Path) -> None:
    """What is there now need not fit the columns, so nothing is made of it."""
    write(tmp_path, line(1, '"x":1'), line(2, '"x":2'))
    columns = native.Columns(tmp_path, [], Selection().wanted())
    write(tmp_path, line(1, '"x":"a"'))

    with pytest.raises(OSError, match="written over while it was read"):
        pyarrow.table(columns)


def test_the_same_values_are_in_pandas(tmp_path: Path) -> None:
    """A missing integer makes no floats of the others."""
    pytest.importorskip("pandas", reason="pandas is not installed")
    write(tmp_path, line(1, f'"x":{2**63 - 1},"big":{2**64 - 1},"p":0.1,"f":true,"t":"a"'), line(2))

    frame = to_pandas(tmp_path)

    kinds = {name: str(kind) for name, kind in frame.dtypes.items()}
    assert kinds["timestamp"] == "datetime64[ns, UTC]"
    assert (kinds["x"], kinds["big"], kinds["p"], kinds["f"]) == ("Int64", "UInt64", "Float64", "boolean")
    assert (frame["x"][0], frame["big"][0], frame["t"][0]) == (2**63 - 1, 2**64 - 1, "a")
    assert frame[["x", "big", "p", "f", "t"]].isna()[1:].all(axis=None)
    assert frame["timestamp"][0].isoformat() == "2026-12-01T04:18:31.906007655+00:00"


def test_the_same_values_are_in_polars(tmp_path: Path) -> None:
    """Polars takes the columns as they are, without pyarrow."""
    polars = pytest.importorskip("polars", reason="polars is not installed")
    write(tmp_path, line(1, f'"x":{2**63 - 1},"big":{2**64 - 1},"p":0.1,"t":"a"'), line(2))

    frame = to_polars(tmp_path)

    assert frame.schema["timestamp"] == polars.Datetime("ns", "UTC")
    assert frame.row(0)[-4:] == (2**63 - 1, 2**64 - 1, 0.1, "a")
    assert frame.row(1)[-4:] == (None,) * 4
    assert frame["timestamp"].dt.timestamp("ns").to_list() == [1796098711906007655] * 2
    assert frame["timestamp"][0] == datetime(2026, 12, 1, 4, 18, 31, 906007, tzinfo=UTC)


def test_a_missing_package_is_named_with_its_extra() -> None:
    """The message says what to install."""
    with pytest.raises(ModuleNotFoundError, match=r"needs nowhere_at_all.*pip install 'metaexpert\[query\]'"):
        extras.needed("nowhere_at_all", "query")


@settings(deadline=None)
@given(RECORDS, st.data())
def test_some_columns_are_those_of_the_whole_table(
    records: list[dict[str, Any]], data: st.DataObject
) -> None:
    """In whichever order, with keys that stand twice in a record, and times that are none."""
    with tempfile.TemporaryDirectory() as directory:
        lines = []
        for at, record in enumerate(records):
            fields = json.dumps(record)[1:-1]
            again = fields and data.draw(st.sampled_from(["", f",{fields}"]))
            time = data.draw(st.sampled_from([TIME, "soon"]))
            lines.append(line(at, fields + again, timestamp=time))
        write(Path(directory), *lines)
        columns = native.Columns(Path(directory), [], Selection().wanted())
    names = data.draw(st.lists(st.sampled_from(columns.names), unique=True, min_size=1))

    assert pyarrow.table(columns.only(names)) == pyarrow.table(columns).select(names)

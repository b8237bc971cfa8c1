"""Statistics of logs: what is counted, exactly, and what is missing."""

from __future__ import annotations

import json
import tempfile
from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metaexpert.reader import count_by, read, statistics

SECOND_NS = 1_000_000_000
#: 2026-12-01T10:00:00Z
BEGIN_NS = 1_796_119_200 * SECOND_NS


def line(seq: int, **more: Any) -> str:
    """Return a line of the log, `seq` seconds after ten."""
    minute, second = divmod(seq, 60)
    record = {
        "timestamp": f"2026-12-01T10:{minute:02}:{second:02}.000000001Z",
        "level": "INFO",
        "module": "bot",
        "message": "m",
        **more,
        "seq": seq,
    }
    return json.dumps(record) + "\n"


def write(directory: Path, name: str, *lines: str) -> Path:
    """Write a log, and return its directory."""
    (directory / name).write_text("".join(lines), encoding="utf-8")
    return directory


def raised(kind: str, file: str, number: int) -> dict[str, Any]:
    """Return an exception as records have it."""
    stack = (
        'Traceback (most recent call last):\n  File "/app/main.py", line 1, in <module>\n    run()\n'
        f'  File "{file}", line {number}, in run\n    raise {kind}("no")\n{kind}: no'
    )
    return {"exception": {"type": kind, "message": "no", "stacktrace": stack}}


def test_an_empty_directory_has_nothing(tmp_path: Path) -> None:
    """No record is no error."""
    found = statistics(tmp_path)

    assert (found.records, found.first_ns, found.intervals, found.runs) == (0, None, (), ())
    assert json.loads(json.dumps(found.to_dict()))["records"] == 0
    assert count_by(tmp_path, ["level"]).groups == ()


def test_records_are_counted_by_level_logger_event_and_time(tmp_path: Path) -> None:
    """A record that stands in two files counts once, and the most frequent value comes first."""
    trade = line(61, level="ERROR", module="bot.orders", event_name="order.filled", category="trade")
    write(tmp_path, "expert.log", line(1), line(2), trade)
    found = statistics(write(tmp_path, "trades.log", trade))

    assert found.records == 3
    assert (found.first_ns, found.last_ns) == (BEGIN_NS + SECOND_NS + 1, BEGIN_NS + 61 * SECOND_NS + 1)
    assert list(found.levels.values.items()) == [("INFO", 2), ("ERROR", 1)]
    assert found.loggers.values == {"bot": 2, "bot.orders": 1}
    assert found.events.values == {"order.filled": 1}
    assert found.interval_s == 5
    assert [(each.records, each.errors) for each in found.intervals] == [(2, 0), (1, 1)]
    assert found.to_dict()["intervals"][0]["begin"] == "2026-12-01T10:00:00.000000000Z"


def test_errors_are_grouped_by_type_and_place(tmp_path: Path) -> None:
    """The place is where the exception was raised; without one it is the caller, or else the logger."""
    write(
        tmp_path,
        "expert.log",
        line(1, level="ERROR", **raised("TimeoutError", "/app/net.py", 17)),
        line(2, level="WARNING", **raised("TimeoutError", "/app/net.py", 17)),
        line(3, level="ERROR", **raised("TimeoutError", "/app/net.py", 18)),
        line(4, level="CRITICAL", caller={"file": "/app/a.py", "line": 3, "function": "go"}, message="full"),
        line(5, level="ERROR", module="bot.risk", message="x" * 500),
        line(6, level="Level 45", module="bot.risk"),
    )

    groups = {(group.type, group.place): group for group in statistics(tmp_path).errors}

    assert {key: group.count for key, group in groups.items()} == {
        ("TimeoutError", "/app/net.py:17 in run"): 2,
        ("TimeoutError", "/app/net.py:18 in run"): 1,
        (None, "/app/a.py:3 in go"): 1,
        (None, "bot.risk"): 2,
    }
    group = groups["TimeoutError", "/app/net.py:17 in run"]
    assert (group.first_ns, group.last_ns) == (BEGIN_NS + SECOND_NS + 1, BEGIN_NS + 2 * SECOND_NS + 1)
    assert (group.message, groups[None, "/app/a.py:3 in go"].message) == ("no", "full")
    assert groups[None, "bot.risk"].message == "x" * 200


def test_what_is_missing_is_proved_by_its_numbers(tmp_path: Path) -> None:
    """What nobody tells of is told apart from what the log told; another process counts by itself."""
    gap = {"event_name": "log.gap", "dropped": 2, "first_seq": 3, "last_seq": 4}
    numbers = [line(number) for number in (1, 2)] + [line(5, **gap), line(6), line(9)]
    again = [line(number, message="of the next run") for number in (1, 2, 3)]
    write(tmp_path, "expert.log", *numbers, *again)
    write(tmp_path, "expert.4711.log", *(line(number, message="of another process") for number in (1, 4)))
    # What stands in a file of its own is not missing.
    write(tmp_path, "trades.log", line(8, category="trade"))

    runs = statistics(tmp_path).runs

    assert runs is not None
    found = sorted((run.records, run.missing, run.told, run.unexplained, run.holes) for run in runs)
    assert found == [
        (2, 2, 0, 2, ((2, 3),)),
        (3, 0, 0, 0, ()),
        (6, 3, 2, 1, ((3, 4), (7, 7))),
    ]


def test_runs_are_told_apart_by_their_ids_wherever_their_records_are(tmp_path: Path) -> None:
    """With `run_id` neither files nor the order of numbers matter."""
    mixed = [line(number, run_id=run) for number, run in [(1, "a"), (1, "b"), (2, "b"), (3, "a"), (3, "b")]]
    runs = statistics(write(tmp_path, "expert.log", *mixed)).runs

    assert runs is not None
    assert {run.run_id: (run.records, run.missing) for run in runs} == {"a": (2, 1), "b": (3, 0)}


def test_nothing_is_missing_where_a_part_was_asked_for(tmp_path: Path) -> None:
    """Numbers of records that were left out would look like losses."""
    write(tmp_path, "expert.log", line(1), line(3))

    assert statistics(tmp_path).runs is not None
    assert statistics(tmp_path, "seq = 1").runs is None
    assert statistics(tmp_path, since="2026-12-01").runs is None
    assert statistics(tmp_path, level="INFO").runs is None


@pytest.mark.parametrize("is_nested", [False, True])
def test_sums_of_fills_are_exact(tmp_path: Path, is_nested: bool) -> None:
    """Floats count by their digits in the log, decimals by their text, in either layout."""

    def fill(seq: int, symbol: str, **amounts: Any) -> str:
        fields = {"event_name": "order.filled", "symbol": symbol, "currency": "USDT", **amounts}
        return line(seq, **({"context": fields} if is_nested else fields))

    write(
        tmp_path,
        "expert.log",
        fill(1, "BTCUSDT", qty=0.1, fee="0.10", realized_pnl=-5),
        fill(2, "BTCUSDT", qty=0.2, fee=0.2, realized_pnl=None, notional="1e3"),
        fill(3, "BTCUSDT", qty="many", fee=1e-7),
        fill(4, "ETHUSDT", qty=3),
    )

    first, second = statistics(tmp_path).fills

    assert (first.symbol, first.currency, first.fills, first.left_out) == ("BTCUSDT", "USDT", 3, 1)
    assert (first.qty, first.fee, first.notional) == (Decimal("0.3"), Decimal("0.3000001"), Decimal(1000))
    assert (first.realized_pnl, second.qty, second.fee) == (Decimal(-5), Decimal(3), Decimal(0))
    assert statistics(tmp_path).to_dict()["fills"][0]["fee"] == "0.3000001"


def test_times_of_event_handlers_are_those_of_each_sessions_last_metrics(tmp_path: Path) -> None:
    """Metrics count from a session's start, so that the last ones have all; sessions add up."""

    def metrics(seq: int, session: str, calls: int, mean: float, worst: float) -> str:
        figures = {"calls": calls, "mean_us": mean, "p50_us": 1.0, "p99_us": worst, "max_us": worst}
        return line(seq, event_name="expert.metrics", session_id=session, handlers={"on_bar": figures})

    write(tmp_path, "expert.log", metrics(1, "a", 5, 9.0, 9.5), metrics(2, "a", 10, 2.0, 9.5))
    write(tmp_path, "expert.7.log", metrics(1, "b", 30, 6.0, 20.0), line(2, event_name="expert.metrics"))

    (times,) = statistics(tmp_path).handlers

    assert (times.event, times.calls, times.mean_us) == ("on_bar", 40, 5.0)
    assert (times.p99_us, times.max_us) == (20.0, 20.0)


def test_counts_by_fields_keep_types_and_missing_keys_apart(tmp_path: Path) -> None:
    """A text is not a number, `null` is a value, and names are those of expressions."""
    write(
        tmp_path,
        "expert.log",
        line(1, a="1", context={"b": {"c": 2}}),
        line(2, a=1),
        line(3, a=None),
        line(4, a=[1, {"x": 2}]),
        line(5, a=2**70, context={"b": {"c": 2}}),
        line(6, a=1.50),
        line(7).replace('"message"', '"\\u0061":"\\u0031","message"'),
    )

    found = count_by(tmp_path, ["a", "context.b.c", "logger"])

    groups = [(dict(group.values), group.count) for group in found.groups]
    assert len(groups) == found.records == 7
    assert ({"a": "1", "logger": "bot"}, 1) in groups
    assert ({"a": "1", "context.b.c": 2, "logger": "bot"}, 1) in groups
    assert ({"a": None, "logger": "bot"}, 1) in groups
    assert ({"a": '[1, {"x": 2}]', "logger": "bot"}, 1) in groups
    assert ({"a": Decimal("1.5"), "logger": "bot"}, 1) in groups
    assert found.to_dict()["groups"][0]["count"] == 1
    assert [(dict(group.values), group.count) for group in count_by(tmp_path, ["module"]).groups] == [
        ({"module": "bot"}, 7)
    ]


def test_what_is_no_record_is_told_and_not_counted(tmp_path: Path) -> None:
    """Lines of others, half a line at the end."""
    write(tmp_path, "expert.log", line(1), "Traceback\n", line(2), '{"timestamp":"2026')
    found = statistics(tmp_path)

    assert found.records == 2
    assert found.unreadable == (
        f"{tmp_path / 'expert.log'}: 2 lines are no records (1 not JSON, 1 no line end)",
    )
    assert count_by(tmp_path, ["level"]).unreadable == found.unreadable


@pytest.mark.parametrize("keys", [[], [""], "level", ["a" + ".b" * 201], ["a\n"], [3]])
def test_bad_keys_are_refused(tmp_path: Path, keys: Any) -> None:
    """The error says what keys are."""
    with pytest.raises(ValueError, match="keys must be names of fields"):
        count_by(tmp_path, keys)


def test_a_bad_expression_or_place_is_refused(tmp_path: Path) -> None:
    """As by `read`."""
    with pytest.raises(ValueError, match="== is no operator"):
        statistics(tmp_path, "a == 1")
    with pytest.raises(FileNotFoundError):
        statistics(tmp_path / "nowhere")


VALUES = st.sampled_from(["BTCUSDT", 'ETH"USDT\n', "é", "1", 1, 1.5, -0.0, None, True, {"a": 1}, [1]])
RECORDS = st.lists(
    st.fixed_dictionaries(
        {
            "level": st.sampled_from(["DEBUG", "INFO", "ERROR", "CRITICAL", "Level 41", "NOTICE"]),
            "module": st.sampled_from(["bot", "bot.a", "é\\"]),
            "message": st.sampled_from(['"seq":7', "m"]),
        },
        optional={
            "event_name": st.sampled_from(["order.filled", "x"]),
            "symbol": VALUES,
            "side": VALUES,
            "qty": st.decimals(allow_nan=False, allow_infinity=False, places=9).map(str)
            | st.floats(allow_nan=False, allow_infinity=False, width=32),
            "exception": st.sampled_from(["A", "B"]).map(lambda kind: raised(kind, "/a.py", 3)["exception"]),
        },
    ),
    max_size=40,
)


@settings(max_examples=60, deadline=None)
@given(RECORDS, st.sets(st.integers(1, 60)))
def test_statistics_are_those_of_a_slow_count(records: list[dict[str, Any]], lost: set[int]) -> None:
    """Whatever records there are, they come to what counting entries one by one comes to."""
    numbers = [number for number in range(1, 101) if number not in lost]
    lines = [line(number, **record) for number, record in zip(numbers, records, strict=False)]
    with tempfile.TemporaryDirectory() as name:
        directory = write(Path(name), "expert.log", *lines)
        found, grouped = statistics(directory), count_by(directory, ["symbol", "side"])
        entries = list(read(directory))

    assert found.records == grouped.records == len(entries) == len(records)
    assert found.levels.values == Counter(entry.level for entry in entries)
    assert found.loggers.values == Counter(entry.module for entry in entries)
    events = [entry.context["event_name"] for entry in entries if "event_name" in entry.context]
    assert found.events.values == Counter(events)
    assert sum(each.records for each in found.intervals) == len(entries)
    wrong = [
        entry for entry in entries if entry.exception or entry.level in ("ERROR", "CRITICAL", "Level 41")
    ]
    assert sum(group.count for group in found.errors) == len(wrong)
    kinds = Counter(entry.exception["type"] for entry in wrong if entry.exception)
    assert Counter({group.type: group.count for group in found.errors if group.type}) == kinds
    used = numbers[: len(records)]
    missing = set(range(used[0], used[-1] + 1)) - set(used) if used else set()
    runs = found.runs or ()
    assert {n for run in runs for first, last in run.holes for n in range(first, last + 1)} == missing
    assert sum(run.unexplained for run in runs) == len(missing)
    fills = [entry.context for entry in entries if entry.context.get("event_name") == "order.filled"]
    quantities = [Decimal(repr(fill["qty"]).strip("'")) for fill in fills if "qty" in fill]
    assert sum(exact(each.qty) for each in found.fills) == sum(map(exact, quantities))
    assert sum(each.fills for each in found.fills) == len(fills)
    slow = Counter(
        tuple((key, shown(record[key])) for key in ("symbol", "side") if key in record) for record in records
    )
    fast = {
        tuple((key, shown(value)) for key, value in group.values.items()): group.count
        for group in grouped.groups
    }
    assert fast == slow


def shown(value: Any) -> str:
    """Return a value with its type, as the counts by fields tell values apart."""
    if isinstance(value, dict | list):
        return shown(json.dumps(value))
    return f"number {value}" if isinstance(value, float | Decimal) else repr(value)


def exact(number: Decimal) -> int:
    """Return a number in units so small that each sum is one of integers."""
    sign, digits, exponent = number.as_tuple()
    assert isinstance(exponent, int)
    return (-1) ** sign * int("".join(map(str, digits))) * 10 ** (exponent + 400)

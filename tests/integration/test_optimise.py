"""Optimisations in Python: many passes in processes of their own, or those of an executor."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest

from metaexpert.expert import ArgumentError
from metaexpert.expert.optimise import Between, optimise, walk_forward
from metaexpert.reader import read
from support.optimisations import write_data, write_strategy


@pytest.fixture
def here(tmp_path, monkeypatch, fresh_logging):
    """A directory with a strategy and its data, in which the test is."""
    monkeypatch.chdir(tmp_path)
    return {"file": write_strategy(tmp_path), "data": write_data(tmp_path)}


def figures(done):
    """What a pass came to, by its values."""
    return {
        tuple(row.parameters.values()): (row.value, row.result and row.result.net_profit)
        for row in done.passes
    }


def test_passes_are_the_same_however_they_are_made(here):
    """One process, two, or the threads of an executor: same numbers, values and random draws."""
    options = {
        "parameters": {"EVERY": [5, 15, 30], "leverage": [1, 3]},
        "search": "random",
        "passes": 4,
        "seed": 5,
        "maximize": "criterion",
    }
    two = optimise(**here, **options, cores=2)
    one = optimise(**here, **options, cores=1)
    with ThreadPoolExecutor(2) as threads:
        threaded = optimise(**here, **options, executor=threads)
    assert figures(one) == figures(two) == figures(threaded)
    assert [row.number for row in two.passes] == [1, 2, 3, 4]
    assert two.best.value == max(value for value, _ in figures(two).values())
    assert len({row.value % 1 for row in two.passes}) == 4


def test_a_pass_is_what_a_backtest_with_its_values_is(here):
    """The equity is there; on_backtest_pass was called in each pass, and nothing was logged or printed."""
    done = optimise(**here, parameters={"EVERY": [10, 20]}, cores=2, start="2024-01-02")
    (row, other) = done.passes
    assert row.ok
    assert row.result.equity[0].day.isoformat() == "2024-01-02"
    assert row.result.trades > other.result.trades > 0
    assert row.value == row.result.sharpe_365d
    assert sorted(Path("passes.txt").read_text().split()) == ["10", "20"]
    assert list(Path("logs").glob("*.log*")) == []


def test_a_failed_pass_is_a_row(here):
    """An error, a refusal, an exit and a process that dies end one pass each, none of the others."""
    faults = ["none", "broken", "refuses", "exits", "raises", "dies"]
    done = optimise(**here, parameters={"FAULT": faults, "EVERY": [10, 20]}, cores=2)
    errors = {
        fault: {row.error for row in done.passes if row.parameters["FAULT"] == fault} for fault in faults
    }
    assert errors["none"] == {None}
    assert errors["broken"] == {"RuntimeError: cannot be imported"}
    assert errors["refuses"] == {"ExpertError: on_init returned False"}
    assert errors["exits"] == {"the strategy ended its process: enough"}
    assert "ValueError: no bars today" in errors["raises"].pop()
    assert errors["dies"] == {"its process died"}
    assert [row.number for row in done.passes] == list(range(1, 13))
    assert done.best.parameters["FAULT"] == "none"
    assert len(done.failed) == 10


def test_errors_of_passes_are_on_record_by_pass(here):
    """The field `pass` says which."""
    optimise(**here, parameters={"FAULT": ["raises", "none"]}, cores=2)
    records = list(read("logs"))
    assert {record.level for record in records} == {"ERROR"}
    assert {record.context["pass"] for record in records} == {1}


def test_passes_may_be_logged_in_full(here):
    """Each has a folder of its own, with its own records alone."""
    optimise(**here, parameters={"EVERY": [10, 20, 30]}, cores=2, log_passes=True)
    for number in (1, 2, 3):
        records = list(read(f"logs/passes/{number:05}"))
        assert {record.context["pass"] for record in records} == {number}
        assert sum(record.message == "Bar closed" for record in records) == 3 * 1440


def test_a_walk_forward_tests_on_data_after_the_training(here):
    """Each step trains on a day and tests on the twelve hours after it."""
    done = walk_forward(
        **here,
        parameters={"EVERY": [10, 30]},
        train=timedelta(days=1),
        test=timedelta(hours=12),
        maximize="net_profit",
        cores=2,
    )
    assert [window.number for window in done.windows] == [1, 2, 3, 4]
    for window in done.windows:
        best = window.in_sample.best
        assert best.value == max(row.value for row in window.in_sample.passes)
        assert best.result.start == window.train_start
        assert best.result.end == window.test_start == window.train_start + timedelta(days=1)
        assert window.out_of_sample.parameters == best.parameters
        assert window.out_of_sample.result.start == window.test_start
        assert window.out_of_sample.result.end == window.test_end
    returns = [window.out_of_sample.result.return_pct / 100 for window in done.windows]
    together = 1.0
    for each in returns:
        together *= 1 + each
    assert done.out_of_sample["return_pct"] == pytest.approx((together - 1) * 100, abs=1e-5)


def test_rows_of_passes_become_a_data_frame(here):
    """Parameters and figures are columns."""
    pandas = pytest.importorskip("pandas")
    done = optimise(**here, parameters={"EVERY": [10, 20], "FAULT": ["none", "broken"]}, cores=2)
    frame = done.to_pandas()
    assert list(frame["EVERY"]) == [10, 10, 20, 20]
    assert pandas.isna(frame["sharpe_365d"][1])
    assert frame["error"][1] == "RuntimeError: cannot be imported"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"parameters": {}}, "no parameter to try"),
        ({"parameters": {"EVERY": [1]}, "maximize": "sharpe"}, "maximize must be one of"),
        ({"parameters": {"EVERY": [1]}, "maximize": "fees", "minimize": "fees"}, "exclude each other"),
        ({"parameters": {"EVERY": [1]}, "search": "best"}, "search must be"),
        ({"parameters": {"EVERY": [1]}, "constraint": lambda values: False}, "no values satisfy"),
        ({"parameters": {"EVERY": Between(1, 2)}}, "single values"),
        ({"parameters": {"EVERY": [1]}, "data": "nowhere.csv"}, "no such file"),
        ({"parameters": {"EVERY": [1]}, "start": "2024-02-01", "end": "2024-01-01"}, "is not before"),
    ],
)
def test_a_bad_argument_is_refused_before_the_first_pass(here, options, message):
    """The error names it."""
    with pytest.raises(ArgumentError, match=message):
        optimise(**here | options)
    assert not Path("passes.txt").exists()


def test_data_shorter_than_the_training_are_refused(here):
    """With how long they are."""
    with pytest.raises(ArgumentError, match="not longer than a training"):
        walk_forward(**here, parameters={"EVERY": [1]}, train=timedelta(days=9), test=timedelta(days=1))

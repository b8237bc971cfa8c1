"""Percentiles, goals and the JSON of a benchmark."""

import json
import sys
from array import array
from math import isnan
from pathlib import Path
from xml.etree import ElementTree

import pytest

from harness import svg
from harness.report import (
    CURVE,
    Goal,
    Options,
    Table,
    curve,
    curve_figures,
    finish,
    percentiles,
    read_options,
    shown,
    table,
)
from harness.rounds import in_round, points, ratio, total, typical

OPTIONS = Options(quick=False, json=True, check=False, rounds=3, records=10)


def test_percentiles_are_samples_by_nearest_rank() -> None:
    """A percentile is a value that was measured: one of a thousand, whatever the order."""
    samples = array("q", reversed(range(1000)))
    assert percentiles(samples, 0.0, 0.5, 0.99, 0.999, 1.0) == [0, 500, 990, 999, 999]


def test_curve_ends_where_samples_are_too_few() -> None:
    """A point with fewer than five samples beyond it is left out; the others are percentiles."""
    samples = array("q", range(1000))
    points = curve(samples)
    assert len(points) == sum(1000 * (1 - fraction) >= 5 for fraction in CURVE) < len(CURVE)
    assert points == percentiles(samples, *CURVE[: len(points)])
    assert len(curve(array("q", range(200_000)))) == len(CURVE)


def test_curve_covers_four_nines() -> None:
    """The points go from the fastest call to the slowest in ten thousand, six to each nine."""
    assert CURVE[0] == 0
    assert CURVE[6] == pytest.approx(0.9)
    assert CURVE[-1] == pytest.approx(0.9999)


@pytest.mark.parametrize(
    ("measured", "at_least", "is_met"),
    [(1.0, False, True), (1.1, False, False), (1.0, True, True), (0.9, True, False)],
)
def test_goal_is_met_up_to_its_limit(measured: float, at_least: bool, is_met: bool) -> None:
    """The limit itself keeps the promise, from either side."""
    goal = Goal("a promise", measured, 1.0, at_least=at_least)
    assert goal.is_met is is_met
    assert goal.document()["met"] is is_met


@pytest.mark.parametrize("at_least", [False, True])
@pytest.mark.parametrize("measured", [float("nan"), float("inf"), float("-inf")])
def test_what_is_no_number_keeps_no_promise(measured: float, at_least: bool) -> None:
    """Nothing measured, or something by nothing, is a missed promise, and no figure in strict JSON."""
    goal = Goal("a promise", measured, 1.0, at_least=at_least)
    assert goal.is_met is False
    assert goal.document()["measured"] is None
    assert shown(measured) == shown(goal.document()["measured"]) == "no figure"


def test_a_ratio_to_nothing_is_no_number() -> None:
    """Where nothing is left of the base in one round, the median of the others is not shown for it."""
    rounds = [{"ours": {"ns": 50.0}, "base": {"ns": base}} for base in (40.0, 20.0, 40.0)]
    assert ratio(rounds, "ours", "base", "ns") == 1.25
    assert isnan(ratio(rounds, "ours", "base", "ns", less=20.0))


def test_json_is_strict_where_a_figure_is_missing(capsys: pytest.CaptureFixture[str]) -> None:
    """A ratio that does not exist is null in the JSON, however deep it lies."""
    finish("costs", [], {"ours": {"net": float("nan"), "ns": [1.0]}}, [Goal("kept", 1.0, 1.0)], OPTIONS)
    text = capsys.readouterr().out
    assert "NaN" not in text
    assert json.loads(text)["figures"] == {"ours": {"net": None, "ns": [1.0]}}


def test_ratios_are_taken_within_a_round() -> None:
    """A machine three times slower in one round changes no ratio; the typical figure is the median."""
    rounds = [
        {"ours": {"ns": ours}, "base": {"ns": base}} for ours, base in ((2.0, 1.0), (6.0, 3.0), (2.2, 1.0))
    ]
    assert ratio(rounds, "ours", "base", "ns") == 2.0
    assert typical(rounds, "ours", "ns") == 2.2


def test_json_has_tables_goals_notes_and_plots(capsys: pytest.CaptureFixture[str]) -> None:
    """What a page needs is in the JSON, and a plot of it can be drawn again."""
    plot = svg.Plot("costs", svg.BARS, "Costs", "ns", {"ours": [(0.0, 5.0)]}, own=("ours",))
    code = finish(
        "costs",
        [Table(("logger", "ns"), [("ours", "5")])],
        {"ours": {"ns": 5.0}},
        [Goal("a promise", 2.0, 1.0)],
        OPTIONS,
        missing=["theirs"],
        notes=["a note"],
        plots=[plot],
    )
    document = json.loads(capsys.readouterr().out)
    assert code == 0
    assert document["tables"] == [{"head": ["logger", "ns"], "rows": [["ours", "5"]], "title": ""}]
    assert document["goals"][0]["met"] is False
    assert (document["notes"], document["not_installed"]) == (["a note"], ["theirs"])
    assert svg.drawn(svg.read(document["plots"][0])) == svg.drawn(plot)


@pytest.mark.parametrize(("measured", "code"), [(1.0, 0), (2.0, 1)])
def test_check_exits_with_1_for_a_missed_goal(
    measured: float, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    """`--check` makes a missed promise a failure, and says which one it was."""
    options = Options(quick=False, json=False, check=True, rounds=1, records=1)
    tables = [Table(("logger", "ns"), [("ours", "5")], title="First"), Table(("other",), [("1",)])]
    assert finish("costs", tables, {}, [Goal("a promise", measured, 1.0)], options) == code
    text = capsys.readouterr().out
    assert ("MISSED: a promise" in text) is bool(code)
    assert "First\nlogger" in text


def test_quick_makes_one_short_round(monkeypatch: pytest.MonkeyPatch) -> None:
    """`--quick` sets rounds and records, what is given by name wins over it."""
    monkeypatch.setattr(sys, "argv", ["program", "--quick", "--records", "7"])
    options = read_options("", records=1000, quick_records=10)
    assert (options.rounds, options.records) == (1, 7)


def test_plots_are_written_as_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`--plots` names a directory that gets a file for each plot."""
    plot = svg.Plot("costs", svg.BARS, "Costs", "ns", {"ours": [(0.0, 5.0)]})
    options = Options(quick=False, json=True, check=False, rounds=1, records=1, plots=tmp_path / "plots")
    finish("costs", [], {}, [], options, plots=[plot])
    capsys.readouterr()
    assert [path.name for path in (tmp_path / "plots").iterdir()] == ["costs.svg"]
    ElementTree.parse(tmp_path / "plots" / "costs.svg")


def test_table_aligns_numbers_to_the_right() -> None:
    """Names stand at the left, figures end below each other."""
    assert table(("name", "ns"), [("a", "5"), ("bcdef", "1,000")]).splitlines() == [
        "name      ns",
        "-----  -----",
        "a          5",
        "bcdef  1,000",
    ]


@pytest.mark.parametrize(
    ("figure", "text"), [(0.05123, "0.0512"), (41.25, "41.2"), (4_000_000, "4,000,000"), (0, "0")]
)
def test_figures_are_shown_as_people_read_them(figure: float, text: str) -> None:
    """Three digits below a thousand, no exponent above."""
    assert shown(figure) == text


def test_points_are_the_curve_again() -> None:
    """What is told of a distribution comes back as points, in order, each the median of the rounds."""
    samples = array("q", range(1000))
    rounds = [
        {"ours": {"p50_ns": 1.0, **curve_figures(array("q", (each * factor for each in samples)), "at ")}}
        for factor in (1, 2, 9)
    ]
    seen = points(rounds, "ours", "at ")
    assert [fraction for fraction, _ in seen] == list(CURVE[: len(seen)]) != []
    assert [value for _, value in seen] == [2 * value for value in curve(samples)]


def test_a_measurement_may_be_shorter_after_the_first_round() -> None:
    """One number holds for all rounds; of several the last one holds for the rounds that follow."""
    assert [in_round(7, number) for number in range(3)] == [7, 7, 7]
    assert [in_round((10, 2), number) for number in range(4)] == [10, 2, 2, 2]


def test_what_is_counted_is_added_up() -> None:
    """A record lost in one round of three is lost, whatever the median says."""
    rounds = [{"ours": {"lost": lost}} for lost in (0.0, 1.0, 0.0)]
    assert typical(rounds, "ours", "lost") == 0
    assert total(rounds, "ours", "lost") == 1

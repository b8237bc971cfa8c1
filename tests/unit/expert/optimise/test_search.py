"""The order in which values are tried."""

import pytest

from metaexpert.expert import ArgumentError
from metaexpert.expert.optimise.parameters import Between
from metaexpert.expert.optimise.search import MAX_PASSES, batches_of

SPACE = {"a": (1, 2, 3), "b": (10, 20)}


def tried(search, space=SPACE, score=lambda values: 0.0, **options):
    """All values that a search asks for, as tuples, when it is sent the scores of each."""
    batches = batches_of(search, space, **{"passes": None, "seed": 0, "constraint": None} | options)
    asked, batch = [], next(batches, None)
    while batch:
        asked += batch
        try:
            batch = batches.send([score(values) for values in batch])
        except StopIteration:
            break
    return [tuple(values.values()) for values in asked]


def test_a_grid_is_all_combinations_in_order():
    """The last parameter changes fastest."""
    assert tried("grid") == [(1, 10), (1, 20), (2, 10), (2, 20), (3, 10), (3, 20)]


def test_a_constraint_leaves_combinations_out():
    """It sees the values by name."""
    assert tried("grid", constraint=lambda values: values["a"] * 10 < values["b"]) == [(1, 20)]


def test_a_random_search_has_different_values_by_its_seed():
    """The same seed asks for the same, another one for others; none is asked for twice."""
    space = {"a": tuple(range(100)), "x": Between(0.0, 1.0)}
    once = tried("random", space, passes=20, seed=3)
    assert len(set(once)) == 20
    assert once == tried("random", space, passes=20, seed=3)
    assert once != tried("random", space, passes=20, seed=4)
    assert all(0 <= x <= 1 for _, x in once)


def test_a_random_search_that_wants_more_than_there_is_gets_the_grid():
    """Six combinations are six passes."""
    assert len(tried("random", passes=50)) == 6


@pytest.mark.parametrize(
    ("search", "space", "options", "message"),
    [
        ("grid", {"a": tuple(range(1000)), "b": tuple(range(1000))}, {}, "1,000,000 passes"),
        ("grid", {"x": Between(0.0, 1.0)}, {}, "single values of x"),
        ("grid", SPACE, {"passes": 3}, "for random and optuna"),
        ("random", SPACE, {"passes": 0}, "from 1 to"),
        ("random", SPACE, {"passes": MAX_PASSES + 1}, "from 1 to"),
    ],
)
def test_what_cannot_be_searched_is_refused(search, space, options, message):
    """The error says what to do instead."""
    with pytest.raises(ArgumentError, match=message):
        tried(search, space, **options)


def test_optuna_comes_nearer_to_the_best():
    """By its seed it asks for the same each time, and it learns from the scores."""
    pytest.importorskip("optuna", reason="optuna is not installed; `.ci/run drop-in` brings it")
    space = {"x": Between(-10.0, 10.0), "n": tuple(range(0, 101, 5)), "kind": ("good", "bad")}

    def score(values):
        if values["n"] == 50:
            return None
        return -abs(values["x"] - 3) - abs(values["n"] - 40) / 10 - (values["kind"] == "bad")

    once = tried("optuna", space, score, passes=60, seed=1)
    assert once == tried("optuna", space, score, passes=60, seed=1)
    assert len(once) == len(set(once)) == 60
    quality = [score(dict(zip(space, values, strict=True))) or -99 for values in once]
    assert max(quality[30:]) > max(quality[:10])


def test_optuna_ends_with_a_small_space():
    """Six combinations cannot be a hundred passes."""
    pytest.importorskip("optuna", reason="optuna is not installed; `.ci/run drop-in` brings it")
    assert 1 <= len(tried("optuna", passes=100)) <= 6

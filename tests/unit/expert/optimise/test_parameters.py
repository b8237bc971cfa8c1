"""The parameters of a strategy file, and the values to try."""

import ast

import pytest

from metaexpert.expert import ArgumentError
from metaexpert.expert.optimise.parameters import (
    Between,
    checked_choices,
    module_parameters,
    parse_choices,
    strategy_space,
    with_values,
)

STRATEGY = """
import math

FAST = 10
SLOW: int = 30
RATIO = -1.5
NAME, OTHER = "a", "b"
LIST = [1, 2]
TWICE = FAST * 2
MODE = "trend"
OFF = None


def f():
    LOCAL = 1
"""


@pytest.fixture
def strategy(tmp_path):
    """A strategy file with parameters of all kinds."""
    path = tmp_path / "s.py"
    path.write_text(STRATEGY, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("fast=5:20:5", (5, 10, 15, 20)),
        ("fast=5:19:5", (5, 10, 15)),
        ("fast=3:5", (3, 4, 5)),
        ("x=0.1:0.3:0.1", (0.1, 0.2, 0.3)),
        ("x=1:2:0.5", (1.0, 1.5, 2.0)),
        ("x=-2:2:2", (-2, 0, 2)),
        ("x=0.5:1.5", Between(0.5, 1.5)),
        ("slow=20,50,100", (20, 50, 100)),
        ("x=1,0.5,1", (1, 0.5)),
        ("flag=true,false,none", (True, False, None)),
        (" mode = trend , range ", ("trend", "range")),
        ("x=7", (7,)),
    ],
)
def test_values_as_the_command_line_has_them(text, values):
    """Ranges have both ends, decimals are what they look like, doubles count once."""
    assert parse_choices(text)[1] == values


@pytest.mark.parametrize(
    "text",
    ["", "fast", "fast=", "=1,2", "x=1:2:0", "x=2:1:1", "x=a:b", "x=1:2:3:4", "x=1:nan:1", "x=0:1e9:1e-9"],
)
def test_values_that_make_no_sense_are_refused(text):
    """Each error shows what was given."""
    with pytest.raises(ArgumentError, match=r"x|--optimize"):
        parse_choices(text)


def test_parameters_of_a_file_are_its_plain_values_on_top(strategy):
    """Neither what is computed, nor lists, nor what functions set."""
    assert module_parameters(strategy) == {
        "FAST": 10,
        "SLOW": 30,
        "RATIO": -1.5,
        "MODE": "trend",
        "OFF": None,
    }


def test_values_replace_those_of_the_file(strategy):
    """What follows from a parameter follows; what the file does not set is for on_init."""
    module, rest = with_values(ast.parse(STRATEGY), {"FAST": 7, "RATIO": -2.0, "leverage": 3})
    namespace = {}
    exec(compile(module, "s.py", "exec"), namespace)
    assert (namespace["FAST"], namespace["TWICE"], namespace["RATIO"]) == (7, 14, -2.0)
    assert rest == {"leverage": 3}


def test_an_unknown_parameter_is_refused_with_the_one_that_is_meant(strategy):
    """The names that there are follow."""
    with pytest.raises(ArgumentError, match=r"no parameter fast; did you mean FAST\?.*FAST, SLOW, RATIO"):
        strategy_space(strategy, {"fast": [1]})


def test_arguments_of_on_init_are_parameters(strategy):
    """By the names that a strategy writes."""
    assert strategy_space(strategy, {"volatility_filter": [True, False]}) == {
        "volatility_filter": (True, False)
    }


@pytest.mark.parametrize("values", ["abc", 5, [], [float("nan")], [[1]], None])
def test_bad_choices_in_python_are_refused(values):
    """The error names the parameter."""
    with pytest.raises(ArgumentError, match="FAST"):
        checked_choices("FAST", values)


def test_scalars_of_numpy_are_numbers():
    """As `numpy.arange` has them."""
    numpy = pytest.importorskip("numpy")
    choices = checked_choices("x", numpy.arange(0.5, 2.0, 0.5))
    assert choices == (0.5, 1.0, 1.5)
    assert {type(each) for each in choices} == {float}


@pytest.mark.parametrize(("low", "high"), [(1.0, 1.0), (2.0, 1.0), (0.0, float("inf"))])
def test_between_needs_two_numbers(low, high):
    """The smaller one first."""
    with pytest.raises(ArgumentError, match="Between"):
        Between(low, high)


def test_a_file_that_is_not_python_is_refused(tmp_path):
    """With its line."""
    path = tmp_path / "bad.py"
    path.write_text("x = 1\n)", encoding="utf-8")
    with pytest.raises(ArgumentError, match=r"bad\.py, line 2"):
        module_parameters(path)

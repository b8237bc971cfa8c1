"""The names that a strategy file may have."""

import pytest

from metaexpert.cli.failure import CommandFailedError
from metaexpert.cli.runs.new import strategy_path


@pytest.mark.parametrize("name", ["my_expert", "my_expert.py", "E1", "_x"])
def test_good_name_is_a_python_file(name, tmp_path, monkeypatch):
    """A name with or without .py stands for NAME.py in the current directory."""
    monkeypatch.chdir(tmp_path)
    assert strategy_path(name).name == name.removesuffix(".py") + ".py"


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("my-expert", 'such as "my_expert"'),
        ("1st", '"1st" cannot be'),
        ("class", '"class" cannot be'),
        ("", '"" cannot be'),
        ("a b", 'such as "a_b"'),
        ("börse", "letters, digits and _"),
        ("logging", "would hide the module logging"),
        ("metaexpert", "would hide the module metaexpert"),
        ("nowhere/expert", "nowhere is not a directory"),
    ],
)
def test_bad_name_is_refused_with_the_reason(name, said, tmp_path, monkeypatch):
    """A name that could not be imported, or would hide a module, is refused."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(CommandFailedError) as caught:
        strategy_path(name)
    assert said in str(caught.value)
    assert caught.value.exit_code == 2

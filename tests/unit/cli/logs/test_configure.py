"""Facts about how the options of `metaexpert logs configure` are read."""

import pytest

from metaexpert.cli.failure import CommandFailedError
from metaexpert.cli.logs.configure import _change


def test_options_make_one_document() -> None:
    """Names of loggers keep their dots; values have the type of their setting."""
    change = _change(
        "INFO",
        ["a.b=DEBUG", "c=none"],
        ["console.level=ERROR", "file.max_size=8192", "extra=none"],
        ["include=run_id,caller", "capture_stdlib=off"],
        "10m",
    )

    assert change == {
        "default_level": "INFO",
        "loggers": {"a.b": "DEBUG", "c": None},
        "handlers": {"console": {"level": "ERROR"}, "file": {"max_size": 8192}, "extra": None},
        "include": ["run_id", "caller"],
        "capture_stdlib": False,
        "ttl_seconds": 600,
    }


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ((["a"], [], []), "--logger must be NAME=LEVEL, was a"),
        (([], ["=x"], []), "--handler must be NAME.OPTION=VALUE, was =x"),
        (([], [], ["x"]), "--set must be PATH=VALUE, was x"),
    ],
)
def test_an_option_without_its_form_is_refused(options: tuple[list[str], ...], words: str) -> None:
    """With the form that it must have."""
    with pytest.raises(CommandFailedError) as caught:
        _change(None, *options, None)

    assert str(caught.value) == words


def test_a_time_alone_changes_nothing() -> None:
    """It says how long a change holds, and there is none."""
    with pytest.raises(CommandFailedError, match="give the change as well"):
        _change(None, [], [], [], "10m")

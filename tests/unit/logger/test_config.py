"""Facts about the package's front door."""

import subprocess
import sys

import pytest

from metaexpert.logger import config


@pytest.mark.parametrize("name", config.__all__)
def test_every_name_offered_is_there(name: str) -> None:
    """Each name of `__all__` loads at first use and stays the same object."""
    assert getattr(config, name) is getattr(config, name)
    assert name in dir(config)


def test_an_unknown_name_is_an_attribute_error() -> None:
    """`hasattr` and `from … import` behave as for any module."""
    assert not hasattr(config, "no_such_name")


def test_the_package_itself_loads_no_pydantic() -> None:
    """Levels can be parsed before anything is configured without paying for the models."""
    program = (
        "import sys; from metaexpert.logger.config import parse_level\n"
        "print(parse_level('info'), 'pydantic' in sys.modules)"
    )

    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert result.stdout.split() == ["20", "False"]

"""Fixtures of the tests with foreign code on the path of records."""

import logging

import pytest

from support.listeners import Recorder


@pytest.fixture
def recorder() -> Recorder:
    """A foreign handler that keeps what it is given."""
    return Recorder()


@pytest.fixture(autouse=True)
def _own_listeners_only(request: pytest.FixtureRequest) -> None:
    """Have `raiseExceptions` as a program has it, whatever a package under test has set."""
    logging.raiseExceptions = True

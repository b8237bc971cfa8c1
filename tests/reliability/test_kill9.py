"""FR-014: once a log call has returned, its record survives `kill -9`, exactly once."""

import os
from collections.abc import Callable
from typing import Any

import pytest

KILLS = int(os.environ.get("METAEXPERT_KILLS", "100"))
#: Seconds within which even a busy machine has carried out one kill.
LONGEST_KILL_S = 2
TIMEOUT_S = 60 + LONGEST_KILL_S * KILLS


@pytest.mark.timeout(TIMEOUT_S + 10)
def test_nothing_is_lost_by_kills_at_random_moments(run_program: Callable[..., dict[str, Any]]) -> None:
    """Processes killed in start, work, rotation, end and recovery lose, double and tear nothing."""
    figures = run_program("kill9.py", "--kills", KILLS, timeout_s=TIMEOUT_S)

    assert figures["kills"] >= KILLS
    assert figures["returned"] > KILLS
    assert figures["recovered"] > 0
    wrong = ("lost", "doubled", "invalid", "unexpected", "failures")
    assert {name: figures[name] for name in wrong} == dict.fromkeys(wrong, 0)

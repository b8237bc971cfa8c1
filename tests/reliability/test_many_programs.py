"""FR-022: several programs share a log directory without tearing, losing or mixing a line."""

import os
from collections.abc import Callable
from typing import Any

import pytest

#: Of all programs together; the program itself takes 10 million before a release.
RECORDS = int(os.environ.get("METAEXPERT_RECORDS", "80000"))
TIMEOUT_S = 60 + RECORDS / 10_000


@pytest.mark.timeout(TIMEOUT_S + 10)
def test_eight_programs_share_a_directory(run_program: Callable[..., dict[str, Any]]) -> None:
    """Eight programs that log at the same time each find all of their records in files of their own."""
    figures = run_program("many_programs.py", "--programs", 8, "--records", RECORDS, timeout_s=TIMEOUT_S)

    # A tenth of them are trades, which are in `trades.log` as well.
    assert figures["found"] == RECORDS + RECORDS // 10

"""What the tests of reliability share: recovery as another process does it."""

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from conftest import Outcome

RECOVER = """
import json
from metaexpert.logger.recovery import recover
print(json.dumps(recover("logs").to_dict()))
"""


@pytest.fixture
def recover_logs(run_python: Callable[..., "Outcome"]) -> Callable[[], dict[str, Any]]:
    """Recover what earlier processes left in `logs`, in a process of its own; returns the report."""

    def recover() -> dict[str, Any]:
        report = json.loads(run_python(RECOVER).stdout)
        assert isinstance(report, dict)
        assert [ring for ring in report["rings"] if ring["status"] not in ("recovered", "alive")] == []
        return report

    return recover

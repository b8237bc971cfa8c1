"""FR-014: what a log call returned from survives `kill -9`, exactly once."""

import json
import os
import subprocess
import sys
from pathlib import Path

from conftest import clean_environment

KILLS = int(os.environ.get("METAEXPERT_KILLS", "100"))
#: Seconds within which even a busy machine has carried out one kill.
LONGEST_KILL_S = 5


def test_nothing_is_lost_by_kills_at_random_moments(tmp_path: Path) -> None:
    """Processes killed in start, work, rotation, end and recovery lose, double and tear nothing."""
    program = Path(__file__).with_name("kill9.py")
    done = subprocess.run(
        [sys.executable, str(program), "--kills", str(KILLS), "--json"],
        env={**clean_environment(), "TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=60 + LONGEST_KILL_S * KILLS,
        check=False,
    )

    assert done.stdout, done.stderr
    figures = json.loads(done.stdout)
    assert done.returncode == 0, f"{figures}\n{done.stderr}"
    assert figures["kills"] >= KILLS
    assert figures["returned"] > KILLS
    assert figures["recovered"] > 0
    wrong = ("lost", "doubled", "invalid", "unexpected", "failures")
    assert {name: figures[name] for name in wrong} == dict.fromkeys(wrong, 0)

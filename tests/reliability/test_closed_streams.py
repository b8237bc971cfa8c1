"""FR-027: a process that starts without its standard streams, as a daemon does, mixes nothing up."""

import subprocess
import sys
from pathlib import Path

import pytest

from support.environment import clean_environment
from support.strict_records import read_records

PROGRAM = """
import logging, os, sys
from pathlib import Path
from metaexpert.logger import configure, flush, get_logger, serve, shutdown, stats

def ours():
    # What each descriptor below 3 leads to, if anything.
    there = Path("/proc/self/fd") if os.path.isdir("/proc/self/fd") else Path("/dev/fd")
    return [os.readlink(there / str(fd)) for fd in range(3) if os.path.lexists(there / str(fd))]

before = ours()
configure({"log_file_path": "logs", "handlers": {
    "network": {"type": "udp", "url": "udp://127.0.0.1:9"},
    "second": {"type": "console", "stream": "stderr"}}})
log = get_logger("bot")
for n in range(300):
    log.trade("t", n=n)
log.error("e")
flush(20)
server = serve()
during = ours()
assert during == before, (before, during)
# A file of the program's own gets the number of a stream; not a byte of ours may follow.
own = os.open("own", os.O_WRONLY | os.O_CREAT)
os.write(own, b"own")
for n in range(300, 600):
    log.trade("t", n=n)
configure(default_level="INFO", handlers={"second": {"format": "json"}})
log.warning("after")
shutdown(20)
"""


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", ">&- 2>&-", "<&- >&- 2>&-"])
def test_closed_streams_get_no_line_and_no_file_their_number(closed: str, tmp_path: Path) -> None:
    """Each record is in its file, and nothing else; descriptors 0 to 2 stay as the program found them."""
    (tmp_path / "program.py").write_text(PROGRAM, encoding="utf-8")
    done = subprocess.run(
        ["sh", "-c", f'exec "$0" program.py {closed}', sys.executable],
        cwd=tmp_path,
        env=clean_environment(),
        capture_output=True,
        timeout=100,
        check=False,
    )

    assert done.returncode == 0, done
    trades = read_records(tmp_path / "logs" / "trades.log")
    assert [record["n"] for record in trades] == list(range(600))
    records = read_records(tmp_path / "logs" / "expert.log")
    messages = [record["message"] for record in records if record["module"] == "bot"]
    assert messages == ["t"] * 300 + ["e"] + ["t"] * 300 + ["after"]
    assert (tmp_path / "own").read_bytes() == b"own"

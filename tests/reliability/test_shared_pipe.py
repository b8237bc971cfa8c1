"""Several processes write to one pipe, as `expert.log -> /dev/stdout` in a container: no line is torn."""

import subprocess
import sys
from collections import Counter
from pathlib import Path

from support.environment import clean_environment
from support.strict_records import strict_record

RECORDS = 5_000

PROGRAM = """
import os, sys
from metaexpert.logger import configure, flush, get_logger, shutdown
configure(handlers={"console": None, "trades": None, "errors": None},
          queue={"protect_level": "DEBUG", "wait_ms": 60_000})
log = get_logger("bot")
def work(number):
    for n in range(RECORDS):
        # Lines of many lengths, so that nothing ends where a pipe has room by chance.
        log.info("m", program=number, n=n, text="x" * (n % 997))
    assert flush(60)
log.info("parent")
workers = []
for number in range(3):
    workers.append(os.fork())
    if workers[-1] == 0:
        work(number)
        os._exit(0)
work(3)
for worker in workers:
    assert os.waitstatus_to_exitcode(os.waitpid(worker, 0)[1]) == 0
assert shutdown(60)
""".replace("RECORDS", str(RECORDS))


def test_a_pipe_gets_whole_lines_of_a_program_and_its_workers(tmp_path: Path) -> None:
    """Workers write to the link's target as well, though files have one writer each."""
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "expert.log").symlink_to("/dev/stdout")
    (tmp_path / "program.py").write_text(PROGRAM, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "program.py"],
        cwd=tmp_path,
        env=clean_environment(),
        capture_output=True,
        timeout=110,
        check=False,
    )

    assert (done.returncode, done.stderr) == (0, b"")
    records = [strict_record(line) for line in done.stdout.splitlines()]
    seen = Counter((record.get("program"), record.get("n")) for record in records)
    assert seen.pop((None, None)) == 1
    assert seen == {(program, n): 1 for program in range(4) for n in range(RECORDS)}
    assert [path.name for path in (tmp_path / "logs").iterdir()] == ["expert.log"]

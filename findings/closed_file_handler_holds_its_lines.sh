#!/usr/bin/env bash
# A `FileHandler` of logxide that is closed has not written its last lines: they stay in memory until somebody
# calls `flush`, or the process ends in the ordinary way.
#
# logxide 0.3.0 (on PyPI for CPython 3.12 and later), CPython 3.13, Linux x86_64.
#
# The documentation of `logging` has `FileHandler.close` close the file, and its own writes each line as it
# comes, so programs that rotate, move or read a file close the handler first. Here a hundred lines are in
# none of the 0 bytes that they find then; a process that is killed afterwards has lost them.
#
# Output seen:
#   logging: 100 lines after close, 100 after flush
#   logxide: 0 lines after close, 100 after flush
#
# What it means here: whoever compares speeds must count lines when the process has ended, as the benchmarks
# do. What our ring holds survives a kill, and `flush` and `shutdown` return once the files have it.
set -euo pipefail

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"
uv venv --quiet --python 3.13 packages
uv pip install --quiet --python packages/bin/python logxide==0.3.0

cat >program.py <<'PROGRAM'
import sys
from pathlib import Path

if sys.argv[1] == "logxide":
    from logxide import logging
else:
    import logging

file = Path(f"{sys.argv[1]}.log")
handler = logging.FileHandler(str(file))
logger = logging.getLogger("orders")
logger.setLevel(logging.INFO)
logger.addHandler(handler)
for number in range(100):
    logger.info("order %d", number)


def lines() -> int:
    return file.read_text().count("\n")


handler.close()
closed = lines()
handler.flush()
print(f"{sys.argv[1]}: {closed} lines after close, {lines()} after flush")
PROGRAM
for library in logging logxide; do packages/bin/python program.py "$library"; done >seen
cat seen

cat >wanted <<'LINES'
logging: 100 lines after close, 100 after flush
logxide: 0 lines after close, 100 after flush
LINES
cmp wanted seen || {
  echo "logxide's closed handlers hold other lines now" >&2
  exit 1
}

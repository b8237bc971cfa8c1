#!/usr/bin/env bash
# Two loggers with a native core write their console's lines into their own log file when the program is
# started with standard output closed (`>&-`, as some supervisors do).
#
# logust 0.5.0 and nautilus_trader 1.221.0, CPython 3.11, Linux x86_64.
#
# The log file is the first file that is opened, so the system gives it descriptor 1. The console writes to
# descriptor 1 without asking whether that is still standard output: each record is in the file twice, once
# with the terminal's colours. Python's own `sys.stdout` is None in such a process, which is why loggers in
# pure Python (loguru 0.7.3 below) are not affected, although their file has descriptor 1 too.
#
# Output seen:
#   logust: 10 lines for 5 records, 5 of them with colours
#   nautilus: 10 lines for 5 records, 5 of them with colours
#   loguru: 5 lines for 5 records, 0 of them with colours
#
# What it means here: no descriptor of the engine's is ever below 3, and a console whose stream was closed
# when the interpreter started gets nothing (tests/reliability/test_closed_streams.py).
set -euo pipefail

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"
uv venv --quiet --python 3.11 packages
uv pip install --quiet --python packages/bin/python logust==0.5.0 nautilus-trader==1.221.0 loguru==0.7.3

cat >logust_program.py <<'PROGRAM'
from logust import logger
logger.add("logust.log")
for number in range(5):
    logger.info(f"trade {number}")
logger.complete()
PROGRAM
cat >nautilus_program.py <<'PROGRAM'
import time
from nautilus_trader.common.component import Logger, init_logging
from nautilus_trader.common.enums import LogLevel
guard = init_logging(level_stdout=LogLevel.INFO, level_file=LogLevel.INFO, directory=".", file_name="nautilus")
logger = Logger("bot")
for number in range(5):
    logger.info(f"trade {number}")
time.sleep(1)
PROGRAM
cat >loguru_program.py <<'PROGRAM'
from loguru import logger
logger.add("loguru.log")
for number in range(5):
    logger.info(f"trade {number}")
PROGRAM

# said NAME LINES COLOURED: run a program without standard output, and compare what its file has.
said() {
  packages/bin/python "$1_program.py" >&-
  local lines coloured
  lines=$(grep -c 'trade [0-4]' "$1.log")
  coloured=$(grep -c $'\033' "$1.log" || true)
  echo "$1: $lines lines for 5 records, $coloured of them with colours"
  if [ "$lines" != "$2" ] || [ "$coloured" != "$3" ]; then
    echo "$1 behaves differently now: $2 lines and $3 with colours were seen" >&2
    exit 1
  fi
}
said logust 10 5
said nautilus 10 5
said loguru 5 0

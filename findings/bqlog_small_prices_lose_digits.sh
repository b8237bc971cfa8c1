#!/usr/bin/env bash
# BqLog writes a float with fifteen digits behind the point: a small price loses most of its digits, a
# smaller amount becomes zero, and two different floats look the same.
#
# BqLog 2.7.1 (bqlog on PyPI), CPython 3.11, Linux x86_64.
#
# The call returns True, and the number is in the log as 0.000000000123457 for 1.23456789012345e-10. Prices
# of that size are ordinary for coins that are quoted in BTC. An amount of one unit with eighteen decimals,
# 1e-18 ETH, is logged as zero. `str` and `repr` of the same floats keep every digit (last column).
#
# Output seen:
#   0.000000000123457 for 1.23456789012345e-10
#   0.000000000000000 for 1e-18
#   0.300000000000000 for 0.30000000000000004
#   0.300000000000000 for 0.3
#   50000.500000000000000 for 50000.5
#
# What it means here: a float on a line is the shortest text that reads back as the same float, and the
# benchmarks' event has prices that survive fifteen digits.
set -euo pipefail

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"
uv venv --quiet --python 3.11 packages
uv pip install --quiet --python packages/bin/python bqlog==2.7.1

cat >program.py <<'PROGRAM'
from bq.log import log

options = {
    "appenders_config.file.type": "text_file",
    "appenders_config.file.levels": "[all]",
    "appenders_config.file.file_name": "prices",
    "appenders_config.file.enable_rolling_log_file": "false",
}
logger = log.create_log("prices", "".join(f"{name}={value}\n" for name, value in options.items()))
for price in (1.23456789012345e-10, 1e-18, 0.30000000000000004, 0.3, 50000.5):
    assert logger.info("{} for {}", price, repr(price))
logger.force_flush()
PROGRAM
packages/bin/python program.py
cut -f 3 prices_1.log >seen
cat seen

cat >wanted <<'LINES'
0.000000000123457 for 1.23456789012345e-10
0.000000000000000 for 1e-18
0.300000000000000 for 0.30000000000000004
0.300000000000000 for 0.3
50000.500000000000000 for 50000.5
LINES
cmp wanted seen || {
  echo "BqLog writes floats differently now" >&2
  exit 1
}

#!/usr/bin/env bash
# Polars reads a log of JSON lines without the fields that no early line has: the error in line 201 is not
# there, and nothing says so.
#
# polars 2.1.0, CPython 3.11, Linux x86_64.
#
# The columns are those of the first 100 lines (`infer_schema_length`); a key that comes later is passed over,
# both by `read_ndjson` and by `scan_ndjson`. A log is the data this hits: `exception`, `fee` and `reason`
# come with the first failure, fill and refusal, long after the start. With `infer_schema_length=None` every
# line is looked at.
#
# Output seen:
#   read_ndjson: ['seq', 'message'], rows with an exception: 0
#   scan_ndjson: ['seq', 'message'], rows with an exception: 0
#   every line looked at: ['seq', 'message', 'exception'], rows with an exception: 1
#
# What it means here: docs/data-model.md, "With DuckDB and data frames", names the setting, and
# tests/compatibility/test_logs_in_data_frames.py reads a log of ours with it.
set -euo pipefail

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"
uv venv --quiet --python 3.11 packages
uv pip install --quiet --python packages/bin/python polars==2.1.0

cat >program.py <<'PROGRAM'
import json

import polars

records = [{"seq": number, "message": "tick"} for number in range(1, 301)]
records[200]["exception"] = {"type": "ConnectionError"}
with open("expert.log", "w") as log:
    log.writelines(json.dumps(record) + "\n" for record in records)


def tell(name, frame):
    there = frame["exception"].is_not_null().sum() if "exception" in frame.columns else 0
    print(f"{name}: {frame.columns}, rows with an exception: {there}")


tell("read_ndjson", polars.read_ndjson("expert.log"))
tell("scan_ndjson", polars.scan_ndjson("expert.log").collect())
tell("every line looked at", polars.read_ndjson("expert.log", infer_schema_length=None))
PROGRAM
packages/bin/python program.py | tee output

cat >expected <<'EXPECTED'
read_ndjson: ['seq', 'message'], rows with an exception: 0
scan_ndjson: ['seq', 'message'], rows with an exception: 0
every line looked at: ['seq', 'message', 'exception'], rows with an exception: 1
EXPECTED
if ! diff expected output; then
  echo "the behaviour has changed" >&2
  exit 1
fi

#!/usr/bin/env bash
# DuckDB cuts the nanoseconds of a log's times when it reads JSON lines, so records of one microsecond have
# one time and sorting by it mixes them up; and a message that looks like a date becomes a date.
#
# duckdb 2.0.0, CPython 3.11, Linux x86_64.
#
# `read_json` recognises RFC 3339 texts as TIMESTAMP WITH TIME ZONE, which has microseconds. It has a type
# with nanoseconds, TIMESTAMP_NS, and never chooses it. A column of texts that all look like dates is a DATE,
# whatever it is called, and integers beyond 64 bits are DOUBLE: three ids that differ are read as one number.
#
# Output seen:
#   times: 1 different of 3, as TIMESTAMP WITH TIME ZONE
#   message: DATE
#   id: DOUBLE, 1 different of 3
#   with columns given: 3 different times, 3 different ids
#
# What it means here: docs/data-model.md, "With DuckDB and data frames", sorts by `seq`, and gives the types
# of what must stay exact; tests/compatibility/test_logs_in_data_frames.py does the same with a log of ours.
set -euo pipefail

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"
uv venv --quiet --python 3.11 packages
uv pip install --quiet --python packages/bin/python duckdb==2.0.0

cat >program.py <<'PROGRAM'
import json

import duckdb

records = [
    {"timestamp": f"2026-01-01T00:00:00.00000000{number}Z", "message": "2026-01-01", "id": 2**64 + number}
    for number in (1, 2, 3)
]
with open("expert.log", "w") as log:
    log.writelines(json.dumps(record) + "\n" for record in records)

duckdb.sql("create table log as select * from read_json('expert.log', format = 'newline_delimited')")
kinds = {name: kind for name, kind, *_ in duckdb.sql("describe log").fetchall()}
[(times, ids)] = duckdb.sql("select count(distinct timestamp), count(distinct id) from log").fetchall()
print(f"times: {times} different of 3, as {kinds['timestamp']}")
print(f"message: {kinds['message']}")
print(f"id: {kinds['id']}, {ids} different of 3")

given = "columns = {timestamp: 'TIMESTAMP_NS', message: 'VARCHAR', id: 'HUGEINT'}"
[(times, ids)] = duckdb.sql(
    f"select count(distinct timestamp), count(distinct id) from read_json('expert.log', {given})"
).fetchall()
print(f"with columns given: {times} different times, {ids} different ids")
PROGRAM
packages/bin/python program.py | tee output

cat >expected <<'EXPECTED'
times: 1 different of 3, as TIMESTAMP WITH TIME ZONE
message: DATE
id: DOUBLE, 1 different of 3
with columns given: 3 different times, 3 different ids
EXPECTED
if ! diff expected output; then
  echo "the behaviour has changed" >&2
  exit 1
fi

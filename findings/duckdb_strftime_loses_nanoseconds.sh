#!/usr/bin/env bash
# DuckDB's strftime writes nine digits for %n and counts six: whatever follows is put over the last three, so
# an RFC 3339 time with nanoseconds, a Z at its end, loses its nanoseconds.
#
# duckdb 2.0.0, CPython 3.11, Linux x86_64.
#
# %n is the fraction of a TIMESTAMP_NS in nanoseconds. At the end of a format it is right. With text behind it
# the text lies over the seventh digit, and the length of the result counts bytes that nobody wrote, so only
# the first ten characters are compared here. `cast(... as varchar)` is right.
#
# Output seen:
#   at the end: 55.906007655
#   before a Z: 55.906007Z
#   cast: 2026-12-01 10:00:55.906007655
#
# What it means here: `metaexpert logs query -o json` writes times from the cast, with all nine digits
# (tests/unit/reader/test_database.py).
set -euo pipefail

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"
uv venv --quiet --python 3.11 packages
uv pip install --quiet --python packages/bin/python duckdb==2.0.0

cat >program.py <<'PROGRAM'
import duckdb

time = "TIMESTAMP_NS '2026-12-01 10:00:55.906007655'"
[(at_the_end, before, cast)] = duckdb.sql(
    f"select strftime({time}, '%S.%n'), strftime({time}, '%S.%nZ'), cast({time} as varchar)"
).fetchall()
print("at the end:", at_the_end)
print("before a Z:", before[:10])
print("cast:", cast)
PROGRAM
packages/bin/python program.py | tee output

cat >expected <<'EXPECTED'
at the end: 55.906007655
before a Z: 55.906007Z
cast: 2026-12-01 10:00:55.906007655
EXPECTED
if ! diff expected output; then
    echo "the behaviour has changed" >&2
    exit 1
fi

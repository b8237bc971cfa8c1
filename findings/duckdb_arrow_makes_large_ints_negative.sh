#!/usr/bin/env bash
# DuckDB hands 128-bit integers to Arrow as decimals of 38 digits, whatever they are: the upper half of the
# unsigned ones comes out negative, without a warning, while the same result as Python objects is right.
#
# duckdb 2.0.0, pyarrow 26.0.1, CPython 3.11, Linux x86_64.
#
# HUGEINT and UHUGEINT have up to 39 digits, and Arrow's `decimal128(38, 0)` is a signed 128-bit integer. The
# bits are passed on as they are: a signed value of 39 digits is one that its own type does not allow, and an
# unsigned one from 2^127 on is 2^128 too small. Ids of 128 bits (UUIDs as numbers) and sums of token amounts
# reach that. pandas and Polars take DuckDB's results through Arrow.
#
# Output seen:
#   decimal128(38, 0)
#   2^128 - 1 as Arrow: -1
#   2^127 as Arrow: -170141183460469231731687303715884105728
#   2^128 - 1 as Python: 340282366920938463463374607431768211455
#
# What it means here: integers beyond 64 bits are text in our columns, and a number in a result of
# `metaexpert.reader.query` that Arrow cannot hold is an error (tests/unit/reader/test_database.py).
set -euo pipefail

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"
uv venv --quiet --python 3.11 packages
uv pip install --quiet --python packages/bin/python duckdb==2.0.0 pyarrow==26.0.1

cat >program.py <<'PROGRAM'
import duckdb

connection = duckdb.connect()
largest, half = 2**128 - 1, 2**127
query = f"select {largest}::UHUGEINT as largest, {half}::UHUGEINT as half"
table = connection.sql(query).to_arrow_table()
print(table.schema.field("largest").type)
print("2^128 - 1 as Arrow:", table["largest"][0].as_py())
print("2^127 as Arrow:", table["half"][0].as_py())
print("2^128 - 1 as Python:", connection.sql(query).fetchall()[0][0])
connection.close()
PROGRAM
packages/bin/python program.py | tee output

cat >expected <<'EXPECTED'
decimal128(38, 0)
2^128 - 1 as Arrow: -1
2^127 as Arrow: -170141183460469231731687303715884105728
2^128 - 1 as Python: 340282366920938463463374607431768211455
EXPECTED
if ! diff expected output; then
    echo "the behaviour has changed" >&2
    exit 1
fi

#!/usr/bin/env bash
# Polars multiplies two Decimal columns and keeps no more decimals than the longer of the two has: a fee of
# 0.05 times 0.0004 is 0.0000. The same product in SQL, of the same library, is exact.
#
# polars 2.1.0, duckdb 2.0.0 and pyarrow 26.0.1, CPython 3.11, Linux x86_64.
#
# A product of numbers with 2 and 4 decimals has 6. An expression of Polars gives it the scale 4 and rounds
# each product before anything is summed up, without an error or a warning; the sum of fees below is short by
# 0.000028 of 0.008128. `SQLContext`, DuckDB and pyarrow give it the scale 6. Columns that are cast to a scale
# large enough for the product keep it in expressions too.
#
# Output seen:
#   expression: scale 4, 0.0050 0.0000 0.0031, in all 0.0081
#   SQLContext: scale 6, 0.005000 0.000020 0.003108, in all 0.008128
#   duckdb:     scale 6, 0.005000 0.000020 0.003108, in all 0.008128
#   pyarrow:    scale 6, 0.005000 0.000020 0.003108, in all 0.008128
#   cast first: scale 12, 0.005000000000 0.000020000000 0.003108000000, in all 0.008128000000
#
# What it means here: a log has each Decimal as text with its own scale, so reading it loses nothing.
# docs/data-model.md, "With DuckDB and data frames", says how to multiply them, and
# tests/compatibility/test_logs_in_data_frames.py does it with a log of ours.
set -euo pipefail

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"
uv venv --quiet --python 3.11 packages
uv pip install --quiet --python packages/bin/python polars==2.1.0 duckdb==2.0.0 pyarrow==26.0.1

cat >program.py <<'PROGRAM'
from decimal import Decimal

import duckdb
import polars
import pyarrow
import pyarrow.compute

NOTIONALS = [Decimal("12.50"), Decimal("0.05"), Decimal("7.77")]
RATES = [Decimal("0.0004")] * 3
fills = polars.DataFrame({"notional": NOTIONALS, "rate": RATES})
product = polars.col("notional") * polars.col("rate")


def show(name, fees):
    scale = -fees[0].as_tuple().exponent
    print(f"{name:11} scale {scale}, {' '.join(map(str, fees))}, in all {sum(fees)}")


show("expression:", fills.select(product).to_series().to_list())
context = polars.SQLContext(fills=fills, eager=True)
show("SQLContext:", context.execute("select notional * rate as fee from fills")["fee"].to_list())
table = "(values (12.50, 0.0004), (0.05, 0.0004), (7.77, 0.0004)) fills(notional, rate)"
show("duckdb:", [fee for (fee,) in duckdb.sql(f"select notional * rate from {table}").fetchall()])
show("pyarrow:", pyarrow.compute.multiply(pyarrow.array(NOTIONALS), pyarrow.array(RATES)).to_pylist())
wide = fills.with_columns(polars.all().cast(polars.Decimal(38, 12)))
show("cast first:", wide.select(product).to_series().to_list())
PROGRAM
packages/bin/python program.py | tee output

cat >expected <<'EXPECTED'
expression: scale 4, 0.0050 0.0000 0.0031, in all 0.0081
SQLContext: scale 6, 0.005000 0.000020 0.003108, in all 0.008128
duckdb:     scale 6, 0.005000 0.000020 0.003108, in all 0.008128
pyarrow:    scale 6, 0.005000 0.000020 0.003108, in all 0.008128
cast first: scale 12, 0.005000000000 0.000020000000 0.003108000000, in all 0.008128000000
EXPECTED
if ! diff expected output; then
  echo "the behaviour has changed" >&2
  exit 1
fi

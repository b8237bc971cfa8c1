#!/usr/bin/env bash
# pandas reads order ids of a JSON Lines log as other order ids, and decimals that were written as texts, to
# stay exact, as floats; `dtype=False` does not keep the ids.
#
# pandas 3.1.1, CPython 3.11, Linux x86_64.
#
# A column of integers that not every record has becomes float64, which is exact up to 2**53; a log's records
# differ, so nearly every column has holes. Ids of exchanges have more digits. Texts that look like numbers
# become numbers: "00012" is 12, and "0.10000000000000000001" is 0.1. With `dtype=False` texts stay texts, and
# the ids are as wrong as before. A frame made of the parsed lines with `dtype=object` keeps both.
#
# Output seen:
#   read_json: order_id 9007199254740992 for 9007199254740993, client_id 12, price 0.1
#   read_json, dtype=False: order_id 9007199254740992 for 9007199254740993, client_id 00012, price 0.10000000000000000001
#   of objects: order_id 9007199254740993 for 9007199254740993, client_id 00012, price 0.10000000000000000001
#
# What it means here: docs/data-model.md, "With DuckDB and data frames", makes the frame of objects, and
# tests/compatibility/test_logs_in_data_frames.py does the same with a log of ours.
set -euo pipefail

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"
uv venv --quiet --python 3.11 packages
uv pip install --quiet --python packages/bin/python pandas==3.1.1

cat >program.py <<'PROGRAM'
import json

import pandas

records = [
    {"message": "started"},
    {
        "message": "order filled",
        "order_id": 9007199254740993,
        "client_id": "00012",
        "price": "0.10000000000000000001",
    },
]
with open("expert.log", "w") as log:
    log.writelines(json.dumps(record) + "\n" for record in records)


def tell(name, frame):
    filled = frame.iloc[1]
    texts = [f"{int(value)}" if isinstance(value, float) and value > 1 else f"{value}" for value in filled[1:]]
    print(f"{name}: order_id {texts[0]} for 9007199254740993, client_id {texts[1]}, price {texts[2]}")


tell("read_json", pandas.read_json("expert.log", lines=True))
tell("read_json, dtype=False", pandas.read_json("expert.log", lines=True, dtype=False))
with open("expert.log") as log:
    tell("of objects", pandas.DataFrame([json.loads(line) for line in log], dtype=object))
PROGRAM
packages/bin/python program.py | tee output

cat >expected <<'EXPECTED'
read_json: order_id 9007199254740992 for 9007199254740993, client_id 12, price 0.1
read_json, dtype=False: order_id 9007199254740992 for 9007199254740993, client_id 00012, price 0.10000000000000000001
of objects: order_id 9007199254740993 for 9007199254740993, client_id 00012, price 0.10000000000000000001
EXPECTED
if ! diff expected output; then
  echo "the behaviour has changed" >&2
  exit 1
fi

#!/usr/bin/env bash
# lightweight-charts gives its chart times that are a thousand times too small when pandas is of version 3,
# and candles of one minute all get the same second: the chart is in January 1970, and sixteen candles lie on
# one place.
#
# lightweight-charts 2.1 with pandas 2.3.3 and 3.1.1, CPython 3.11, Linux x86_64.
#
# The package turns a column of times into integers and divides them by 10**9, because they were nanoseconds
# in every version of pandas until 3. Since then the unit is that of the values, microseconds for parsed text
# and for milliseconds of an exchange alike, so the quotient is thousands of seconds. Nothing is raised or
# warned of, and the package asks for pandas of any version. Markers and lines go by `Timestamp.timestamp()`,
# so they stay right: a fill that is marked lies 54 years to the right of its candle.
#
# Output seen:
#   pandas 2.3.3: candles at 1704067200 1704067260 1704067320, marker at 1704067260
#   pandas 3.1.1: candles at 1704067 1704067 1704067, marker at 1704067260
#
# What it means here: times of pandas are read by their own unit (tests/integration/test_values_kept.py,
# tests/compatibility/test_foreign_values.py), never as integers whose unit is assumed.
set -euo pipefail

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"

cat >program.py <<'PROGRAM'
import json
import re

import pandas as pd
from lightweight_charts.abstract import AbstractChart, Window

scripts = []
window = Window(script_func=scripts.append)
window.loaded = True
chart = AbstractChart(window)

times = pd.to_datetime(["2024-01-01 00:00", "2024-01-01 00:01", "2024-01-01 00:02"])
prices = {name: [1.0, 2.0, 3.0] for name in ("open", "high", "low", "close")}
chart.set(pd.DataFrame({"time": times, **prices}))
chart.marker(time=times[1])

[candles] = [script for script in scripts if ".series.setData(" in script]
[markers] = [script for script in scripts if ".setMarkers(" in script]
shown = " ".join(re.findall(r'"time": (\d+)', candles))
[marked] = [int(marker["time"]) for marker in json.loads(markers[markers.index("[") : markers.rindex("]") + 1])]
print(f"pandas {pd.__version__}: candles at {shown}, marker at {marked}")
PROGRAM

for version in 2.3.3 3.1.1; do
  uv venv --quiet --python 3.11 "with_$version"
  uv pip install --quiet --python "with_$version/bin/python" lightweight-charts==2.1 "pandas==$version"
  "with_$version/bin/python" program.py >>output
done

cat >expected <<'EXPECTED'
pandas 2.3.3: candles at 1704067200 1704067260 1704067320, marker at 1704067260
pandas 3.1.1: candles at 1704067 1704067 1704067, marker at 1704067260
EXPECTED

if ! diff expected output; then
  echo "lightweight-charts has changed how it reads times" >&2
  exit 1
fi

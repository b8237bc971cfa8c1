#!/usr/bin/env bash
# backtesting.py turns a certain loss into a profit: a limit entry whose bar goes on through its stop keeps
# the position, and the stop is looked at from the next bar on.
#
# backtesting 0.6.6 with pandas 3.1.1, CPython 3.11, Linux x86_64.
#
# The bar opens at 100 and falls to 80. On its way it passes the entry at 95 and later, still falling, the
# stop at 90: for a buy limit below the open no path inside the bar avoids that, so the trade loses 5. The
# library says in a warning that it executes the stop "on the next (matching) price/bar"; as the market
# recovers there is none, and the trade ends with a profit of 24 in the statistics. With a market entry the
# same stop is executed in the bar of the entry.
#
# Output seen:
#   limit entry: out at 119.0 after 3 bars, profit 24.0, warned: True
#   market entry: out at 90.0 after 0 bars, profit -5.0, warned: False
#
# What it means here: the stop counts in the bar of the entry
# (tests/unit/expert/venue/simulated/test_venue.py::test_limit_entry_that_is_stopped_in_its_own_bar).
set -euo pipefail

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"
uv venv --quiet --python 3.11 packages
uv pip install --quiet --python packages/bin/python backtesting==0.6.6 pandas==3.1.1

cat >program.py <<'PROGRAM'
import warnings

import pandas
from backtesting import Backtest, Strategy

BARS = [(100, 101, 99, 100), (100, 101, 99, 100), None, (99, 110, 98, 109), (109, 120, 108, 119), (119, 121, 118, 120)]


def run(name, bar, **entry):
    class Once(Strategy):
        def init(self):
            pass

        def next(self):
            if len(self.data) == 2:
                self.buy(size=1, sl=90, **entry)

    days = pandas.date_range("2026-01-01", periods=len(BARS), freq="D")
    columns = ["Open", "High", "Low", "Close"]
    data = pandas.DataFrame([each or bar for each in BARS], columns=columns, index=days, dtype=float)
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        statistics = Backtest(data, Once, cash=1000, finalize_trades=True).run()
    [trade] = statistics["_trades"].itertuples()
    warned = any("same bar" in str(each.message) for each in said)
    bars = trade.ExitBar - trade.EntryBar
    print(f"{name}: out at {trade.ExitPrice} after {bars} bars, profit {trade.PnL}, warned: {warned}")


run("limit entry", (100, 100, 80, 98), limit=95)
run("market entry", (95, 100, 80, 98))
PROGRAM
packages/bin/python -W ignore program.py | tee output

cat >expected <<'EXPECTED'
limit entry: out at 119.0 after 3 bars, profit 24.0, warned: True
market entry: out at 90.0 after 0 bars, profit -5.0, warned: False
EXPECTED
if ! diff expected output; then
  echo "the behaviour has changed" >&2
  exit 1
fi

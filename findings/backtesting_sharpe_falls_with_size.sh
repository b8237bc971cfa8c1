#!/usr/bin/env bash
# backtesting.py's Sharpe ratio falls with the size of the position, and ranks the best of three strategies
# last: an optimisation that maximises it finds the smallest stake.
#
# backtesting 0.6.6 with pandas 3.1.1 and quantstats 0.0.86, CPython 3.11, Linux x86_64.
#
# A Sharpe ratio is a mean return by its deviation, so twice the stake leaves it as it is. backtesting.py
# divides the return by the volatility after it has compounded both over a year; the compounded volatility
# grows with the return itself. Of the daily returns below, the second pair is the first one doubled, and the
# third gains more on each day that gains and loses on none. quantstats, and a mean by a deviation times the
# root of 365, give one value for the first two and the highest for the third. A strategy that loses a little
# is shown twice as bad.
#
# Output seen (daily returns; backtesting.py, quantstats, mean by deviation):
#   -0.3 % and 0.7 %, in turns: 5.38, 7.61, 7.61
#   -0.6 % and 1.4 %, in turns: 3.97, 7.61, 7.61
#   0.0 % and 4.0 %, in turns: 2.57, 18.97, 18.97
#   -2.3 % and 1.7 %, in turns: -5.54, -2.85, -2.85
#
# What it means here: `sharpe_365d` is the mean of the daily returns by their deviation, which the functions
# of three other libraries confirm (tests/compatibility/test_figures_of_other_libraries.py); docs/metrics.md
# has both definitions side by side.
set -euo pipefail

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"
uv venv --quiet --python 3.11 packages
uv pip install --quiet --python packages/bin/python backtesting==0.6.6 pandas==3.1.1 quantstats==0.0.86

cat >program.py <<'PROGRAM'
import math

import numpy
import pandas
import quantstats
from backtesting import Backtest, Strategy

DAYS = pandas.date_range("2025-01-01", periods=365, freq="D")


class Hold(Strategy):
    def init(self):
        pass

    def next(self):
        if not self.position:
            self.buy(size=0.999)


for low, high in ((-0.003, 0.007), (-0.006, 0.014), (0.0, 0.04), (-0.023, 0.017)):
    close = 100 * numpy.cumprod([1 + (high if day % 2 else low) for day in range(len(DAYS))])
    opened = numpy.concatenate([[100.0], close[:-1]])
    high_, low_ = numpy.maximum(opened, close), numpy.minimum(opened, close)
    bars = pandas.DataFrame({"Open": opened, "High": high_, "Low": low_, "Close": close}, index=DAYS)
    run = Backtest(bars, Hold, cash=1_000_000, finalize_trades=True).run()
    returns = run["_equity_curve"]["Equity"].pct_change().dropna()
    plain = returns.mean() / returns.std() * math.sqrt(365)
    other = quantstats.stats.sharpe(returns, periods=365)
    shown = ", ".join(f"{value:.2f}" for value in (run["Sharpe Ratio"], other, plain))
    print(f"{low * 100:.1f} % and {high * 100:.1f} %, in turns: {shown}")
PROGRAM
packages/bin/python -W ignore program.py 2>/dev/null | tee output

cat >expected <<'EXPECTED'
-0.3 % and 0.7 %, in turns: 5.38, 7.61, 7.61
-0.6 % and 1.4 %, in turns: 3.97, 7.61, 7.61
0.0 % and 4.0 %, in turns: 2.57, 18.97, 18.97
-2.3 % and 1.7 %, in turns: -5.54, -2.85, -2.85
EXPECTED
if ! diff expected output; then
  echo "the behaviour has changed" >&2
  exit 1
fi

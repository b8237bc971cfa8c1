"""The cost of having everything on record, for a real strategy.

    uv run benchmarks/strategy_overhead.py [--quick] [--check] [--json]

Method. A moving-average cross runs as a backtest, once with the default logging of an expert (a record per
bar, order, fill and position change, in files), once with `logging.disable()`, which makes each call do
nothing. The compared time runs from `on_init`, when market data are loaded, until everything is written. The
data are the first bars of the real BTC minute bars if `../shared/data` is there, and generated ones
otherwise. Fresh process each, taking turns, ratio within a round, median over the rounds. The records in the
file are parsed and counted, and must be as many as the library says it wrote; both runs must come to the same
result. There are fifteen rounds, because a run takes a second, in which a shared machine easily differs by
more than the promise.

Limits. The less a strategy computes, the larger the share of logging. This one takes two averages over 60
closes per bar, which is as cheap as strategies come. On a machine with one core the backend's work would
count too.
"""

from __future__ import annotations

import csv
import logging
import os
import sys
import time
from collections.abc import Callable
from itertools import islice
from pathlib import Path

from harness.report import Goal, Options, Table, finish, read_options
from harness.rounds import Figures, Rounds, measure_here_if_asked, ratio, take_rounds, total, typical
from metaexpert import MetaExpert
from metaexpert.expert import Bar
from metaexpert.expert.indicators import sma
from metaexpert.expert.market_data import generate_bars
from metaexpert.logger import read_log, shutdown, stats

ON, OFF = "all on record", "logging off"
#: Promised: the share of a run's time that logging may take.
LIMIT = 0.05
SEED = 7
DATA = Path(__file__).resolve().parents[2] / "shared" / "data" / "btc_perp_1m_2022-01.csv"
FAST_BARS, SLOW_BARS = 20, 60


def write_market_data(path: Path, bars: int) -> None:
    """Write the first `bars` bars of the market data to a file."""
    if DATA.exists():
        with DATA.open() as source:
            # One more: the file's own header.
            path.write_text("".join(islice(source, bars + 1)))
        return
    with path.open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(("time", "open", "high", "low", "close", "volume"))
        for bar in generate_bars(seed=SEED, count=bars):
            rows.writerow((bar.time.isoformat(), bar.open, bar.high, bar.low, bar.close, bar.volume))


def expert_on_averages(on_start: Callable[[], None]) -> MetaExpert:
    """Return an expert that trades where two averages cross, and calls `on_start` in its `on_init`."""
    expert = MetaExpert(exchange="binance", log_to_console=False, persist_state=False)

    @expert.on_init(
        symbol="BTCUSDT",
        timeframe="1m",
        lookback_bars=SLOW_BARS + 1,
        warmup_bars=SLOW_BARS,
        strategy_id=1,
        strategy_name="Overhead",
        comment="overhead",
        leverage=5,
        max_drawdown_pct=None,
        daily_loss_limit=None,
        size_type="fixed_quote",
        size_value=100.0,
        max_positions_per_symbol=1,
    )
    def init() -> None:
        on_start()

    @expert.on_bar
    def bar(rates: Bar) -> None:
        closes = [each.close for each in expert.history(SLOW_BARS + 1)]
        before, now = difference(closes[:-1]), difference(closes[1:])
        if before <= 0 < now:
            expert.close_position("SELL")
            expert.open_position("BUY")
        elif before >= 0 > now:
            expert.close_position("BUY")
            expert.open_position("SELL")

    return expert


def difference(closes: list[float]) -> float:
    """Return the fast average minus the slow one."""
    fast, slow = sma(closes, FAST_BARS), sma(closes, SLOW_BARS)
    return 0.0 if fast is None or slow is None else fast - slow


def measure(subject: str, records: int, directory: Path) -> Figures:
    """Run the backtest over `records` bars."""
    os.chdir(directory)
    write_market_data(Path("bars.csv"), records)
    started: list[tuple[float, float]] = []
    expert = expert_on_averages(lambda: started.append((time.perf_counter(), time.process_time())))
    if subject == OFF:
        logging.disable(logging.CRITICAL)
    result = expert.run(mode="backtest", data="bars.csv", symbol="BTCUSDT", allow_gaps=True)
    shutdown()
    ended = time.perf_counter(), time.process_time()
    seconds, cpu = (end - start for end, start in zip(ended, started[0], strict=True))
    seen = stats()
    return {
        "seconds": seconds,
        "cpu_seconds": cpu,
        "bars": result.bars,
        "final_equity": result.final_equity,
        "written": seen.written,
        "lost": seen.dropped,
    }


def check(subject: str, records: int, directory: Path) -> Figures:
    """Count and parse what is in the file."""
    path = directory / "logs" / "expert.log"
    return {"lines": sum(1 for _ in read_log(path)) if path.exists() else 0}


def report(rounds: Rounds, options: Options) -> int:
    """Print the figures and return the exit code."""
    rows, figures = [], {}
    for subject in (OFF, ON):
        names = ("seconds", "cpu_seconds", "lines", "final_equity", "lost")
        seconds, cpu, lines, equity, lost = (typical(rounds, subject, name) for name in names)
        figures[subject] = dict(zip(names, (seconds, cpu, lines, equity, lost), strict=True))
        rows.append(
            (subject, f"{seconds:.3f}", f"{cpu:.3f}", f"{lines:,.0f}", f"{lost:,.0f}", f"{equity:,.2f}")
        )
    overhead = ratio(rounds, ON, OFF, "seconds") - 1
    unaccounted = sum(abs(each[ON]["written"] - each[ON]["lines"]) + each[ON]["lost"] for each in rounds)
    figures["overhead"] = {"share": overhead}
    # Without records, or with logging never off, there is no overhead to measure.
    a_bar = min(each[ON]["lines"] / each[ON]["bars"] for each in rounds)
    goals = [
        Goal("share of the run's time that logging adds", overhead, LIMIT),
        Goal("records per bar, in the file", a_bar, 1, at_least=True),
        Goal("records of the run without logging", total(rounds, OFF, "lines"), 0),
        Goal("records lost or not in the file", unaccounted, 0),
        Goal("difference in the result", abs(figures[ON]["final_equity"] - figures[OFF]["final_equity"]), 0),
    ]
    runs = Table(("run", "seconds", "CPU seconds", "records", "lost", "final equity"), rows)
    source = DATA.name if DATA.exists() else f"generated bars, seed {SEED}"
    return finish("a strategy's overhead", [runs], figures, goals, options, notes=[f"market data: {source}"])


def main() -> int:
    """Measure, check and report."""
    measure_here_if_asked(measure)
    options = read_options(__doc__, records=30_000, quick_records=2_000, rounds=15)
    rounds = take_rounds({OFF: options.records, ON: options.records}, rounds=options.rounds, check=check)
    return report(rounds, options)


if __name__ == "__main__":
    sys.exit(main())

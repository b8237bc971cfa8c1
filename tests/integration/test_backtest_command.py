"""`metaexpert backtest`: the summary, and the records that prove it."""

import subprocess
import sys
from math import fsum

import pytest

from support.command_process import (
    PROJECT,
    environment,
    metaexpert,
    needs_full_device,
    real_data,
    records,
    write_bars,
)

duckdb = pytest.importorskip("duckdb")

REAL_FILES = {
    "btc_perp_1m_2022-01.csv": 45_031,
    "btcusdt_klines_5m_2020-07.csv": 2_881,
    "bnbusdt_klines_1h_2024-07.csv": 500,
    "btcusdt_trades_2021-01-08.csv": 2_001,
    "btcusdt_quotes_2021-01-08.csv": 451,
}


def totals(path, session_id):
    """Sum the fills of a session with DuckDB."""
    return duckdb.execute(
        "SELECT count(*), sum(realized_pnl), sum(fee), arg_max(balance, seq), sum(qty * price) "
        "FROM read_json(?, format='newline_delimited') WHERE event_name = 'order.filled' AND session_id = ?",
        [str(path), session_id],
    ).fetchone()


@pytest.mark.parametrize("data", REAL_FILES)
def test_template_runs_on_every_real_file(tmp_path, data):
    """The template, unedited, runs on all five files, and every row of data is an event."""
    path = real_data(data)
    assert metaexpert(tmp_path, "new", "my_expert").code == 0
    done = metaexpert(tmp_path, "backtest", "my_expert.py", "--data", path, "--json")
    assert done.code == 0, done.err
    figures = done.figures
    assert (figures["events"], figures["stop_reason"]) == (REAL_FILES[data], "end_of_data")
    assert (figures["handler_errors"], figures["records_dropped"]) == (0, 0)
    assert figures["records_written"] == len(records(tmp_path / "logs" / "expert.log"))


def test_template_trades_on_real_minute_bars(tmp_path):
    """On the BTC minute bars the template trades, inside its hours and days alone."""
    path = real_data("btc_perp_1m_2022-01.csv")
    metaexpert(tmp_path, "new", "my_expert")
    figures = metaexpert(tmp_path, "backtest", "my_expert.py", "--data", path, "--json").figures
    trades = tmp_path / "logs" / "trades.log"
    entries = [
        r for r in records(trades, event_name="order.filled", reason="strategy") if r["realized_pnl"] == 0
    ]
    assert len(entries) > 10
    assert {record["sim_time"][11:13] for record in entries} <= {"09", "10", "11", "15"}
    assert figures["rejected"] == sum(figures["rejections"].values()) > 100
    refused = records(tmp_path / "logs" / "expert.log", event_name="order.rejected")
    assert len(refused) == figures["rejected"]
    assert len(records(trades, event_name="order.rejected")) < figures["rejected"]


def test_example_on_real_data_agrees_with_its_records(tmp_path):
    """Every bar is a record, and DuckDB finds the summary's sums in trades.log."""
    path = real_data("btc_perp_1m_2022-01.csv")
    done = metaexpert(tmp_path, "backtest", PROJECT / "examples" / "ma_cross.py", "--data", path, "--json")
    figures = done.figures
    count, realized, fees, balance, _ = totals(tmp_path / "logs" / "trades.log", figures["session_id"])
    assert count == figures["fills"] > 100
    assert realized == pytest.approx(figures["realized_pnl"], abs=1e-6)
    assert fees == pytest.approx(figures["fees"], abs=1e-6)
    assert balance == figures["final_balance"]
    assert figures["final_balance"] == pytest.approx(figures["initial_capital"] + realized - fees, abs=1e-6)
    bars = records(tmp_path / "logs" / "expert.log", event_name="bar.closed")
    assert sum(bar["timeframe"] == "1m" for bar in bars) == 45_031
    assert sum(bar["timeframe"] == "15m" for bar in bars) == 3_002
    wanted = {"strategy_id": 2001, "strategy_name": "MA cross", "symbol": "BTCUSDT", "mode": "backtest"}
    assert all(wanted.items() <= bar.items() for bar in bars)


def test_fills_follow_from_the_bars_on_record(tmp_path):
    """Every market fill is at the open of the bar of its time, 0.02 % worse; every exit inside its bar."""
    path = real_data("btc_perp_1m_2022-01.csv")
    example = PROJECT / "examples" / "ma_cross.py"
    assert metaexpert(tmp_path, "backtest", example, "--data", path, "--json").code == 0
    log = tmp_path / "logs" / "expert.log"
    opens, closes = {}, {}
    for bar in records(log, event_name="bar.closed", timeframe="1m"):
        opens[bar["bar_time"]] = closes[bar["sim_time"]] = bar
    slip = {"BUY": 1.0002, "SELL": 0.9998}
    market = records(log, event_name="order.filled", order_type="MARKET", reason="strategy")
    for fill in market:
        assert fill["price"] == pytest.approx(opens[fill["sim_time"]]["open"] * slip[fill["side"]], abs=1e-7)
    stops = records(log, event_name="order.filled", order_type="STOP")
    for fill in stops:
        bar = closes[fill["sim_time"]]
        assert bar["low"] <= round(fill["price"] / slip[fill["side"]], 6) <= bar["high"]
    assert len(market) > 50
    assert len(stops) > 10


def test_generated_data_agrees_with_its_records(tmp_path):
    """On generated bars the figures are the sums over the records, position by position."""
    metaexpert(tmp_path, "new", "e", "--template", "minimal")
    data = write_bars(tmp_path / "btcusdt_1m.csv", 6_000)
    figures = metaexpert(tmp_path, "backtest", "e.py", "--data", data, "--json", "--capital", 5000).figures
    trades = tmp_path / "logs" / "trades.log"
    count, realized, fees, balance, _ = totals(trades, figures["session_id"])
    assert (count, figures["initial_capital"]) == (figures["fills"], 5000.0)
    assert (realized, fees) == (
        pytest.approx(figures["realized_pnl"], abs=1e-6),
        pytest.approx(figures["fees"], abs=1e-6),
    )
    assert balance == figures["final_balance"]
    closed = records(trades, event_name="position.closed")
    assert len(closed) == figures["trades"] > 0
    assert fsum(record["net_pnl"] for record in closed) == pytest.approx(figures["net_profit"], abs=1e-6)
    assert len(records(trades, event_name="order.created")) == figures["orders"]


def test_summary_is_for_people_without_json(tmp_path):
    """Without --json stdout has a line for each figure and nothing else."""
    metaexpert(tmp_path, "new", "e", "--template", "minimal")
    data = write_bars(tmp_path / "btcusdt_1m.csv", 2_000)
    done = metaexpert(tmp_path, "backtest", "e.py", "--data", data, "--log-level", "WARNING")
    assert (done.code, done.err) == (0, "")
    lines = dict(line.strip().split("  ", 1) for line in done.out.splitlines()[1:])
    assert lines["bars"].strip() == "2,000"
    assert lines["balance"].strip().startswith("10,000.00 USDT -> ")


def test_range_of_the_command_line_cuts_the_data(tmp_path):
    """--from and --to select whole days, and a time is the first moment left out."""
    metaexpert(tmp_path, "new", "e", "--template", "minimal")
    data = write_bars(tmp_path / "btcusdt_1m.csv", 4_000)
    day = metaexpert(
        tmp_path, "backtest", "e.py", "--data", data, "--json", "--from", "2024-01-02", "--to", "2024-01-02"
    ).figures
    assert (day["start"], day["events"]) == ("2024-01-02T00:00:00Z", 1_440)
    until = metaexpert(
        tmp_path, "backtest", "e.py", "--data", data, "--json", "--to", "2024-01-01 01:00"
    ).figures
    assert until["events"] == 60


def test_the_console_shows_what_happens_in_simulated_time(tmp_path):
    """INFO records are on stderr, stdout stays JSON; what is the same all through the run is shown once."""
    metaexpert(tmp_path, "new", "e")
    data = write_bars(tmp_path / "btcusdt_1m.csv", 4_000)
    done = metaexpert(tmp_path, "backtest", "e.py", "--data", data, "--json")
    assert done.figures["session_id"]
    first, *others = [line for line in done.err.splitlines() if line.startswith("2024-01-0")]
    assert first.startswith("2024-01-01 00:00:00Z INFO     metaexpert.expert    Expert started ")
    constant = ("strategy_id=", "strategy_name=", "session_id=", "mode=", "symbol=", "timeframe=")
    assert all(name in first for name in constant)
    noise = (*constant, "sim_time=", "event_name=", "category=", "null")
    assert not any(name in line for line in others for name in noise)
    assert " stop_reason=end_of_data bars=4000 " in others[-1]
    assert max(map(len, others)) < 250
    assert others[0].startswith("2024-01-01 00:00:00Z INFO     metaexpert.strategy  Ready ")
    assert others[0].endswith(" fast_bars=10 slow_bars=30")
    assert not any("Bar closed" in line or "metrics" in line for line in others)
    (stopped,) = records(tmp_path / "logs" / "expert.log", message="Expert stopped")
    told = ("events", "rejections", "open_positions", "duration_s", "event_name", "timeframe")
    assert all(name in stopped for name in told)
    (ready,) = records(tmp_path / "logs" / "expert.log", message="Ready")
    assert ready["strategy_name"] == "My Strategy"
    assert ready["session_id"] == done.figures["session_id"]
    assert ready["sim_time"] == "2024-01-01T00:00:00Z"


def test_the_console_tells_the_timeframes_of_an_expert_that_has_several(tmp_path):
    """Where handlers are of two timeframes, lines say whose they are; the files do in any case."""
    metaexpert(tmp_path, "new", "e", "--template", "minimal")
    text = (tmp_path / "e.py").read_text()
    both = (
        '@expert.on_bar("2h")\n@expert.on_bar\ndef bar(rates: Bar) -> None:\n    expert.logger.info("Bar")\n'
    )
    (tmp_path / "e.py").write_text(text.replace("@expert.on_bar\ndef bar(rates: Bar) -> None:\n", both))
    data = write_bars(tmp_path / "btcusdt_1m.csv", 200)
    done = metaexpert(tmp_path, "backtest", "e.py", "--data", data)
    shown = [line for line in done.err.splitlines() if line.split()[3:4] == ["metaexpert.strategy"]]
    assert [line.partition(" Bar ")[2].strip() for line in shown] == [
        "timeframe=1h",
        "timeframe=1h",
        "timeframe=2h",
        "timeframe=1h",
    ]
    told = records(tmp_path / "logs" / "expert.log", message="Bar")
    assert [record["timeframe"] for record in told] == ["1h", "1h", "2h", "1h"]


@pytest.mark.parametrize("way", ["--log-level", "variable", "code"])
def test_the_console_of_a_backtest_may_be_silent(tmp_path, way):
    """The command line, the environment and the strategy's file switch INFO records off; files have them."""
    metaexpert(tmp_path, "new", "e", "--template", "minimal")
    data = write_bars(tmp_path / "btcusdt_1m.csv", 4_000)
    (tmp_path / ".env").write_text("LOG_LEVEL=WARNING\n" if way == "variable" else "")
    if way == "code":
        text = (tmp_path / "e.py").read_text()
        (tmp_path / "e.py").write_text(text.replace('"binance"', '"binance", log_to_console=False'))
    arguments = ("--log-level", "WARNING") if way == "--log-level" else ()
    done = metaexpert(tmp_path, "backtest", "e.py", "--data", data, "--json", *arguments)
    assert done.err == ""
    filled = records(tmp_path / "logs" / "expert.log", event_name="order.filled")
    assert len(filled) == done.figures["fills"] > 0


def test_bars_are_on_record_until_they_are_switched_off(tmp_path):
    """At any level each bar is a record; `record_bars=False` or the level of their logger ends that."""
    metaexpert(tmp_path, "new", "e", "--template", "minimal")
    text = (tmp_path / "e.py").read_text()
    (tmp_path / "off.py").write_text(text.replace('"binance"', '"binance", record_bars=False'))
    data = write_bars(tmp_path / "btcusdt_1m.csv", 300)

    def bars(file, *arguments):
        metaexpert(tmp_path, "backtest", file, "--data", data, "--json", "--log-dir", "l", *arguments)
        log = tmp_path / "l" / "expert.log"
        found = records(log, event_name="bar.closed", timeframe="1m") if log.exists() else []
        log.unlink(missing_ok=True)
        return len(found)

    assert bars("e.py", "--log-level", "CRITICAL") == 300
    assert bars("off.py") == bars("off.py", "--log-level", "DEBUG") == 0
    (tmp_path / "metaexpert.toml").write_text('loggers."metaexpert.market" = "INFO"\n')
    assert bars("e.py") == 0


def test_a_program_prints_the_summary_that_the_command_prints(tmp_path):
    """`python e.py` shows the same figures on stdout, after the log."""
    metaexpert(tmp_path, "new", "e", "--template", "minimal")
    data = write_bars(tmp_path / "btcusdt_1m.csv", 4_000)
    by_command = metaexpert(tmp_path, "backtest", "e.py", "--data", data)
    text = (tmp_path / "e.py").read_text().replace('mode="backtest"', f'mode="backtest", data={str(data)!r}')
    (tmp_path / "e.py").write_text(text)
    done = subprocess.run(
        [sys.executable, "e.py"], cwd=tmp_path, env=environment(), capture_output=True, text=True, check=True
    )
    summary = done.stdout
    lines = summary[summary.index("My Strategy: backtest on BTCUSDT") :].splitlines()

    def lasting(rows):
        return [row for row in rows if not row.strip().startswith(("records", "session"))]

    assert lasting(lines) == lasting(by_command.out.splitlines())
    assert "Order filled" in summary[: summary.index("My Strategy: backtest on")]
    assert done.stderr == ""


def program_and_command(tmp_path, redirection):
    """Return how `python e.py` and `metaexpert backtest` end with a redirection; their code is on stderr."""
    metaexpert(tmp_path, "new", "e", "--template", "minimal")
    data = write_bars(tmp_path / "btcusdt_1m.csv", 300)
    text = (tmp_path / "e.py").read_text().replace("initial_capital=10000", f"data={str(data)!r}")
    (tmp_path / "e.py").write_text(text)
    commands = ("e.py", f'-m metaexpert backtest e.py --data "{data}"')
    lines = [f'{{ "{sys.executable}" {each}; echo "code $?" >&3; }} 3>&2 {redirection}' for each in commands]
    return [
        subprocess.run(
            ["sh", "-c", line], cwd=tmp_path, env=environment(), capture_output=True, text=True, check=False
        )
        for line in lines
    ]


@pytest.mark.parametrize(("stdout", "code"), [("| true", 1), (">&-", 0)])
def test_figures_that_nobody_reads_are_no_error(tmp_path, stdout, code):
    """A reader that has gone, and a closed stdout, leave the program without a traceback."""
    for done in program_and_command(tmp_path, stdout):
        assert f"code {code}\n" in done.stderr
        assert "Traceback" not in done.stderr


@needs_full_device
def test_figures_that_cannot_be_printed_are_an_error(tmp_path):
    """A stdout that takes nothing ends the run with 1, and with a line that says where the figures are."""
    for done in program_and_command(tmp_path, ">/dev/full"):
        told = done.stderr.splitlines()
        assert told[-1] == "code 1"
        assert told[-2] == (
            "error: stdout takes nothing: No space left on device; "
            'the record "Expert stopped" in logs/expert.log has the figures'
        )
        assert not any(line.startswith("Traceback") for line in told)


@needs_full_device
@pytest.mark.parametrize("stderr", ["2>/dev/full", "2>&-"])
def test_a_stderr_that_takes_nothing_stops_nothing(tmp_path, stderr):
    """The figures are printed, they alone by the command, and the run ends well."""
    program, command = program_and_command(tmp_path, stderr)
    assert [program.stderr, command.stderr] == ["code 0\n"] * 2
    assert "\n  session " in program.stdout
    assert command.stdout.startswith("My Strategy: backtest on BTCUSDT\n")


def test_symbol_of_the_data_counts_and_is_told(tmp_path):
    """Data of another symbol than the strategy's is run as what it is, with a note on stderr."""
    metaexpert(tmp_path, "new", "e", "--template", "minimal")
    data = write_bars(tmp_path / "ethusdt_1m.csv", 200)
    done = metaexpert(tmp_path, "backtest", "e.py", "--data", data, "--json")
    assert done.figures["symbol"] == "ETHUSDT"
    assert "the strategy names BTCUSDT: running on ETHUSDT" in done.err
    named = metaexpert(tmp_path, "backtest", "e.py", "--data", data, "--json", "--symbol", "BTCUSDT")
    assert named.figures["symbol"] == "BTCUSDT"
    assert "the strategy names" not in named.err


@pytest.mark.parametrize("command", [("backtest", "e.py"), ("run", "e.py", "--mode", "paper")])
def test_a_second_file_is_an_error_that_names_both(tmp_path, command):
    """Of two --data neither is left out in silence."""
    metaexpert(tmp_path, "new", "e", "--template", "minimal")
    done = metaexpert(tmp_path, *command, "--data", "jan.csv", "--data", "feb.csv")
    assert done.code == 2
    assert done.err == (
        "error: --data names 2 files: jan.csv, feb.csv; a simulation runs on one, so name one\n"
    )


def test_a_second_symbol_is_an_error_until_one_is_chosen(tmp_path):
    """A strategy of two symbols does not trade one of them as if it were both."""
    metaexpert(tmp_path, "new", "e", "--template", "minimal")
    strategy = tmp_path / "e.py"
    source = strategy.read_text()
    assert 'symbol="BTCUSDT"' in source
    strategy.write_text(source.replace('symbol="BTCUSDT"', 'symbol={"BTCUSDT", "ETHUSDT"}'))
    data = write_bars(tmp_path / "btcusdt_1m.csv", 200)
    refused = metaexpert(tmp_path, "backtest", "e.py", "--data", data)
    assert refused.code == 2
    assert "symbol of @expert.on_init(...) names 2: BTCUSDT, ETHUSDT; a simulation trades one" in refused.err
    chosen = metaexpert(tmp_path, "backtest", "e.py", "--data", data, "--json", "--symbol", "BTCUSDT")
    assert (chosen.code, chosen.figures["symbol"]) == (0, "BTCUSDT")


def test_paper_mode_runs_on_data_and_keeps_its_account(tmp_path):
    """`run --mode paper --data` runs on the file, shows its log on stderr, and leaves the account's state."""
    metaexpert(tmp_path, "new", "e", "--template", "minimal")
    data = write_bars(tmp_path / "btcusdt_1m.csv", 6_000)
    done = metaexpert(tmp_path, "run", "e.py", "--mode", "paper", "--data", data, "--json")
    assert (done.code, done.figures["mode"]) == (0, "paper")
    assert (tmp_path / "state.json").is_file()
    assert "Order filled" in done.err

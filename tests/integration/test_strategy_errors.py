"""Strategies that fail: their records, their output and their exit codes."""

import textwrap

import pytest

from support.command_process import metaexpert, records, write_bars

HEAD = """
from metaexpert import MetaExpert
expert = MetaExpert(exchange="binance")
seen = []

@expert.on_init(symbol="BTCUSDT", timeframe="1m", size_type="fixed_base", size_value=0.01)
def init():
    pass

"""
TAIL = """
if __name__ == "__main__":
    expert.run(mode="backtest")
"""


@pytest.fixture
def run(tmp_path):
    """Run a strategy of the given body on 60 generated bars."""
    data = write_bars(tmp_path / "btcusdt_1m.csv", 60)

    def run_body(body, *arguments, head=HEAD, tail=TAIL):
        (tmp_path / "s.py").write_text(head + textwrap.dedent(body) + tail, encoding="utf-8")
        return metaexpert(tmp_path, "backtest", "s.py", "--data", data, "--json", *arguments)

    return run_body


def test_failing_handler_is_on_record_and_the_run_goes_on(run, tmp_path):
    """Every fifth bar raises: tracebacks in errors.log, on_error called, all bars run, exit code 0."""
    done = run(
        """
        @expert.on_bar
        def bar(rates):
            seen.append(rates)
            if len(seen) % 5 == 0:
                raise ZeroDivisionError("no volume")

        @expert.on_error
        def error(err):
            expert.logger.info("heard", heard=str(err))
        """
    )
    assert (done.code, done.figures["bars"], done.figures["handler_errors"]) == (0, 60, 12)
    assert "12 event handler calls failed; tracebacks are in logs/errors.log" in done.err
    errors = records(tmp_path / "logs" / "errors.log", event_name="strategy.error")
    assert len(errors) == 12
    assert errors[0]["exception"]["type"] == "ZeroDivisionError"
    assert 'raise ZeroDivisionError("no volume")' in errors[0]["exception"]["stacktrace"]
    assert (errors[0]["handler"], errors[0]["symbol"], errors[0]["timeframe"]) == ("bar", "BTCUSDT", "1m")
    assert errors[0]["sim_time"] == "2024-01-01T00:05:00Z"
    assert len(records(tmp_path / "logs" / "expert.log", message="heard", heard="no volume")) == 12


def test_single_failure_is_told_as_one_call(run):
    """One failed call is "1 event handler call", not "1 event handler calls"."""
    done = run(
        """
        @expert.on_bar
        def bar(rates):
            seen.append(rates)
            if len(seen) == 5:
                raise ZeroDivisionError("no volume")
        """
    )
    assert done.code == 0
    assert "warning: 1 event handler call failed; tracebacks are in logs/errors.log" in done.err


def test_handler_that_always_fails_stops_the_run(run, tmp_path):
    """After ten failures in a row the run stops with exit code 1, and on_deinit has been called."""
    done = run(
        """
        @expert.on_bar
        def bar(rates):
            raise ValueError("always")

        @expert.on_deinit
        def deinit(reason):
            expert.logger.info("over", reason=reason)
        """
    )
    assert (done.code, done.figures["bars"], done.figures["stop_reason"]) == (1, 10, "error")
    assert "the strategy stopped (error): ValueError: always" in done.err
    assert records(tmp_path / "logs" / "expert.log", message="over", reason="error") != []
    assert records(tmp_path / "logs" / "expert.log", event_name="expert.stopped", stop_reason="error") != []


def test_failing_on_error_does_not_loop(run, tmp_path):
    """on_error that raises stops the run at the first error: two tracebacks, exit code 1."""
    done = run(
        """
        @expert.on_bar
        def bar(rates):
            raise ValueError("first")

        @expert.on_error
        def error(err):
            raise RuntimeError("second")
        """
    )
    assert (done.code, done.figures["bars"]) == (1, 1)
    errors = records(tmp_path / "logs" / "errors.log")
    assert [record["exception"]["message"] for record in errors] == ["first", "second"]


def test_on_error_that_returns_false_stops(run):
    """A strategy may decide that an error is the end."""
    done = run(
        """
        @expert.on_bar
        def bar(rates):
            raise ValueError("fatal")

        @expert.on_error
        def error(err):
            return False
        """
    )
    assert (done.code, done.figures["bars"]) == (1, 1)


def test_failing_on_init_stops_before_the_first_bar(run, tmp_path):
    """Exit code 1, no bar on record, the traceback in errors.log."""
    head = HEAD.replace("    pass", '    raise RuntimeError("no licence")')
    done = run("", head=head)
    assert (done.code, done.figures["bars"], done.figures["stop_reason"]) == (1, 0, "init_failed")
    assert records(tmp_path / "logs" / "expert.log", event_name="bar.closed") == []
    assert records(tmp_path / "logs" / "errors.log")[0]["exception"]["message"] == "no licence"


def test_bad_argument_of_the_strategy_names_file_and_line(run):
    """A typo in the settings is reported with its place in the file, without a traceback."""
    done = run("", head=HEAD.replace("binance", "binnance"))
    assert (done.code, done.out) == (2, "")
    assert done.err == (
        "error: s.py, line 3: exchange must be one of binance, bitget, bybit, kucoin, okx, was 'binnance'; "
        'did you mean "binance"?\n'
    )


@pytest.mark.parametrize(
    ("body", "code", "said"),
    [
        ("def broken(:\n    pass\n", 2, "s.py, line 10: SyntaxError"),
        ("import no_such_module_at_all\n", 1, "s.py, line 10: ModuleNotFoundError: No module named"),
        ("undefined_name\n", 1, "s.py, line 10: NameError: name 'undefined_name'"),
    ],
)
def test_file_that_cannot_be_executed_is_told(run, body, code, said):
    """A mistake in the file is reported with its line."""
    done = run(body, head=HEAD.rstrip("\n") + "\n\n")
    assert (done.code, done.out) == (code, "")
    assert said in done.err


def test_file_that_runs_nothing_is_told(run):
    """Without expert.run() there is nothing to show."""
    done = run("", tail="")
    assert done.code == 2
    assert "s.py never runs its expert" in done.err


def test_sys_exit_of_a_strategy_is_the_exit_code(run, tmp_path):
    """A strategy that ends the process sets the exit code, after its on_deinit."""
    done = run(
        """
        @expert.on_bar
        def bar(rates):
            raise SystemExit(7)

        @expert.on_deinit
        def deinit(reason):
            expert.logger.info("over", reason=reason)
        """
    )
    assert done.code == 7
    assert records(tmp_path / "logs" / "expert.log", message="over") != []


def test_async_handlers_work(run, tmp_path):
    """An async strategy trades like any other."""
    done = run(
        """
        import asyncio

        @expert.on_bar
        async def bar(rates):
            await asyncio.sleep(0)
            if not expert.positions and not expert.orders:
                expert.open_position("BUY")
            expert.logger.info("seen")
        """
    )
    assert (done.code, done.figures["fills"]) == (0, 2)
    seen = records(tmp_path / "logs" / "expert.log", message="seen")
    assert len(seen) == 60
    assert seen[0]["sim_time"] == "2024-01-01T00:01:00Z"

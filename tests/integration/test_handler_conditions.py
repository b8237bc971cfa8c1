"""`filter.where`: a handler takes only the records for which its condition holds."""

from __future__ import annotations

import logging
import socket
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from metaexpert.logger import (
    ConfigurationError,
    configuration,
    configure,
    flush,
    get_logger,
    log_context,
    stats,
)
from support.strict_records import read_records

if TYPE_CHECKING:
    from support.logs import Logs
    from support.processes import Outcome

Run = Callable[..., "Outcome"]
PATIENCE_S = 30


def where(condition: str, **options: Any) -> dict[str, Any]:
    """Return a file handler with this condition."""
    return {"type": "file", "filter": {"where": condition}, **options}


def log_orders() -> None:
    """Log records that differ in what conditions look at."""
    log = get_logger("fund.bot")
    log.info("0", price=99.5, symbol="BTCUSDT")
    log.warning("1", price=Decimal("100.10"), symbol="ETHUSDT")
    log.info("2", book={"bid": [1, 2], "best": {"qty": 0.1}}, symbol="BTCUSDT")
    log.bind(strategy_id=7).trade("3", price=Decimal("250"), side="BUY")
    try:
        raise TimeoutError("no answer")
    except TimeoutError:
        log.exception("4", note=None)
    with log_context(symbol="BTC/USDT", run=2**70):
        logging.getLogger("library").error("%d", 5, extra={"price": 1})


@pytest.mark.parametrize(
    ("condition", "wanted"),
    [
        ("price > 100", "13"),
        ("price = 100.1", "1"),
        ("price = '100.10'", "1"),
        ("symbol = BTCUSDT and not price exists", "2"),
        ("book.best.qty < 0.2", "2"),
        ("book exists or strategy_id in (7, 8)", "23"),
        ("level >= warning", "145"),
        ("level = info and category != trade", ""),
        ("category = trade or category not exists and level = info", "023"),
        ("exception.type ~ /^Timeout/ and exception.stacktrace ~ test_handler_conditions", "4"),
        ("note = null", "4"),
        ("symbol = BTC/USDT and run > 1180591620717411303423", "5"),
        ("logger = library", "5"),
        ("module ~ /^fund\\./ and not seq < 1", "01234"),
        ("message in ('0', '5')", "05"),
        ("timestamp > 2020-01-01", "012345"),
        ("price exists and price < 0", ""),
    ],
)
def test_a_file_gets_the_records_that_its_condition_holds_for(
    logs: Logs, condition: str, wanted: str
) -> None:
    """Fields of calls and contexts, nested ones, exceptions, decimals, levels; in each format alike."""
    logs.configure(
        handlers={
            "chosen": where(condition),
            "shown": where(condition, format="%(message)s"),
            "all": {"type": "file"},
        }
    )
    log_orders()

    assert "".join(logs.messages("chosen.log")) == wanted
    shown = logs.directory / "shown.log"
    lines = shown.read_text().splitlines() if shown.exists() else []
    assert "".join(line for line in lines if line.isdigit()) == wanted
    assert logs.messages("all.log") == logs.messages() == [*"012345"]
    chosen = [record for record in logs.records() if record["message"] in [*wanted]]
    assert logs.records("chosen.log") == chosen


def test_the_other_conditions_of_a_filter_hold_as_well(logs: Logs) -> None:
    """Level, category and loggers decide first, and the known handlers keep theirs."""
    logs.configure(
        handlers={
            "trades": {"filter": {"where": "price > 1000 or side = BUY"}},
            "errors": {"filter": {"where": "exception exists"}},
            "small": where("message exists", level="ERROR")
            | {"filter": {"where": "price = 1", "loggers": ["fund"]}},
        }
    )
    log_orders()

    assert [logs.messages(f"{name}.log") for name in ("trades", "errors", "small")] == [["3"], ["4"], []]


def test_a_condition_sees_masked_secrets_and_the_layout_of_the_file(logs: Logs) -> None:
    """What a handler writes can be told by nothing that the files do not show."""
    logs.configure(
        field_layout="nested",
        include=["caller"],
        handlers={
            "guessed": where("context.api_key = k123456789"),
            "masked": where("context.api_key = '***' and caller.function ~ masked_secrets"),
            "flat": where("api_key exists"),
        },
    )
    logs.logger.info("login", api_key="k123456789")

    assert [logs.messages(f"{name}.log") for name in ("guessed", "masked", "flat")] == [[], ["login"], []]


def test_what_no_handler_wants_is_counted_like_other_filtered_records(logs: Logs) -> None:
    """It was logged and settled, lost by nobody, and `flush` waits for nothing."""
    logs.configure(
        handlers={name: {"filter": {"where": "price > 100"}} for name in ("file", "errors", "trades")}
    )
    before = stats()
    logs.logger.error("left out", price=1)
    assert flush(PATIENCE_S)
    after = stats()

    assert logs.messages() == []
    assert (after.logged, after.written) == (before.logged + 1, before.written + 1)
    assert (after.dropped, after.queued) == (before.dropped, 0)


def test_a_change_takes_effect_with_the_next_record(logs: Logs) -> None:
    """The condition is set, replaced and taken back while the program runs."""
    logs.configure()
    for condition in ("price > 1", "price < 1", None):
        configure(handlers={"file": {"filter": {"where": condition}}})
        assert configuration().handlers["file"].filter.where == condition
        logs.logger.info("dear", price=2)
        logs.logger.info("cheap", price=0.5)

    assert logs.messages() == ["dear", "cheap", "dear", "cheap"]


def test_a_bad_condition_changes_nothing(logs: Logs) -> None:
    """All mistakes are named at once, each with its place, and the old condition stays in force."""
    logs.configure(handlers={"file": {"filter": {"where": "price > 1"}}})
    with pytest.raises(ConfigurationError) as caught:
        configure(
            default_level="ERROR",
            handlers={"file": {"filter": {"where": "price >"}}, "errors": {"filter": {"where": "bar > 10m"}}},
        )
    logs.logger.info("dear", price=2)
    logs.logger.info("cheap", price=1)

    assert sorted(problem.path for problem in caught.value.problems) == [
        "handlers.errors.filter.where",
        "handlers.file.filter.where",
    ]
    assert (
        "a value is missing after >; write a word, a number, or a text in quotes\n  price >\n         ^"
        in str(caught.value)
    )
    assert logs.messages() == ["dear"]


@pytest.mark.parametrize("kind", ["tcp", "udp", "syslog"])
def test_a_destination_on_the_network_gets_what_it_wants(logs: Logs, kind: str) -> None:
    """Lines, packets and syslog messages of the chosen records alone."""
    is_stream = kind != "udp"
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM if is_stream else socket.SOCK_DGRAM) as receiver:
        receiver.bind(("127.0.0.1", 0))
        receiver.settimeout(PATIENCE_S)
        if is_stream:
            receiver.listen()
        url = f"{'tcp' if is_stream else 'udp'}://127.0.0.1:{receiver.getsockname()[1]}"
        logs.configure(handlers={"out": {"type": kind, "url": url, "filter": {"where": "price > 100"}}})
        log_orders()
        connection = receiver.accept()[0] if is_stream else receiver
        received = b""
        while b"BUY" not in received:
            received += connection.recv(65536)
        configure(handlers={"out": None})
        assert flush(PATIENCE_S)
        if is_stream:
            connection.close()

    text = received.decode()
    assert "ETHUSDT" in text
    assert "BTCUSDT" not in text
    assert "library" not in text
    assert "TimeoutError" not in text


def test_a_console_shows_what_it_wants(run_python: Run) -> None:
    """On stdout and stderr, whatever the files take."""
    done = run_python(
        """
        from metaexpert.logger import configure, get_logger
        configure(
            handlers={
                "console": {"filter": {"where": "price > 100"}},
                "alarm": {"type": "console", "stream": "stderr", "filter": {"where": "message ~ /^alarm/"}},
            }
        )
        log = get_logger("bot")
        log.info("cheap", price=1)
        log.info("dear", price=101)
        log.info("alarm")
        """
    )

    assert "dear" in done.stdout
    assert "cheap" not in done.stdout
    assert "alarm" not in done.stdout
    assert "alarm" in done.stderr
    assert "dear" not in done.stderr


def test_every_source_of_configuration_gives_conditions(run_python: Run, tmp_path: Path) -> None:
    """`metaexpert.toml`, a variable, and a call, each for another handler."""
    (tmp_path / "metaexpert.toml").write_text(
        '[log.handlers.file.filter]\nwhere = "symbol = BTCUSDT"\n[log.handlers.console]\nlevel = "CRITICAL"\n'
    )
    done = run_python(
        """
        from metaexpert.logger import configuration, configure, get_logger
        configure(handlers={"third": {"type": "file", "filter": {"where": "n = 3"}}})
        for n, symbol in enumerate(["BTCUSDT", "ETHUSDT", "BTCUSDT", "SOLUSDT"]):
            get_logger("bot").error(str(n), n=n, symbol=symbol)
        for name in ("file", "errors", "third"):
            print(configuration().origin(f"handlers.{name}.filter.where"))
        """,
        env={"METAEXPERT_LOG__HANDLERS__ERRORS__FILTER__WHERE": "n > 0 and symbol != SOLUSDT"},
    )

    messages = {
        name: [record["message"] for record in read_records(tmp_path / "logs" / f"{name}.log")]
        for name in ("expert", "errors", "third")
    }
    assert messages == {"expert": ["0", "2"], "errors": ["1", "2"], "third": ["3"]}
    assert done.stdout.splitlines()[1].startswith("environment ")


def test_a_bad_variable_is_named_with_the_place_in_its_condition(run_python: Run) -> None:
    """The variable is what the reader has to edit."""
    done = run_python(
        """
        from metaexpert.logger import ConfigurationError, configure
        try:
            configure()
        except ConfigurationError as error:
            print(error)
        """,
        env={"METAEXPERT_LOG__HANDLERS__FILE__FILTER__WHERE": "price is 3"},
    )

    assert done.stdout.splitlines() == [
        "METAEXPERT_LOG__HANDLERS__FILE__FILTER__WHERE (environment) must be a condition: is is no operator; "
        "write = or !=",
        "  price is 3",
        "        ^",
    ]


def test_conditions_are_set_over_http_and_shown_by_the_command(run_python: Run) -> None:
    """A bad one is refused with its place, and nothing changes."""
    done = run_python(
        """
        import json, subprocess, sys, urllib.error, urllib.request
        from metaexpert.logger import configure, get_logger, serve
        configure(handlers={"console": None})
        server = serve()

        def change(where):
            body = json.dumps({"handlers": {"file": {"filter": {"where": where}}}}).encode()
            url, headers = f"{server.url}/logging/configure", {"Content-Type": "application/json"}
            try:
                with urllib.request.urlopen(urllib.request.Request(url, body, headers)) as answer:
                    return answer.status, json.load(answer)["message"]
            except urllib.error.HTTPError as refused:
                return refused.code, json.load(refused)["message"]

        log = get_logger("bot")
        print(change("price > 100")[0])
        log.info("dear", price=101)
        print(change("price >> 1"))
        log.info("cheap", price=1)
        command = [sys.executable, "-m", "metaexpert", "logs", "configure", "--show"]
        shown = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        print([line for line in shown.splitlines() if "handlers.file.filter.where" in line])
        """,
        env={"XDG_RUNTIME_DIR": "."},
    )

    good, bad, shown = done.stdout.splitlines()
    assert good == "200"
    assert bad.startswith("(400, 'handlers.file.filter.where must be a condition: ")
    assert bad.endswith("\\n  price >> 1\\n         ^')")
    assert 'handlers.file.filter.where = "price > 100"' in shown
    messages = [record["message"] for record in read_records(done.directory / "logs" / "expert.log")]
    assert "dear" in messages
    assert "cheap" not in messages

"""FR-016: secrets never reach a sink, however they come into a record."""

from __future__ import annotations

import json
import logging
import os
import signal
import subprocess
import sys
from collections import namedtuple
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from metaexpert.logger import ConfigurationError, configuration, flush, log_context
from metaexpert.logger.testing import capture_logs
from support.command_process import environment, metaexpert

if TYPE_CHECKING:
    from support.logs import Logs
    from support.processes import Outcome

SECRET = "s3cr3tValue0123"
HEX_KEY = "0123456789abcdef" * 4
PEM = f"-----BEGIN PRIVATE KEY-----\n{SECRET}\n-----END PRIVATE KEY-----"


@dataclass
class Credentials:
    """What a program may log as one value."""

    user: str
    api_secret: str


class Client:
    """An object with a `repr` that tells too much."""

    def __repr__(self) -> str:
        return f"Client(user='bot', api_secret='{SECRET}')"


Login = namedtuple("Login", "user password")

FIELDS = {
    "api_key": SECRET,
    "binanceApiSecret": SECRET,
    "X-MBX-APIKEY": SECRET,
    "password": SECRET.encode(),
    "private_key": HEX_KEY,
    "secret": [SECRET],
    "credentials": {"user": SECRET},
    "nested": {"a": [{"api_key": SECRET}, Credentials("bot", SECRET)], "login": Login("bot", SECRET)},
    "client": Client(),
    "clients": [Client()],
    "url": f"wss://x.com/ws?listenKey={SECRET}&symbol=BTCUSDT",
    "address": f"postgres://bot:{SECRET}@db/x",
    "headers": {"Authorization": f"Bearer {SECRET}"},
    "body": json.dumps({"apiKey": SECRET, "inner": json.dumps({"passphrase": SECRET})}),
    "pem": PEM,
}
FORMATS = ["json", "console", "text", "%(asctime)s %(levelname)s %(message)s"]


def everything_in(logs: Logs) -> str:
    """Return all that is in the files of the log directory."""
    assert flush(20)
    texts = [path.read_text(encoding="utf-8") for path in sorted(logs.directory.iterdir())]
    return "\n".join(texts)


def assert_masked(text: str, marks: int = 1) -> None:
    """Check that no secret is in `text`, and that something was masked at all."""
    assert SECRET not in text
    assert HEX_KEY not in text
    assert text.count("***") >= marks


@pytest.mark.parametrize("layout", ["flat", "nested"])
@pytest.mark.parametrize("name", FORMATS[:3])
def test_no_field_shows_a_secret(both_ways: Logs, name: str, layout: str) -> None:
    """Plain and nested values, objects, addresses, headers, and JSON within text, in every format."""
    both_ways.configure(field_layout=layout, handlers={"file": {"format": name}})

    both_ways.logger.info("connected", **FIELDS)
    with log_context(api_key=SECRET, symbol="BTCUSDT"):
        both_ways.logger.bind(secret=SECRET, strategy=7).info("bound")
    both_ways.logger.info("extra", extra={"password": SECRET, "order_id": 17})
    logging.getLogger("plain").warning("plain", extra={"api_secret": SECRET})

    text = everything_in(both_ways)
    assert_masked(text, marks=len(FIELDS) + 4)
    assert text.count("BTCUSDT") == 2
    assert "bot" in text


def test_neighbours_of_a_secret_stay_as_they_are(both_ways: Logs) -> None:
    """Only the value is replaced; what surrounds it, and what only resembles a secret, is written as ever."""
    nested = {"api_secret": "x", "user": 'a"b\\', "list": [1, 2.5, None, {"token": "BTC"}]}
    both_ways.logger.info(
        "config api_key=abc, symbol=BTCUSDT", nested=nested, token="ETH", max_tokens=5, seed=42, secret=None
    )

    record = both_ways.last()
    assert record["message"] == "config api_key=***, symbol=BTCUSDT"
    assert record["nested"] == nested | {"api_secret": "***"}
    assert [record[name] for name in ("token", "max_tokens", "seed", "secret")] == ["ETH", 5, 42, None]


@pytest.mark.parametrize("name", FORMATS)
def test_no_message_shows_a_secret(both_ways: Logs, name: str) -> None:
    """Messages are masked with their arguments formatted in, and so are those of plain loggers."""
    both_ways.configure(handlers={"file": {"format": name}})
    calls: list[Callable[..., None]] = [both_ways.logger.info, logging.getLogger("plain").info]
    for log in calls:
        log("api_key=%s", SECRET)
        log("sent %s to %s", {"api_secret": SECRET}, "host")
        log("POST /order?symbol=BTCUSDT&signature=%(s)s", {"s": SECRET})
        log(f"header Authorization: Bearer {SECRET}")
        log("the private key is %s", HEX_KEY)
        log("loaded %s", PEM)

    text = everything_in(both_ways)
    assert_masked(text, marks=12)
    assert text.count("symbol=BTCUSDT&signature=***") == 2


@pytest.mark.parametrize("name", FORMATS)
def test_no_exception_or_stack_shows_a_secret(both_ways: Logs, name: str) -> None:
    """An exception's text, its cause's, the source lines of tracebacks and stacks are masked."""
    both_ways.configure(handlers={"file": {"format": name}})

    def connect(api_key: str) -> None:
        raise ValueError(f"api_key={api_key} was refused")

    for log in (both_ways.logger, logging.getLogger("plain")):
        try:
            try:
                connect(api_key="s3cr3tValue0123")
            except ValueError as cause:
                raise RuntimeError(f"login failed: password='{SECRET}'") from cause
        except RuntimeError:
            log.exception("no connection")
        log.info("here", stack_info=True)  # password = "s3cr3tValue0123"

    text = everything_in(both_ways)
    assert_masked(text, marks=2 * 3)
    assert text.count("RuntimeError") >= 2
    assert "no connection" in text


def test_a_console_shows_no_secret(run_python: Callable[..., Outcome]) -> None:
    """What a person sees is masked like a file; nothing on stderr tells more."""
    outcome = run_python(f"""
        from metaexpert.logger import configure, get_logger
        configure(handlers={{"console": {{"level": "INFO"}}}})
        get_logger("bot").info("login password={SECRET}", api_key="{SECRET}", symbol="BTCUSDT")
    """)

    assert_masked(outcome.stdout, marks=2)
    assert "symbol=BTCUSDT" in outcome.stdout
    assert outcome.stderr == ""


def test_structlog_s_events_are_masked(logs: Logs) -> None:
    """What comes by way of the processor for structlog is masked too."""
    structlog = pytest.importorskip("structlog")
    from metaexpert.logger.structlog import PipelineProcessor

    logs.configure()
    log = structlog.wrap_logger(None, processors=[PipelineProcessor()]).bind(api_key=SECRET)
    log.info(f"secret={SECRET}", nested={"password": SECRET}, symbol="BTCUSDT")

    record = logs.last()
    assert_masked(json.dumps(record), marks=3)
    assert record["symbol"] == "BTCUSDT"


def test_own_names_and_patterns_are_masked_beside_the_built_in_ones(logs: Logs) -> None:
    """`redact` adds to what is known; a name behind a minus is exempt; a change counts for later records."""
    logs.configure(redact={"keys": ["account_number", "-signature"], "patterns": [r"acct-\d+", r"pin (\d+)"]})
    logs.logger.info("acct-17 pin 1234", accountNumber=17, signature="0af1", api_key=SECRET)
    assert logs.last()["message"] == "*** pin ***"
    assert [logs.last()[name] for name in ("accountNumber", "signature", "api_key")] == ["***", "0af1", "***"]

    logs.configure(redact={"keys": [], "patterns": []})
    logs.logger.info("acct-17", accountNumber=17, signature="0af1", api_key=SECRET)
    assert logs.last()["message"] == "acct-17"
    assert [logs.last()[name] for name in ("accountNumber", "signature", "api_key")] == [17, "***", "***"]


def test_the_built_in_ones_can_be_switched_off(logs: Logs) -> None:
    """With `defaults` false only what is named is masked."""
    logs.configure(redact={"defaults": False, "keys": ["pin"]})
    logs.logger.info("secret=abc", api_key="abc", pin=1)
    assert (logs.last()["message"], logs.last()["api_key"], logs.last()["pin"]) == (
        "secret=abc",
        "abc",
        "***",
    )


def test_a_bad_pattern_changes_nothing(logs: Logs) -> None:
    """Its error names the setting, and what was in force stays."""
    logs.configure(redact={"patterns": ["x+y"]})
    with pytest.raises(ConfigurationError) as caught:
        logs.configure(redact={"patterns": ["x+y", "(?<!a)b"]})
    assert [problem.path for problem in caught.value.problems] == ["redact.patterns"]
    assert configuration().redact.patterns == ("x+y",)
    logs.logger.info("xxy")
    assert logs.last()["message"] == "***"


def test_other_handlers_get_what_was_logged(logs: Logs) -> None:
    """A handler of the program's own and `capture_logs` see records as `logging` made them."""
    logs.configure()
    with capture_logs() as records:
        logs.logger.info("api_key=%s", "abc", secret="xyz")

    assert [(record["message"], record["secret"]) for record in records] == [("api_key=abc", "xyz")]
    assert (logs.last()["message"], logs.last()["secret"]) == ("api_key=***", "***")


KILLED = f"""
import os, resource, signal
from metaexpert.logger import configure, flush, get_logger
configure(handlers={{"console": None}}, redact={{"keys": ["account"]}})
log = get_logger("bot")
log.info("written")
flush()
# No file may grow from now on, so that all of this is still in the queue when the end comes.
resource.setrlimit(resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
for n in range(20):
    log.info("left api_key={SECRET}", secret="{SECRET}", account="{SECRET}", n=n)
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.skipif(
    not os.access("/dev/shm", os.W_OK), reason="a killed process leaves its records on the tmpfs /dev/shm"
)
def test_what_a_killed_process_left_is_masked_as_it_would_have_done(tmp_path: Path) -> None:
    """The queue has the program's own names beside it; what was half written is nowhere in full either."""
    killed = [sys.executable, "-c", KILLED]
    done = subprocess.run(
        killed, cwd=tmp_path, env=environment(), stderr=subprocess.DEVNULL, timeout=60, check=False
    )
    assert done.returncode == -signal.SIGKILL
    assert metaexpert(tmp_path, "logs", "recover").code == 0

    lines = (tmp_path / "logs" / "expert.log").read_text(encoding="utf-8").splitlines()
    left: list[dict[str, Any]] = [record for record in map(json.loads, lines) if "n" in record]
    assert [record["n"] for record in left] == list(range(20))
    for record in left:
        assert (record["message"], record["secret"], record["account"]) == ("left api_key=***", "***", "***")
    for path in (tmp_path / "logs").iterdir():
        assert SECRET not in path.read_text(encoding="utf-8")


def test_what_is_cut_off_a_torn_file_is_told_without_secrets(run_python: Callable[..., Outcome]) -> None:
    """`logging_errors.log` and stderr report a line that was torn before, with its secrets masked."""
    outcome = run_python(f"""
        from pathlib import Path
        from metaexpert.logger import configure, get_logger
        Path("logs").mkdir()
        torn = '{{"message":"half","api_key":"{SECRET}","note":"secret={SECRET}","n":'
        Path("logs/expert.log").write_text(torn)
        configure(handlers={{"console": None}})
        get_logger("bot").info("next")
    """)

    told = (outcome.directory / "logs" / "logging_errors.log").read_text(encoding="utf-8")
    assert "torn" in told
    for text in (told, outcome.stderr):
        assert_masked(text, marks=2)
        assert "half" in text
    assert outcome.messages() == ["next"]


@pytest.mark.parametrize(
    ("message", "arguments"),
    [("api_key=%d", (SECRET,)), ("password: %s of %s", (SECRET,)), ("secret=%s", (SECRET, 1))],
)
def test_arguments_that_do_not_fit_a_message_with_secrets_are_masked(
    message: str, arguments: tuple[object, ...], both_ways: Logs
) -> None:
    """The names in the message are those of the arguments, which are masked together."""
    both_ways.logger.info(message, *arguments)
    assert both_ways.last()["format_args"] == "***"
    both_ways.logger.info("%d bars", "many")
    assert both_ways.last()["format_args"] == ["many"]

"""Handlers write what other systems read: each line passes a strict reader of its format."""

import json
import socket
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from metaexpert.logger import flush, read_log

if TYPE_CHECKING:
    from support.logs import Logs

FORMATS = ("ecs", "gcp", "otel", "logfmt")
SECRET = "hunter2-hunter2"


def lines_in(logs: "Logs", name: str, **settings: Any) -> list[str]:
    """Configure a file in a format, log a nasty record and a failure, and return the file's lines."""
    handler = {"type": "file", "format": name, "filename": "other.log"}
    logs.configure(handlers={"other": handler, "file": None}, **settings)
    logs.logger.info(
        "first\nsecond", price=Decimal("1.50"), n=2**80, password=SECRET, nested={"a": [1, "\n"]}
    )
    try:
        raise ValueError("no room\nleft")
    except ValueError:
        logs.logger.exception("Failed", host="x", message_="mine", event={"kind": 1})
    assert flush(20)
    return (logs.directory / "other.log").read_text("utf-8").splitlines()


def distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return the object of `pairs`, which name each key once."""
    assert len(dict(pairs)) == len(pairs)
    return dict(pairs)


@pytest.mark.parametrize("name", FORMATS)
def test_each_record_is_one_line_without_its_secrets(logs: "Logs", name: str) -> None:
    """Neither a message of two lines nor a traceback begins another line."""
    lines = lines_in(logs, name)

    assert len(lines) == 2
    assert SECRET not in "".join(lines)
    if name != "logfmt":
        for line in lines:
            json.loads(line, object_pairs_hook=distinct)


def test_elastic_common_schema_has_the_failure_and_the_fields(logs: "Logs") -> None:
    """Decimals and large integers keep all their digits."""
    first, failed = map(json.loads, lines_in(logs, "ecs"))

    assert first["metaexpert"]["fields"]["price"] == "1.50"
    assert first["metaexpert"]["fields"]["n"] == str(2**80)
    assert failed["error"]["type"] == "ValueError"
    assert "Traceback" in failed["error"]["stack_trace"]
    assert failed["metaexpert"]["fields"] == {"host": "x", "message_": "mine", "event": {"kind": 1}}


def test_cloud_logging_finds_the_traceback(logs: "Logs") -> None:
    """With the nested layout the fields are in `context`."""
    _, failed = map(json.loads, lines_in(logs, "gcp", field_layout="nested"))

    assert (failed["severity"], failed["message"]) == ("ERROR", "Failed")
    assert "Traceback" in failed["stack_trace"]
    assert failed["context"]["host"] == "x"


def test_a_socket_takes_these_formats(logs: "Logs") -> None:
    """A collector on the network gets the same lines."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
        receiver.bind(("127.0.0.1", 0))
        receiver.settimeout(20)
        url = f"udp://127.0.0.1:{receiver.getsockname()[1]}"
        logs.configure(handlers={"net": {"type": "udp", "url": url, "format": "logfmt"}})
        logs.logger.info("Order filled", side="BUY")
        assert flush(20)
        packet = receiver.recv(65536).decode("utf-8")

    assert 'message="Order filled" side=BUY seq=' in packet


@pytest.mark.parametrize("name", FORMATS)
def test_the_reader_names_the_format(logs: "Logs", name: str) -> None:
    """`read_log` reads no such file, and says which format it has."""
    lines_in(logs, name)

    with pytest.raises(ValueError, match=f'a log in the format "{name}", and read_log reads JSON'):
        list(read_log(logs.directory / "other.log"))

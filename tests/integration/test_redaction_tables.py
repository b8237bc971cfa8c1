"""The tables of docs/guides/secrets.md, row by row: masked values and values that stay."""

from __future__ import annotations

import ast
import base64
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from support.logs import Logs

PAGE = Path(__file__).parents[2] / "docs" / "guides" / "secrets.md"


def rows(heading: str) -> list[list[str]]:
    """Return the cells of the table below a heading, without the backquotes around code."""
    section = PAGE.read_text(encoding="utf-8").split(f"\n## {heading}\n")[1].split("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("|")][2:]
    cells = [re.split(r" \| ", line.strip("| ")) for line in lines]
    return [[cell.removeprefix("`").removesuffix("`") for cell in row] for row in cells]


VALUES: dict[str, str] = {name: ast.literal_eval(value) for name, _, value in rows("Values of the tables")}


@dataclass(frozen=True)
class Row:
    """A field as the program logs it, and as the log has it."""

    source: str
    name: str
    logged: Any
    shown: Any

    @property
    def secrets(self) -> list[str]:
        """The values that must not be in the log."""
        given, left = as_text(self.logged), as_text(self.shown)
        return [value for value in VALUES.values() if value in given and value not in left]


def as_text(value: Any) -> str:
    """Return a value with its texts as they are."""
    return json.dumps(value, ensure_ascii=False)


def field(cell: str, values: dict[str, str]) -> dict[str, Any]:
    """Return the field that a cell writes as a keyword argument."""
    found: dict[str, Any] = eval(f"dict({cell})", dict(values))
    return found


def row(logged: str, shown: dict[str, Any]) -> Row:
    """Return a row with its cell read as Python."""
    ((name, given),) = field(logged, VALUES).items()
    return Row(logged, name, given, shown[name])


STARS = dict.fromkeys(VALUES, "***")
MASKED = [
    *(row(logged, field(logged, STARS)) for _, logged in rows("What is masked")),
    *(row(logged, field(shown, STARS)) for _, logged, shown in rows("What is masked as a whole")),
]
KEPT = [row(logged, field(logged, VALUES)) for _, logged in rows("What stays")]


def plain(value: Any) -> Any:
    """Return a value as JSON has it."""
    return json.loads(json.dumps(value))


def texts(row: Row) -> list[str]:
    """Return the field in the ways that texts have it: `repr`, an assignment, JSON, JSON within JSON."""
    if row.name in ("text", "url"):
        return [row.logged]
    document = json.dumps({row.name: row.logged})
    return [
        f"{row.name}={row.logged!r}",
        f"sent { ({row.name: row.logged}) }",
        document,
        json.dumps(document),
    ]


def is_raised_as(message: str, logs: Logs) -> dict[str, Any]:
    """Log an exception with this message; returns the record."""
    try:
        raise ValueError(message)
    except ValueError:
        logs.logger.exception("failed")
    return logs.last()


def test_every_value_of_the_tables_is_used_in_them() -> None:
    """The first table has no more than the others need."""
    used = " ".join(row.source for row in MASKED + KEPT)
    assert [name for name in VALUES if name not in used] == []
    assert all(row.secrets for row in MASKED)


@pytest.mark.parametrize("row", MASKED + KEPT, ids=lambda row: row.source)
def test_a_field_is_in_the_log_as_the_table_says(both_ways: Logs, row: Row) -> None:
    """What is masked is masked where it stands, and nothing else is changed."""
    both_ways.logger.info("m", **{row.name: row.logged})
    assert both_ways.last()[row.name] == plain(row.shown)


@pytest.mark.parametrize("row", MASKED, ids=lambda row: row.source)
def test_no_text_shows_what_the_table_masks(logs: Logs, row: Row) -> None:
    """A message, a field within a text, and an exception with its traceback are masked as well."""
    logs.configure()
    for text in texts(row):
        logs.logger.info("%s", text)
        logs.logger.info("m", note=text)
        is_raised_as(text, logs)
    written = (logs.directory / "expert.log").read_text(encoding="utf-8")
    assert [secret for secret in row.secrets if secret in written] == []
    assert written.count("***") >= 3 * len(texts(row))


@pytest.mark.parametrize("row", KEPT, ids=lambda row: row.source)
def test_no_text_loses_what_the_table_keeps(logs: Logs, row: Row) -> None:
    """A message, a field within a text, and an exception are written as they are."""
    logs.configure()
    for text in texts(row):
        logs.logger.info("%s", text, note=text)
        assert (logs.last()["message"], logs.last()["note"]) == (text, text)
        assert is_raised_as(text, logs)["exception"]["message"] == text


def test_headers_of_bytes_are_masked(both_ways: Logs) -> None:
    """Raw headers are pairs of bytes, which a field has in base64 and a text as `repr`."""
    key, other = VALUES["ALNUM64"].encode(), VALUES["HEX32"].encode()
    headers = [(b"X-MBX-APIKEY", key), (b"KEY", other), (b"a", b"b")]
    both_ways.logger.info("sent %s", headers, headers=headers)
    record = both_ways.last()
    assert [value for _, value in record["headers"]] == ["***", "***", "Yg=="]
    assert record["message"] == "sent [(b'X-MBX-APIKEY', b'***'), (b'KEY', b'***'), (b'a', b'b')]"


def test_bytes_are_looked_through_as_texts(both_ways: Logs) -> None:
    """A field has bytes in base64, in which secrets are masked as in a text; names may be bytes as well."""
    key, secret = VALUES["ALNUM64"], VALUES["PASSWORD"]
    for body, shown in [
        (json.dumps({"api_key": key, "qty": 1}), json.dumps({"api_key": "***", "qty": 1})),
        (f"qty=1&signature={VALUES['HEX64']}&a=b", "qty=1&signature=***&a=b"),
        (f"пароль: password={secret}", "пароль: password=***"),
        ("symbol=BTCUSDT&side=BUY", "symbol=BTCUSDT&side=BUY"),
    ]:
        given = body.encode()
        both_ways.logger.info("sent %s", given, body=given, deep=[{"raw": bytearray(given)}])
        record = both_ways.last()
        found = [record["body"], record["deep"][0]["raw"]]
        assert [base64.b64decode(text).decode() for text in found] == [shown, shown]
        assert secret not in record["message"]
        assert key not in record["message"]
    given = {b"X-MBX-APIKEY": key.encode(), b"KEY": VALUES["HEX32"].encode(), b"symbol": b"BTC"}
    both_ways.logger.info("m", headers=given, token=b"BTC", key=b"orders:2026-01-01:btc", quote_token=b"wBTC")
    record = both_ways.last()
    assert list(record["headers"].values()) == ["***", "***", "QlRD"]
    found = [record["token"], record["key"], record["quote_token"]]
    assert [base64.b64decode(text) for text in found] == [b"BTC", b"orders:2026-01-01:btc", b"wBTC"]


def test_bytes_that_are_cut_are_looked_through(logs: Logs) -> None:
    """Of bytes that are too long for a record, what is left of them is masked and says that it is cut."""
    logs.configure()
    logs.logger.info("m", body=f"secret={VALUES['PASSWORD']}&a=".encode() + b"b" * 5_000_000)
    body, note = logs.last()["body"].split("…")
    assert base64.b64decode(body).startswith(b"secret=***&a=bbb")
    assert note.endswith(" bytes cut>")


def test_a_login_may_be_several_fields(both_ways: Logs) -> None:
    """The arguments of a request to log in are masked if another field names the request."""
    arguments = [VALUES["SHORT_KEY"], 17, VALUES["HEX64"]]
    for op, shown in [("auth", "***"), ("auth", "***"), ("subscribe", arguments)]:
        both_ways.logger.info("sent op=%r args=%r", op, arguments, op=op, args=arguments)
        record = both_ways.last()
        text = f"sent op={op!r} args={shown if op == 'auth' else arguments}"
        assert (record["op"], record["args"], record["message"]) == (op, shown, text)

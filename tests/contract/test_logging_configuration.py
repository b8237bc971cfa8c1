"""T004: the contract of `POST /logging/configure` and its siblings, kept by a server over a socket."""

from __future__ import annotations

import json
import logging
import os
import random
import socket
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from metaexpert.logger import configuration, get_logger, stats
from metaexpert.logger.control.body import MAX_BODY_BYTES
from support.control_harness import Client, eventually, serving

if TYPE_CHECKING:
    from support.logs import Logs


# -- what succeeds ------------------------------------------------------------------------------------


def test_a_level_is_changed(client: Client, live: Logs) -> None:
    """A new default level holds for existing loggers when the answer is there."""
    answer = client.post({"default_level": "ERROR"})

    assert answer.status == 200
    assert "default_level" in answer.message
    assert configuration().default_level == "ERROR"
    assert not live.logger.isEnabledFor(logging.WARNING)


def test_the_whole_contract_is_taken(client: Client, live: Logs) -> None:
    """Every setting that the contract names is changed by one request."""
    directory = str(live.directory / "sub")
    answer = client.post(
        {
            "default_level": "WARNING",
            "handlers": {
                "console": {"level": "CRITICAL", "format": "text"},
                "file": {
                    "level": "INFO",
                    "format": "json",
                    "filename": "other.log",
                    "max_size": 8192,
                    "backup_count": 3,
                },
            },
            "log_file_path": directory,
        }
    )

    assert answer.status == 200, answer
    assert answer.message
    after = configuration()
    file = after.active_handlers()["file"]
    assert (after.default_level, after.log_file_path) == ("WARNING", directory)
    assert (file.level, file.filename, file.max_size, file.backup_count) == ("INFO", "other.log", 8192, 3)
    assert after.active_handlers()["console"].format == "text"
    live.logger.warning("after")
    assert "after" in live.messages("sub/other.log")


def test_what_is_not_named_stays(client: Client) -> None:
    """A change of one setting leaves all others as they were."""
    before = configuration().model_dump()

    client.post({"handlers": {"file": {"level": "ERROR"}}})

    after = configuration().model_dump()
    assert after["handlers"]["file"].pop("level") == "ERROR"
    before["handlers"]["file"].pop("level")
    assert after == before


def test_a_handler_is_added_and_removed(client: Client, live: Logs) -> None:
    """A handler of any name can be added, and null removes it."""
    assert client.post({"handlers": {"extra": {"type": "file"}}}).status == 200
    live.logger.info("both")
    assert "both" in live.messages("extra.log")

    assert client.post({"handlers": {"extra": None}}).status == 200
    live.logger.info("one")
    assert "one" in live.messages()
    assert "one" not in live.messages("extra.log")


def test_nothing_named_changes_nothing(client: Client) -> None:
    """An empty object succeeds and leaves the configuration as it is."""
    before = configuration()

    assert client.post({}).message == "nothing to change"
    assert configuration() is before


def test_a_charset_of_utf_8_is_as_good(client: Client) -> None:
    """The content type may carry the only charset that JSON has."""
    assert (
        client.post({"default_level": "INFO"}, content_type="application/json; charset=UTF-8").status == 200
    )


# -- what is refused ----------------------------------------------------------------------------------


def test_every_bad_field_is_named_and_nothing_changed(client: Client) -> None:
    """One answer has each problem with path, value, what is allowed and what may be meant."""
    before = configuration()

    answer = client.post(
        {
            "default_level": "DEBGU",
            "handlers": {"file": {"max_size": 100, "fromat": "json"}, "console": {"level": "INFO"}},
            "queue": {"wait_ms": -1},
            "ttl_seconds": 0,
        }
    )

    assert answer.status == 400
    assert answer.message.splitlines() == [
        "ttl_seconds must be a number of seconds above 0 and at most 2592000, was 0; leave it out for a "
        "change that stays",
        'default_level (runtime): unknown level "DEBGU"; did you mean "DEBUG"?'.replace(" (runtime)", ""),
        'handlers.file.fromat: unknown setting; did you mean "format"?',
        "handlers.file.max_size must be 0 or at least 4096 bytes, was 100; use 0 for no rotation",
        "queue.wait_ms must be at least 0 milliseconds, was -1",
    ]
    assert configuration() is before


def test_an_empty_table_of_an_unknown_name_is_refused(client: Client) -> None:
    """A misspelt table is a bad field, also if there is nothing in it."""
    assert "unknown setting" in client.post({"handelrs": {}}).message


@pytest.mark.parametrize("ttl", [0, -1, True, "10m", 1e300, [], 2592001])
def test_a_time_to_live_is_a_number_of_seconds(ttl: Any, client: Client) -> None:
    """Anything but a positive number of seconds within a month is a bad field."""
    answer = client.post({"default_level": "ERROR", "ttl_seconds": ttl})

    assert answer.status == 400
    assert answer.message.startswith("ttl_seconds must be a number of seconds")
    assert configuration().default_level == "DEBUG"


def test_a_file_that_cannot_be_opened_leaves_the_old_state_whole(client: Client, live: Logs) -> None:
    """If one of several files can't be opened, none is used, and logging goes on as it was."""
    (live.directory / "taken.log").mkdir()
    before = configuration()

    answer = client.post(
        {
            "default_level": "ERROR",
            "handlers": {"a": {"type": "file"}, "b": {"type": "file"}, "taken": {"type": "file"}},
        }
    )

    assert answer.status == 400
    assert "taken.log" in answer.message
    assert configuration() is before
    live.logger.info("goes on")
    assert "goes on" in live.messages()


@pytest.mark.parametrize(
    "change",
    [
        {"handlers": {"file": {"filename": "{outside}/x.log"}}},
        {"handlers": {"file": {"filename": "link/x.log"}}},
        {"handlers": {"file": {"filename": "pointer.log"}}},
        {"handlers": {"file": {"filename": "../x.log"}}},
        {"log_file_path": "{outside}"},
        {"log_file_path": "{inside}/../x"},
        {"log_file_path": "~"},
        {"handlers": {"{outside}/x": {"type": "file"}}},
        {"handlers": {"../x": {"type": "file"}}},
    ],
)
def test_files_stay_inside_the_log_directory(change: Any, client: Client, live: Logs, tmp_path: Path) -> None:
    """Neither absolute paths nor `..`, links, `~` or a handler's name lead out; nothing is made there."""
    outside = tmp_path / "outside"
    outside.mkdir()
    (live.directory / "link").symlink_to(outside)
    (live.directory / "pointer.log").symlink_to(outside / "x.log")
    text = json.dumps(change).replace("{outside}", str(outside)).replace("{inside}", str(live.directory))

    answer = client.post(text)

    assert answer.status == 400, answer
    assert "must lie in the log directory" in answer.message or "must stay inside" in answer.message
    assert list(outside.iterdir()) == []


def test_control_itself_cannot_be_changed(client: Client) -> None:
    """A request that may reconfigure cannot open the server further, or open other directories."""
    answer = client.post({"control": {"directories": ["/"]}, "default_level": "ERROR"})

    assert answer.status == 400
    assert answer.message.startswith("control must not be changed at run time")
    assert configuration().default_level == "DEBUG"


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "not valid JSON"),
        (b'{"default_level": "ERR', "not valid JSON"),
        (b"[]", "must hold one JSON object"),
        (b"null", "must hold one JSON object"),
        (b'{"default_level": "ERROR", "default_level": "INFO"}', "given twice"),
        (b'{"queue": {"wait_ms": NaN}}', "NaN is not a JSON number"),
        (b'{"queue": {"wait_ms": 1e999}}', "beyond the range"),
        (b'{"queue": {"wait_ms": ' + b"9" * 5000 + b"}}", "not usable JSON"),
        (b'{"default_level": "\xff\xfe"}', "not UTF-8 at byte 19"),
        (b'{"loggers": {"\\ud800": "INFO"}}', "surrogate"),
        (b'{"a":' * 5000 + b"1" + b"}" * 5000, "nested at most"),
        (b"[" * 60000, "nested at most"),
        (b'{"loggers": {"' + b"a." * 1000 + b'": "INFO"}}', "must have a name of at most"),
    ],
)
def test_a_malformed_body_is_told_so(body: bytes, words: str, client: Client) -> None:
    """A body that is not a usable JSON object is refused with the reason, and nothing is changed."""
    before = configuration()

    answer = client.post(body)

    assert answer.status == 400, answer
    assert words in answer.message
    assert configuration() is before


@pytest.mark.parametrize(
    "kind",
    ["text/plain", "application/x-www-form-urlencoded", "application/json; charset=utf-16", "", "json"],
)
def test_another_content_type_is_refused(kind: str, client: Client) -> None:
    """Only JSON is taken: what a foreign web page's form can send is not."""
    assert client.post({"default_level": "ERROR"}, content_type=kind).status == 415
    assert configuration().default_level == "DEBUG"


def test_a_missing_content_type_is_refused(client: Client) -> None:
    """JSON that does not say so is not taken."""
    answer = client.ask("POST", "/logging/configure", b'{"default_level": "ERROR"}')

    assert (answer.status, "was missing" in answer.message) == (415, True)


def test_a_compressed_body_is_refused(client: Client) -> None:
    """Nothing is unpacked, so nothing can blow up."""
    assert client.post({}, content_encoding="gzip").status == 415


@pytest.mark.parametrize("size", [MAX_BODY_BYTES + 1, 20 * MAX_BODY_BYTES])
@pytest.mark.parametrize("chunked", [False, True])
def test_a_large_body_is_refused(size: int, chunked: bool, client: Client) -> None:
    """Above the limit it is 413, with or without a stated length, and the connection goes on working."""
    body = b" " * size
    headers = {"content-type": "application/json"}
    data: Any = (body[start : start + 8192] for start in range(0, size, 8192)) if chunked else body

    assert client.ask("POST", "/logging/configure", data, headers).status == 413
    assert client.get("/health").status == 200


def test_the_largest_body_is_taken(client: Client) -> None:
    """Exactly the limit is within it."""
    body = b'{"default_level": "ERROR"}'
    assert client.post(body + b" " * (MAX_BODY_BYTES - len(body))).status == 200


def test_ten_thousand_malformed_bodies_change_nothing(client: Client, live: Logs) -> None:
    """Each of them is answered with 400, 413 or 415 in the contract's shape, and logging goes on."""
    count = int(os.environ.get("METAEXPERT_MALFORMED", "10000"))
    malformed = _Malformed(seed=5)
    before, statuses = configuration(), set()

    for number in range(count):
        body = malformed.body()
        answer = client.post(body, content_type=malformed.content_type(number))
        assert answer.status in (400, 413, 415), (body, answer)
        assert answer.message
        statuses.add(answer.status)
        if number % 1000 == 0:
            live.logger.info("goes on", number=number)

    assert statuses == {400, 413, 415}
    assert configuration() is before
    going = [record["number"] for record in live.records() if record["message"] == "goes on"]
    assert going == list(range(0, count, 1000))


class _Malformed:
    """Bodies that are no change: valid ones damaged, and JSON of the wrong shape."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def body(self) -> bytes:
        """Return the next one."""
        return self._random.choice(
            (self._cut, self._damaged, self._mistyped, self._deep, self._doubled, self._constant, self._noise)
        )()

    def content_type(self, number: int) -> str:
        """Return the type to send it as: mostly the right one."""
        return "text/plain" if number % 50 == 0 else "application/json"

    def _valid(self) -> bytes:
        return json.dumps(
            {"handlers": {"file": {"level": "INFO", "max_size": 8192}}, "loggers": {"a": "DEBUG"}}
        ).encode()

    def _cut(self) -> bytes:
        body = self._valid()
        return body[: self._random.randrange(len(body))]

    def _damaged(self) -> bytes:
        body = bytearray(self._valid())
        body[self._random.randrange(len(body))] = self._random.choice(b"\x00\x80\xff\x1f")
        return bytes(body)

    def _mistyped(self) -> bytes:
        wrong = self._random.choice([[], {"x": 1}, -1, 1.5, True, "x" * 200, ["a"], "\u202e", 2**70])
        setting = self._random.choice(
            ["default_level", "handlers", "queue", "limits", "include", "field_layout", "loggers", "unknown"]
        )
        value: Any = {"unknown": wrong} if setting in ("queue", "limits", "handlers", "loggers") else wrong
        return json.dumps({setting: value, "and_this": wrong}).encode()

    def _deep(self) -> bytes:
        depth = self._random.randrange(20, 8000)
        return self._random.choice([b'{"a":', b"["]) * depth

    def _doubled(self) -> bytes:
        return b'{"loggers": {"a": "INFO", "a": "DEBUG"}}'

    def _constant(self) -> bytes:
        return b'{"queue": {"wait_ms": %s}}' % self._random.choice(
            [b"NaN", b"Infinity", b"-Infinity", b"1e999"]
        )

    def _noise(self) -> bytes:
        if self._random.random() < 0.02:
            return b" " * (MAX_BODY_BYTES + 1)
        return self._random.randbytes(self._random.randrange(200))


# -- temporary changes --------------------------------------------------------------------------------


def test_a_temporary_change_restores_itself(client: Client) -> None:
    """After its time the previous state is back, without a request."""
    answer = client.post({"default_level": "ERROR", "ttl_seconds": 0.3})

    assert "for 0.3 s" in answer.message
    eventually(lambda: configuration().default_level == "DEBUG", "the level is restored")
    assert logging.root.level == logging.DEBUG


def test_a_lasting_change_survives_the_end_of_a_temporary_one(client: Client) -> None:
    """Changes that others made meanwhile stay when a temporary change ends."""
    client.post({"default_level": "ERROR", "ttl_seconds": 0.5})
    client.post({"include": ["run_id"]})

    eventually(lambda: configuration().default_level == "DEBUG", "the level is restored")
    assert configuration().include == ("run_id",)


# -- the siblings -------------------------------------------------------------------------------------


def test_the_configuration_in_force_is_shown(client: Client) -> None:
    """It is a complete document; handlers that were removed are null."""
    client.post({"default_level": "WARNING"})

    shown = client.get("/logging/configure").document

    assert shown["default_level"] == "WARNING"
    assert shown["handlers"]["console"] is None
    assert shown["handlers"]["file"]["filename"] == "expert.log"


def test_what_is_shown_can_be_sent_back(client: Client) -> None:
    """Showing, changing a value and sending all of it is a change of that value."""
    shown = client.get("/logging/configure").document

    answer = client.post({**shown, "default_level": "ERROR"})

    assert answer.status == 200, answer
    assert client.get("/logging/configure").document == {**shown, "default_level": "ERROR"}


def test_loggers_that_do_not_propagate_are_shown(client: Client) -> None:
    """Beside the origins are the names of the loggers that `capture_stdlib` cannot see."""
    server = logging.getLogger("someserver")
    handler = logging.StreamHandler()
    server.addHandler(handler)
    server.propagate = False
    try:
        shown = client.get("/logging/configure?origins=true").document
        assert "someserver" in shown["unseen_loggers"]
        client.post({"capture_stdlib": False})
        assert client.get("/logging/configure?origins=true").document["unseen_loggers"] == []
    finally:
        server.removeHandler(handler)
        server.propagate = True


def test_origins_are_shown(client: Client) -> None:
    """`?origins=true` adds where each value that is no default came from."""
    client.post({"default_level": "WARNING"})

    shown = client.get("/logging/configure?origins=true").document

    assert shown["configuration"]["default_level"] == "WARNING"
    assert shown["origins"]["default_level"] == "runtime"
    assert shown["origins"]["log_file_path"] == "code"


def test_counters_are_shown(client: Client, live: Logs) -> None:
    """`/logging/stats` is `stats()`: the same fields, adding up."""
    live.logger.info("one")
    shown = client.get("/logging/stats").document

    assert set(shown) == set(stats().__dataclass_fields__)
    assert shown["logged"] >= 1
    assert shown["logged"] == shown["written"] + shown["dropped"] + shown["queued"]
    assert set(shown["sinks"]) == {"file", "trades", "errors"}


def test_prometheus_understands_the_metrics(client: Client, live: Logs) -> None:
    """Its own parser reads them: typed, with help, counters named `_total`, and no label but the few."""
    live.logger.error("one")
    live.records()
    answer = client.get("/metrics")

    # Experts of other tests in this process have figures of their own.
    families = [
        family
        for family in text_string_to_metric_families(answer.body.decode())
        if not family.name.startswith("metaexpert_expert_")
    ]
    samples = {
        (sample.name, *sample.labels.values()): sample.value for each in families for sample in each.samples
    }
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert samples["metaexpert_log_records_logged_total", "ERROR"] == 1
    assert samples["metaexpert_log_sink_records_written_total", "errors"] == 1
    assert samples[("metaexpert_log_healthy",)] == 1
    for family in families:
        assert family.name.startswith("metaexpert_log_")
        assert family.documentation
        assert family.type in ("counter", "gauge")
        assert all((family.type == "counter") == each.name.endswith("_total") for each in family.samples)
        assert {name for each in family.samples for name in each.labels} <= {"level", "reason", "sink"}


def test_health_is_told(client: Client) -> None:
    """A system that works says so with 200."""
    answer = client.get("/health")

    assert (answer.status, answer.message) == (200, "logging works")


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/", 404),
        ("GET", "/logging/configure/", 404),
        ("POST", "/nowhere", 404),
        ("PUT", "/logging/configure", 405),
        ("DELETE", "/logging/configure", 405),
        ("POST", "/health", 405),
        ("OPTIONS", "/metrics", 405),
    ],
)
def test_other_routes_and_methods_are_refused_in_the_same_shape(
    method: str, path: str, status: int, client: Client
) -> None:
    """404 and 405 come as every other refusal; 405 names what is possible."""
    answer = client.ask(method, path)

    assert answer.status == status
    assert answer.message
    if status == 405:
        assert "GET" in answer.headers["allow"]


def test_what_is_no_http_is_refused_in_the_same_shape(client: Client) -> None:
    """Bytes that are not a request get a 400 with a message, and the connection is closed."""
    with socket.create_connection((client.server.host, client.server.port), timeout=20) as raw:
        raw.sendall(b"\x16\x03\x01 this is no HTTP\r\n\r\n")
        received = b"".join(iter(lambda: raw.recv(65536), b""))

    head, _, body = received.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 400 ")
    assert json.loads(body)["status"] == "error"


def test_a_mistake_of_our_own_is_a_500_in_the_same_shape(
    client: Client, live: Logs, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever goes wrong inside is answered, logged with its traceback, and changes nothing."""

    def broken(*_: Any, **__: Any) -> str:
        raise ZeroDivisionError("inside")

    monkeypatch.setattr("metaexpert.logger.live.changes.change", broken)

    answer = client.post({"default_level": "ERROR"})

    assert answer.status == 500
    assert "inside" in answer.message
    assert "ZeroDivisionError" not in answer.message
    assert any("ZeroDivisionError" in json.dumps(record) for record in live.records("errors.log"))


# -- who may ask --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:80", "127.0.0.1.evil.example", "", "a@127.0.0.1"]
)
def test_another_host_name_is_refused(host: str, client: Client) -> None:
    """A foreign DNS name that points here is not served (DNS rebinding)."""
    answer = client.get("/logging/configure", host=host)

    assert answer.status in (400, 403)
    assert answer.message


@pytest.mark.parametrize("host", ["localhost", "localhost:9999", "127.0.0.1", "[::1]:8765", "LOCALHOST"])
def test_names_of_this_machine_are_served(host: str, client: Client) -> None:
    """Any loopback name will do, with any port: a tunnel has another one."""
    assert client.get("/health", host=host).status == 200


@pytest.mark.parametrize("page", ["http://evil.example", "null", "https://127.0.0.1", "http://127.0.0.1:1"])
def test_another_web_page_is_refused(page: str, client: Client) -> None:
    """A request that a browser makes for a page of another site is not served."""
    assert client.post({"default_level": "ERROR"}, origin=page).status == 403
    assert client.get("/health", **{"sec-fetch-site": "cross-site"}).status == 403
    assert configuration().default_level == "DEBUG"


def test_a_token_is_required_where_there_is_one(live: Logs) -> None:
    """Each route wants it, as a bearer; a wrong one is 401 and says how to send it."""
    with serving(token="s3cret-token") as client:
        for path in ("/logging/configure", "/logging/stats", "/metrics", "/health"):
            refused = client.get(path)
            assert (refused.status, refused.headers["www-authenticate"]) == (401, "Bearer")
            assert client.get(path, authorization="Bearer s3cret-token").status == 200
        for wrong in ("Bearer s3cret-toke", "Bearer", "s3cret-token", "Basic s3cret-token", "Bearer \u00e9"):
            assert client.get("/health", authorization=wrong).status == 401
        assert client.post({"default_level": "ERROR"}).status == 401

    assert configuration().default_level == "DEBUG"


def test_guessing_tokens_is_slowed_down(live: Logs) -> None:
    """After some wrong tokens the answer is 429, for a while."""
    with serving(token="s3cret-token") as client:
        statuses = [client.get("/health", authorization=f"Bearer {n}").status for n in range(60)]
        last = client.get("/health", authorization="Bearer s3cret-token")

    assert statuses[0] == 401
    assert statuses.count(429) > 10
    assert last.status in (200, 429)
    told = [each["status"] for each in live.records() if each.get("event_name") == "log.control_refused"]
    assert told.count(401) == statuses.count(401)
    assert 1 <= told.count(429) < statuses.count(429), "a flood of requests is no flood of records"


# -- what is on record --------------------------------------------------------------------------------


def test_every_change_is_on_record(client: Client, live: Logs) -> None:
    """A change is logged with its content and its client, also where the level is above INFO."""
    client.post({"default_level": "CRITICAL", "ttl_seconds": 600})

    (record,) = [each for each in live.records() if each.get("event_name") == "log.reconfigured"]
    assert record["changes"] == ['default_level = "CRITICAL"']
    assert (record["client"], record["ttl_seconds"]) == ("127.0.0.1", 600)
    assert record["module"] == "metaexpert.logger.control"


def test_silencing_the_log_is_on_record(client: Client, live: Logs) -> None:
    """A change after which no handler takes such records is logged by those before it."""
    client.post({"handlers": {"file": {"level": "CRITICAL"}}})

    assert live.last()["event_name"] == "log.reconfigured"


def test_every_refusal_is_on_record_without_secrets(live: Logs) -> None:
    """Refusals are warnings with status and reason; tokens, right or wrong, are in no file and no answer."""
    with serving(token="s3cret-token") as client:
        right = {"authorization": "Bearer s3cret-token"}
        answers = [
            client.get("/health", authorization="Bearer wr0ng-token"),
            client.post({"handlers": {"x": {"headers": {"Authorization": "t0p"}, "token": "t0p"}}}, **right),
            client.post({"control": {"token": "t0p"}}, **right),
            client.get("/nowhere", **right),
            client.get("/logging/configure?origins=true", **right),
        ]

    assert [each.status for each in answers] == [401, 400, 400, 404, 200]
    refusals = [each for each in live.records() if each.get("event_name") == "log.control_refused"]
    assert [each["status"] for each in refusals] == [401, 400, 400, 404]
    assert all(each["level"] == "WARNING" and each["reason"] for each in refusals)
    written = (live.directory / "expert.log").read_text()
    for secret in ("s3cret-token", "wr0ng-token", "t0p"):
        assert secret not in written
        assert all(secret not in each.body.decode() for each in answers)


def test_secrets_are_masked_in_what_is_shown(logs: Logs) -> None:
    """The token of the configuration is stars, and sending those back is no change."""
    logs.configure(control={"token": "s3cret-token"})
    from metaexpert.logger.control import lifecycle

    server = lifecycle._control.server
    assert server is not None
    client = Client(server)
    try:
        right = {"authorization": "Bearer s3cret-token"}
        shown = client.get("/logging/configure", **right).document
        assert shown["control"]["token"] == "**********"
        assert client.post({**shown, "default_level": "ERROR"}, **right).status == 200
        assert get_logger().level == logging.ERROR
        assert client.get("/health", **right).status == 200
    finally:
        client.connection.close()
        lifecycle.stop()

"""The URLs of network handlers, and what else is theirs."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metaexpert.logger import ConfigurationError, LogConfiguration
from metaexpert.logger.config import Layer, Sources, engine_document, load_config
from metaexpert.logger.config.destinations.socket import UrlError, endpoint


def network(kind: str, **options: Any) -> LogConfiguration:
    """Return the configuration with one handler `net` of this type."""
    return LogConfiguration(handlers={"net": {"type": kind, **options}})


def refusal(kind: str, **options: Any) -> str:
    """Return what is said against such a handler."""
    with pytest.raises(ConfigurationError) as caught:
        network(kind, **options)
    return str(caught.value)


@pytest.mark.parametrize(
    ("kind", "url", "expected"),
    [
        ("tcp", "tcp://collector:5140", {"transport": "tcp", "host": "collector", "port": 5140}),
        ("tcp", "TCP://10.0.0.1:1/", {"transport": "tcp", "host": "10.0.0.1", "port": 1}),
        ("tcp", "tcp://[::1]:65535", {"transport": "tcp", "host": "::1", "port": 65535}),
        ("tcp", "unix:///run/x.sock", {"transport": "unix", "path": "/run/x.sock"}),
        ("udp", "udp://localhost:5140", {"transport": "udp", "host": "localhost", "port": 5140}),
        ("syslog", "udp://loghost", {"transport": "udp", "host": "loghost", "port": 514}),
        ("syslog", "tcp://loghost:6514", {"transport": "tcp", "host": "loghost", "port": 6514}),
        ("syslog", "unix:///dev/log", {"transport": "unix", "path": "/dev/log"}),
    ],
)
def test_a_url_says_where_records_go(kind: str, url: str, expected: dict[str, Any]) -> None:
    """Each type takes its own schemes; syslog has a port of its own."""
    sinks = engine_document(network(kind, url=url))["sinks"]

    assert [sink["destination"]["endpoint"] for sink in sinks if sink["name"] == "net"] == [expected]


@pytest.mark.parametrize(
    ("kind", "url", "message"),
    [
        ("tcp", "localhost:5140", 'must be a URL, was "localhost:5140"; write "tcp://localhost:5140"'),
        ("syslog", "/dev/log", 'must be a URL, was "/dev/log"; write "unix:///dev/log"'),
        ("udp", "/dev/log", 'must be a URL, was "/dev/log"; write "udp://127.0.0.1:5140"'),
        (
            "tcp",
            "tpc://a:1",
            'must begin with tcp://, unix:// for a tcp handler, was "tpc://a:1"; did you mean "tcp"?',
        ),
        ("udp", "tcp://a:1", 'must begin with udp:// for a udp handler, was "tcp://a:1"'),
        ("tcp", "tcp://a", 'must end with a port from 1 to 65535, was "tcp://a"; use "tcp://127.0.0.1:5140"'),
        ("tcp", "tcp://a:0", 'must end with a port from 1 to 65535, was "tcp://a:0"'),
        ("tcp", "tcp://a:65536", 'must end with a port from 1 to 65535, was "tcp://a:65536"'),
        ("udp", "udp://:5140", 'must name a host, was "udp://:5140"'),
        ("tcp", "tcp://a b:1", 'must name a host, was "tcp://a b:1"'),
        ("tcp", "tcp://[1.2.3.4]:1", 'must name a host, was "tcp://[1.2.3.4]:1"'),
        ("tcp", "tcp://a:1/path", 'must be a host and a port alone, was "tcp://a:1/path"'),
        ("syslog", "unix://dev/log", 'must hold an absolute path, was "unix://dev/log"'),
        ("syslog", "unix:///" + "x" * 120, "must have a path of at most 107 bytes"),
        ("syslog", "tls://a:6514", 'not available in this version ("tls://a:6514"); use "unix:///dev/log"'),
    ],
)
def test_a_url_that_leads_nowhere_is_refused(kind: str, url: str, message: str) -> None:
    """The error says what is wrong with it and what to write."""
    assert refusal(kind, url=url).split("handlers.net.url", 1)[1].lstrip(": ").startswith(message)


@pytest.mark.parametrize("url", [5, "", " ", ["tcp://a:1"]])
def test_a_url_that_is_no_text_is_refused_with_the_way_to_write_one(url: Any) -> None:
    """To leave it out, as other texts may be, is no way out: it must be given."""
    message = refusal("tcp", url=url)
    assert "must be a URL, was " in message
    assert 'write it like "tcp://127.0.0.1:5140"' in message


def test_a_network_handler_needs_a_url() -> None:
    """Nothing is sent anywhere by default."""
    assert refusal("udp") == 'handlers.net.url must be given for a udp handler; use "udp://127.0.0.1:5140"'


def test_a_password_in_a_url_is_refused_and_not_repeated() -> None:
    """None of the transports takes one, and messages end up in logs."""
    message = refusal("tcp", url="tcp://me:s3cret@host:1")

    assert "must not hold a user or a password" in message
    assert "s3cret" not in message


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("headers", {"a": "b"}),
        ("tls", {"ca": "ca.pem"}),
        ("batch", {"ms": 5}),
        ("spool", {"max_bytes": 2**20}),
    ],
)
def test_options_that_come_later_are_refused(option: str, value: Any) -> None:
    """What has no effect yet is an error with a way out."""
    message = refusal("tcp", url="tcp://127.0.0.1:1", **{option: value})

    assert message.startswith(f"handlers.net.{option}: not available in this version; leave it out")


def syslog_format(configuration: LogConfiguration) -> dict[str, Any]:
    """Return what the engine is told of the messages of the handler `net`."""
    sinks = engine_document(configuration)["sinks"]
    form: dict[str, Any] = next(sink["format"] for sink in sinks if sink["name"] == "net")
    return form


def test_syslog_handlers_alone_write_syslog() -> None:
    """The format follows from the type, in both directions."""
    assert network("syslog", url="unix:///dev/log").active_handlers()["net"].format == "syslog"
    assert network("tcp", url="tcp://a:1").active_handlers()["net"].format == "json"
    assert refusal("syslog", url="unix:///dev/log", format="json") == (
        'handlers.net.format must be syslog, rfc5424, rfc3164, journald for a syslog handler, was "json"; '
        "leave it out for the default"
    )
    for form in ("syslog", "rfc5424", "rfc3164", "journald"):
        message = refusal("tcp", url="tcp://a:1", format=form)
        assert f"handlers.net.format must not be {form} for a tcp handler" in message
    with pytest.raises(ConfigurationError, match="must not be syslog for a file handler"):
        LogConfiguration(handlers={"file": {"format": "syslog"}})


@pytest.mark.parametrize(
    ("form", "protocol"),
    [("syslog", "auto"), ("rfc5424", "rfc5424"), ("rfc3164", "rfc3164"), ("journald", "journald")],
)
def test_what_is_named_wins_over_what_is_found(form: str, protocol: str) -> None:
    """A format's name is the protocol; `syslog` leaves it to the destination."""
    configuration = network("syslog", url="unix:///dev/log", format=form)

    assert syslog_format(configuration)["protocol"] == protocol


def test_the_journals_protocol_needs_its_socket() -> None:
    """Nobody takes it over a network."""
    assert refusal("syslog", url="udp://loghost", format="journald") == (
        'handlers.net.format must not be journald where records go to "udp://loghost"; '
        'use "unix:///dev/log", or leave it out for the default'
    )


@pytest.mark.parametrize(
    ("kind", "url", "given", "message"),
    [
        ("syslog", "udp://a", 479, "must be at least 480 bytes, was 479"),
        ("syslog", "udp://a", 2**20 + 1, "must be at most 1048576 bytes, was 1048577"),
        ("syslog", "udp://a", "8k", 'must be an integer number of bytes, was "8k"; write 8000'),
        ("syslog", "udp://a", True, "must be an integer number of bytes, was true"),
        (
            "udp",
            "udp://a:1",
            8000,
            "must not be given for a udp handler, was 8000; it belongs to syslog handlers",
        ),
    ],
)
def test_a_length_that_no_message_can_have_is_refused(kind: str, url: str, given: Any, message: str) -> None:
    """The least is what every receiver takes (RFC 5424, 6.1)."""
    assert refusal(kind, url=url, max_bytes=given) == f"handlers.net.max_bytes {message}"


def test_the_longest_message_is_given_by_any_source(tmp_path: Path) -> None:
    """In code, file, environment, command line and at run time; 8,000 bytes unless one says otherwise."""
    assert syslog_format(network("syslog", url="udp://a"))["max_bytes"] == 8000
    assert syslog_format(network("syslog", url="udp://a", max_bytes=2048))["max_bytes"] == 2048
    text = '[handlers.net]\ntype = "syslog"\nurl = "udp://a"\nmax_bytes = 4096\n'
    (tmp_path / "metaexpert.toml").write_text(text)
    found = Sources.discover({}, tmp_path).resolve()
    assert syslog_format(found)["max_bytes"] == 4096
    assert found.origin("handlers.net.max_bytes") == "metaexpert.toml"
    environ = {"METAEXPERT_LOG__HANDLERS__NET__MAX_BYTES": "65536"}
    sources = Sources.discover(environ, tmp_path)
    assert syslog_format(sources.resolve())["max_bytes"] == 65536
    sources = sources.with_command_line({"handlers": {"net": {"max_bytes": 1024}}})
    assert syslog_format(sources.resolve())["max_bytes"] == 1024
    sources = sources.with_runtime({"handlers": {"net": {"max_bytes": 512}}})
    assert syslog_format(sources.resolve())["max_bytes"] == 512


@given(
    st.sampled_from(["tcp", "udp", "syslog"]),
    st.text() | st.from_regex(r"(tcp|udp|unix)://.*", fullmatch=True),
)
def test_any_text_is_an_endpoint_or_a_url_error(kind: str, url: str) -> None:
    """No text makes the check itself fail, and what passes can be given to the engine."""
    try:
        found = endpoint(kind, url)
    except UrlError:
        return
    assert found["transport"] in {"tcp", "udp", "unix"}
    assert found.get("path", "/").startswith("/")
    assert 1 <= found.get("port", 1) <= 65_535


def test_a_change_at_run_time_names_no_new_destination(tmp_path: Any) -> None:
    """Whoever may only reconfigure can use the destinations that are there, and send records nowhere else."""
    net = {"type": "tcp", "url": "tcp://127.0.0.1:1"}
    layer = load_config(None, {"log_file_path": str(tmp_path), "handlers": {"net": net}})
    assert isinstance(layer, Layer)
    start = Sources().with_code(layer)

    known = start.with_runtime({"handlers": {"net": {"level": "ERROR"}, "more": dict(net)}}).resolve()
    assert known.active_handlers()["net"].level == "ERROR"
    for change in (
        {"net": {"url": "tcp://127.0.0.1:2"}},
        {"new": {"type": "udp", "url": "udp://127.0.0.1:1"}},
    ):
        with pytest.raises(ConfigurationError, match="must be one that the program was started with"):
            start.with_runtime({"handlers": change}).resolve()

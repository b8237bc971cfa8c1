"""Facts about connections that are no help to anybody."""

import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from control_harness import Client
from metaexpert.logger.control import body, protocol


@contextmanager
def connected(client: Client) -> Iterator[socket.socket]:
    """Open a bare connection to the server."""
    with socket.create_connection((client.server.host, client.server.port), timeout=20) as raw:
        yield raw


def rest(raw: socket.socket) -> bytes:
    """Return what comes until the server closes the connection."""
    received = b""
    try:
        while part := raw.recv(65536):
            received += part
    except ConnectionResetError:
        pass
    return received


@pytest.mark.parametrize("sent", [b"", b"GET /health HTTP/1.1\r\nHost: loc"])
def test_a_request_that_does_not_come_ends_its_connection(
    sent: bytes, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever connects has to say what for, in time."""
    monkeypatch.setattr(protocol, "HEAD_TIMEOUT_SECONDS", 0.1)
    with connected(client) as raw:
        raw.sendall(sent)
        assert rest(raw) == b""
    assert client.get("/health").status == 200


def test_a_body_that_does_not_come_is_refused(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """With 400, in the shape of all answers."""
    monkeypatch.setattr(body, "BODY_TIMEOUT_SECONDS", 0.1)
    head = (
        b"POST /logging/configure HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
        b"Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{"
    )
    with connected(client) as raw:
        raw.sendall(head)
        answered, _, document = rest(raw).partition(b"\r\n\r\n")

    assert answered.startswith(b"HTTP/1.1 400 ")
    assert "did not arrive within" in json.loads(document)["message"]


def test_a_head_without_end_is_refused(client: Client) -> None:
    """Headers are bounded: what is beyond is no request."""
    with connected(client) as raw:
        raw.sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\nX: " + b"x" * 2 * protocol.MAX_HEAD_BYTES)
        assert rest(raw).startswith((b"HTTP/1.1 400 ", b"HTTP/1.1 431 ", b""))
    assert client.get("/health").status == 200


def test_requests_in_one_go_are_answered_in_order(client: Client) -> None:
    """Pipelined requests on one connection all get their answer."""
    request = b"GET /health HTTP/1.1\r\nHost: localhost\r\n%s\r\n"
    with connected(client) as raw:
        raw.sendall(request % b"" * 3 + request % b"Connection: close\r\n")
        assert rest(raw).count(b"HTTP/1.1 200 OK") == 4


def test_an_upgrade_is_not_made(client: Client) -> None:
    """There are no web sockets here: the request is served as what it is."""
    answer = client.get("/health", connection="Upgrade", upgrade="websocket")

    assert answer.status == 200
